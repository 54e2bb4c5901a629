use super::*;

/// The intervals of one polarity as the tables of G.711 list them: decision values from 0 up, each
/// with the step to the next. Computed from the segments' step sizes, not from bits.
fn decision_values(first: u32, segments: &[(u32, usize)]) -> Vec<u32> {
    let mut values = vec![0];
    let mut at = first;
    for (step, count) in segments {
        for _ in 0..*count {
            values.push(at);
            at += step;
        }
    }
    values.push(at);
    values
}

/// Table 1a: 32 intervals of 2, then 16 each of 4, 8, 16, 32, 64, 128, up to 4096.
fn a_law_decisions() -> Vec<u32> {
    decision_values(2, &[(2, 31), (4, 16), (8, 16), (16, 16), (32, 16), (64, 16), (128, 16)])
}

/// Table 2a: one interval of 1, 15 of 2, then 16 each of 4, 8, 16, 32, 64, 128, 256, up to 8159.
fn mu_law_decisions() -> Vec<u32> {
    decision_values(
        1,
        &[(2, 15), (4, 16), (8, 16), (16, 16), (32, 16), (64, 16), (128, 16), (256, 16)],
    )
}

/// The number of the interval in which a magnitude lies; above the last, the last.
fn interval(decisions: &[u32], magnitude: u32) -> usize {
    decisions.iter().rposition(|low| *low <= magnitude).expect("0 is a decision value").min(127)
}

/// The character signal of an interval before the inversion that the standard prescribes for the
/// line: A-law inverts the even bits (table 1a, note 1), mu-law all of them (table 2a, note 1).
fn reference(sample: i16, decisions: &[u32], shift: u32, invert: u8) -> u8 {
    let (sign, magnitude) =
        if sample < 0 { (0x00, (-1 - i32::from(sample)) as u32) } else { (0x80, sample as u32) };
    let number = interval(decisions, magnitude >> shift) as u8;
    (sign | number) ^ invert
}

#[test]
fn a_law_is_exact_for_all_samples() {
    let decisions = a_law_decisions();
    assert_eq!((decisions.len(), decisions[127], decisions[128]), (129, 3_968, 4_096));
    for sample in i16::MIN..=i16::MAX {
        assert_eq!(encode_a_law(sample), reference(sample, &decisions, 3, 0x55), "{sample}");
    }
}

#[test]
fn mu_law_is_exact_for_all_samples() {
    let decisions = mu_law_decisions();
    assert_eq!((decisions.len(), decisions[127], decisions[128]), (129, 7_903, 8_159));
    for sample in i16::MIN..=i16::MAX {
        // The sign bit is not inverted: positive is 1 on the line in both laws.
        assert_eq!(encode_mu_law(sample), reference(sample, &decisions, 2, 0x7f), "{sample}");
    }
}

/// The value at the decoder's output is the middle of the interval (G.711, section 3 and tables),
/// except mu-law's innermost, which is 0 for both signs.
#[test]
fn decoded_values_are_the_middles() {
    let (a, mu) = (a_law_decisions(), mu_law_decisions());
    for number in 0..128_u8 {
        let at = usize::from(number);
        let middle = ((a[at] + a[at + 1]) * 4) as i16;
        assert_eq!(decode_a_law((number | 0x80) ^ 0x55), middle);
        assert_eq!(decode_a_law(number ^ 0x55), -middle);
        let middle = if number == 0 { 0 } else { ((mu[at] + mu[at + 1]) * 2) as i16 };
        assert_eq!(decode_mu_law((number | 0x80) ^ 0x7f), middle);
        assert_eq!(decode_mu_law(number ^ 0x7f), -middle);
    }
}

#[test]
fn every_code_survives_decoding() {
    for code in 0..=255_u8 {
        assert_eq!(encode_a_law(decode_a_law(code)), code);
        // Mu-law has a negative zero (0x7f), which comes back as the positive one.
        let expected = if code == 0x7f { 0xff } else { code };
        assert_eq!(encode_mu_law(decode_mu_law(code)), expected);
    }
}

#[test]
fn transcoding_keeps_the_value() {
    for (law, other) in [(Law::A, Law::Mu), (Law::Mu, Law::A)] {
        for code in 0..=255_u8 {
            let mut codes = [code];
            law.translate(other, &mut codes);
            let (before, after) = (law.decode(code), other.decode(codes[0]));
            // Half a step of either law, whose steps are at most 1/16 of the value.
            let bound = 16 + i32::from(before).abs() / 16;
            assert!((i32::from(before) - i32::from(after)).abs() <= bound, "{before} {after}");
            law.translate(law, &mut codes);
            assert_eq!(other.decode(codes[0]), after);
        }
    }
}

/// Octets that the standards and every capture of a silent line show.
#[test]
fn silence_is_what_lines_carry() {
    assert_eq!((Law::A.silence(), Law::Mu.silence()), (0xd5, 0xff));
}
