//! Who waits in which queue.

use std::collections::HashMap;
use std::hash::Hash;

use crate::id::QueueId;

/// Answers [`Step::Count`](crate::Step::Count), and knows each caller's position: who waits in each queue, in the order
/// of arrival.
///
/// One for all calls, beside them. After each step of a call it is told where the call's router says that its caller
/// waits ([`Router::queue`](crate::Router::queue)), and `None` when the call is over. Calls are known by whatever
/// tells them apart.
///
/// ```
/// use switchboard_routing::{QueueId, WaitingCallers};
///
/// let sales: QueueId = "sales".parse()?;
/// let mut waiting = WaitingCallers::new();
/// for call in [7, 8, 9] {
///     waiting.set(call, Some(&sales));
/// }
/// assert_eq!((waiting.count(&sales), waiting.position(&9)), (3, Some(3)));
/// waiting.set(8, None); // answered, or given up
/// assert_eq!((waiting.count(&sales), waiting.position(&9)), (2, Some(2)));
/// # Ok::<(), switchboard_routing::IdError>(())
/// ```
#[derive(Debug, Clone)]
pub struct WaitingCallers<K> {
    /// In which queue each call waits.
    calls: HashMap<K, QueueId>,
    /// The calls of each queue, in the order of arrival. No list is empty.
    queues: HashMap<QueueId, Vec<K>>,
}

impl<K: Clone + Eq + Hash> WaitingCallers<K> {
    /// Nobody waits.
    pub fn new() -> Self {
        Self { calls: HashMap::new(), queues: HashMap::new() }
    }

    /// The caller of `call` waits in `queue`, or in none. Who goes from queue to queue is the last in the new one; to
    /// tell the same again changes nothing.
    pub fn set(&mut self, call: K, queue: Option<&QueueId>) {
        if self.calls.get(&call) == queue {
            return;
        }
        if let Some(before) = self.calls.remove(&call)
            && let Some(callers) = self.queues.get_mut(&before)
        {
            callers.retain(|known| *known != call);
            if callers.is_empty() {
                self.queues.remove(&before);
            }
        }
        if let Some(queue) = queue {
            self.calls.insert(call.clone(), queue.clone());
            self.queues.entry(queue.clone()).or_default().push(call);
        }
    }

    /// How many callers wait in a queue.
    pub fn count(&self, queue: &QueueId) -> u32 {
        let count = self.queues.get(queue).map_or(0, Vec::len);
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// The position of a caller in the queue where the caller waits, from 1.
    pub fn position(&self, call: &K) -> Option<u32> {
        let callers = self.queues.get(self.calls.get(call)?)?;
        let before = callers.iter().position(|known| known == call)?;
        u32::try_from(before + 1).ok()
    }
}

impl<K: Clone + Eq + Hash> Default for WaitingCallers<K> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_call_waits_in_one_queue_in_the_order_of_arrival() {
        let (a, b): (QueueId, QueueId) = ("a".parse().unwrap(), "b".parse().unwrap());
        let mut waiting = WaitingCallers::default();
        for call in 0..5 {
            waiting.set(call, Some(&a));
        }
        // Told again, nobody loses their place.
        waiting.set(0, Some(&a));
        assert_eq!(waiting.position(&0), Some(1));
        waiting.set(1, Some(&b));
        waiting.set(3, None);
        waiting.set(3, None);
        assert_eq!((waiting.count(&a), waiting.count(&b)), (3, 1));
        let positions: Vec<_> = (0..6).map(|call| waiting.position(&call)).collect();
        assert_eq!(positions, [Some(1), Some(1), Some(2), None, Some(3), None]);
        // Who comes back stands behind the others.
        waiting.set(1, None);
        waiting.set(1, Some(&a));
        assert_eq!(waiting.position(&1), Some(4));
        for call in 0..6 {
            waiting.set(call, None);
        }
        assert_eq!((waiting.count(&a), waiting.count(&b)), (0, 0));
        assert!(waiting.calls.is_empty() && waiting.queues.is_empty());
    }
}
