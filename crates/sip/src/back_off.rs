use std::time::Duration;

use crate::Identifiers;

/// The wait before another attempt (RFC 5626 section 4.5): doubling up to a bound, and of that a
/// random part from a half to the whole, so that a thousand clients do not come back as one.
#[derive(Debug, Clone)]
pub(crate) struct BackOff {
    first: Duration,
    longest: Duration,
    failures: u32,
}

impl BackOff {
    pub(crate) fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, failures: 0 }
    }

    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }

    pub(crate) fn next(&mut self, identifiers: &mut Identifiers) -> Duration {
        let factor = 2_u32.saturating_pow(self.failures.min(16));
        let whole = self.first.saturating_mul(factor).min(self.longest);
        self.failures = self.failures.saturating_add(1);
        let part = u32::from(identifiers.octet());
        whole / 2 + whole / 2 * part / 255
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_within_bounds_and_starts_over() {
        let mut identifiers = Identifiers::new([3; 32]);
        let mut back_off = BackOff::new(Duration::from_secs(30), Duration::from_secs(1800));
        for whole in [30, 60, 120, 240, 480, 960, 1800, 1800] {
            let wait = back_off.next(&mut identifiers).as_secs_f64();
            let whole = f64::from(whole);
            assert!((whole / 2.0..=whole).contains(&wait), "{wait} of {whole}");
        }
        back_off.reset();
        assert!(back_off.next(&mut identifiers) <= Duration::from_secs(30));
    }
}
