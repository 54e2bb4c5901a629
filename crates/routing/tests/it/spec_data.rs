//! The data as text: TOML and JSON, there and back, and errors that point at the line.

use switchboard_routing::{DirectorySpec, Status};

use crate::call::company_spec;

#[test]
fn toml_and_json_round_trip() {
    let spec = company_spec();
    let text = toml::to_string(&spec).unwrap();
    assert_eq!(toml::from_str::<DirectorySpec>(&text).unwrap(), spec);
    let text = serde_json::to_string(&spec).unwrap();
    assert_eq!(serde_json::from_str::<DirectorySpec>(&text).unwrap(), spec);
    let empty = DirectorySpec::default();
    let text = toml::to_string(&empty).unwrap();
    assert_eq!(toml::from_str::<DirectorySpec>(&text).unwrap(), empty);
}

#[test]
fn the_example_company_means_what_it_says() {
    let spec = company_spec();
    assert_eq!(spec.users.len(), 6);
    assert_eq!(spec.users[4].status, Status::Dismissed);
    assert_eq!(spec.users[3].extension.unwrap().as_str(), "007");
    assert_eq!(spec.lines[0].timers.inter_digit.as_millis(), 2_500);
    assert_eq!(spec.trunks[0].port, 5060);
}

/// What is not known is refused, and the message points at it.
#[test]
fn unknown_and_mistyped_fields_are_refused() {
    for (text, named) in [
        ("user = []", "user"),
        ("[[users]]\nlogin = 'a'\nname = 'A'\nextention = '1'", "extention"),
        ("[[users]]\nlogin = 'A b'\nname = 'A'", "a-z"),
        ("[[users]]\nlogin = 'a'\nname = 'A'\nextension = 101", "101"),
        ("[[users]]\nlogin = 'a'\nname = 'A'\nrole = 'admin'", "role"),
        ("[[users]]\nlogin = 'a'\nname = 'A'\npermissions = ['everything']", "everything"),
        ("[[users]]\nlogin = 'a'\nname = 'A'\nforwarding = { never = 'mobile' }", "never"),
        ("[[lines]]\nid = 'l'\nnumber = '+49'\nwelcome_prompt = '../etc/passwd'", "a-z"),
        ("[[menus]]\nid = 'm'\noptions = [{ key = 'x', action = 'repeat' }]", "key"),
        ("[[trunks]]\nid = 't'\nhost = 'h'\nsecret = 's'", "secret"),
        ("[[queues]]\nid = 'q'\nring = -1", "seconds"),
    ] {
        let error = toml::from_str::<DirectorySpec>(text).unwrap_err();
        assert!(error.to_string().contains("line "), "{error}");
        assert!(error.to_string().contains(named), "{text}: {error}");
    }
}
