//! A trunk that the PBX registers with.

use std::time::Duration;

use switchboard_pbx::{Command, Event};
use switchboard_routing::TrunkKind;

use crate::support::{Called, World};

fn registers(world: &mut World) -> usize {
    let trunk = world.trunk();
    world.phones[trunk].called = Called::Answer(Duration::ZERO);
    world.change(|spec| {
        spec.trunks[0].kind = TrunkKind::Account;
        spec.trunks[0].user = Some("4930555000".to_owned());
    });
    world.seconds(2);
    trunk
}

fn told(world: &World) -> Vec<&Event> {
    let trunk = |event: &&Event| {
        matches!(event, Event::TrunkRegistered { .. } | Event::TrunkUnregistered { .. })
    };
    world.events.iter().filter(trunk).collect()
}

#[test]
fn the_pbx_registers_refreshes_and_takes_it_back() {
    let mut world = World::new();
    let trunk = registers(&mut world);
    assert!(matches!(told(&world)[..], [Event::TrunkRegistered { .. }]));
    let first = world.phones[trunk].registered.clone();
    assert_eq!(first.len(), 1);
    assert!(first[0].contains("sip:4930555000@10.0.0.1:5060"), "{first:?}");
    world.seconds(3_700);
    assert!(world.phones[trunk].registered.len() >= 2);
    world.command(Command::Shutdown);
    world.seconds(2);
    assert!(matches!(told(&world).last(), Some(Event::TrunkUnregistered { .. })));
    world.assert_clean();
}

/// The provider calls the account by its name.
#[test]
fn a_call_to_the_account_reaches_the_line() {
    let mut world = World::new();
    let trunk = registers(&mut world);
    world.dial(trunk, "4930555000");
    world.seconds(1);
    assert!(world.phones[trunk].is_up());
    world.hang_up(trunk);
    world.change(|spec| spec.trunks[0].user = Some("acct-7".to_owned()));
    world.dial(trunk, "acct-7");
    world.seconds(1);
    assert!(world.phones[trunk].is_up());
    world.hang_up(trunk);
    world.command(Command::Shutdown);
    world.assert_clean();
}
