//! What is remembered of calls, for queues whose order depends on it.

use std::collections::HashMap;

use crate::directory::Directory;
use crate::id::{QueueId, UserId};
use crate::router::Targets;
use crate::spec::Strategy;

/// Answers [`Step::Order`](crate::Step::Order): who began last in each queue, who took how many
/// calls, who has been without one for longest.
///
/// One for all calls, beside them. It has no clock: what counts is the order in which it is told
/// that calls were answered and ended. Chance comes from the seed: the same seed and the same
/// calls give the same orders.
///
/// ```
/// use std::sync::Arc;
/// use switchboard_routing::{Directory, DirectorySpec, Entry, Input, QueueMemory, Router, Step};
///
/// let spec: DirectorySpec = toml::from_str(r#"
///     users = [{ login = "anna", name = "Anna" }, { login = "berta", name = "Berta" }]
///     queues = [{ id = "q", strategy = "round_robin", members = ["anna", "berta"] }]
///     lines = [{ id = "main", number = "+493012345", queue = "q" }]
/// "#)?;
/// let directory = Arc::new(Directory::build(&spec)?);
/// let mut memory = QueueMemory::new(1);
/// for wanted in ["anna", "berta", "anna"] {
///     let mut call = Router::new(Arc::clone(&directory), Entry::inbound(directory.lines()[0].id()));
///     let Some(Step::Order { queue, strategy, members }) = call.poll_output() else { panic!() };
///     call.handle(Input::Order(&memory.order(&queue, strategy, &members)))?;
///     let Some(Step::Ring { targets, .. }) = call.poll_output() else { panic!() };
///     assert_eq!(targets[0].user().as_str(), wanted);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct QueueMemory {
    /// With whom each queue's last call began.
    began: HashMap<QueueId, UserId>,
    users: HashMap<UserId, Served>,
    /// Counts what it is told.
    told: u64,
    random: u64,
}

/// What one user did.
#[derive(Debug, Clone, Copy, Default)]
struct Served {
    calls: u64,
    /// When the last call ended, by `told`; the greatest while one lasts.
    idle_since: u64,
}

impl QueueMemory {
    /// Remembers nothing yet.
    pub fn new(seed: u64) -> Self {
        Self { began: HashMap::new(), users: HashMap::new(), told: 0, random: seed }
    }

    /// The order in which `members` are tried. Of equals, who stands first in the data is first.
    pub fn order(&mut self, queue: &QueueId, strategy: Strategy, members: &Targets) -> Vec<UserId> {
        let mut order: Vec<UserId> = members.iter().map(|target| target.user().clone()).collect();
        match strategy {
            Strategy::All | Strategy::InOrder => {}
            Strategy::RoundRobin => {
                let last = self.began.get(queue);
                let last = last.and_then(|last| order.iter().position(|user| user == last));
                let next = last.map_or(0, |last| last + 1) % order.len().max(1);
                order.rotate_left(next);
                if let Some(first) = order.first() {
                    self.began.insert(queue.clone(), first.clone());
                }
            }
            Strategy::LongestIdle => order.sort_by_key(|user| self.served(user).idle_since),
            Strategy::FewestCalls => order.sort_by_key(|user| self.served(user).calls),
            Strategy::Random => {
                for left in (1..order.len()).rev() {
                    order.swap(left, (self.draw() % (left as u64 + 1)) as usize);
                }
            }
        }
        order
    }

    /// A user has taken a call.
    pub fn answered(&mut self, user: &UserId) {
        let served = self.users.entry(user.clone()).or_default();
        served.calls += 1;
        served.idle_since = u64::MAX;
    }

    /// A user's call has ended.
    pub fn ended(&mut self, user: &UserId) {
        self.told += 1;
        self.users.entry(user.clone()).or_default().idle_since = self.told;
    }

    /// Forgets whom and what the directory has no more, so that this stays as small as it is.
    pub fn retain(&mut self, directory: &Directory) {
        self.users.retain(|user, _| directory.user(user.as_str()).is_some());
        self.began.retain(|queue, _| directory.queues.iter().any(|known| known.id == *queue));
    }

    fn served(&self, user: &UserId) -> Served {
        self.users.get(user).copied().unwrap_or_default()
    }

    /// SplitMix64 (G. Steele, D. Lea, C. Flood, OOPSLA 2014).
    fn draw(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
