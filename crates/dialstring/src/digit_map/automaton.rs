use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

use super::{PatternId, TooManyStates};
use crate::pattern::{Item, Keys, Pattern, Wait};

/// What patterns say, digit by digit: a deterministic automaton.
#[derive(Clone, Debug)]
pub(super) struct Automaton {
    states: Vec<State>,
    start: u16,
}

/// All that the patterns say of the digits so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct State {
    /// By press: the digits, then the digits held long.
    next: [u16; PRESSES],
    /// The first pattern that matches.
    pub(super) pattern: Option<PatternId>,
    /// A pattern matches at once.
    pub(super) now: bool,
    /// A pattern waits for more digits.
    pub(super) grows: bool,
    /// How long to wait for them.
    pub(super) wait: Wait,
}

const PRESSES: usize = 32;

/// The state in which nothing matches any more.
pub(super) const DEAD: u16 = 0;

/// The most items of all states together, while they are built: what bounds the time of it.
const MAX_WORK: usize = 1 << 20;

impl State {
    const DEAD: Self =
        Self { next: [DEAD; PRESSES], pattern: None, now: false, grows: false, wait: Wait::Usual };
}

impl Automaton {
    pub(super) fn empty() -> Self {
        Self { states: vec![State::DEAD], start: DEAD }
    }

    /// Makes one automaton of all patterns, by the construction of subsets.
    pub(super) fn of(patterns: &[(PatternId, Pattern)]) -> Result<Self, TooManyStates> {
        if patterns.is_empty() {
            return Ok(Self::empty());
        }
        Subsets::of(patterns).automaton()
    }

    pub(super) const fn start(&self) -> u16 {
        self.start
    }

    pub(super) fn next(&self, state: u16, press: usize) -> u16 {
        self.states.get(usize::from(state)).map_or(DEAD, |state| state.next[press % PRESSES])
    }

    pub(super) fn state(&self, state: u16) -> &State {
        self.states.get(usize::from(state)).unwrap_or(&State::DEAD)
    }

    pub(super) fn len(&self) -> usize {
        self.states.len()
    }
}

/// The items of all patterns, and the sets of them that are states.
struct Subsets {
    items: Vec<(PatternId, Item)>,
    /// Which state a set of items is. A set is what may be read next, in order.
    known: BTreeMap<Vec<u32>, u16>,
    /// Sets whose state has no successors yet.
    open: Vec<Vec<u32>>,
    states: Vec<State>,
    /// For each press the first that every item takes or refuses with it.
    like: [usize; PRESSES],
    /// For each item the last set in the making that it was put into.
    put: Vec<u32>,
    /// The number of the set in the making.
    making: u32,
    work: usize,
}

impl Subsets {
    fn of(patterns: &[(PatternId, Pattern)]) -> Self {
        let each = |(id, pattern): &(PatternId, Pattern)| {
            let id = *id;
            pattern.items().iter().map(move |&item| (id, item)).collect::<Vec<_>>()
        };
        let items: Vec<_> = patterns.iter().flat_map(each).collect();
        Self {
            like: alike(&items),
            put: vec![0; items.len()],
            making: 1,
            items,
            known: BTreeMap::from([(Vec::new(), DEAD)]),
            open: Vec::new(),
            states: vec![State::DEAD],
            work: 0,
        }
    }

    fn automaton(mut self) -> Result<Automaton, TooManyStates> {
        let mut first = Vec::new();
        for at in 0..self.items.len() {
            // An alternative begins at the very first item, and behind each end.
            let begins = at == 0 || matches!(self.items[at - 1].1, Item::End { .. });
            if begins {
                self.reach(at, &mut first);
            }
        }
        // Before the first digit nothing matches and all wait for it: this state is not the one of
        // the same items further on.
        let start = State { pattern: None, now: false, grows: true, ..self.said(&first) };
        self.states.push(start);
        self.follow(1, &first)?;
        let mut state = 2;
        while let Some(set) = self.open.pop() {
            let state_of = self.known.get(&set).copied().unwrap_or(DEAD);
            self.follow(usize::from(state_of), &set)?;
            state += 1;
        }
        debug_assert_eq!(state, self.states.len());
        Ok(Automaton { states: self.states, start: 1 })
    }

    /// Adds the items that can be read at a place: the one there, and those behind what may be
    /// left out. Where one is in the set already, so are those: no item is looked at twice.
    fn reach(&mut self, mut at: usize, set: &mut Vec<u32>) {
        while self.put(at, set) && matches!(self.items[at].1, Item::Press { optional: true, .. }) {
            at += 1;
        }
    }

    /// Adds an item; false for one that is in the set already, and where there is none.
    fn put(&mut self, at: usize, set: &mut Vec<u32>) -> bool {
        let new = self.put.get(at).is_some_and(|&last| last != self.making);
        if new {
            self.put[at] = self.making;
            set.push(at as u32);
        }
        new
    }

    /// Finds where each press leads from a state.
    fn follow(&mut self, state: usize, set: &[u32]) -> Result<(), TooManyStates> {
        for press in 0..PRESSES {
            if self.like[press] < press {
                self.states[state].next[press] = self.states[state].next[self.like[press]];
                continue;
            }
            let mut next = Vec::new();
            self.making += 1;
            // Backwards: what can be read behind an item is then in the set before it is.
            for &at in set.iter().rev() {
                let at = at as usize;
                match self.items[at].1 {
                    Item::Press { keys, again, .. } if keys.has(press) => {
                        self.reach(at + 1, &mut next);
                        if again {
                            self.put(at, &mut next);
                        }
                    }
                    _ => {}
                }
            }
            next.sort_unstable();
            self.states[state].next[press] = self.state_of(next)?;
        }
        Ok(())
    }

    fn state_of(&mut self, set: Vec<u32>) -> Result<u16, TooManyStates> {
        if let Some(&known) = self.known.get(&set) {
            return Ok(known);
        }
        self.work += set.len();
        if self.states.len() >= TooManyStates::LIMIT || self.work > MAX_WORK {
            return Err(TooManyStates);
        }
        let state = self.states.len() as u16;
        self.states.push(self.said(&set));
        self.known.insert(set.clone(), state);
        self.open.push(set);
        Ok(state)
    }

    /// What a set of items says.
    fn said(&self, set: &[u32]) -> State {
        let mut said = State::DEAD;
        for &at in set {
            let (id, item) = self.items[at as usize];
            let wait = match item {
                Item::Press { unawaited, wait, .. } => {
                    said.grows |= !unawaited;
                    wait
                }
                Item::End { timed, wait } => {
                    said.now |= !timed;
                    said.pattern = Some(said.pattern.map_or(id, |first| first.min(id)));
                    wait
                }
            };
            said.wait = said.wait.max(wait);
        }
        said
    }
}

/// For each press the first one that no item tells from it.
fn alike(items: &[(PatternId, Item)]) -> [usize; PRESSES] {
    let mut like = [0; PRESSES];
    let mut seen: Vec<Keys> = Vec::new();
    for (_, item) in items {
        let Item::Press { keys, .. } = item else { continue };
        if seen.contains(keys) {
            continue;
        }
        seen.push(*keys);
        let before = like;
        for press in 0..PRESSES {
            let same = |&other: &usize| {
                before[other] == before[press] && keys.has(other) == keys.has(press)
            };
            like[press] = (0..press).find(same).unwrap_or(press);
        }
    }
    like
}
