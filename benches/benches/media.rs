//! What a packet of 20 ms costs: read, relayed, played, encoded, decoded; others' crates beside ours.
//! The relay's allocations are counted and printed, and must be none.
#![allow(missing_docs, reason = "criterion's macros make undocumented items")]
#![allow(clippy::print_stdout, reason = "the count is a result")]
#![allow(clippy::disallowed_methods, reason = "one reading as an epoch")]

use std::hint::black_box;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use switchboard_media::{
    Audio, Channel, Codec, Command, Input, LegId, Plane, PlaneConfig, Repeat, StreamConfig, Token,
};
use switchboard_rtp::{
    Header, JitterBuffer, JitterConfig, Packet, PayloadType, RtpTimestamp, SequenceNumber, Ssrc,
};

const TICK: Duration = Duration::from_millis(20);

fn datagram(n: u32) -> Vec<u8> {
    let header = Header {
        marker: false,
        payload_type: PayloadType::PCMA,
        sequence_number: SequenceNumber(n as u16),
        timestamp: RtpTimestamp(n.wrapping_mul(160)),
        ssrc: Ssrc(7),
    };
    let mut out = Vec::new();
    header.write(&mut out);
    out.extend((0..160).map(|k: u32| (k * 7) as u8));
    out
}

fn parse(c: &mut Criterion) {
    let datagram = datagram(1);
    let mut group = c.benchmark_group("rtp parse, header and payload touched");
    group.bench_function("switchboard-rtp", |b| {
        b.iter(|| {
            let packet = Packet::parse(black_box(&datagram)).expect("a packet");
            let header = packet.header();
            (header.sequence_number, header.timestamp, header.ssrc, packet.payload().len())
        });
    });
    group.bench_function("rtp-types", |b| {
        b.iter(|| {
            let packet = rtp_types::RtpPacket::parse(black_box(&datagram)).expect("a packet");
            let numbers = (packet.sequence_number(), packet.timestamp(), packet.ssrc());
            (numbers, packet.payload().len())
        });
    });
    group.bench_function("rtp-rs", |b| {
        b.iter(|| {
            let packet = rtp_rs::RtpReader::new(black_box(&datagram)).expect("a packet");
            let numbers = (packet.sequence_number(), packet.timestamp(), packet.ssrc());
            (numbers, packet.payload().len())
        });
    });
    group.finish();
}

fn g711(c: &mut Criterion) {
    let samples: Vec<i16> = (0..160).map(|n| (n * 397 - 31_000) as i16).collect();
    let codes: Vec<u8> = samples.iter().map(|s| Codec::Pcma.encode(*s)).collect();
    let mut group = c.benchmark_group("G.711 A-law, 20 ms");
    group.throughput(Throughput::Elements(160));
    let mut encoded = [0; 160];
    group.bench_function("encode: switchboard-media", |b| {
        b.iter(|| {
            for (code, sample) in encoded.iter_mut().zip(black_box(&samples)) {
                *code = Codec::Pcma.encode(*sample);
            }
            encoded[0]
        });
    });
    group.bench_function("encode: audio-codec-algorithms", |b| {
        b.iter(|| {
            for (code, sample) in encoded.iter_mut().zip(black_box(&samples)) {
                *code = audio_codec_algorithms::encode_alaw(*sample);
            }
            encoded[0]
        });
    });
    let mut decoded = [0; 160];
    group.bench_function("decode: switchboard-media", |b| {
        b.iter(|| {
            for (sample, code) in decoded.iter_mut().zip(black_box(&codes)) {
                *sample = Codec::Pcma.decode(*code);
            }
            decoded[0]
        });
    });
    group.bench_function("decode: audio-codec-algorithms", |b| {
        b.iter(|| {
            for (sample, code) in decoded.iter_mut().zip(black_box(&codes)) {
                *sample = audio_codec_algorithms::decode_alaw(*code);
            }
            decoded[0]
        });
    });
    group.finish();
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

fn relay(c: &mut Criterion) {
    let start = Instant::now();
    let mut group = c.benchmark_group("plane");
    for (name, legs, codec) in [
        ("relay, 2 legs", 2, Codec::Pcma),
        ("relay, 2,000 legs", 2_000, Codec::Pcma),
        ("relay A to mu, 2,000 legs", 2_000, Codec::Pcmu),
    ] {
        let mut plane = plane(start, legs, codec);
        let (mut now, mut n) = (start, 0);
        group.throughput(Throughput::Elements(legs / 2));
        group.bench_function(name, |b| {
            b.iter(|| {
                now += TICK;
                n += 1;
                relay_tick(&mut plane, now, legs, &datagram(n))
            });
        });
    }
    let audio = Arc::new(Audio::from_samples(vec![1_000; 80_000]));
    let mut plane = plane(start, 1_000, Codec::Pcma);
    for n in 0..1_000 {
        let (leg, audio, token) = (LegId(n), Arc::clone(&audio), Token(n));
        let command = Command::Play { leg, audio, repeat: Repeat::Forever, token };
        plane.handle(start, Input::Command(command)).expect("sensible");
    }
    let mut now = start;
    group.throughput(Throughput::Elements(1_000));
    group.bench_function("prompt, 1,000 legs", |b| {
        b.iter(|| {
            now += TICK;
            plane.handle_timeout(now);
            std::iter::from_fn(|| plane.poll_output()).count()
        });
    });
    group.finish();
    count_allocations(start);
}

/// Ten seconds of relay after a second of settling in.
fn count_allocations(start: Instant) {
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
    println!("allocations of 25,000 relayed packets: {}", counted.count_total);
}

fn jitter_buffer(c: &mut Criterion) {
    c.bench_function("jitter buffer, in and out", |b| {
        let mut buffer = JitterBuffer::new(JitterConfig::default());
        let (mut now, mut n) = (Instant::now(), 0_u32);
        b.iter(|| {
            n += 1;
            now += TICK;
            let header = Header {
                marker: false,
                payload_type: PayloadType::PCMA,
                sequence_number: SequenceNumber(n as u16),
                timestamp: RtpTimestamp(n.wrapping_mul(160)),
                ssrc: Ssrc(7),
            };
            buffer.insert(now, &header, n);
            buffer.take(now)
        });
    });
}

criterion_group!(benches, parse, g711, relay, jitter_buffer);
criterion_main!(benches);
