//! Lines: numbers that customers call.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{ForwardTo, seconds};
use crate::hours::HoursSpec;
use crate::id::{LineId, MenuId, Prompt, QueueId, TrunkId};

/// A line and what happens to a call on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineSpec {
    /// The line's identifier.
    pub id: LineId,
    /// For people to read.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The number, E.164 with `+`; visual separators are accepted, an extension is not.
    pub number: String,
    /// The trunk that outbound calls on this line take; without one the line only receives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trunk: Option<TrunkId>,
    /// Extension processing (Verarbeitung der Durchwahl): off, nothing on this line handles an
    /// extension.
    #[serde(default)]
    pub extension_processing: bool,
    /// Whether the welcome message is played.
    #[serde(default)]
    pub welcome: bool,
    /// The welcome message.
    #[serde(default = "welcome_prompt")]
    pub welcome_prompt: Prompt,
    /// The voice menu, if the line has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub menu: Option<MenuId>,
    /// Whether digits pressed beyond one stage count in the next.
    #[serde(default)]
    pub type_ahead: bool,
    /// How often an unknown extension is complained about before the call goes on (1 to 9).
    #[serde(default = "attempts")]
    pub attempts: u8,
    /// How long digits and rings are waited for.
    #[serde(default)]
    pub timers: TimersSpec,
    /// Whether the person responsible for the caller is tried first after the menu.
    #[serde(default)]
    pub responsible: bool,
    /// The queue after that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<QueueId>,
    /// What happens when nobody took the call.
    #[serde(default)]
    pub overflow: Overflow,
    /// Whether external calls on this line are recorded. Internal calls never are.
    #[serde(default)]
    pub recorded: bool,
    /// When the line is open; without hours, always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<HoursSpec>,
}

impl LineSpec {
    /// A line with everything switched off.
    pub fn new(id: LineId, number: impl Into<String>) -> Self {
        Self {
            id,
            name: String::new(),
            number: number.into(),
            trunk: None,
            extension_processing: false,
            welcome: false,
            welcome_prompt: welcome_prompt(),
            menu: None,
            type_ahead: false,
            attempts: attempts(),
            timers: TimersSpec::default(),
            responsible: false,
            queue: None,
            overflow: Overflow::default(),
            recorded: false,
            hours: None,
        }
    }
}

fn welcome_prompt() -> Prompt {
    crate::prompts::welcome()
}

fn attempts() -> u8 {
    3
}

/// What happens at the end of a line's rules.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Overflow {
    /// Say that nobody is available, and hang up.
    #[default]
    HangUp,
    /// Try one more place, then say so and hang up.
    Forward(ForwardTo),
}

/// A line's timers, in seconds.
///
/// | timer | default | why |
/// |---|---|---|
/// | `first_digit` | 4 | Asterisk waits 10, MGCP 16: too long in silence after a message that told what to dial |
/// | `inter_digit` | 2.5 | between Asterisk's 5 and KPML's 1: slow fingers still fit, a sure digit never waits |
/// | `responsible` | 20 | about five rings |
/// | `ring` | 25 | about six rings |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TimersSpec {
    /// Wait for the first digit after a prompt ended.
    #[serde(with = "seconds")]
    pub first_digit: Duration,
    /// Wait for a further digit where one could follow.
    #[serde(with = "seconds")]
    pub inter_digit: Duration,
    /// How long the person responsible is rung.
    #[serde(with = "seconds")]
    pub responsible: Duration,
    /// How long anybody else is rung.
    #[serde(with = "seconds")]
    pub ring: Duration,
}

impl Default for TimersSpec {
    fn default() -> Self {
        Self {
            first_digit: Duration::from_secs(4),
            inter_digit: Duration::from_millis(2500),
            responsible: Duration::from_secs(20),
            ring: Duration::from_secs(25),
        }
    }
}
