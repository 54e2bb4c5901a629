//! A call as a transcript: what the router asks for, and what is answered.

use std::sync::Arc;

use switchboard_routing::{
    Cause, Digit, Directory, DirectorySpec, Entry, Input, LineId, Router, Side, Step, UserId,
};

pub(crate) fn company_spec() -> DirectorySpec {
    toml::from_str(include_str!("../../testdata/company.toml")).unwrap()
}

pub(crate) fn build(spec: &DirectorySpec) -> Arc<Directory> {
    match Directory::build(spec) {
        Ok(directory) => Arc::new(directory),
        Err(faults) => panic!("{faults}"),
    }
}

pub(crate) fn company() -> Arc<Directory> {
    build(&company_spec())
}

pub(crate) fn user(login: &str) -> UserId {
    login.parse().unwrap()
}

pub(crate) fn line(id: &str) -> LineId {
    id.parse().unwrap()
}

pub(crate) fn digits(text: &str) -> Vec<Digit> {
    text.chars().map(|c| Digit::from_char(c).unwrap()).collect()
}

/// A call under test. Every method checks one step or gives one input.
pub(crate) struct Call(pub(crate) Router);

impl Call {
    pub(crate) fn start(directory: &Arc<Directory>, entry: Entry<'_>) -> Self {
        Self(Router::new(Arc::clone(directory), entry))
    }

    pub(crate) fn inbound(directory: &Arc<Directory>, id: &str) -> Self {
        Self::start(directory, Entry::inbound(&line(id)))
    }

    /// An inbound call from a number that is shown.
    pub(crate) fn from(directory: &Arc<Directory>, id: &str, caller: &str) -> Self {
        let (line, caller) = (line(id), Some(caller));
        Self::start(directory, Entry::Inbound { line: &line, caller, carried: None, at: None })
    }

    pub(crate) fn internal(directory: &Arc<Directory>, caller: &str, dialled: &str) -> Self {
        Self::start(directory, Entry::internal(&user(caller), dialled))
    }

    pub(crate) fn next(&mut self) -> Step {
        self.0.poll_output().unwrap_or_else(|| panic!("no step after\n{}", self.0.trace()))
    }

    #[track_caller]
    pub(crate) fn idle(&mut self) -> &mut Self {
        assert_eq!(self.0.poll_output(), None, "after\n{}", self.0.trace());
        self
    }

    #[track_caller]
    fn give(&mut self, input: Input<'_>) -> &mut Self {
        if let Err(error) = self.0.handle(input) {
            panic!("{error} after\n{}", self.0.trace());
        }
        self
    }

    #[track_caller]
    pub(crate) fn plays(&mut self, wanted: &str) -> &mut Self {
        match self.next() {
            Step::Play { prompt } => assert_eq!(prompt.as_str(), wanted),
            other => panic!("{other:?} after\n{}", self.0.trace()),
        }
        self
    }

    /// A prompt at which digits are collected; `notice` before it, or "".
    #[track_caller]
    pub(crate) fn asks(&mut self, notice: &str, wanted: &str) -> &mut Self {
        match self.next() {
            Step::PlayAndCollect { notice: said, prompt, .. } => {
                assert_eq!(said.as_ref().map_or("", |said| said.as_str()), notice);
                assert_eq!(prompt.as_str(), wanted);
            }
            other => panic!("{other:?} after\n{}", self.0.trace()),
        }
        self
    }

    /// Rings these together, for so many seconds.
    #[track_caller]
    pub(crate) fn rings(&mut self, wanted: &[&str], seconds: u64) -> &mut Self {
        match self.next() {
            Step::Ring { targets, timeout, .. } => {
                let rung: Vec<&str> = targets.iter().map(|t| t.user().as_str()).collect();
                assert_eq!(rung, wanted);
                assert_eq!(timeout.as_secs(), seconds);
            }
            other => panic!("{other:?} after\n{}", self.0.trace()),
        }
        self
    }

    /// Calls a number outside by a trunk.
    #[track_caller]
    pub(crate) fn dials(&mut self, number: &str, trunk: &str) -> &mut Self {
        match self.next() {
            Step::Dial(dial) => {
                assert_eq!((dial.number.as_str(), dial.trunk.as_str()), (number, trunk));
            }
            other => panic!("{other:?} after\n{}", self.0.trace()),
        }
        self
    }

    #[track_caller]
    pub(crate) fn connects(&mut self) -> &mut Self {
        assert_eq!(self.next(), Step::Connect);
        self
    }

    #[track_caller]
    pub(crate) fn ends(&mut self, cause: Cause) -> &mut Self {
        assert_eq!(self.next(), Step::End { cause }, "after\n{}", self.0.trace());
        assert!(self.0.has_ended());
        self.idle()
    }

    #[track_caller]
    pub(crate) fn digits(&mut self, text: &str) -> &mut Self {
        self.give(Input::Digits(&digits(text)))
    }

    #[track_caller]
    pub(crate) fn silence(&mut self) -> &mut Self {
        self.give(Input::NoDigits)
    }

    #[track_caller]
    pub(crate) fn played(&mut self) -> &mut Self {
        self.give(Input::Played)
    }

    #[track_caller]
    pub(crate) fn answered(&mut self, login: &str) -> &mut Self {
        self.give(Input::Answered { by: Some(&user(login)) })
    }

    #[track_caller]
    pub(crate) fn answered_outside(&mut self) -> &mut Self {
        self.give(Input::Answered { by: None })
    }

    #[track_caller]
    pub(crate) fn busy(&mut self) -> &mut Self {
        self.give(Input::Busy)
    }

    #[track_caller]
    pub(crate) fn no_answer(&mut self) -> &mut Self {
        self.give(Input::NoAnswer)
    }

    #[track_caller]
    pub(crate) fn unreachable(&mut self) -> &mut Self {
        self.give(Input::Unreachable)
    }

    #[track_caller]
    pub(crate) fn declined(&mut self) -> &mut Self {
        self.give(Input::Declined)
    }

    #[track_caller]
    pub(crate) fn crm_says(&mut self, login: Option<&str>) -> &mut Self {
        self.give(Input::CrmSays(login))
    }

    /// Lets the caller wait in a queue, for so many seconds.
    #[track_caller]
    pub(crate) fn waits(&mut self, wanted: &str, seconds: u64) -> &mut Self {
        match self.next() {
            Step::Wait { queue, timeout, music } => {
                assert_eq!((queue.as_str(), timeout.as_secs()), (wanted, seconds));
                assert_eq!(music.as_str(), "moh");
            }
            other => panic!("{other:?} after\n{}", self.0.trace()),
        }
        self
    }

    /// Asks how many wait in a queue.
    #[track_caller]
    pub(crate) fn counts(&mut self, wanted: &str) -> &mut Self {
        match self.next() {
            Step::Count { queue } => assert_eq!(queue.as_str(), wanted),
            other => panic!("{other:?} after\n{}", self.0.trace()),
        }
        self
    }

    #[track_caller]
    pub(crate) fn waiting(&mut self, callers: u32) -> &mut Self {
        self.give(Input::Waiting(callers))
    }

    /// Asks in which order these are tried.
    #[track_caller]
    pub(crate) fn wants_order(&mut self, wanted: &[&str]) -> &mut Self {
        match self.next() {
            Step::Order { members, .. } => {
                let asked: Vec<&str> = members.iter().map(|t| t.user().as_str()).collect();
                assert_eq!(asked, wanted);
            }
            other => panic!("{other:?} after\n{}", self.0.trace()),
        }
        self
    }

    #[track_caller]
    pub(crate) fn order(&mut self, logins: &[&str]) -> &mut Self {
        let order: Vec<UserId> = logins.iter().map(|login| user(login)).collect();
        self.give(Input::Order(&order))
    }

    #[track_caller]
    pub(crate) fn turn(&mut self) -> &mut Self {
        self.give(Input::Turn)
    }

    /// Asks for a message for this user.
    #[track_caller]
    pub(crate) fn records_for(&mut self, login: &str) -> &mut Self {
        match self.next() {
            Step::Voicemail { mailbox, greeting } => {
                assert_eq!(mailbox.user().as_str(), login);
                assert_eq!(greeting.as_str(), "voicemail");
            }
            other => panic!("{other:?} after\n{}", self.0.trace()),
        }
        self
    }

    #[track_caller]
    pub(crate) fn recorded(&mut self) -> &mut Self {
        self.give(Input::Recorded)
    }

    #[track_caller]
    pub(crate) fn directory(&mut self, directory: &Arc<Directory>) -> &mut Self {
        self.give(Input::Directory(Arc::clone(directory)))
    }

    #[track_caller]
    pub(crate) fn hangs_up(&mut self, side: Side) -> &mut Self {
        self.give(Input::HungUp(side))
    }

    /// Answered by `login`, joined, and hung up by the caller.
    #[track_caller]
    pub(crate) fn talks_to(&mut self, login: &str) -> &mut Self {
        self.answered(login).connects().idle().hangs_up(Side::Caller).ends(Cause::Completed)
    }
}
