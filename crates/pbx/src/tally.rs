//! How many of something each has.

use std::collections::BTreeMap;

/// How many of something each has; whoever has none takes no place.
#[derive(Debug)]
pub(crate) struct Tally<K>(BTreeMap<K, usize>);

impl<K> Default for Tally<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord + Clone> Tally<K> {
    pub(crate) fn of(&self, whose: &K) -> usize {
        self.0.get(whose).copied().unwrap_or(0)
    }

    pub(crate) fn add(&mut self, whose: &K) {
        *self.0.entry(whose.clone()).or_default() += 1;
    }

    pub(crate) fn take(&mut self, whose: &K) {
        if let Some(count) = self.0.get_mut(whose) {
            *count -= 1;
            if *count == 0 {
                self.0.remove(whose);
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
