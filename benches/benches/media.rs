//! What a packet of 20 ms costs: read, sealed, relayed, played, mixed, encoded, decoded, concealed; others' crates
//! beside ours. The relay's allocations are counted, and must be none.
#![allow(clippy::disallowed_methods, reason = "one reading as an epoch")]

use std::hint::black_box;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use switchboard_benches::Bench;
use switchboard_media::{
    Audio, Channel, Codec, Command, Concealer, Input, LegId, Mixer, Plane, PlaneConfig, Repeat,
    SrtpKeys, StreamConfig, Token, g711,
};
use switchboard_rtp::{
    Header, JitterBuffer, JitterConfig, Packet, PayloadType, RtpTimestamp, SequenceNumber, SrtpKey,
    SrtpReceiver, SrtpSender, SrtpSuite, Ssrc,
};

const TICK: Duration = Duration::from_millis(20);

fn main() {
    let bench = Bench::new(
        "media",
        "Packets of 20 ms of G.711: 160 octets, 12 of header. A plane's figures hold its timers and outputs.",
    );
    parse(&bench);
    srtp(&bench);
    g711(&bench);
    samples(&bench);
    relay(&bench);
    allocations(&bench);
}

fn header(n: u32) -> Header {
    Header {
        marker: false,
        payload_type: PayloadType::PCMA,
        sequence_number: SequenceNumber(n as u16),
        timestamp: RtpTimestamp(n.wrapping_mul(160)),
        ssrc: Ssrc(7),
    }
}

fn datagram(n: u32) -> Vec<u8> {
    let mut out = Vec::with_capacity(172);
    header(n).write(&mut out);
    out.extend((0..160).map(|k: u32| (k * 7) as u8));
    out
}

fn parse(bench: &Bench) {
    let datagram = datagram(1);
    bench
        .compare("RTP: header and payload read", "a packet", 1_000)
        .ours("switchboard-rtp", || {
            (0..1_000).fold(0, |sum, _| {
                let packet = Packet::parse(black_box(&datagram)).expect("a packet");
                let header = packet.header();
                sum ^ header.timestamp.0
                    ^ header.ssrc.0
                    ^ u32::from(header.sequence_number.0)
                    ^ packet.payload().len() as u32
            })
        })
        .peer("rtp-types", || {
            (0..1_000).fold(0, |sum, _| {
                let packet = rtp_types::RtpPacket::parse(black_box(&datagram)).expect("a packet");
                sum ^ packet.timestamp()
                    ^ packet.ssrc()
                    ^ u32::from(packet.sequence_number())
                    ^ packet.payload().len() as u32
            })
        })
        .peer("rtp-rs", || {
            (0..1_000).fold(0, |sum, _| {
                let packet = rtp_rs::RtpReader::new(black_box(&datagram)).expect("a packet");
                sum ^ packet.timestamp()
                    ^ packet.ssrc()
                    ^ u32::from(u16::from(packet.sequence_number()))
                    ^ packet.payload().len() as u32
            })
        })
        .run();
}

fn srtp(bench: &Bench) {
    let packets: Vec<Vec<u8>> = (0..1_000).map(datagram).collect();
    for (name, suite) in [
        ("AES_CM_128_HMAC_SHA1_80", SrtpSuite::AesCm128HmacSha1_80),
        ("AEAD_AES_128_GCM", SrtpSuite::AeadAes128Gcm),
    ] {
        let key = SrtpKey::new(suite, &vec![7; suite.key_len()]).expect("its length");
        let mut sender = SrtpSender::new(key);
        let sealed: Vec<_> =
            packets.iter().map(|p| SrtpSender::seal_rtp(&mut sender, p).expect("sealed")).collect();
        let mut again = SrtpSender::new(key);
        bench
            .compare(&format!("SRTP: {name}"), "a packet", 1_000)
            .ours("sealed", || {
                packets.iter().map(|p| again.seal_rtp(p).expect("sealed").len()).sum::<usize>()
            })
            .ours("opened", || {
                let mut receiver = SrtpReceiver::new(key);
                sealed.iter().map(|p| receiver.open_rtp(p).expect("authentic").len()).sum::<usize>()
            })
            .ours("junk of made-up sources refused", || {
                let mut receiver = SrtpReceiver::new(key);
                let mut junk = [0x80; 182];
                (0..1_000_u32)
                    .filter(|n| {
                        junk[8..12].copy_from_slice(&n.to_be_bytes());
                        receiver.open_rtp(&junk).is_err()
                    })
                    .count()
            })
            .note("rtc-srtp's transforms; a buffer is allocated a packet. Opening makes a receiver for 1,000 packets.")
            .run();
    }
}

fn g711(bench: &Bench) {
    let samples: Vec<i16> = (0..160).map(|n| (n * 397 - 31_000) as i16).collect();
    let codes: Vec<u8> = samples.iter().map(|s| g711::encode_a_law(*s)).collect();
    let (mut own, mut other) = ([0; 160], [0; 160]);
    bench
        .compare("G.711 A-law: encoding 20 ms", "a packet", 1)
        .ours("switchboard-media", || {
            for (code, sample) in own.iter_mut().zip(black_box(&samples)) {
                *code = g711::encode_a_law(*sample);
            }
            own[0]
        })
        .peer("audio-codec-algorithms", || {
            for (code, sample) in other.iter_mut().zip(black_box(&samples)) {
                *code = audio_codec_algorithms::encode_alaw(*sample);
            }
            other[0]
        })
        .run();
    let (mut own, mut other) = ([0; 160], [0; 160]);
    bench
        .compare("G.711 A-law: decoding 20 ms", "a packet", 1)
        .ours("switchboard-media", || {
            for (sample, code) in own.iter_mut().zip(black_box(&codes)) {
                *sample = g711::decode_a_law(*code);
            }
            own[0]
        })
        .peer("audio-codec-algorithms", || {
            for (sample, code) in other.iter_mut().zip(black_box(&codes)) {
                *sample = audio_codec_algorithms::decode_alaw(*code);
            }
            other[0]
        })
        .run();
    let wrong = |law: fn(i16) -> u8, ours: g711::Law| {
        (i16::MIN..=i16::MAX).filter(|sample| law(*sample) != ours.encode(*sample)).count() as f64
    };
    bench.figure(
        "audio-codec-algorithms: A-law inputs of 65,536 that differ from the standard's tables",
        wrong(audio_codec_algorithms::encode_alaw, g711::Law::A),
        "inputs",
    );
    bench.figure(
        "audio-codec-algorithms: mu-law inputs of 65,536 that differ from the standard's tables",
        wrong(audio_codec_algorithms::encode_ulaw, g711::Law::Mu),
        "inputs",
    );
}

fn samples(bench: &Bench) {
    let tone: Vec<i16> =
        (0..16_000).map(|n| (9_000.0 * (f64::from(n) * 0.3).sin()) as i16).collect();
    let mut concealer = Concealer::new();
    let mut at = 0;
    let mut block = [0; 160];
    let mut next = move |lost: bool| {
        at = (at + 160) % 15_840;
        block.copy_from_slice(&tone[at..at + 160]);
        if lost {
            concealer.lost(&mut block);
        } else {
            concealer.good(&mut block);
        }
        block[0]
    };
    let mut n = 0_u32;
    let mut buffer = JitterBuffer::new(JitterConfig::default());
    let mut now = Instant::now();
    let mut packet = 0_u32;
    let voices: Vec<[i16; 160]> = (0..10).map(|n| [n * 1_000; 160]).collect();
    bench
        .compare("Decoded audio, 20 ms", "a packet", 1)
        .ours("jitter buffer, in and out", || {
            packet += 1;
            now += TICK;
            buffer.insert(now, &header(packet), packet);
            buffer.take(now)
        })
        .ours("concealer, 1 of 10 lost", || {
            n += 1;
            next(n.is_multiple_of(10))
        })
        .ours("mixer, a room of 10, each of them", || {
            let mut mixer = Mixer::new();
            voices.iter().for_each(|voice| mixer.add(voice));
            let mut heard = [0; 160];
            for voice in &voices {
                mixer.all_but(voice, &mut heard);
                black_box(&heard);
            }
        })
        .run();
}

fn phone(leg: u64) -> SocketAddr {
    SocketAddr::from(([192, 0, (leg >> 8) as u8, leg as u8], 4_000))
}

/// A plane with so many legs, neighbours bridged; the odd ones speak `codec`.
fn plane(start: Instant, legs: u64, codec: Codec) -> Plane {
    let mut plane = Plane::new(PlaneConfig::default());
    let mut command = |command| plane.handle(start, Input::Command(command)).expect("sensible");
    for n in 0..legs {
        let leg = LegId(n);
        let codec = if n % 2 == 0 { Codec::Pcma } else { codec };
        command(Command::Open { leg });
        command(Command::Configure { leg, stream: StreamConfig::new(phone(n), codec) });
        if n % 2 == 1 {
            command(Command::Bridge { a: LegId(n - 1), b: leg });
        }
    }
    while plane.poll_output().is_some() {}
    plane
}

/// One tick: a packet into each even leg, out of its neighbour.
fn relay_tick(plane: &mut Plane, now: Instant, legs: u64, datagram: &[u8]) -> usize {
    for n in (0..legs).step_by(2) {
        let (leg, source) = (LegId(n), phone(n));
        let input = Input::Packet { leg, channel: Channel::Rtp, source, payload: datagram };
        plane.handle(now, input).expect("an open leg");
    }
    plane.handle_timeout(now);
    std::iter::from_fn(|| plane.poll_output()).count()
}

/// Both ends of every second bridge have keys.
fn secure(plane: &mut Plane, now: Instant, legs: u64) {
    let suite = SrtpSuite::AesCm128HmacSha1_80;
    let key = SrtpKey::new(suite, &vec![7; suite.key_len()]).expect("its length");
    for n in (1..legs).step_by(2) {
        let srtp = Some(SrtpKeys { send: key, receive: key });
        let stream = StreamConfig { srtp, ..StreamConfig::new(phone(n), Codec::Pcma) };
        let configure = Command::Configure { leg: LegId(n), stream };
        plane.handle(now, Input::Command(configure)).expect("sensible");
    }
}

fn relay(bench: &Bench) {
    let start = Instant::now();
    let mut planes: Vec<_> = [2, 2_000]
        .map(|legs| (legs, plane(start, legs, Codec::Pcma), start, 0))
        .into_iter()
        .chain([(2_000, plane(start, 2_000, Codec::Pcmu), start, 0)])
        .chain([(2_000, plane(start, 2_000, Codec::Pcma), start, 0)])
        .collect();
    if let Some((legs, plane, now, _)) = planes.last_mut() {
        secure(plane, *now, *legs);
    }
    let names =
        ["2 legs", "2,000 legs", "2,000 legs, A-law to mu-law", "2,000 legs, plain to SRTP"];
    for (name, (legs, plane, now, n)) in names.into_iter().zip(&mut planes) {
        bench
            .compare(&format!("Relay: {name}"), "a packet", (*legs / 2) as u32)
            .ours("switchboard-media", || {
                *now += TICK;
                *n += 1;
                relay_tick(plane, *now, *legs, &datagram(*n))
            })
            .note("One allocation a round is the bench's own datagram.")
            .run();
    }
    let audio = Arc::new(Audio::from_samples(vec![1_000; 80_000]));
    let mut plane = plane(start, 1_000, Codec::Pcma);
    for n in 0..1_000 {
        let (leg, audio, token) = (LegId(n), Arc::clone(&audio), Token(n));
        let command = Command::Play { leg, audio, repeat: Repeat::Forever, token };
        plane.handle(start, Input::Command(command)).expect("sensible");
    }
    let mut now = start;
    bench
        .compare("Prompt to 1,000 legs", "a packet", 1_000)
        .ours("switchboard-media", || {
            now += TICK;
            plane.handle_timeout(now);
            std::iter::from_fn(|| plane.poll_output()).count()
        })
        .run();
}

/// Ten seconds of relay after a second of settling in.
fn allocations(bench: &Bench) {
    let start = Instant::now();
    let mut plane = plane(start, 100, Codec::Pcma);
    let datagrams: Vec<_> = (0..550).map(datagram).collect();
    let (warm, counted) = datagrams.split_at(50);
    let mut now = start;
    let mut run = |datagrams: &[Vec<u8>]| {
        for datagram in datagrams {
            now += TICK;
            relay_tick(&mut plane, now, 100, datagram);
        }
    };
    run(warm);
    let counted = allocation_counter::measure(|| run(counted));
    bench.figure(
        "allocations of 25,000 relayed packets",
        counted.count_total as f64,
        "allocations",
    );
}
