//! The router: says what to do next with a call, and takes what happened.
//!
//! ```text
//!  inbound ─ Welcome ─► Menu ─► Responsible ─► Queue ─► Overflow ─► nobody available ─► End
//!               │         │          │           │          │
//!               └─────────┴──────────┴───── Reach ──────────┘      a stage that finds nobody
//!                                             │                    goes on to the next
//!  internal, transfer ──────────────────────► │ ─► Ring / Dial ─► Connect ─► End
//!                                             └── forwarding rules, nobody twice
//! ```

mod cause;
mod collecting;
mod dialled;
mod entry;
mod facts;
mod in_queue;
mod input;
mod matcher;
mod queue;
mod reach;
mod rules;
mod state;
mod step;
pub mod trace;

use std::sync::Arc;
use std::time::Duration;

pub use cause::Cause;
pub use entry::Entry;
pub use facts::Facts;
pub use input::{Input, InputError, Side};
pub use matcher::Matcher;
pub use step::{Collect, Dial, Step, Targets, TargetsIter};
pub use trace::Trace;

use crate::directory::{Directory, Line};
use crate::id::{QueueId, UserId};
use queue::Steps;
use state::{Attempt, Go, Next, Stage, State, Who};
use trace::{Event, Outcome, mask};

/// The most steps of one call; then it ends with [`Cause::TooManySteps`].
pub const MAX_STEPS: u16 = 256;

/// How long the CRM may take.
const CRM_TIMEOUT: Duration = Duration::from_secs(3);

/// One call's way through the directory.
///
/// Steps queue: several inputs may come before they are taken. An input that the router has no
/// use for is an error and changes nothing.
///
/// ```
/// use std::sync::Arc;
/// use switchboard_routing::{Cause, Directory, DirectorySpec, Entry, Input, Router, Side, Step};
///
/// let spec: DirectorySpec = toml::from_str(r#"
///     users = [
///         { login = "anna", name = "Anna", extension = "101" },
///         { login = "berta", name = "Berta", extension = "102" },
///     ]
///     lines = [{ id = "main", number = "+493012345", extension_processing = true }]
/// "#)?;
/// let directory = Arc::new(Directory::build(&spec)?);
///
/// let anna = "anna".parse()?;
/// let mut router = Router::new(directory, Entry::internal(&anna, "102"));
/// let Some(Step::Ring { targets, .. }) = router.poll_output() else { panic!() };
/// assert_eq!(targets[0].user().as_str(), "berta");
///
/// router.handle(Input::Answered { by: Some(targets[0].user()) })?;
/// assert_eq!(router.poll_output(), Some(Step::Connect));
/// router.handle(Input::HungUp(Side::Caller))?;
/// assert_eq!(router.poll_output(), Some(Step::End { cause: Cause::Completed }));
/// assert!(router.facts().is_free() && !router.facts().is_recorded());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # What is taken when, and where it leads
///
/// Every input that is not named is an [`InputError`] and changes nothing. `on` is another thing
/// to wait for; somebody in the state's own name may follow as well (another member, another way
/// out), and is `stays`.
#[doc = include_str!("transitions.md")]
#[derive(Debug, Clone)]
pub struct Router {
    /// What the call began with.
    plan: Arc<Directory>,
    /// What counts now: who works here.
    current: Arc<Directory>,
    origin: Origin,
    /// Position of the line that governs the call.
    line: Option<u32>,
    state: State,
    stage: Stage,
    attempt: Attempt,
    facts: Facts,
    trace: Trace,
    steps: Steps,
    count: u16,
}

/// Who is being connected.
#[derive(Debug, Clone)]
enum Origin {
    /// Somebody outside.
    Outside {
        /// The number, when shown.
        caller: Option<Arc<str>>,
    },
    /// A user: position in the plan.
    User(u32),
}

impl Router {
    /// Starts a call; its first step is ready.
    ///
    /// Never fails: a call that cannot be is one that ends at once, with its cause and trace.
    pub fn new(directory: Arc<Directory>, entry: Entry<'_>) -> Self {
        let mut router = Self {
            current: Arc::clone(&directory),
            plan: directory,
            origin: Origin::Outside { caller: None },
            line: None,
            state: State::Ended,
            stage: Stage::Only,
            attempt: Attempt::new(),
            facts: Facts::Internal { line: None },
            trace: Trace::new(),
            steps: Steps::default(),
            count: 0,
        };
        let go = router.enter(entry);
        router.run(go);
        router
    }

    fn enter(&mut self, entry: Entry<'_>) -> Go {
        match entry {
            Entry::Inbound { line, caller, carried, at } => {
                let caller = caller.map(mask);
                self.trace.push(Event::Inbound { line: line.clone(), caller: caller.clone() });
                self.origin = Origin::Outside { caller };
                self.inbound(line, carried, at)
            }
            Entry::Internal { caller, dialled } => {
                let event = Event::Dialled { caller: caller.clone(), dialled: mask(dialled) };
                self.trace.push(event);
                match self.plan.position(caller.as_str()) {
                    Some(user) => {
                        self.caller_is(user);
                        self.dialled(user, dialled)
                    }
                    None => Go::Finish(Cause::NotAUser),
                }
            }
            Entry::Transfer { by, party, to, call } => {
                self.trace.push(Event::HandedOn { by: by.clone(), to: mask(to) });
                self.transfer(by, party, to, call)
            }
            Entry::Originate { from, to } => {
                let masked = mask(to);
                // What the trace tells is what is dialled, unless it had to be masked.
                let then = if *masked == *to { Arc::clone(&masked) } else { to.into() };
                self.trace.push(Event::Originated { from: from.clone(), to: masked });
                match self.plan.position(from.as_str()) {
                    Some(user) => {
                        self.caller_is(user);
                        self.call_back(user, then)
                    }
                    None => Go::Finish(Cause::NotAUser),
                }
            }
        }
    }

    /// Takes what happened.
    ///
    /// # Errors
    /// The input has no meaning now; nothing changed.
    pub fn handle(&mut self, input: Input<'_>) -> Result<(), InputError> {
        let go = match (&self.state, &input) {
            (_, Input::Directory(directory)) => self.directory_changed(directory),
            (State::Ended, _) => return Err(self.unexpected(&input)),
            (_, Input::HungUp(side)) => match self.hung_up(*side) {
                Some(go) => go,
                None => return Err(self.unexpected(&input)),
            },
            (State::Playing(next), Input::Played) => next.go(),
            (&State::Collecting(at), Input::Digits(digits)) => self.heard(at, digits),
            (&State::Collecting(at), Input::NoDigits) => self.silence(at),
            (State::AskingCrm, Input::CrmSays(login)) => self.crm_says(*login),
            (&State::Counting(queue), &Input::Waiting(callers)) => self.counted(queue, callers),
            (&State::Ordering(queue), Input::Order(order)) => self.ordered(queue, order),
            (&State::Waiting(queue), Input::Turn) => Go::Round(queue),
            (State::Recording(_), Input::Recorded) => Go::Finish(Cause::Completed),
            (State::Ringing(_) | State::Dialling(_), Input::Answered { by }) => {
                match self.answered(*by) {
                    Some(go) => go,
                    None => return Err(self.unexpected(&input)),
                }
            }
            (State::Ringing(_) | State::Dialling(_) | State::Recording(_), _) => {
                match outcome(&input) {
                    Some(outcome) => self.not_answered(outcome),
                    None => return Err(self.unexpected(&input)),
                }
            }
            _ => return Err(self.unexpected(&input)),
        };
        self.run(go);
        Ok(())
    }

    /// The next step, in order.
    pub fn poll_output(&mut self) -> Option<Step> {
        self.steps.pop_front()
    }

    /// What digits are at this stage, for the collector.
    pub fn matcher(&self) -> Matcher<'_> {
        match self.state {
            State::Collecting(at) => self.matcher_at(at),
            _ => Matcher::none(&self.plan),
        }
    }

    /// What the call is, for its record. Final when the call has ended; an internal call that is
    /// forwarded outside becomes external on the way.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Why it went as it did, so far.
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// What the router waits for, in words: for a log, and for the table of what is taken when.
    pub fn waits_for(&self) -> &'static str {
        self.state.name()
    }

    /// The queue in which the caller waits now, whether members ring or music plays.
    pub fn queue(&self) -> Option<&QueueId> {
        let at = match &self.state {
            State::Ordering(at) | State::Waiting(at) => *at,
            State::Ringing(ringing) => match ringing.who {
                Who::Queue(at) | Who::Member { queue: at, .. } => at,
                _ => return None,
            },
            _ => return None,
        };
        Some(&self.plan.queues[at as usize].id)
    }

    /// Whether the call has ended.
    pub fn has_ended(&self) -> bool {
        matches!(self.state, State::Ended)
    }

    /// Follows decisions until something has to happen outside.
    fn run(&mut self, mut go: Go) {
        loop {
            go = match go {
                Go::Wait => break,
                Go::Enter(stage) => self.enter_stage(stage),
                Go::Menu { menu, notice } => self.menu(menu, notice),
                Go::Reach(dest) => {
                    self.attempt = Attempt::new();
                    self.hop(dest, None)
                }
                Go::Hop { dest, of } => self.hop(dest, of),
                Go::Round(queue) => self.round(queue),
                Go::Member { queue, from } => self.member(queue, from),
                Go::RoundOver { queue, outcome } => self.round_over(queue, outcome),
                Go::Failed(outcome) => {
                    self.attempt.last = Some(outcome);
                    self.trace.push(Event::Outcome { outcome });
                    self.after(outcome)
                }
                Go::Finish(cause) => {
                    self.trace.push(Event::End { cause });
                    self.steps.push_back(Step::End { cause });
                    self.state = State::Ended;
                    break;
                }
            }
        }
    }

    /// Asks for a step and waits in `state`, unless the call has had its share of steps.
    fn ask(&mut self, step: Step, state: State) -> Go {
        self.count += 1;
        if self.count > MAX_STEPS {
            return Go::Finish(Cause::TooManySteps);
        }
        self.steps.push_back(step);
        self.state = state;
        Go::Wait
    }

    fn hung_up(&mut self, side: Side) -> Option<Go> {
        match (&self.state, side) {
            (State::Talking, _) | (State::Serving | State::Recording(_), Side::Caller) => {
                Some(Go::Finish(Cause::Completed))
            }
            (State::Playing(Next::Finish(cause)), Side::Caller) => Some(Go::Finish(*cause)),
            (_, Side::Caller) => Some(Go::Finish(Cause::Cancelled)),
            (_, Side::Callee) => None,
        }
    }

    fn unexpected(&self, input: &Input<'_>) -> InputError {
        InputError { input: input.name(), state: self.state.name() }
    }

    /// The line that governs the call, in the plan.
    fn line(&self) -> Option<&Line> {
        self.plan.lines.get(self.line? as usize)
    }

    fn caller_is(&mut self, user: u32) {
        self.origin = Origin::User(user);
        self.line = self.plan.line_of(user);
        self.facts = Facts::Internal { line: self.line().map(|line| line.id.clone()) };
    }

    /// Whether a user of the plan works here now.
    fn is_active(&self, user: u32) -> bool {
        Arc::ptr_eq(&self.plan, &self.current)
            || self.current.position(self.login(user).as_str()).is_some()
    }

    fn login(&self, user: u32) -> &UserId {
        &self.plan.users[user as usize].login
    }
}

fn outcome(input: &Input<'_>) -> Option<Outcome> {
    match input {
        Input::Busy => Some(Outcome::Busy),
        Input::NoAnswer => Some(Outcome::NoAnswer),
        Input::Unreachable => Some(Outcome::Unreachable),
        Input::Declined => Some(Outcome::Declined),
        _ => None,
    }
}
