//! Whatever the settings and the clock: no machine panics, and each is bounded.

use std::time::Duration;

use switchboard_dialstring::{DialPlan, Digit, PauseLengths};
use switchboard_dtmf::collector::{
    AnyDigits, Collector, Earlier, Mismatch, Policy, Prompt, TypeAhead,
};
use switchboard_dtmf::merge::Way;
use switchboard_dtmf::sender::Plan;
use switchboard_dtmf::{Instant, TelephoneEvent, collector, merge, receiver, sender};

const DURATIONS: [Duration; 4] =
    [Duration::ZERO, Duration::from_nanos(1), Duration::from_millis(200), Duration::MAX];
const CLOCK_RATES: [u32; 4] = [0, 1, 8_000, u32::MAX];

/// Forwards, backwards and at both ends.
const TIMES: [Instant; 7] = [
    Instant::EPOCH,
    Instant::from_millis(600),
    Instant::from_millis(20),
    Instant::from_micros(u64::MAX - 1),
    Instant::EPOCH,
    Instant::from_micros(u64::MAX),
    Instant::from_micros(u64::MAX),
];

/// Orders that say "next", "the same again", "overtaken", "wrapped" and "another stream".
const PACKETS: [(u32, u16, u32, u8, bool, u16); 9] = [
    (1, 1, 160, 5, false, 160),
    (1, 2, 160, 5, true, 300),
    (1, 0, 100, 6, true, 160),
    (1, u16::MAX, u32::MAX, 6, false, u16::MAX),
    (1, 3, 160, 5, false, 0),
    (1, 3 + 0x8000, 160 + 0x8000_0000, 5, true, u16::MAX),
    (2, 4, 65_695, 5, false, 1),
    (1, 5, 0, 255, true, 0),
    (1, 6, 65_695, 5, false, 65_535),
];

#[test]
fn a_receiver_takes_any_settings_and_any_time() {
    for clock_rate in CLOCK_RATES {
        for (silence, reorder) in DURATIONS.into_iter().flat_map(|a| DURATIONS.map(|b| (a, b))) {
            for (min_spacing, burst) in
                DURATIONS.into_iter().flat_map(|a| [(a, 0), (a, 1), (a, u8::MAX)])
            {
                let config = receiver::Config { clock_rate, silence, reorder, min_spacing, burst };
                for turn in 0..PACKETS.len() {
                    let mut receiver = receiver::Receiver::new(config);
                    let mut heard = 0;
                    for at in 0..3 * PACKETS.len() {
                        let (ssrc, sequence, timestamp, event, end, duration) =
                            PACKETS[(at * (turn + 1)) % PACKETS.len()];
                        let packet = TelephoneEvent {
                            ssrc,
                            sequence,
                            timestamp,
                            marker: at % 2 == 0,
                            event,
                            end,
                            volume: 0,
                            duration,
                        };
                        let now = TIMES[at % TIMES.len()];
                        let _ = receiver.handle(now, receiver::Input::Event(&packet));
                        let sequence = sequence.wrapping_add(1);
                        let _ = receiver.handle(now, receiver::Input::Other { ssrc, sequence });
                        while receiver.poll_output().is_some() {
                            heard += 1;
                        }
                    }
                    assert!(heard <= 2 * 3 * PACKETS.len());
                }
            }
        }
    }
}

#[test]
fn a_collector_takes_any_settings_any_time_and_any_order() {
    for (first, inter) in DURATIONS.into_iter().flat_map(|a| DURATIONS.map(|b| (a, b))) {
        for (min, max) in [(0, 0), (9, 1), (u8::MAX, u8::MAX), (1, 32)] {
            let policy = Policy {
                min,
                max,
                first_digit: Some(first),
                inter_digit: inter,
                critical: Some(first),
                overall: Some(inter),
                extra_digit: first,
                long_press: Some(inter),
                mismatch: Mismatch::Swallow,
                ..Policy::DEFAULT
            };
            for (turn, type_ahead) in (0..7).flat_map(|t| [(t, TypeAhead::On), (t, TypeAhead::Off)])
            {
                let mut collector = Collector::new(type_ahead);
                for at in 0..200 {
                    let now = TIMES[at % TIMES.len()];
                    let digit = Digit::ALL[at % Digit::ALL.len()];
                    let input = match (at * (turn + 1) + at / 7) % 7 {
                        0 => collector::Input::Begin {
                            policy: &policy,
                            prompt: Prompt::Playing,
                            earlier: Earlier::Keep,
                            matcher: &AnyDigits,
                        },
                        1 => collector::Input::PromptEnded,
                        2 => collector::Input::Release,
                        3 if at % 3 == 0 => collector::Input::Abort,
                        4 if at % 5 == 0 => collector::Input::Flush,
                        _ => collector::Input::Press { digit, matcher: &AnyDigits },
                    };
                    let _ = collector.handle(now, input);
                    if at % 4 == 0 {
                        let told = std::iter::from_fn(|| collector.poll_output()).count();
                        assert!(told <= 34, "{told} outputs of at most 32 digits");
                    }
                    if let Some(due) = collector.poll_timeout() {
                        collector.handle_timeout(due);
                        assert!(
                            collector.poll_timeout().is_none_or(|next| next > due),
                            "a timer that is due has fired"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn a_merge_takes_any_window_and_any_time() {
    for window in DURATIONS {
        let mut merge = merge::Merge::new(merge::Config { window });
        for at in 0..200 {
            let (now, began) = (TIMES[at % TIMES.len()], TIMES[at * 3 % TIMES.len()]);
            let way = [Way::TelephoneEvent, Way::Info, Way::InBand, Way::Api][at % 4];
            let digit = Digit::ALL[at % 3];
            let _ = merge.handle(now, merge::Input { way, digit, began });
            while merge.poll_output().is_some() {}
        }
    }
}

#[test]
fn a_sender_takes_any_settings_and_any_time() {
    let plan: DialPlan = "1,2w*".parse().expect("a plan");
    for clock_rate in CLOCK_RATES {
        for (tone, gap) in DURATIONS.into_iter().flat_map(|a| DURATIONS.map(|b| (a, b))) {
            for interval in DURATIONS {
                let config = sender::Config { clock_rate, interval, tone, gap, volume: u8::MAX };
                let pauses = PauseLengths { comma: gap, w: tone };
                let plan = Plan::of(&plan, &pauses);
                let mut sender = sender::Sender::new(config);
                for at in 0..40 {
                    let now = TIMES[at % TIMES.len()];
                    let input = if at % 9 == 8 {
                        sender::Input::Cancel
                    } else {
                        sender::Input::Send { plan: &plan, timestamp: u32::MAX }
                    };
                    let _ = sender.handle(now, input);
                    sender.handle_timeout(now);
                    while let Some(output) = sender.poll_output() {
                        if let sender::Output::Packet(packet) = output {
                            assert!(packet.volume <= 63);
                        }
                    }
                }
            }
        }
    }
}
