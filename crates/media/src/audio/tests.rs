use std::io::Cursor;

use super::*;

fn wav(spec: hound::WavSpec, samples: &[i32]) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut file, spec).expect("a valid format");
    for sample in samples {
        match spec.sample_format {
            hound::SampleFormat::Int => writer.write_sample(*sample).expect("in memory"),
            hound::SampleFormat::Float => {
                writer.write_sample(*sample as f32 / 32_768.0).expect("in memory");
            }
        }
    }
    writer.finalize().expect("in memory");
    file.into_inner()
}

const SPEC: hound::WavSpec = hound::WavSpec {
    channels: 1,
    sample_rate: 8_000,
    bits_per_sample: 16,
    sample_format: hound::SampleFormat::Int,
};

fn kind(file: &[u8]) -> AudioErrorKind {
    Audio::read_wav(file).expect_err("must be refused").kind()
}

#[test]
fn formats_come_out_alike() {
    let samples = [0, 256, -256, 32_512, -32_768];
    let expected: Vec<i16> = samples.iter().map(|s| *s as i16).collect();
    let read = |file: Vec<u8>| Audio::read_wav(file.as_slice()).expect("a prompt").samples;

    assert_eq!(read(wav(SPEC, &samples)), expected);
    let eight = samples.map(|s| s >> 8);
    assert_eq!(read(wav(hound::WavSpec { bits_per_sample: 8, ..SPEC }, &eight)), expected);
    let wide = samples.map(|s| s << 8);
    assert_eq!(read(wav(hound::WavSpec { bits_per_sample: 24, ..SPEC }, &wide)), expected);
    let float =
        hound::WavSpec { bits_per_sample: 32, sample_format: hound::SampleFormat::Float, ..SPEC };
    assert_eq!(read(wav(float, &samples)), expected);
    let stereo = hound::WavSpec { channels: 2, ..SPEC };
    assert_eq!(read(wav(stereo, &[100, 300, -5, 5])), [200, 0]);
}

#[test]
fn other_files_are_refused_with_the_reason() {
    let cd = hound::WavSpec { sample_rate: 44_100, ..SPEC };
    assert_eq!(kind(&wav(cd, &[0])), AudioErrorKind::SampleRate(44_100));
    let surround = hound::WavSpec { channels: 6, ..SPEC };
    assert_eq!(kind(&wav(surround, &[0; 6])), AudioErrorKind::Channels(6));
    assert_eq!(kind(b""), AudioErrorKind::Malformed);
    assert_eq!(kind(b"ID3 this is no wave file at all"), AudioErrorKind::Malformed);
    let whole = wav(SPEC, &[1; 100]);
    assert_eq!(kind(&whole[..whole.len() - 50]), AudioErrorKind::Malformed);
    let text = AudioError::from(AudioErrorKind::SampleRate(44_100)).to_string();
    assert!(text.contains("44100") && text.contains("sox"), "{text}");
}

#[test]
fn duration_and_codes_follow_the_samples() {
    let audio = Audio::from_samples(vec![0; 12_000]);
    assert_eq!(audio.duration(), Duration::from_millis(1_500));
    assert_eq!(audio.encoded(Law::A), vec![0xd5; 12_000]);
    assert_eq!(audio.encoded(Law::Mu), vec![0xff; 12_000]);
}
