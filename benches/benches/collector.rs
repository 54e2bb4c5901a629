//! What a digit costs: in the collector, alone and with a million of them at once, and in the
//! telephone-event receiver, beside the one of `wavekat-sip`.
//!
//! No crate offers a digit collector by itself, so that it stands alone. Receivers are parts of
//! whole SIP stacks; this is the one that tells presses by stream, timestamp and event. How many
//! of the golden scenarios each hears right stands below the times.

use std::hint::black_box;
use std::time::Duration;

use switchboard_benches::Bench;
use switchboard_dialstring::{Digit, Match};
use switchboard_dtmf::collector::{Collector, Earlier, Input, Policy, Prompt};
use switchboard_dtmf::payload::{Events, Header};
use switchboard_dtmf::receiver::{self, Receiver};
use switchboard_dtmf::{Instant, TelephoneEvent};
use switchboard_rtp::Packet;
use switchboard_testkit::{EventTrace, TracePacket};
use wavekat_sip::{DtmfEvent, DtmfReceiver};

/// Extensions of three digits, 100 to 199.
fn dialable(digits: &[Digit]) -> Match {
    match digits {
        [Digit::D1] | [Digit::D1, _] => Match::May,
        [Digit::D1, _, _] => Match::Full,
        _ => Match::None,
    }
}

const DIGITS: [Digit; 3] = [Digit::D1, Digit::D0, Digit::D1];

fn begin(collector: &mut Collector, now: Instant) {
    let (policy, prompt, earlier) = (black_box(&Policy::DEFAULT), Prompt::Playing, Earlier::Flush);
    let input = Input::Begin { policy, prompt, earlier, matcher: &dialable };
    collector.handle(now, input).expect("idle");
}

fn press(collector: &mut Collector, now: Instant, digit: Digit) {
    collector.handle(now, Input::Press { digit, matcher: &dialable }).expect("room");
}

fn drain(collector: &mut Collector) {
    while let Some(output) = collector.poll_output() {
        black_box(output);
    }
}

/// A stage of three digits with its outcome: five events.
const EVENTS: u32 = 5;
const MANY: usize = 1_000_000;
/// So many events are one call; it divides [`MANY`].
const PART: usize = 20_000;
/// Has no factor in common with [`MANY`]: steps of it go everywhere once, and far.
const STRIDE: usize = 611_953;

fn collector(bench: &Bench) {
    let mut one = Collector::default();
    let mut now = Instant::EPOCH;
    bench
        .compare("a stage of three digits", "an event", EVENTS)
        .ours("one collector", || {
            now += Duration::from_millis(100);
            begin(&mut one, black_box(now));
            for digit in DIGITS {
                press(&mut one, now, black_box(digit));
            }
            drain(&mut one);
        })
        .note("no peer known: no crate offers a digit collector")
        .run();

    let mut many = vec![Collector::default(); MANY];
    // A stage's events each go once through all collectors before the next; a call does a part.
    let mut walk = |cursor: &mut usize, order: fn(usize) -> usize| {
        let (event, from) = (*cursor / MANY, *cursor % MANY);
        now += Duration::from_micros(100);
        for at in from..from + PART {
            let collector = &mut many[order(at)];
            match event {
                0 => begin(collector, now),
                4 => drain(collector),
                digit => press(collector, now, DIGITS[digit - 1]),
            }
        }
        *cursor = (*cursor + PART) % (EVENTS as usize * MANY);
    };
    let mut cursor = 0;
    bench
        .compare("a million stages, digit by digit in turns", "an event", PART as u32)
        .ours("in order", || walk(&mut cursor, |at| at))
        .run();
    // What the last walk left half done.
    while cursor != 0 {
        walk(&mut cursor, |at| at);
    }
    bench
        .compare("a million stages in scattered order", "an event", PART as u32)
        .ours("from one end of memory to the other", || {
            walk(&mut cursor, |at| at.wrapping_mul(STRIDE) % MANY);
        })
        .note("every event waits for two lines of memory, and for the page table")
        .run();
    bench.figure("a collector", size_of::<Collector>() as f64, "octets");
    let megabytes = (many.capacity() * size_of::<Collector>()) as f64 / 1e6;
    bench.figure("a million collectors", megabytes, "MB");
}

/// The packets of a press of 120 ms.
fn press_packets() -> [TelephoneEvent; 8] {
    core::array::from_fn(|at| TelephoneEvent {
        ssrc: 1,
        marker: at == 0,
        event: 5,
        end: at >= 5,
        volume: 10,
        duration: 160 * (at as u16 + 1).min(6),
        ..TelephoneEvent::default()
    })
}

/// As it is on the wire: an RTP header of twelve octets and the report.
fn datagram(event: &TelephoneEvent) -> [u8; 16] {
    let mut octets = [0; 16];
    octets[0] = 0x80;
    octets[1] = u8::from(event.marker) << 7 | 101;
    octets[2..4].copy_from_slice(&event.sequence.to_be_bytes());
    octets[4..8].copy_from_slice(&event.timestamp.to_be_bytes());
    octets[8..12].copy_from_slice(&event.ssrc.to_be_bytes());
    octets[12] = event.event;
    octets[13] = u8::from(event.end) << 7 | event.volume;
    octets[14..].copy_from_slice(&event.duration.to_be_bytes());
    octets
}

fn hear(receiver: &mut Receiver, now: Instant, octets: &[u8]) {
    let Ok(packet) = Packet::parse(octets) else { return };
    let (rtp, payload) = (packet.header(), packet.payload());
    let header = Header {
        ssrc: rtp.ssrc.0,
        sequence: rtp.sequence_number.0,
        timestamp: rtp.timestamp.0,
        marker: rtp.marker,
    };
    let Ok(events) = Events::parse(header, payload) else { return };
    for event in events {
        // A flood is refused; these are none.
        let _ = receiver.handle(now, receiver::Input::Event(&event));
    }
}

/// Presses one after another, as a sender numbers them.
struct Line {
    packets: [TelephoneEvent; 8],
    now: Instant,
}

impl Line {
    fn new() -> Self {
        Self { packets: press_packets(), now: Instant::EPOCH }
    }

    fn press(&mut self, mut each: impl FnMut(Instant, &TelephoneEvent)) {
        let sequence = self.packets[7].sequence;
        for (at, packet) in (1..).zip(&mut self.packets) {
            self.now += Duration::from_millis(20);
            packet.sequence = sequence.wrapping_add(at);
            packet.timestamp = packet.timestamp.wrapping_add(1_600);
            each(self.now, black_box(packet));
        }
    }
}

fn receiver(bench: &Bench) {
    let (mut alone, mut line) = (Receiver::default(), Line::new());
    let (mut ours, mut our_line) = (Receiver::default(), Line::new());
    let (mut theirs, mut their_line) = (DtmfReceiver::new(101), Line::new());
    bench
        .compare("a press of eight packets", "a packet", 8)
        .ours("from the datagram", || {
            our_line.press(|now, event| hear(&mut ours, now, &datagram(event)));
            while let Some(output) = ours.poll_output() {
                black_box(output);
            }
        })
        .ours("from its fields", || {
            line.press(|now, event| {
                alone.handle(now, receiver::Input::Event(event)).expect("no flood");
            });
            while let Some(output) = alone.poll_output() {
                black_box(output);
            }
        })
        .peer("wavekat-sip, from the datagram", || {
            their_line.press(|_, event| {
                black_box(theirs.push(&datagram(event)));
            });
        })
        .note("the peer tells a press with its first packet: late and overtaken presses are lost or misplaced")
        .run();
}

/// A packet of a trace as it is on the wire.
fn on_the_wire(packet: &TracePacket) -> [u8; 16] {
    datagram(&TelephoneEvent {
        ssrc: packet.ssrc,
        sequence: packet.sequence,
        timestamp: packet.timestamp,
        marker: packet.marker,
        event: packet.event,
        end: packet.end,
        volume: 10,
        duration: packet.duration,
    })
}

fn heard_by_ours(trace: &EventTrace) -> String {
    let config = receiver::Config {
        clock_rate: trace.clock,
        reorder: Duration::from_millis(500),
        ..receiver::Config::default()
    };
    let (mut receiver, mut heard) = (Receiver::new(config), String::new());
    let mut serve = |receiver: &mut Receiver, until: Instant| {
        loop {
            while let Some(output) = receiver.poll_output() {
                if let receiver::Output::Start { digit } = output {
                    heard.push(digit.as_char());
                }
            }
            let Some(due) = receiver.poll_timeout().filter(|due| *due <= until) else { break };
            receiver.handle_timeout(due);
        }
    };
    for packet in &trace.packets {
        let now = Instant::from_millis(packet.millis);
        serve(&mut receiver, now);
        hear(&mut receiver, now, &on_the_wire(packet));
    }
    serve(&mut receiver, Instant::from_micros(u64::MAX));
    heard
}

fn heard_by_wavekat(trace: &EventTrace) -> String {
    let mut receiver = DtmfReceiver::new(101);
    let pressed =
        trace.packets.iter().filter_map(|packet| match receiver.push(&on_the_wire(packet))? {
            DtmfEvent::Pressed { digit } => Digit::from_event(digit.event_code()),
            DtmfEvent::Released { .. } => None,
        });
    pressed.map(|digit| digit.as_char()).collect()
}

fn golden(bench: &Bench) {
    let traces = EventTrace::all();
    let right = |hear: fn(&EventTrace) -> String| {
        traces.iter().filter(|trace| hear(trace) == trace.digits).count()
    };
    let title = "golden telephone-event scenarios heard right";
    bench.figure(&format!("{title}, of all"), traces.len() as f64, "scenarios");
    bench.figure(&format!("{title}, by ours"), right(heard_by_ours) as f64, "scenarios");
    bench.figure(&format!("{title}, by wavekat-sip"), right(heard_by_wavekat) as f64, "scenarios");
}

fn main() {
    let bench = Bench::new(
        "collector",
        "Digits: a collector's event, a telephone-event's packet. No crate offers a collector; of the receivers in others' \
         SIP stacks the most careful one stands beside ours.",
    );
    collector(&bench);
    receiver(&bench);
    golden(&bench);
}
