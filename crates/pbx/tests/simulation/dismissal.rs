//! A user is dismissed.

use std::time::Duration;

use switchboard_pbx::{Cause, Event, RunningCalls, UnregisterReason};
use switchboard_routing::Status;
use switchboard_testkit::Link;

use crate::support::{Called, World};

pub fn dismiss(world: &mut World, login: &str) {
    world.change(|spec| {
        let user = spec.users.iter_mut().find(|user| user.login.as_str() == login).unwrap();
        user.status = Status::Dismissed;
        user.former_extension = user.extension.take();
    });
}

/// The phone is disconnected at once, and can neither register nor call again.
#[test]
fn r13_dismissal_disconnects_the_phone() {
    let mut world = World::new();
    let (anna, berta) = (world.phone("anna"), world.phone("berta"));
    dismiss(&mut world, "berta");
    world.seconds(1);
    let user = "berta".parse().unwrap();
    assert_eq!(world.pbx.phones(world.now(), &user), 0);
    assert!(world.saved.keys().all(|(user, _)| user.as_str() != "berta"));
    let told = world.events.iter().any(|event| {
        matches!(event, Event::Unregistered { reason: UnregisterReason::Dismissed, .. })
    });
    assert!(told);
    world.act(berta, |phone, now| phone.register(now, 300));
    world.seconds(1);
    assert_eq!(world.phones[berta].statuses.last(), Some(&401));
    world.dial(berta, "101");
    world.seconds(1);
    assert_eq!(world.phones[berta].status(), Some(401));
    assert!(world.phones[anna].calls.is_empty());
    world.assert_clean();
    assert!(world.records.is_empty());
}

/// The extension is free, and given to another in the same minute.
#[test]
fn r14_the_extension_is_given_to_someone_else() {
    let mut world = World::new();
    let (anna, berta, dora) = (world.phone("anna"), world.phone("berta"), world.phone("dora"));
    dismiss(&mut world, "berta");
    world.dial(anna, "102");
    world.seconds(1);
    assert_eq!(world.phones[anna].status(), Some(404));
    world.change(|spec| spec.users[3].extension = Some("102".parse().unwrap()));
    world.phones[dora].called = Called::Answer(Duration::from_secs(1));
    world.dial(anna, "102");
    world.seconds(3);
    assert!(world.phones[dora].is_up() && world.phones[berta].calls.is_empty());
    world.hang_up(anna);
    world.assert_clean();
}

/// Neither the menu, nor a queue, nor a forwarding rule that still names the user reaches them.
#[test]
fn r15_h38_no_call_reaches_a_dismissed_user() {
    let mut world = World::new();
    world.change(|spec| {
        spec.users[0].forwarding.no_answer =
            Some(switchboard_routing::ForwardTo::User("carl".parse().unwrap()));
        spec.users[0].forwarding.ring = Some(Duration::from_secs(5));
    });
    let (anna, carl) = (world.phone("anna"), world.phone("carl"));
    let dora = world.phone("dora");
    world.phones[carl].called = Called::Answer(Duration::ZERO);
    dismiss(&mut world, "carl");
    let trunk = world.trunk();
    // The menu's first option names Carl.
    world.dial(trunk, "+4930555000");
    world.until("plays menu");
    world.act(trunk, |phone, _| phone.press("1"));
    world.seconds(20);
    // Anna's rule forwards to Carl.
    world.dial(dora, "101");
    world.seconds(20);
    // A stale registration is not given back either.
    let mut stale = world.saved.values().next().unwrap().clone();
    stale.user = "carl".parse().unwrap();
    world.restore(stale);
    world.dial(dora, "103");
    world.seconds(5);
    assert_eq!(world.phones[dora].status(), Some(404));
    assert!(world.phones[carl].calls.is_empty());
    assert!(!world.phones[anna].calls.is_empty());
    world.assert_clean();
}

/// A phone that rings stops at once; the others go on.
#[test]
fn a_phone_that_rings_stops() {
    let mut world = World::new();
    let (anna, berta) = (world.phone("anna"), world.phone("berta"));
    let trunk = world.trunk();
    world.dial(trunk, "+4930555000");
    world.until("plays menu");
    world.act(trunk, |phone, _| phone.press("2"));
    world.seconds(2);
    assert!(!world.phones[berta].is_over());
    dismiss(&mut world, "berta");
    world.seconds(1);
    assert!(world.phones[berta].is_over());
    assert!(!world.phones[anna].is_over());
    world.act(anna, |phone, now| phone.answer(now));
    world.seconds(2);
    assert!(world.phones[anna].is_up());
    world.hang_up(trunk);
    world.assert_clean();
}

/// A call in progress goes on, or ends, as set.
#[test]
fn r13_a_call_in_progress_goes_on_or_ends_as_set() {
    for setting in [RunningCalls::Continue, RunningCalls::End] {
        let mut world = World::with(0, Link::default(), |config| config.on_dismissal = setting);
        let (anna, berta) = (world.phone("anna"), world.phone("berta"));
        world.phones[berta].called = Called::Answer(Duration::ZERO);
        for phone in [anna, berta] {
            world.phones[phone].say = switchboard_testkit::Say::Tone(440.0, -10.0);
        }
        world.dial(anna, "102");
        world.seconds(2);
        dismiss(&mut world, "berta");
        world.seconds(2);
        match setting {
            RunningCalls::Continue => {
                assert!(world.phones[anna].is_up() && world.phones[berta].is_up());
                assert!(world.hears(anna, 440.0) > -13.0);
                world.hang_up(berta);
                world.assert_clean();
                assert_eq!(world.record().cause, Cause::Normal);
            }
            RunningCalls::End => {
                assert!(world.phones[anna].is_over() && world.phones[berta].is_over());
                world.assert_clean();
                assert_eq!(world.record().cause, Cause::Dismissed);
            }
        }
    }
}
