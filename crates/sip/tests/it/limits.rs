//! The limits that the crate's front page states are those that the code has.

use std::collections::BTreeMap;

use switchboard_sip::auth::AuthenticatorConfig;
use switchboard_sip::registrar::RegistrarConfig;
use switchboard_sip::transaction::{self, LayerConfig};
use switchboard_sip::{
    MAX_BOUNDARY, MAX_DEPTH, MAX_HEAD, MAX_HEADERS, MAX_LINE, MAX_MESSAGE, MAX_METHOD, MAX_NAME,
    MAX_PARTS, MAX_URI, locate, reliable,
};

#[test]
fn the_readme_states_the_limits_of_the_code() {
    let layer = LayerConfig::default();
    let of_the_code = BTreeMap::from([
        ("MAX_MESSAGE", MAX_MESSAGE),
        ("MAX_HEAD", MAX_HEAD),
        ("MAX_LINE", MAX_LINE),
        ("MAX_HEADERS", MAX_HEADERS),
        ("MAX_NAME", MAX_NAME),
        ("MAX_METHOD", MAX_METHOD),
        ("MAX_URI", MAX_URI),
        ("MAX_PARTS", MAX_PARTS),
        ("MAX_DEPTH", MAX_DEPTH),
        ("MAX_BOUNDARY", MAX_BOUNDARY),
        ("LayerConfig::max_clients", layer.max_clients),
        ("LayerConfig::max_servers", layer.max_servers),
        ("LayerConfig::max_servers_per_address", layer.max_servers_per_address),
        ("transaction::MAX_FORKS", transaction::MAX_FORKS),
        ("reliable::MAX_WAITING", reliable::MAX_WAITING),
        ("reliable::MAX_RESPONSES", reliable::MAX_RESPONSES as usize),
        ("RegistrarConfig::max_bindings", RegistrarConfig::default().max_bindings),
        ("AuthenticatorConfig::replay_capacity", AuthenticatorConfig::new("x").replay_capacity),
        ("locate::MAX_SRV", locate::MAX_SRV),
        ("locate::MAX_ADDRESSES", locate::MAX_ADDRESSES),
    ]);
    let readme = include_str!("../../README.md");
    let limits = readme.split("## Limits").nth(1).expect("a section of limits");
    let rows = limits.lines().filter_map(|line| {
        let mut cells = line.split('|').map(str::trim);
        let (_, _, value, place) = (cells.next()?, cells.next()?, cells.next()?, cells.next()?);
        let value = value.replace(',', "").parse::<usize>().ok()?;
        Some((place.trim_matches('`'), value))
    });
    assert_eq!(rows.collect::<BTreeMap<_, _>>(), of_the_code);
}
