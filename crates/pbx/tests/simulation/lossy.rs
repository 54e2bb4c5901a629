//! Whole days of calls over a wire that loses, repeats and reorders, from many seeds: every call
//! has one record, and nothing is left. A failing seed is named and replays.

use std::time::Duration;

use switchboard_testkit::{Link, Rng, Say};

use crate::support::{Called, REALM, World};

const SEEDS: u64 = 12;

fn bad_wire() -> Link {
    Link {
        loss: 0.1,
        duplicate: 0.1,
        reorder: 0.1,
        reorder_by: Duration::from_millis(80),
        delay: Duration::from_millis(20),
        jitter: Duration::from_millis(15),
    }
}

/// Three phones and a trunk do what people do, at random, for some minutes.
fn random_calls(seed: u64) {
    let mut world = World::over(seed, bad_wire());
    let mut rng = Rng::new(seed);
    for user in ["anna", "berta", "carl"] {
        let phone = world.add(user);
        world.act(phone, |phone, now| phone.register(now, 3_000));
    }
    world.seconds(20);
    let trunk = world.trunk();
    for phone in 0..4 {
        world.phones[phone].say = Say::Tone(400.0 + 100.0 * phone as f64, -15.0);
    }
    for _ in 0..25 {
        let phone = rng.below(4) as usize;
        world.phones[phone].called = match rng.below(8) {
            0 => Called::Ring,
            1 => Called::Refuse(486),
            2 => Called::Ignore,
            3 => Called::EarlyMedia,
            _ => Called::Answer(Duration::from_millis(rng.below(3_000))),
        };
        let busy = world.phones[phone].is_up();
        match rng.below(8) {
            0 | 1 if !busy && phone == trunk => world.dial(trunk, "+4930555000"),
            0 | 1 if !busy => {
                let number = ["101", "102", "103", "*43", "*60", "199", "03012345;42"]
                    [rng.below(7) as usize];
                world.dial(phone, number);
            }
            2 if !world.phones[phone].calls.is_empty() && !world.phones[phone].is_over() => {
                world.hang_up(phone);
            }
            3 if busy => world.act(phone, |phone, _| phone.press("102")),
            4 if busy => {
                let to = format!("<sip:10{}@{REALM}>", rng.below(4));
                world.act(phone, |phone, now| phone.refer(now, &to));
            }
            5 if busy => world.act(phone, |phone, now| phone.reinvite(now, "sendonly")),
            6 if busy => world.act(phone, |phone, now| phone.reinvite(now, "sendrecv")),
            7 if rng.below(4) == 0 => world.act(phone, |phone, _| phone.vanish()),
            _ => {}
        }
        world.run(Duration::from_millis(rng.below(8_000)));
    }
    hang_up_all(&mut world);
    // What rang then may have been answered since.
    world.seconds(60);
    hang_up_all(&mut world);
    // Whoever vanished is noticed by silence, or when asked; whoever rings, rings to the end.
    world.seconds(300);
    world.assert_clean();
}

fn hang_up_all(world: &mut World) {
    for phone in 0..4 {
        world.act(phone, |phone, now| {
            for call in 0..phone.calls.len() {
                if phone.calls[call].up && !phone.calls[call].over {
                    phone.hang_up_call(now, call);
                }
            }
        });
    }
}

#[test]
fn calls_over_a_bad_wire() {
    let only = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok());
    let seeds = only.map_or(0..SEEDS, |seed: u64| seed..seed + 1);
    for seed in seeds {
        let outcome = std::panic::catch_unwind(|| random_calls(seed));
        assert!(outcome.is_ok(), "SEED={seed} fails");
    }
}

/// The echo test works over the bad wire, whatever the seed.
#[test]
fn a_call_over_a_bad_wire_comes_to_be_and_ends() {
    for seed in 0..12 {
        let mut world = World::over(seed, bad_wire());
        let anna = world.add("anna");
        world.act(anna, |phone, now| phone.register(now, 3_000));
        world.seconds(20);
        world.phones[anna].say = Say::Tone(440.0, -10.0);
        world.dial(anna, "*43");
        world.seconds(15);
        assert!(world.phones[anna].is_up(), "seed {seed}");
        world.hang_up(anna);
        world.assert_clean();
        assert_eq!(world.records.len(), 1, "seed {seed}");
    }
}
