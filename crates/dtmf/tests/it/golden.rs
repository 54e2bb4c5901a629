//! The golden cases of `testdata`, which other implementations can run too.

use core::time::Duration;
use std::collections::BTreeSet;

use serde::Deserialize;
use switchboard_dialstring::{Digit, Match};
use switchboard_dtmf::collector::{
    self, Collector, Earlier, Mismatch, Outcome, Policy, Prompt, Trigger, TypeAhead,
};
use switchboard_dtmf::receiver::{self, Receiver};
use switchboard_dtmf::{DigitSet, Instant, TelephoneEvent};
use switchboard_testkit::EventTrace;

fn heard(trace: &EventTrace) -> String {
    let reorder = Duration::from_millis(500);
    let config =
        receiver::Config { clock_rate: trace.clock, reorder, ..receiver::Config::default() };
    let mut receiver = Receiver::new(config);
    let mut heard = String::new();
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
        let event = TelephoneEvent {
            ssrc: packet.ssrc,
            sequence: packet.sequence,
            timestamp: packet.timestamp,
            marker: packet.marker,
            event: packet.event,
            end: packet.end,
            volume: 0,
            duration: packet.duration,
        };
        receiver.handle(now, receiver::Input::Event(&event)).expect("no flood");
    }
    serve(&mut receiver, Instant::from_micros(u64::MAX));
    heard
}

#[test]
fn telephone_events_are_heard_as_the_cases_say() {
    let mut names = BTreeSet::new();
    for trace in EventTrace::all() {
        assert_eq!(heard(&trace), trace.digits, "{}", trace.name);
        assert!(names.insert(trace.name.clone()), "{} twice", trace.name);
    }
    assert!(names.len() > 60);
}

#[derive(Deserialize)]
struct Suite {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    why: String,
    dialable: Dialable,
    #[serde(default)]
    type_ahead: bool,
    #[serde(default)]
    policy: Differences,
    steps: Vec<String>,
    says: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Dialable {
    Any(String),
    These(Vec<String>),
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Differences {
    min: Option<u8>,
    max: Option<u8>,
    terminators: Option<String>,
    cancel: Option<String>,
    swallow: bool,
    first_digit: Option<u64>,
    inter_digit: Option<u64>,
    critical: Option<u64>,
    overall: Option<u64>,
    extra_digit: Option<u64>,
    long_press: Option<u64>,
}

fn digits(text: &str) -> Vec<Digit> {
    text.chars().map(|c| Digit::from_char(c).expect("a digit")).collect()
}

impl Differences {
    fn policy(&self) -> Policy {
        let base = Policy::DEFAULT;
        let set = |text: &Option<String>, usual| {
            text.as_ref().map_or(usual, |text| DigitSet::of(&digits(text)))
        };
        let millis = |millis: Option<u64>| millis.map(Duration::from_millis);
        Policy {
            min: self.min.unwrap_or(base.min),
            max: self.max.unwrap_or(base.max),
            terminators: set(&self.terminators, base.terminators),
            cancel: set(&self.cancel, base.cancel),
            first_digit: millis(self.first_digit).or(base.first_digit),
            inter_digit: millis(self.inter_digit).unwrap_or(base.inter_digit),
            critical: millis(self.critical),
            overall: millis(self.overall),
            extra_digit: millis(self.extra_digit).unwrap_or(base.extra_digit),
            long_press: millis(self.long_press),
            mismatch: if self.swallow { Mismatch::Swallow } else { Mismatch::AtOnce },
        }
    }
}

impl Dialable {
    fn matches(&self, dialled: &[Digit]) -> Match {
        match self {
            Self::Any(word) => {
                assert_eq!(word, "any");
                Match::FullAndMore
            }
            Self::These(all) => {
                let text: String = dialled.iter().map(|digit| digit.as_char()).collect();
                let longer = |one: &String| one.starts_with(&text) && one.len() > text.len();
                Match::new(all.contains(&text), all.iter().any(longer))
            }
        }
    }
}

fn told(output: collector::Output) -> String {
    match output {
        collector::Output::BargeIn(digit) => format!("barge_in {digit}"),
        collector::Output::LongPress(digit) => format!("long_press {digit}"),
        collector::Output::Done(Outcome::Complete { digits, by }) => {
            let by = match by {
                Trigger::Unambiguous => "unambiguous",
                Trigger::Length => "length",
                Trigger::Terminator(_) => "terminator",
                Trigger::Timer => "timer",
            };
            format!("complete {digits} {by}")
        }
        collector::Output::Done(Outcome::Timeout { digits }) => format!("timeout {digits}"),
        collector::Output::Done(Outcome::Invalid { digits }) => format!("invalid {digits}"),
        collector::Output::Done(Outcome::Cancelled { digits }) => format!("cancelled {digits}"),
        collector::Output::Done(Outcome::NoInput) => "no_input".to_owned(),
    }
}

fn said(case: &Case) -> Vec<String> {
    use collector::Input;
    let policy = case.policy.policy();
    let matcher = &|dialled: &[Digit]| case.dialable.matches(dialled);
    let ahead = if case.type_ahead { TypeAhead::On } else { TypeAhead::Off };
    let mut collector = Collector::new(ahead);
    let mut said = Vec::new();
    let mut drain = |collector: &mut Collector, now: Instant| {
        while let Some(output) = collector.poll_output() {
            said.push(format!("{} {}", now.as_micros() / 1_000, told(output)));
        }
    };
    for step in &case.steps {
        let words: Vec<_> = step.split(' ').collect();
        let now = Instant::from_millis(words[0].parse().expect("milliseconds"));
        while let Some(due) = collector.poll_timeout().filter(|due| *due <= now) {
            collector.handle_timeout(due);
            drain(&mut collector, due);
        }
        let input = match words[1..] {
            ["begin", prompt, ref keep @ ..] => {
                let prompt = match prompt {
                    "silent" => Prompt::Silent,
                    "playing" => Prompt::Playing,
                    other => panic!("{other}: silent or playing"),
                };
                let earlier = if keep.is_empty() { Earlier::Flush } else { Earlier::Keep };
                Input::Begin { policy: &policy, prompt, earlier, matcher }
            }
            ["press", key] => Input::Press { digit: digits(key)[0], matcher },
            ["release"] => Input::Release,
            ["prompt_ended"] => Input::PromptEnded,
            ["flush"] => Input::Flush,
            ["abort"] => Input::Abort,
            ["wait"] => continue,
            _ => panic!("{step}: no such step"),
        };
        collector.handle(now, input).expect("not refused");
        drain(&mut collector, now);
    }
    said
}

#[test]
fn stages_end_as_the_cases_say() {
    let suite: Suite =
        toml::from_str(include_str!("../../testdata/collector.toml")).expect("the suite is TOML");
    assert!(suite.case.len() > 25);
    for case in suite.case {
        assert_eq!(said(&case), case.says, "{}", case.why);
    }
}
