use super::*;

/// Two seconds: a tone that rises from 50 to 7000 Hz by a triangle, then noise that swells.
fn input() -> Vec<i16> {
    let (mut phase, mut noise) = (0_u32, 0x2545_f491_u32);
    (0..32_000_u32)
        .map(|n| {
            if n < 16_000 {
                phase = phase.wrapping_add((50 + n * 7_000 / 16_000) * (u32::MAX / 16_000));
                let triangle = i32::try_from(phase >> 16).expect("16 bits") - 32_768;
                return ((triangle.abs() - 16_384) * 3 / 4) as i16;
            }
            noise ^= noise << 13;
            noise ^= noise >> 17;
            noise ^= noise << 5;
            ((noise as i32 >> 17) * (n as i32 - 16_000) / 16_000) as i16
        })
        .collect()
}

/// FNV-1a of 64 bits.
fn digest(octets: impl IntoIterator<Item = u8>) -> u64 {
    octets.into_iter().fold(0xcbf2_9ce4_8422_2325, |hash, octet| {
        (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn encoded(samples: &[i16]) -> Vec<u8> {
    let mut codes = vec![0; samples.len() / 2];
    Encoder::new().encode(samples, &mut codes);
    codes
}

fn decoded(codes: &[u8]) -> Vec<i16> {
    let mut samples = vec![0; codes.len() * 2];
    Decoder::new().decode(codes, &mut samples);
    samples
}

fn octets(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

/// Every bit is that of another implementation: SpanDSP 0.0.6 (`g722_encode`, `g722_decode` at 64,000 bit/s, no
/// options) was given the same samples, and then its own codes.
#[test]
fn codes_and_samples_are_those_of_spandsp() {
    let said = input();
    let codes = encoded(&said);
    assert_eq!(codes[160..168], [219, 222, 216, 209, 212, 149, 21, 148]);
    assert_eq!(digest(codes.iter().copied()), 0x505c_20cb_15c0_ae01);
    assert_eq!(digest(octets(&decoded(&codes))), 0x23bd_6b6b_30ee_51e1);
}

/// Whatever a peer sends is audio of 16 bits: nothing wraps around.
#[test]
fn any_codes_can_be_decoded_and_what_is_too_loud_is_cut() {
    let mut noise = 1_u32;
    let codes: Vec<u8> = (0..64_000)
        .map(|_| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (noise >> 24) as u8
        })
        .collect();
    let heard = decoded(&codes);
    assert!(heard.contains(&i16::MAX) && heard.contains(&i16::MIN));
}

/// Both ends begin anew at any time and agree again soon: a decoder that missed the beginning, or packets.
#[test]
fn a_decoder_that_missed_something_recovers() {
    let said: Vec<i16> = (0..32_000).map(|n| (8_000.0 * (n as f64 * 0.3).sin()) as i16).collect();
    let codes = encoded(&said);
    let late = decoded(&codes[4_000..]);
    let whole = decoded(&codes);
    let worst = late[8_000..].iter().zip(&whole[16_000..]).map(|(a, b)| a.abs_diff(*b)).max();
    assert!(worst < Some(40), "{worst:?}");
}

#[test]
fn what_comes_out_is_late_by_the_stated_delay() {
    let mut click = vec![0_i16; 640];
    click[100] = 20_000;
    let heard = decoded(&encoded(&click));
    let peak = heard.iter().enumerate().max_by_key(|(_, sample)| sample.unsigned_abs());
    assert_eq!(peak.expect("samples").0, 100 + DELAY);
}
