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

/// Both algorithms are offered; a phone that gives up at one that it does not know gets MD5 alone.
#[test]
fn md5_and_sha_256_are_offered() {
    use switchboard_sip::HeaderName;
    for (agent, offered) in [("Desk 3000", 2), ("baresip v1.0.0 (x86_64/linux)", 1)] {
        let mut world = World::new();
        let stranger = world.add("stranger");
        world.act(stranger, |phone, now| {
            let request = phone.request(&switchboard_sip::Method::Options, "sip:10.0.0.1");
            phone.send(now, request.header(HeaderName::UserAgent, agent));
        });
        world.seconds(1);
        let answer = &world.phones[stranger].answers[0];
        let challenges: Vec<_> =
            answer.all(HeaderName::WwwAuthenticate).filter_map(|header| header.text()).collect();
        assert_eq!(challenges.len(), offered, "{challenges:?}");
        assert!(challenges[0].contains("algorithm=MD5"));
    }
}

/// A phone that takes SHA-256 registers with it (RFC 8760).
#[test]
fn a_phone_registers_with_sha_256() {
    use switchboard_sip::auth::Algorithm;
    let mut world = World::new();
    let anna = world.add("anna");
    world.phones[anna].algorithms = vec![Algorithm::Sha256];
    world.act(anna, |phone, now| phone.register(now, 300));
    world.seconds(1);
    assert_eq!(world.phones[anna].statuses, [200]);
    world.act(anna, |phone, now| phone.register(now, 0));
    world.assert_clean();
}

/// Whoever knows the old password only is disconnected when it is changed.
#[test]
fn r12_a_changed_password_disconnects_the_phone() {
    let mut world = World::new();
    let (anna, berta) = (world.phone("anna"), world.phone("berta"));
    let secrets = crate::support::company::secrets().with_user("anna".parse().unwrap(), "new");
    world.secrets(secrets);
    world.seconds(1);
    assert_eq!(world.pbx.phones(world.now(), &"anna".parse().unwrap()), 0);
    assert_eq!(world.pbx.phones(world.now(), &"berta".parse().unwrap()), 1);
    world.act(anna, |phone, now| phone.register(now, 300));
    world.seconds(1);
    assert_eq!(world.phones[anna].statuses.last(), Some(&401));
    world.act(berta, |phone, now| phone.register(now, 0));
    world.assert_clean();
}
