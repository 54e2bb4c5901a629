//! Calls from outside.

use std::time::Duration;

use switchboard_pbx::{CallKind, Cause};
use switchboard_testkit::{Link, Say};

use crate::support::{Called, World};

const NUMBER: &str = "+4930555000";

fn calling(world: &mut World) -> usize {
    let trunk = world.trunk();
    world.phones[trunk].say = Say::Tone(440.0, -10.0);
    trunk
}

fn answering(world: &mut World, user: &str) -> usize {
    let phone = world.phone(user);
    world.phones[phone].say = Say::Tone(1_000.0, -10.0);
    world.phones[phone].called = Called::Answer(Duration::from_secs(1));
    phone
}

/// The caller is answered, hears the welcome, dials an extension while it plays, and talks.
#[test]
fn r01_a_customer_dials_an_extension_during_the_welcome() {
    let mut world = World::new();
    let berta = answering(&mut world, "berta");
    let trunk = calling(&mut world);
    world.dial(trunk, NUMBER);
    world.seconds(1);
    assert!(world.phones[trunk].is_up());
    assert!(world.hears(trunk, 500.0) > -16.0, "the welcome");
    world.act(trunk, |phone, _| phone.press("102"));
    world.seconds(1);
    let heard = world.phones[trunk].call().rtp.heard().last(1_600).to_vec();
    let welcome = switchboard_testkit::audio::level_dbm0(&heard, 500.0);
    assert!(welcome < -40.0, "barge-in stopped the welcome: {welcome}");
    world.seconds(3);
    assert!(world.phones[berta].is_up(), "{:#?}", world.transcript());
    assert!(world.hears(trunk, 1_000.0) > -13.0);
    assert!(world.hears(berta, 440.0) > -13.0);
    world.hang_up(trunk);
    world.assert_clean();
    let record = world.record();
    assert_eq!((record.head.kind, record.cause), (CallKind::Inbound, Cause::Normal));
    assert_eq!(record.digits, ["102"]);
    assert_eq!(record.head.line.as_ref().unwrap().as_str(), "main");
    assert_eq!(record.to.as_ref().unwrap().number, "102");
    assert_eq!(record.head.from.number, "+4917012345");
}

/// The extension may also come after the welcome, and by INFO; while the phone rings the caller
/// hears that it does.
#[test]
fn an_extension_after_the_welcome_by_info() {
    let mut world = World::new();
    let berta = answering(&mut world, "berta");
    world.phones[berta].called = Called::Answer(Duration::from_secs(4));
    let trunk = calling(&mut world);
    world.dial(trunk, NUMBER);
    world.run(Duration::from_millis(3_600));
    for digit in ['1', '0', '2'] {
        world.act(trunk, |phone, now| phone.info(now, digit));
        world.run(Duration::from_millis(300));
    }
    world.run(Duration::from_millis(900));
    assert!(world.hears(trunk, 425.0) > -20.0, "ring-back");
    world.seconds(5);
    assert!(world.phones[berta].is_up(), "{:#?}", world.transcript());
    world.hang_up(berta);
    world.seconds(1);
    assert!(world.phones[trunk].is_over());
    world.assert_clean();
    assert_eq!(world.record().digits, ["102"]);
}

/// One press that comes as telephone-event and as INFO is one digit.
#[test]
fn h35_a_press_heard_both_ways_counts_once() {
    let mut world = World::new();
    let berta = answering(&mut world, "berta");
    let trunk = calling(&mut world);
    world.dial(trunk, NUMBER);
    world.seconds(1);
    for digit in ['1', '0', '2'] {
        world.act(trunk, |phone, now| {
            phone.press(&digit.to_string());
            phone.info(now, digit);
        });
        world.run(Duration::from_millis(400));
    }
    world.seconds(3);
    assert!(world.phones[berta].is_up(), "{:#?}", world.transcript());
    world.hang_up(trunk);
    world.assert_clean();
    assert_eq!(world.record().digits, ["102"]);
}

/// An INFO whose answer was lost is sent again: it is one press. Every datagram arrives twice, the
/// second one up to a second later.
#[test]
fn h35_an_info_that_is_sent_again_counts_once() {
    for seed in 0..8 {
        let (delay, jitter) = (Duration::from_millis(5), Duration::from_millis(seed * 140));
        let link = Link { duplicate: 1.0, delay, jitter, ..Link::default() };
        let mut world = World::over(seed, link);
        let berta = answering(&mut world, "berta");
        world.seconds(1);
        let trunk = calling(&mut world);
        world.dial(trunk, NUMBER);
        world.seconds(4);
        for digit in ['1', '0', '2'] {
            world.act(trunk, |phone, now| phone.info(now, digit));
            world.run(Duration::from_millis(1_200));
        }
        world.seconds(6);
        assert!(world.phones[berta].is_up(), "seed {seed}: {:#?}", world.transcript());
        world.hang_up(trunk);
        world.seconds(40);
        world.assert_clean();
        assert_eq!(world.record().digits, ["102"], "seed {seed}");
    }
}

#[test]
fn no_digits_lead_to_the_menu_and_its_options_to_people() {
    for (key, user) in [("1", "carl"), ("2", "anna")] {
        let mut world = World::new();
        let phone = answering(&mut world, user);
        let trunk = calling(&mut world);
        world.dial(trunk, NUMBER);
        // The welcome, the time for a digit, a second of the menu.
        world.seconds(9);
        assert!(world.transcript().contains(&"plays menu".to_owned()), "{:#?}", world.transcript());
        world.act(trunk, |phone, _| phone.press(key));
        world.seconds(4);
        assert!(world.phones[phone].is_up(), "{:#?}", world.transcript());
        world.hang_up(trunk);
        world.assert_clean();
    }
}

#[test]
fn a_submenu_a_repeat_and_hanging_up() {
    let mut world = World::new();
    let anna = answering(&mut world, "anna");
    let trunk = calling(&mut world);
    world.dial(trunk, NUMBER);
    world.seconds(9);
    world.act(trunk, |phone, _| phone.press("8"));
    world.seconds(2);
    let menus = world.transcript().iter().filter(|line| *line == "plays menu").count();
    assert_eq!(menus, 2);
    world.act(trunk, |phone, _| phone.press("4"));
    world.seconds(1);
    assert!(world.transcript().contains(&"plays menu_more".to_owned()));
    world.act(trunk, |phone, _| phone.press("1"));
    world.seconds(3);
    assert!(world.phones[anna].is_up());
    world.hang_up(trunk);
    world.assert_clean();

    let mut world = World::new();
    let trunk = calling(&mut world);
    world.dial(trunk, NUMBER);
    world.seconds(9);
    world.act(trunk, |phone, _| phone.press("9"));
    world.seconds(4);
    assert!(world.transcript().contains(&"plays goodbye".to_owned()));
    assert!(world.phones[trunk].is_over());
    world.assert_clean();
    assert_eq!(world.record().cause, Cause::Normal);
}

#[test]
fn an_unknown_extension_three_times_then_the_menu() {
    let mut world = World::new();
    let trunk = calling(&mut world);
    world.dial(trunk, NUMBER);
    world.seconds(1);
    for _ in 0..3 {
        world.act(trunk, |phone, _| phone.press("77"));
        world.seconds(5);
    }
    let played: Vec<_> =
        world.transcript().into_iter().filter(|line| line.starts_with("plays")).collect();
    let notices = played.iter().filter(|line| *line == "plays unknown_extension").count();
    assert!((2..=3).contains(&notices), "{played:#?}");
    assert!(played.contains(&"plays menu".to_owned()), "{:#?}", world.transcript());
    world.hang_up(trunk);
    world.assert_clean();
    assert_eq!(world.record().digits, ["77", "77", "77"]);
    assert_eq!(world.record().cause, Cause::Cancelled);
}

/// Nobody answers anywhere: the caller is told, and the call ends by itself.
#[test]
fn nobody_is_available() {
    let mut world = World::new();
    let trunk = calling(&mut world);
    world.dial(trunk, NUMBER);
    world.seconds(40);
    assert!(world.transcript().contains(&"plays nobody_available".to_owned()));
    assert!(world.phones[trunk].is_over());
    world.assert_clean();
    assert_eq!(world.record().cause, Cause::NobodyAvailable);
}

#[test]
fn a_queue_rings_all_or_in_order() {
    let mut world = World::new();
    let (anna, berta) = (world.phone("anna"), world.phone("berta"));
    let trunk = calling(&mut world);
    world.dial(trunk, NUMBER);
    world.seconds(9);
    world.act(trunk, |phone, _| phone.press("2"));
    world.seconds(2);
    assert_eq!((world.phones[anna].calls.len(), world.phones[berta].calls.len()), (1, 1));
    world.hang_up(trunk);
    world.assert_clean();

    let mut world = World::new();
    let (anna, berta) = (world.phone("anna"), world.phone("berta"));
    let trunk = calling(&mut world);
    world.dial(trunk, NUMBER);
    world.seconds(9);
    world.act(trunk, |phone, _| phone.press("3"));
    world.seconds(5);
    assert_eq!((world.phones[anna].calls.len(), world.phones[berta].calls.len()), (1, 0));
    world.seconds(8);
    assert_eq!((world.phones[anna].calls.len(), world.phones[berta].calls.len()), (1, 1));
    assert!(world.phones[anna].is_over());
    world.act(berta, |phone, now| phone.answer(now));
    world.seconds(2);
    assert!(world.phones[berta].is_up());
    world.hang_up(trunk);
    world.assert_clean();
}

/// A caller whom nobody takes waits with music, and each round begins with the next member; then
/// comes what follows the queue.
#[test]
fn a_caller_waits_in_a_queue_and_members_take_turns() {
    let mut world = World::new();
    world.change(|spec| {
        let queue = &mut spec.queues[1];
        queue.strategy = switchboard_routing::Strategy::RoundRobin;
        queue.wait = Duration::from_secs(30);
        queue.pause = Duration::from_secs(5);
    });
    let (anna, berta) = (world.phone("anna"), world.phone("berta"));
    let trunk = calling(&mut world);
    world.dial(trunk, NUMBER);
    world.seconds(9);
    world.act(trunk, |phone, _| phone.press("3"));
    // Anna for 10 s, Berta for 10 s, 5 s of music, Berta for the 5 s that are left.
    world.seconds(22);
    assert_eq!((world.phones[anna].calls.len(), world.phones[berta].calls.len()), (1, 1));
    assert!(world.phones[anna].is_over());
    world.seconds(3);
    assert!(world.hears(trunk, 1_300.0) > -16.0, "music");
    world.seconds(4);
    assert_eq!((world.phones[anna].calls.len(), world.phones[berta].calls.len()), (1, 2));
    world.seconds(9);
    world.assert_clean();
    assert_eq!(world.record().cause, Cause::NoAnswer);
}

/// A queue with room for one: the second caller goes on with what comes after it at once, and when the first has been
/// answered there is room again. Whoever waits is told as which number.
#[test]
fn a_full_queue_is_passed_by() {
    let mut world = World::new();
    world.change(|spec| {
        let queue = &mut spec.queues[0];
        queue.max_waiting = Some(1);
        queue.wait = Duration::from_secs(60);
        queue.pause = Duration::from_secs(5);
        let line = &mut spec.lines[0];
        (line.welcome, line.menu, line.queue) = (false, None, Some(queue.id.clone()));
        let carl = switchboard_routing::ForwardTo::User("carl".parse().unwrap());
        line.overflow = switchboard_routing::Overflow::Forward(carl);
    });
    let (anna, carl) = (world.phone("anna"), world.phone("carl"));
    let trunk = calling(&mut world);
    world.dial(trunk, NUMBER);
    world.seconds(2);
    assert_eq!((world.phones[anna].calls.len(), world.phones[carl].calls.len()), (1, 0));
    world.dial(trunk, NUMBER);
    world.seconds(2);
    assert_eq!((world.phones[anna].calls.len(), world.phones[carl].calls.len()), (1, 1));
    // In the first pause.
    world.seconds(9);
    let text = world.transcript().join("\n");
    assert!(text.contains("waits as number 1"), "{text}");
    assert!(text.contains("1 caller waits already"), "{text}");
    world.hang_up(trunk);
    world.seconds(4);
    world.act(anna, |phone, now| phone.answer(now));
    world.seconds(1);
    assert!(world.phones[anna].is_up());
    // The first caller talks: there is room.
    world.dial(trunk, NUMBER);
    world.seconds(1);
    let text = world.transcript().join("\n");
    assert_eq!(text.matches("nobody else waits").count(), 2, "{text}");
    world.hang_up(trunk);
    let first = world.pbx.calls().find(|call| call.to.is_some()).unwrap().id;
    world.command(switchboard_pbx::Command::HangUp { call: first });
    world.assert_clean();
}

/// "Extension processing", welcome and menu, each on or off: what a caller who dials 102 at once,
/// and then 1, reaches.
#[test]
fn r04_to_r07_every_combination_of_extensions_welcome_and_menu() {
    for extensions in [false, true] {
        for welcome in [false, true] {
            for menu in [false, true] {
                let mut world = World::new();
                world.change(|spec| {
                    let line = &mut spec.lines[0];
                    line.extension_processing = extensions;
                    line.welcome = welcome;
                    if !menu {
                        line.menu = None;
                    }
                });
                let berta = answering(&mut world, "berta");
                let carl = answering(&mut world, "carl");
                let trunk = calling(&mut world);
                world.dial(trunk, NUMBER);
                world.run(Duration::from_millis(500));
                if world.phones[trunk].is_up() {
                    world.act(trunk, |phone, _| phone.press("102"));
                }
                if menu && !(extensions && welcome) {
                    world.until("plays menu");
                    world.seconds(1);
                    world.act(trunk, |phone, _| phone.press("1"));
                }
                world.seconds(8);
                let case = (extensions, welcome, menu);
                let reached = (world.phones[berta].is_up(), world.phones[carl].is_up());
                // An extension counts at the welcome only, where the line processes them; the
                // menu's option counts where there is a menu and nobody was reached before.
                let by_extension = extensions && welcome;
                let by_menu = menu && !by_extension;
                assert_eq!(reached, (by_extension, by_menu), "{case:?} {:#?}", world.transcript());
                world.hang_up(trunk);
                world.assert_clean();
                assert_eq!(world.records.len(), 1, "{case:?}");
            }
        }
    }
}

/// Digits behind the called number are no extension.
#[test]
fn r07_a_direct_call_that_carries_an_extension_does_not_ring_it() {
    let mut world = World::new();
    let berta = answering(&mut world, "berta");
    let trunk = calling(&mut world);
    world.dial(trunk, "+4930555000102");
    world.seconds(20);
    assert!(world.phones[berta].calls.is_empty());
    assert!(world.transcript().contains(&"plays welcome".to_owned()));
    world.assert_clean();
}

#[test]
fn a_number_that_is_no_line_is_not_found() {
    let mut world = World::new();
    let trunk = calling(&mut world);
    world.dial(trunk, "+4930999999");
    world.seconds(1);
    assert_eq!(world.phones[trunk].status(), Some(404));
    world.assert_clean();
    assert!(world.records.is_empty());
}

#[test]
fn the_caller_hangs_up_in_the_welcome() {
    let mut world = World::new();
    let trunk = calling(&mut world);
    world.dial(trunk, NUMBER);
    world.seconds(1);
    world.hang_up(trunk);
    world.assert_clean();
    assert_eq!(world.record().cause, Cause::Cancelled);
    assert_eq!(world.record().talk, 0);
}

/// What a caller from outside dials reaches the directory only, never the outside line.
#[test]
fn h37_no_way_out_through_the_welcome() {
    let mut world = World::new();
    let trunk = calling(&mut world);
    world.dial(trunk, NUMBER);
    world.seconds(1);
    world.act(trunk, |phone, _| phone.press("0049900123456#"));
    world.seconds(20);
    assert_eq!(world.phones[trunk].calls.len(), 1, "nothing went out");
    assert!(
        !world.transcript().iter().any(|line| line.contains("0049900") && line.contains("calls"))
    );
    world.assert_clean();
}

/// A stranger who is no trunk and has no password gets a challenge and nothing else.
#[test]
fn a_stranger_cannot_call_in() {
    let mut world = World::new();
    let stranger = world.add("nobody");
    world.dial(stranger, NUMBER);
    world.seconds(2);
    assert_eq!(world.phones[stranger].status(), Some(401));
    world.assert_clean();
    assert!(world.records.is_empty());
}
