//! What the machines cost: no allocation, and little memory.

use core::time::Duration;

use switchboard_dialstring::{Digit, Match};
use switchboard_dtmf::collector::{
    Collector, Earlier, Input, Mismatch, Outcome, Output, Policy, Prompt, TypeAhead,
};
use switchboard_dtmf::detector::{Detector, Mute};
use switchboard_dtmf::generator::{Config, Generator, SampleRate};
use switchboard_dtmf::merge::{self, Merge, Way};
use switchboard_dtmf::receiver::{self, Receiver};
use switchboard_dtmf::sender::{self, Plan, Sender};
use switchboard_dtmf::{Instant, TelephoneEvent};

/// The sum of allocations while `run` runs.
fn allocations(run: impl FnOnce()) -> u64 {
    allocation_counter::measure(run).count_total
}

#[test]
fn a_collector_is_at_most_96_bytes() {
    assert!(size_of::<Collector>() <= 96, "{}", size_of::<Collector>());
}

#[test]
fn a_collector_never_allocates() {
    let dialable = |digits: &[Digit]| match digits {
        [Digit::D1] => Match::May,
        [Digit::D1, _] => Match::FullAndMore,
        [Digit::D1, _, _] => Match::Full,
        _ => Match::None,
    };
    let counted = allocations(|| {
        let mut collector = Collector::new(TypeAhead::On);
        let mut now = Instant::EPOCH;
        let mut complete = 0;
        for round in 0..1_000_u32 {
            let policy = Policy {
                mismatch: if round % 2 == 0 { Mismatch::AtOnce } else { Mismatch::Swallow },
                long_press: Some(Duration::from_millis(100)),
                ..Policy::KPML
            };
            let (prompt, earlier) = (Prompt::Silent, Earlier::Keep);
            let begin = Input::Begin { policy: &policy, prompt, earlier, matcher: &dialable };
            collector.handle(now, begin).expect("idle");
            for key in 0..6 {
                now += Duration::from_millis(70);
                let digit = if key == round % 6 { Digit::Pound } else { Digit::D1 };
                let press = Input::Press { digit, matcher: &dialable };
                // Too many typed ahead are refused, also without an allocation.
                let _ = collector.handle(now, press);
                now += Duration::from_millis(200);
                collector.handle(now, Input::Release).expect("never refused");
            }
            now += Duration::from_secs(10);
            collector.handle_timeout(now);
            while let Some(output) = collector.poll_output() {
                if let Output::Done(Outcome::Complete { .. }) = output {
                    complete += 1;
                }
            }
            collector.handle(now, Input::Flush).expect("never refused");
        }
        assert!(complete > 100);
    });
    assert_eq!(counted, 0);
}

#[test]
fn receiver_sender_and_merge_never_allocate() {
    let plan: Plan = [Digit::D1, Digit::D5, Digit::D9, Digit::Pound].into_iter().collect();
    let counted = allocations(|| {
        let mut heard = 0;
        let (mut sender, mut receiver) = (Sender::default(), Receiver::default());
        let mut merge = Merge::new(merge::Config::default());
        let (mut sequence, mut now) = (0_u16, Instant::EPOCH);
        let input = sender::Input::Send { plan: &plan, timestamp: u32::MAX - 2_000 };
        sender.handle(now, input).expect("idle");
        while let Some(due) = sender.poll_timeout() {
            now = due;
            sender.handle_timeout(now);
            while let Some(output) = sender.poll_output() {
                let sender::Output::Packet(packet) = output else { continue };
                let event = TelephoneEvent {
                    ssrc: 1,
                    sequence,
                    timestamp: packet.timestamp,
                    marker: packet.marker,
                    event: packet.event,
                    end: packet.end,
                    volume: packet.volume,
                    duration: packet.duration,
                };
                sequence = sequence.wrapping_add(1);
                receiver.handle(now, receiver::Input::Event(&event)).expect("no flood");
            }
            while let Some(output) = receiver.poll_output() {
                let receiver::Output::Start { digit } = output else { continue };
                for way in [Way::TelephoneEvent, Way::Info, Way::InBand] {
                    merge.handle(now, merge::Input { way, digit, began: now }).expect("room");
                }
                while merge.poll_output().is_some() {
                    heard += 1;
                }
            }
        }
        receiver.handle_timeout(now + Duration::from_secs(1));
        while let Some(output) = receiver.poll_output() {
            heard += u32::from(matches!(output, receiver::Output::Start { .. }));
        }
        assert_eq!(heard, 4);
    });
    assert_eq!(counted, 0);
}

/// A detector is all in itself: what its documentation says of its size is all that it takes.
#[test]
fn a_detector_is_twelve_kilobytes_and_never_allocates() {
    assert!(size_of::<Detector>() <= 12 * 1_024, "{}", size_of::<Detector>());
    assert!(size_of::<Mute<i16>>() <= 22 * 1_024, "{}", size_of::<Mute<i16>>());
    for sample_rate in [SampleRate::Hz8000, SampleRate::Hz16000, SampleRate::Hz48000] {
        let plan: Plan = Digit::ALL.into_iter().collect();
        let counted = allocations(|| {
            let (mut detector, mut mute) = (Detector::new(sample_rate), Mute::new(sample_rate));
            let config = Config { sample_rate, ..Config::default() };
            let mut generator = Generator::new(config, plan);
            let (mut heard, mut frame) = (0, [0_i16; 160]);
            while !generator.is_done() {
                generator.fill(&mut frame);
                detector.handle(&frame);
                mute.handle(&mut frame);
                while detector.poll_output().is_some() {
                    heard += 1;
                }
                while mute.poll_output().is_some() {
                    heard += 1;
                }
            }
            assert_eq!(heard, 64);
        });
        assert_eq!(counted, 0);
    }
}
