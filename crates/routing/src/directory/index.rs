//! Names to positions: one flat table, the same work at any size.

/// Open addressing over positions in somebody else's vector; the names stay there.
#[derive(Debug)]
pub(crate) struct NameIndex {
    /// Position plus one; zero is a free slot. The length is a power of two, at most half full.
    slots: Box<[u32]>,
}

impl NameIndex {
    /// Indexes `count` names; `name(at)` gives each. Of equal names the first is found.
    pub(crate) fn build<'a>(count: usize, name: impl Fn(usize) -> &'a str) -> Self {
        let mut slots = vec![0; (count * 2).next_power_of_two().max(4)].into_boxed_slice();
        let mask = slots.len() - 1;
        for at in 0..count {
            let mut slot = hash(name(at)) & mask;
            while slots[slot] != 0 {
                slot = (slot + 1) & mask;
            }
            slots[slot] = at as u32 + 1;
        }
        Self { slots }
    }

    /// The position of `wanted`.
    pub(crate) fn find<'a>(&self, wanted: &str, name: impl Fn(usize) -> &'a str) -> Option<u32> {
        let mask = self.slots.len() - 1;
        let mut slot = hash(wanted) & mask;
        while self.slots[slot] != 0 {
            let at = self.slots[slot] - 1;
            if name(at as usize) == wanted {
                return Some(at);
            }
            slot = (slot + 1) & mask;
        }
        None
    }
}

/// Mixes eight octets at a time by the finaliser of MurmurHash3 (A. Appleby, public domain). Names
/// are chosen by administrators, not by callers: nothing here needs to withstand an attacker.
fn hash(name: &str) -> usize {
    let mut state = name.len() as u64;
    for chunk in name.as_bytes().chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        state ^= u64::from_le_bytes(word);
        state = (state ^ (state >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        state = (state ^ (state >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        state ^= state >> 33;
    }
    state as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_and_no_other() {
        for count in [0, 1, 2, 3, 100, 5_000] {
            let names: Vec<String> = (0..count).map(|n| format!("user.{n}")).collect();
            let index = NameIndex::build(count, |at| &names[at]);
            for (at, name) in names.iter().enumerate() {
                assert_eq!(index.find(name, |at| &names[at]), Some(at as u32));
            }
            for other in ["", "user", "user.x", &format!("user.{count}")] {
                assert_eq!(index.find(other, |at| &names[at]), None, "{other}");
            }
        }
    }

    #[test]
    fn sequential_names_spread() {
        let names: Vec<String> = (0..10_000).map(|n| format!("u{n:05}")).collect();
        let index = NameIndex::build(names.len(), |at| &names[at]);
        let mask = index.slots.len() - 1;
        let far = names.iter().filter(|name| {
            let home = hash(name) & mask;
            index.slots[home] == 0 || names[index.slots[home] as usize - 1] != **name
        });
        assert!(far.count() < 5_000, "more than half the names are not at home");
    }
}
