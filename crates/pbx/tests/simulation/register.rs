//! Phones come and go.

use std::time::Duration;

use crate::support::World;

#[test]
fn a_phone_registers_refreshes_and_leaves() {
    let mut world = World::new();
    let anna = world.add("anna");
    world.act(anna, |phone, now| phone.register(now, 300));
    world.seconds(1);
    assert_eq!(world.phones[anna].statuses, [200]);
    let user = "anna".parse().unwrap();
    assert_eq!(world.pbx.phones(world.now(), &user), 1);
    assert_eq!(world.saved.len(), 1);
    world.seconds(200);
    world.act(anna, |phone, now| phone.register(now, 300));
    world.seconds(200);
    assert_eq!(world.pbx.phones(world.now(), &user), 1);
    world.act(anna, |phone, now| phone.register(now, 0));
    world.seconds(1);
    assert_eq!(world.pbx.phones(world.now(), &user), 0);
    assert!(world.saved.is_empty());
    world.assert_clean();
}

#[test]
fn a_registration_ends_by_itself() {
    let mut world = World::new();
    world.phone("anna");
    let user = "anna".parse().unwrap();
    world.run(Duration::from_secs(299));
    assert_eq!(world.pbx.phones(world.now(), &user), 1);
    world.run(Duration::from_secs(2));
    assert_eq!(world.pbx.phones(world.now(), &user), 0);
    assert!(world.saved.is_empty());
    world.assert_clean();
}

#[test]
fn a_wrong_password_is_refused() {
    let mut world = World::new();
    let anna = world.add("anna");
    let address = world.phones[anna].address;
    world.phones[anna] = crate::support::Phone::new("anna", "guess", address, 50);
    world.act(anna, |phone, now| phone.register(now, 300));
    world.seconds(1);
    assert_eq!(world.phones[anna].statuses, [401]);
    assert!(world.saved.is_empty());
    world.assert_clean();
}
