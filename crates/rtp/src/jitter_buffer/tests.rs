use proptest::prelude::*;

use super::*;
use crate::PayloadType;

fn header(n: u32) -> Header {
    Header {
        marker: false,
        payload_type: PayloadType::PCMA,
        sequence_number: SequenceNumber((n as u16).wrapping_add(65_500)),
        timestamp: RtpTimestamp(n.wrapping_mul(160).wrapping_add(u32::MAX - 4_000)),
        ssrc: Ssrc(7),
    }
}

#[allow(clippy::disallowed_methods, reason = "one reading as an epoch")]
fn start() -> Instant {
    Instant::now()
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// What one run gave.
#[derive(Debug, Default)]
struct Run {
    /// A packet number, or nothing, each 20 ms.
    played: Vec<Option<u32>>,
    delays: Vec<Duration>,
    held_back: usize,
    left_out: usize,
    late: u64,
    most_held: usize,
}

impl Run {
    fn gaps(&self) -> usize {
        let first = self.played.iter().position(Option::is_some).unwrap_or(0);
        self.played[first..].iter().filter(|n| n.is_none()).count()
    }
}

/// Lets packet `n` arrive `delay(n)` after it was sent (`None`: never), and takes one each 20 ms.
/// `is_quiet(n)`: what may be left out.
fn run(packets: u32, delay: impl Fn(u32) -> Option<u64>, is_quiet: impl Fn(u32) -> bool) -> Run {
    let start = start();
    let mut arriving: Vec<(Instant, u32)> =
        (0..packets).filter_map(|n| Some((start + ms(20) * n + ms(delay(n)?), n))).collect();
    arriving.sort();
    let mut arriving = arriving.into_iter().peekable();
    let mut buffer = JitterBuffer::new(JitterConfig::default());
    let mut run = Run::default();
    for tick in 0..packets + 20 {
        // Between the packets' own times: the two clocks know nothing of each other.
        let now = start + ms(20) * tick + ms(7);
        while let Some((at, n)) = arriving.next_if(|(at, _)| *at <= now) {
            buffer.insert(at, &header(n), n);
        }
        run.most_held = run.most_held.max(buffer.len());
        let mut taken = buffer.take(now);
        while let Taken::Item(n) = taken
            && is_quiet(n)
            && buffer.has_excess()
        {
            run.left_out += 1;
            taken = buffer.take(now);
        }
        run.held_back += usize::from(taken == Taken::Hold);
        run.played.push(if let Taken::Item(n) = taken { Some(n) } else { None });
        run.delays.push(buffer.delay());
    }
    while run.played.last() == Some(&None) {
        run.played.pop();
    }
    run.late = buffer.late();
    run
}

/// Milliseconds that consecutive packets take, as they look on four kinds of line.
const STEADY: [u64; 4] = [20, 21, 20, 22];
/// A wireless network with a neighbour: every so often one packet waits and the next ones with it.
const WIRELESS: [u64; 25] =
    [4, 5, 4, 6, 5, 4, 9, 5, 4, 4, 5, 48, 30, 12, 5, 4, 4, 6, 5, 4, 5, 22, 5, 4, 5];
/// A mobile network: grants come in their own grid.
const MOBILE: [u64; 20] =
    [61, 55, 70, 52, 66, 48, 83, 64, 57, 72, 90, 71, 51, 63, 60, 77, 58, 69, 88, 54];
/// A line that is full: the queue grows until it is emptied.
const FULL: [u64; 30] = [
    10, 14, 18, 22, 26, 30, 34, 38, 44, 50, 56, 62, 68, 74, 80, 86, 92, 98, 104, 110, 116, 120,
    110, 92, 74, 56, 38, 22, 12, 10,
];

#[test]
fn a_steady_line_costs_little_delay() {
    let run = run(500, |n| Some(STEADY[n as usize % 4]), |_| true);
    assert_eq!((run.gaps(), run.late), (0, 0), "{run:?}");
    assert!(run.delays.last() < Some(&ms(45)), "{:?}", run.delays.last());
}

#[test]
fn recorded_jitter_is_met_by_as_much_delay_as_it_needs() {
    for (name, pattern, most_delay) in
        [("wireless", &WIRELESS[..], 75), ("mobile", &MOBILE[..], 80), ("full", &FULL[..], 150)]
    {
        let run = run(2_000, |n| Some(pattern[n as usize % pattern.len()]), |n| n % 50 < 10);
        // After the first second nothing but what holds back is missing.
        let late = run.late;
        assert!(late < 30, "{name}: {late} late of 2,000");
        let end = &run.delays[1_000..];
        let worst = end.iter().max().copied();
        assert!(worst < Some(ms(most_delay)), "{name}: {worst:?}");
        let heard = run.played.iter().flatten().count();
        assert!(heard + run.left_out + late as usize + 5 >= 2_000, "{name}: {heard} heard");
        assert!(run.most_held < 20, "{name}: {}", run.most_held);
    }
}

/// It grows within half a second when the line gets worse, and is back some seconds after, in quiet.
#[test]
fn it_grows_quickly_and_shrinks_slowly_in_quiet() {
    let line = |n: u32| match n {
        300..600 => Some(10 + u64::from(n * 37 % 90)),
        _ => Some(10),
    };
    let talk = |n: u32| n % 100 >= 70;
    let run = run(2_000, line, |n| !talk(n) && n % 100 < 70 && n % 100 >= 40);
    let before = run.delays[290];
    assert!(before < ms(45), "{before:?}");
    assert!(run.delays[330] >= ms(70), "{:?}", run.delays[330]);
    // 128 packets after the line is good again, and a pause later.
    assert!(run.delays[590] >= ms(80), "{:?}", run.delays[590]);
    assert!(run.delays[1_000] < ms(50), "{:?}", run.delays[1_000]);
    // Nothing of the talk was left out.
    let said: Vec<u32> = (1_000..1_900).filter(|n| talk(*n)).collect();
    let heard: Vec<u32> =
        run.played.iter().flatten().copied().filter(|n| said.contains(n)).collect();
    assert_eq!(heard, said);
}

#[test]
fn losses_leave_holes_of_their_own_length() {
    let run = run(1_000, |n| (n % 20 != 13).then_some(15), |_| false);
    assert_eq!(run.gaps(), 50, "{:?}", run.played);
    assert_eq!(run.late, 0);
    // The one before a hole and the one behind it are 40 ms apart.
    for at in run.played.iter().enumerate().filter(|(_, n)| n.is_none()).map(|(at, _)| at).skip(2) {
        if let (Some(before), Some(after)) = (run.played[at - 1], run.played[at + 1]) {
            assert_eq!(after - before, 2);
        }
    }
}

/// The last packet before the sender falls silent is lost: nothing is concealed twice, and after the
/// pause it fills anew.
#[test]
fn pauses() {
    let run = run(400, |n| (n % 100 < 60).then_some(10), |_| false);
    let heard: Vec<u32> = run.played.iter().flatten().copied().collect();
    let said: Vec<u32> = (0..400).filter(|n| n % 100 < 60).collect();
    assert_eq!(heard, said);
    assert!(run.delays.iter().all(|delay| *delay <= ms(60)), "{:?}", run.delays.iter().max());
}

#[test]
fn what_comes_too_late_is_given_back_and_counted() {
    let at = start();
    let mut buffer = JitterBuffer::new(JitterConfig::default());
    for n in [0, 2, 3] {
        assert_eq!(buffer.insert(at, &header(n), n), Inserted::Held);
    }
    assert_eq!(buffer.insert(at, &header(2), 2), Inserted::Duplicate(2));
    let later = at + ms(60);
    let taken: Vec<_> = (0..4).map(|n| buffer.take(later + ms(20) * n)).collect();
    assert_eq!(taken, [Taken::Item(0), Taken::Missing, Taken::Item(2), Taken::Item(3)]);
    assert_eq!(buffer.insert(later, &header(1), 1), Inserted::Late(1));
    assert_eq!((buffer.late(), buffer.missing(), buffer.len()), (1, 1, 0));
}

/// Another source, or the same one that began again.
#[test]
fn a_new_stream_starts_over() {
    let at = start();
    let mut buffer = JitterBuffer::new(JitterConfig::default());
    buffer.insert(at, &header(0), 0);
    let other = Header { ssrc: Ssrc(8), ..header(1) };
    assert_eq!(buffer.insert(at, &other, 1), Inserted::Restarted);
    let far = Header { sequence_number: SequenceNumber(30_000), ..other };
    assert_eq!(buffer.insert(at, &far, 2), Inserted::Restarted);
    let elsewhere = Header { timestamp: far.timestamp.add(8_000_000), ..far };
    assert_eq!(buffer.insert(at, &elsewhere, 3), Inserted::Restarted);
    assert_eq!(buffer.len(), 1);
    assert_eq!(buffer.take(at + ms(60)), Taken::Item(3));
}

/// A sender whose clock is wrong by 100 in a million for an hour.
#[test]
fn a_drifting_clock_neither_fills_nor_empties_it() {
    for faster in [true, false] {
        let start = start();
        let mut buffer = JitterBuffer::new(JitterConfig::default());
        let mut heard = 0;
        let (mut sent, mut most) = (0, Duration::ZERO);
        for tick in 0..180_000_u64 {
            let now = start + Duration::from_micros(20_000 * tick + 7_000);
            let period = if faster { 19_998 } else { 20_002 };
            while u64::from(sent) * period <= 20_000 * tick + 7_000 {
                let at = start + Duration::from_micros(u64::from(sent) * period);
                buffer.insert(at, &header(sent), sent);
                sent += 1;
            }
            let mut taken = buffer.take(now);
            if matches!(taken, Taken::Item(_)) && buffer.has_excess() {
                taken = buffer.take(now);
            }
            heard += u32::from(matches!(taken, Taken::Item(_)));
            most = most.max(buffer.delay());
        }
        assert!(most < ms(80), "{most:?}");
        assert!(sent - heard < 30, "{heard} of {sent}");
    }
}

proptest! {
    /// Any packets at any time: no panic, never more than the bound, and what comes out ascends.
    #[test]
    fn bounded_and_ascending(
        steps in proptest::collection::vec((0_u32..100, 0_u64..50, any::<bool>(), 0_u8..40), 0..300),
    ) {
        let mut now = start();
        let mut buffer = JitterBuffer::new(JitterConfig::default());
        let mut last: Option<SequenceNumber> = None;
        let mut base = 0;
        for (offset, wait, take, jump) in steps {
            now += ms(wait);
            base += if jump == 0 { 5_000 } else { 1 };
            let header = header(base + offset);
            if buffer.insert(now, &header, header.sequence_number) == Inserted::Restarted {
                last = None;
            }
            prop_assert!(buffer.len() <= CAPACITY);
            if take && let Taken::Item(number) = buffer.take(now) {
                prop_assert!(last.is_none_or(|last| number.is_after(last)));
                last = Some(number);
            }
        }
    }
}
