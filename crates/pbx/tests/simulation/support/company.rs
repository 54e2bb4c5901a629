//! The company of the tests.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use switchboard_media::Audio;
use switchboard_pbx::{Secrets, Sounds};
use switchboard_routing::DirectorySpec;
use switchboard_testkit::audio;

pub const TRUNK: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(203, 0, 113, 5)), 5060);

pub const USERS: [&str; 4] = ["anna", "berta", "carl", "dora"];

/// Anna 101, Berta 102, Carl 103, Dora without an extension.
pub fn spec() -> DirectorySpec {
    toml::from_str(
        r#"
        users = [
            { login = "anna", name = "Anna Ahrens", extension = "101" },
            { login = "berta", name = "Berta Blum", extension = "102" },
            { login = "carl", name = "Carl Conrad", extension = "103" },
            { login = "dora", name = "Dora Dietz" },
        ]
        trunks = [{ id = "carrier", host = "203.0.113.5" }]
        queues = [
            { id = "sales", members = ["anna", "berta"], ring = 10 },
            { id = "support", strategy = "in_order", members = ["anna", "berta"], ring = 10 },
        ]
        services = [
            { code = "*43", service = "echo" },
            { code = "*60", service = { prompt_loop = "moh" } },
            { code = "*31", service = { room = "team" } },
            { code = "*32", service = { room = "sales" } },
        ]

        [[lines]]
        id = "main"
        number = "+4930555000"
        trunk = "carrier"
        extension_processing = true
        welcome = true
        menu = "main"

        [[menus]]
        id = "main"
        options = [
            { key = "1", action = { user = "carl" } },
            { key = "2", action = { queue = "sales" } },
            { key = "3", action = { queue = "support" } },
            { key = "4", action = { menu = "more" } },
            { key = "8", action = "repeat" },
            { key = "9", action = "hang_up" },
        ]

        [[menus]]
        id = "more"
        prompt = "menu_more"
        options = [{ key = "1", action = { user = "anna" } }]
        "#,
    )
    .unwrap()
}

pub fn secrets() -> Secrets {
    let secrets = Secrets::new().with_trunk("carrier".parse().unwrap(), "secret of the trunk");
    USERS.iter().fold(secrets, |secrets, user| {
        secrets.with_user(user.parse().unwrap(), format!("secret of {user}"))
    })
}

/// Each prompt is a tone of its own.
pub const PROMPTS: [(&str, f64, usize); 10] = [
    ("welcome", 500.0, 3_000),
    ("menu", 600.0, 3_000),
    ("menu_more", 650.0, 2_000),
    ("unknown_extension", 700.0, 1_000),
    ("unknown_option", 750.0, 1_000),
    ("nobody_available", 800.0, 1_000),
    ("goodbye", 900.0, 1_000),
    ("closed", 950.0, 1_000),
    ("echo_test", 1_100.0, 1_000),
    ("moh", 1_300.0, 2_000),
];

pub fn sounds() -> Sounds {
    let mut sounds = Sounds::new();
    for (name, hertz, millis) in PROMPTS {
        let samples = audio::sine(hertz, -12.0, millis * 8);
        sounds.insert(name, Arc::new(Audio::from_samples(samples)));
    }
    sounds
}
