use std::vec::Vec;

use super::*;

/// Everything that is sent, with the times in milliseconds; the timer is served on time.
fn send(config: Config, plan: &Plan, timestamp: u32) -> Vec<(u64, Output)> {
    let mut sender = Sender::new(config);
    sender.handle(Instant::from_millis(1_000), Input::Send { plan, timestamp }).expect("idle");
    run(&mut sender)
}

fn run(sender: &mut Sender) -> Vec<(u64, Output)> {
    let mut sent = Vec::new();
    let mut now = Instant::from_millis(1_000);
    loop {
        while let Some(output) = sender.poll_output() {
            sent.push((now.as_micros() / 1_000 - 1_000, output));
        }
        match sender.poll_timeout() {
            Some(due) => now = now.max(due),
            None => return sent,
        }
        sender.handle_timeout(now);
    }
}

fn packets(sent: &[(u64, Output)]) -> Vec<(u64, Packet)> {
    sent.iter()
        .filter_map(|(time, output)| match output {
            Output::Packet(packet) => Some((*time, *packet)),
            Output::Finished => None,
        })
        .collect()
}

fn digits(text: &str) -> Plan {
    text.chars().filter_map(Digit::from_char).collect()
}

/// RFC 4733 section 2.5.1: marker first, one timestamp, growing duration, three equal ends.
#[test]
fn a_digit_is_a_start_updates_and_three_ends() {
    let packet = |marker, end, duration| {
        Output::Packet(Packet { timestamp: 5_000, marker, event: 11, end, volume: 10, duration })
    };
    assert_eq!(
        send(Config::default(), &digits("#"), 5_000),
        [
            (20, packet(true, false, 160)),
            (40, packet(false, false, 320)),
            (60, packet(false, false, 480)),
            (80, packet(false, false, 640)),
            (100, packet(false, true, 800)),
            (120, packet(false, true, 800)),
            (140, packet(false, true, 800)),
            (200, Output::Finished),
        ]
    );
}

#[test]
fn tones_and_gaps_keep_their_lengths_and_timestamps() {
    for clock_rate in [8_000, 16_000, 48_000] {
        let config = Config {
            clock_rate,
            tone: Duration::from_millis(70),
            gap: Duration::from_millis(55),
            ..Config::default()
        };
        let sent = packets(&send(config, &digits("1223"), u32::MAX - 10));
        let starts: Vec<_> = sent.iter().filter(|(_, packet)| packet.marker).collect();
        assert_eq!(starts.len(), 4);
        for (at, (time, packet)) in (0_u32..).zip(starts) {
            assert_eq!(*time, 125 * u64::from(at) + 20);
            let began = (u32::MAX - 10).wrapping_add(125 * at * clock_rate / 1_000);
            assert_eq!(packet.timestamp, began, "at {clock_rate}");
        }
        let ends: Vec<_> = sent.iter().filter(|(_, packet)| packet.end).collect();
        assert_eq!(ends.len(), 12);
        assert!(ends.iter().all(|(_, end)| u32::from(end.duration) == 70 * clock_rate / 1_000));
    }
}

#[test]
fn pauses_come_on_top_of_the_gap() {
    let plan: Plan = [
        Step::Pause(Duration::from_secs(2)),
        Step::Digit(Digit::D4),
        Step::Pause(Duration::from_millis(500)),
        Step::Digit(Digit::D2),
        Step::Pause(Duration::from_secs(1)),
    ]
    .into_iter()
    .collect();
    let sent = send(Config::default(), &plan, 0);
    let starts: Vec<_> = packets(&sent).into_iter().filter(|(_, packet)| packet.marker).collect();
    assert_eq!(starts[0].0, 2_020);
    assert_eq!(starts[0].1.timestamp, 16_000);
    assert_eq!(starts[1].0, 2_000 + 200 + 500 + 20);
    assert_eq!(starts[1].1.timestamp, 16_000 + 700 * 8);
    assert_eq!(sent.last(), Some(&(2_000 + 700 + 200 + 1_000, Output::Finished)));
    let nothing = digits("");
    assert_eq!(send(Config::default(), &nothing, 0), [(0, Output::Finished)]);
}

#[test]
fn a_dial_plan_is_sent_with_the_pauses_that_are_set() {
    let dial_plan = "1,2w3W4".parse().expect("a dial plan");
    let pauses = switchboard_dialstring::PauseLengths {
        comma: Duration::from_millis(3_000),
        w: Duration::from_millis(250),
    };
    let sent = packets(&send(Config::default(), &Plan::of(&dial_plan, &pauses), 0));
    let starts: Vec<_> =
        sent.iter().filter(|(_, packet)| packet.marker).map(|(time, _)| *time).collect();
    assert_eq!(starts, [20, 3_220, 3_670, 4_370]);
}

/// What the timer's server does late is caught up on, in order, with timestamps that stay true.
#[test]
fn a_late_timer_leaves_nothing_out() {
    let plan = digits("159");
    let on_time = send(Config::default(), &plan, 9);
    let mut sender = Sender::default();
    sender
        .handle(Instant::from_millis(1_000), Input::Send { plan: &plan, timestamp: 9 })
        .expect("idle");
    let mut late = Vec::new();
    while sender.is_sending() {
        assert!(sender.poll_timeout().is_some());
        sender.handle_timeout(Instant::from_millis(60_000));
        while let Some(output) = sender.poll_output() {
            late.push(output);
        }
    }
    assert_eq!(late, on_time.into_iter().map(|(_, output)| output).collect::<Vec<_>>());
}

#[test]
fn settings_beyond_the_standards_are_brought_within() {
    let config = Config {
        tone: Duration::from_millis(1),
        gap: Duration::ZERO,
        volume: 200,
        ..Config::default()
    };
    let sent = packets(&send(config, &digits("12"), 0));
    assert!(sent.iter().all(|(_, packet)| packet.volume == 63));
    assert!(sent.iter().filter(|(_, packet)| packet.end).all(|(_, packet)| packet.duration == 320));
    assert_eq!(sent.iter().filter(|(_, packet)| packet.marker).count(), 2);
    assert_eq!(sent[4].1.timestamp, 640);
    let config = Config { clock_rate: 48_000, tone: Duration::from_secs(60), ..Config::default() };
    let sent = packets(&send(config, &digits("1"), 0));
    assert!(sent.last().is_some_and(|(_, packet)| packet.end && packet.duration > 65_000));
    let config = Config { clock_rate: 0, interval: Duration::ZERO, ..Config::default() };
    assert!(!send(config, &digits("1"), 0).is_empty());
}

#[test]
fn a_cancelled_tone_ends_properly_and_the_rest_is_dropped() {
    let plan = digits("123");
    let mut sender = Sender::default();
    let start = Instant::from_millis(1_000);
    sender.handle(start, Input::Send { plan: &plan, timestamp: 0 }).expect("idle");
    assert_eq!(sender.handle(start, Input::Send { plan: &plan, timestamp: 0 }), Err(Busy));
    for millis in [1_020, 1_040] {
        sender.handle_timeout(Instant::from_millis(millis));
    }
    sender.handle(Instant::from_millis(1_050), Input::Cancel).expect("never refused");
    let sent = run(&mut sender);
    let ends: Vec<_> = packets(&sent).into_iter().filter(|(_, packet)| packet.end).collect();
    assert_eq!(ends.len(), 3);
    assert!(ends.iter().all(|(_, packet)| packet.event == 1 && packet.duration == 400));
    assert_eq!(sent.last().map(|(_, output)| *output), Some(Output::Finished));
    assert!(!sender.is_sending());
    // In a pause, or before anything was said, there is nothing to end.
    sender.handle(start, Input::Send { plan: &plan, timestamp: 0 }).expect("idle");
    sender.handle(start, Input::Cancel).expect("never refused");
    assert_eq!(run(&mut sender), [(0, Output::Finished)]);
    sender.handle(start, Input::Cancel).expect("never refused");
    assert_eq!(run(&mut sender), []);
}
