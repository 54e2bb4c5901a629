//! Encrypted audio: who is called with it, and how.

use std::time::Duration;

use switchboard_pbx::{AudioEncryption, Cause, Srtp};
use switchboard_testkit::Link;

use crate::support::{Called, World};

/// Keys over the simulated UDP, offered beside plain RTP.
fn world() -> World {
    let link = Link { delay: Duration::from_millis(5), ..Link::default() };
    World::with(0, link, |config| {
        config.audio = AudioEncryption { srtp: Srtp::Allowed, keys_in_clear: true };
    })
}

/// RFC 8643: who does not know keys in plain RTP's profile, and insists, is called again with RTP/SAVP.
#[test]
fn a_phone_that_insists_on_srtp_is_called_again_with_it_alone() {
    let mut world = world();
    let (anna, berta) = (world.phone("anna"), world.phone("berta"));
    world.phones[berta].called = Called::InsistOnSrtp;
    let key = "a".repeat(40);
    world.phones[berta].sdp_override = Some(format!(
        "v=0\r\no=- 7 1 IN IP4 10.0.0.9\r\ns=-\r\nc=IN IP4 10.0.0.9\r\nt=0 0\r\n\
         m=audio 6000 RTP/SAVP 8\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{key}\r\n"
    ));
    world.dial(anna, "102");
    world.seconds(2);
    assert!(world.phones[anna].is_up() && world.phones[berta].is_up());
    assert_eq!(world.phones[berta].calls.len(), 2, "refused once, then answered");
    // The caller saw nothing of that.
    assert_eq!(world.phones[anna].call().heard, [180, 200]);
    world.hang_up(anna);
    world.assert_clean();
    assert_eq!(world.record().cause, Cause::Normal);
}

/// Who refuses that too is not asked a third time.
#[test]
fn a_phone_that_has_no_codec_of_ours_is_asked_twice_at_most() {
    let mut world = world();
    let (anna, berta) = (world.phone("anna"), world.phone("berta"));
    world.phones[berta].called = Called::Refuse(488);
    world.dial(anna, "102");
    world.seconds(3);
    assert_eq!(world.phones[berta].calls.len(), 2);
    assert!(world.phones[anna].status().is_some_and(|status| status >= 400));
    world.assert_clean();
}
