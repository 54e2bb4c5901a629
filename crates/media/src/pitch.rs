//! The pitch of speech at 8000 Hz: by what shift it resembles itself best.

/// The shortest and the longest period: 200 Hz and 66 Hz. Higher voices are found by a multiple of
/// their period.
pub(crate) const MIN_PITCH: usize = 40;
pub(crate) const MAX_PITCH: usize = 120;
/// The stretch that is compared with earlier ones: 20 ms.
const WINDOW: usize = 160;
/// How much of the past [`find`] looks at.
pub(crate) const NEEDED: usize = WINDOW + MAX_PITCH;
/// Power under which everything is silence, and any period as good as another.
const MIN_POWER: f32 = 250.0;

/// The period of the last [`NEEDED`] samples, in samples: coarsely over every other sample, then
/// around the best.
pub(crate) fn find(past: &[f32]) -> usize {
    let past = &past[past.len() - NEEDED..];
    let coarse = best(past, (MIN_PITCH..=MAX_PITCH).step_by(2), 2);
    let around = coarse.saturating_sub(1).max(MIN_PITCH)..=(coarse + 1).min(MAX_PITCH);
    best(past, around, 1)
}

/// The shift with the greatest normalised correlation; of equals the shortest.
fn best(past: &[f32], shifts: impl Iterator<Item = usize>, step: usize) -> usize {
    let (_, now) = past.split_at(MAX_PITCH);
    let mut found = (MIN_PITCH, f32::MIN);
    for shift in shifts {
        let then = &past[MAX_PITCH - shift..MAX_PITCH - shift + WINDOW];
        let (mut power, mut product) = (0.0, 0.0);
        for (a, b) in now.iter().zip(then).step_by(step) {
            power += b * b;
            product += a * b;
        }
        let likeness = product / power.max(MIN_POWER).sqrt();
        if likeness > found.1 {
            found = (shift, likeness);
        }
    }
    found.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_or_a_multiple_of_it_is_found() {
        for period in [20_usize, 33, 50, 57, 80, 119] {
            // A pulse that rings, as a voice does.
            let past: Vec<f32> = (0..NEEDED)
                .map(|n| {
                    let phase = (n % period) as f32;
                    8_000.0 * (-phase / 12.0).exp() * (phase * 0.8).cos()
                })
                .collect();
            let found = find(&past);
            assert!(found.is_multiple_of(period), "{period}: {found}");
        }
    }

    #[test]
    fn silence_has_some_period() {
        assert!((MIN_PITCH..=MAX_PITCH).contains(&find(&[0.0; NEEDED])));
    }
}
