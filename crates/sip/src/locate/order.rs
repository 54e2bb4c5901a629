use super::Srv;

/// By priority, and among those of one priority by chance according to their weights (RFC 2782).
pub(super) fn ordered(mut records: Vec<Srv>, seed: &mut u64) -> Vec<Srv> {
    // Those of weight 0 first, so that they have a small chance and not none.
    records.sort_by_key(|record| (record.priority, record.weight));
    let mut ordered = Vec::with_capacity(records.len());
    while let Some(first) = records.first() {
        let priority = first.priority;
        let rivals = records.iter().take_while(|record| record.priority == priority);
        let sum: u64 = rivals.map(|record| u64::from(record.weight)).sum();
        let drawn = next(seed) % (sum + 1);
        let mut running = 0;
        let at = records.iter().position(|record| {
            running += u64::from(record.weight);
            running >= drawn
        });
        ordered.push(records.remove(at.unwrap_or(0)));
    }
    ordered
}

/// splitmix64: <https://prng.di.unimi.it/splitmix64.c>, in the public domain.
fn next(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut word = *seed;
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(priority: u16, weight: u16, target: &str) -> Srv {
        Srv { priority, weight, port: 5060, target: target.into() }
    }

    #[test]
    fn weights_are_shares_and_priorities_are_not_mixed() {
        let records = [
            record(2, 9, "late"),
            record(1, 10, "one"),
            record(1, 30, "three"),
            record(1, 0, "zero"),
        ];
        let mut first = std::collections::BTreeMap::<String, u32>::new();
        for seed in 0..10_000 {
            let ordered = ordered(records.to_vec(), &mut (seed * 7));
            assert_eq!(ordered.len(), 4);
            assert_eq!(ordered[3].target, "late");
            *first.entry(ordered[0].target.clone()).or_default() += 1;
        }
        // 1 of 41 numbers drawn is 0, 10 are one's, 30 are three's.
        for (target, share) in [("zero", 244), ("one", 2_439), ("three", 7_317)] {
            assert!(first[target].abs_diff(share) < share / 5, "{target}: {first:?}");
        }
        let once = ordered(records.to_vec(), &mut 3);
        assert_eq!(once, ordered(records.to_vec(), &mut 3));
    }
}
