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

/// In JSON too, with line and column.
#[test]
fn faults_of_json_name_line_and_column() {
    for (text, place, named) in [
        ("{\n  \"user\": []\n}", "line 2 column 8", "user"),
        (
            "{ \"users\": [\n{ \"login\": \"a\", \"name\": \"A\",\n \"extention\": \"1\" }] }",
            "line 3 column 12",
            "extention",
        ),
        ("{ \"users\": [\n\n{ \"login\": \"A b\", \"name\": \"A\" }] }", "line 3 column 16", "a-z"),
        (
            "{ \"users\": [{ \"login\": \"a\", \"name\": \"A\",\n \"extension\": 101 }] }",
            "line 2 column 17",
            "101",
        ),
        (
            "{ \"queues\": [{ \"id\": \"q\",\n\"strategy\": \"loudest\" }] }",
            "line 2 column 21",
            "loudest",
        ),
        ("{ \"queues\": [{ \"id\": \"q\",\n\"wait\": -1 }] }", "line 2 column 10", "seconds"),
        ("{\n\"lines\": [", "line 2 column 10", "EOF"),
    ] {
        let error = serde_json::from_str::<DirectorySpec>(text).unwrap_err().to_string();
        assert!(error.contains(place) && error.contains(named), "{text}: {error}");
    }
}

/// The line that a fault of TOML names is the line of the fault.
#[test]
fn faults_of_toml_name_their_line() {
    let good = "[[users]]\nlogin = 'a'\nname = 'A'\n";
    for (bad, line) in [
        ("[[users]]\nlogin = 'B'\nname = 'B'", 5),
        ("[[users]]\nlogin = 'b'\nname = 7", 6),
        ("[[users]]\nlogin = 'b'\nname = 'B'\nextension = '12345'", 7),
        ("[[users]]\nlogin = 'b'\nname = 'B'\nforwarding = { busy = 'moon' }", 7),
        (
            "[[lines]]\nid = 'l'\nnumber = '+49'\nhours = { open = [{ days = ['someday'], from = '09:00', to = '10:00' }] }",
            7,
        ),
        ("[[lines]]\nid = 'l'\nnumber = '+49'\nhours = { open = [], holidays = ['12-32'] }", 7),
        ("[[menus]]\nid = 'm'\n\n\noptions = [{ key = '11', action = 'repeat' }]", 8),
        ("[[users]\n", 4),
    ] {
        let text = format!("{good}{bad}");
        let error = toml::from_str::<DirectorySpec>(&text).unwrap_err().to_string();
        assert!(error.contains(&format!("line {line},")), "{bad}: wanted line {line}: {error}");
    }
}
