use alloc::vec;
use alloc::vec::Vec;

use crate::Digit;

/// The entries: each digit costs one look-up, whatever their number.
#[derive(Clone, Debug)]
pub(super) struct Trie {
    // The first node is the start; the second is where nothing matches any more.
    nodes: Vec<Node>,
    /// Removed nodes, for the next ones.
    free: Vec<u32>,
}

#[derive(Clone, Debug)]
struct Node {
    next: [u32; 16],
    /// Entries that end here or further on.
    entries: u32,
    ends: bool,
}

pub(super) const START: u32 = 0;
const NOWHERE: u32 = 1;

impl Node {
    const EMPTY: Self = Self { next: [NOWHERE; 16], entries: 0, ends: false };
}

impl Trie {
    pub(super) fn new() -> Self {
        Self { nodes: vec![Node::EMPTY; 2], free: Vec::new() }
    }

    pub(super) fn insert(&mut self, digits: &[Digit]) -> bool {
        if digits.is_empty() || self.contains(digits) {
            return false;
        }
        let mut at = START;
        self.node_mut(at).entries += 1;
        for &digit in digits {
            let next = match self.next(at, digit) {
                NOWHERE => {
                    let new = self.allocate();
                    self.node_mut(at).next[digit as usize] = new;
                    new
                }
                next => next,
            };
            self.node_mut(next).entries += 1;
            at = next;
        }
        self.node_mut(at).ends = true;
        true
    }

    pub(super) fn remove(&mut self, digits: &[Digit]) -> bool {
        if !self.contains(digits) {
            return false;
        }
        let mut at = START;
        self.node_mut(at).entries -= 1;
        for &digit in digits {
            let next = self.next(at, digit);
            self.node_mut(next).entries -= 1;
            // Whatever only this entry needed is let go: the rest of its way, node by node.
            if self.node_mut(next).entries == 0 {
                self.node_mut(at).next[digit as usize] = NOWHERE;
                self.free.push(next);
            }
            at = next;
        }
        self.node_mut(at).ends = false;
        true
    }

    pub(super) fn contains(&self, digits: &[Digit]) -> bool {
        self.said(digits.iter().fold(START, |at, &digit| self.next(at, digit))).0
    }

    pub(super) fn len(&self) -> usize {
        self.nodes[START as usize].entries as usize
    }

    pub(super) fn next(&self, at: u32, digit: Digit) -> u32 {
        self.nodes.get(at as usize).map_or(NOWHERE, |node| node.next[digit as usize])
    }

    /// Whether an entry ends here, and whether one goes on.
    pub(super) fn said(&self, at: u32) -> (bool, bool) {
        let Some(node) = self.nodes.get(at as usize) else { return (false, false) };
        (node.ends, node.entries > u32::from(node.ends))
    }

    fn node_mut(&mut self, at: u32) -> &mut Node {
        &mut self.nodes[at as usize]
    }

    fn allocate(&mut self) -> u32 {
        if let Some(free) = self.free.pop() {
            self.nodes[free as usize] = Node::EMPTY;
            return free;
        }
        self.nodes.push(Node::EMPTY);
        (self.nodes.len() - 1) as u32
    }

    #[cfg(test)]
    pub(super) fn nodes(&self) -> usize {
        self.nodes.len()
    }
}
