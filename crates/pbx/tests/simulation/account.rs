//! A trunk that the PBX registers with.

use std::time::Duration;

use switchboard_pbx::{Command, Event};
use switchboard_routing::TrunkKind;

use crate::support::company::secrets;
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

/// A changed password counts at once, and does not take the registration back in between.
#[test]
fn a_changed_password_registers_anew() {
    let mut world = World::new();
    let trunk = registers(&mut world);
    assert_eq!(world.phones[trunk].registered.len(), 1);
    world.secrets(secrets().with_trunk("carrier".parse().unwrap(), "another secret"));
    world.seconds(2);
    let statuses: Vec<_> = world.phones[trunk].register_expires.clone();
    assert_eq!(statuses, [3_600, 3_600]);
    assert!(matches!(told(&world)[..], [_, Event::TrunkRegistered { .. }]));
    // The same again changes nothing.
    world.secrets(secrets().with_trunk("carrier".parse().unwrap(), "another secret"));
    world.seconds(2);
    assert_eq!(world.phones[trunk].registered.len(), 2);
    world.command(Command::Shutdown);
    world.seconds(2);
    assert_eq!(world.phones[trunk].register_expires, [3_600, 3_600, 0]);
    world.assert_clean();
}

/// Another user at the provider: the old registration is taken back, the new one made, and only
/// the new one is spoken of.
#[test]
fn a_changed_user_takes_the_old_registration_back() {
    let mut world = World::new();
    let trunk = registers(&mut world);
    world.change(|spec| spec.trunks[0].user = Some("acct-7".to_owned()));
    world.seconds(2);
    let mut after = world.phones[trunk].registered[1..].to_vec();
    after.sort();
    assert_eq!(
        after,
        ["<sip:4930555000@10.0.0.1:5060>", "<sip:acct-7@10.0.0.1:5060>"],
        "{:?}",
        world.phones[trunk].register_expires
    );
    assert!(world.phones[trunk].register_expires.contains(&0));
    assert!(!told(&world).iter().any(|event| matches!(event, Event::TrunkUnregistered { .. })));
    world.command(Command::Shutdown);
    world.seconds(2);
    assert!(world.pbx.has_stopped());
    world.assert_clean();
}

/// A trunk that is there again while its old registration is being taken back.
#[test]
fn a_trunk_that_goes_and_comes_back_is_registered() {
    let mut world = World::new();
    let trunk = registers(&mut world);
    world.change(|spec| spec.trunks[0].kind = TrunkKind::Peer);
    world.change(|spec| spec.trunks[0].kind = TrunkKind::Account);
    world.seconds(2);
    assert_eq!(world.phones[trunk].register_expires.last(), Some(&3_600));
    assert!(matches!(told(&world).last(), Some(Event::TrunkRegistered { .. })));
    world.command(Command::Shutdown);
    world.seconds(2);
    world.assert_clean();
}
