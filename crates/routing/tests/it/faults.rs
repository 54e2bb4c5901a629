//! Faults of the data: every one named, and placed.

use switchboard_routing::{Directory, DirectorySpec, FaultKind};

use crate::call::company_spec;

/// The faults of a directory in TOML, as `path: text`.
fn faults(toml: &str) -> Vec<String> {
    let spec: DirectorySpec = toml::from_str(toml).unwrap_or_else(|error| panic!("{error}"));
    match Directory::build(&spec) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.iter().map(ToString::to_string).collect(),
    }
}

const TWO: &str = r#"
    [[users]]
    login = "anna"
    name = "Anna"
    extension = "101"
    [[users]]
    login = "berta"
    name = "Berta"
    [[lines]]
    id = "main"
    number = "+4930123"
"#;

#[test]
fn sound_data_has_none() {
    assert_eq!(faults(TWO), [""; 0]);
    assert_eq!(faults(""), [""; 0]);
    assert!(Directory::build(&company_spec()).is_ok());
}

#[test]
fn every_fault_is_named_and_placed() {
    let cases: &[(&str, &[&str])] = &[
        (
            r#"users = [{ login = "a", name = "A" }, { login = "a", name = "B" }]"#,
            &["users[1].login: a is already the identifier of users[0]"],
        ),
        (
            r#"users = [{ login = "a", name = "A", extension = "10" }, { login = "b", name = "B", extension = "10" }]"#,
            &["users[1].extension: extension 10 belongs to user a already"],
        ),
        (
            "users = [{ login = 'a', name = 'A', extension = '10' }]\ngroups = [{ id = 'g', extension = '10' }]",
            &["groups[0].extension: extension 10 belongs to user a already"],
        ),
        (
            r#"users = [{ login = "a", name = "A", extension = "112" }]"#,
            &["users[0].extension: 112 is an emergency or service number here and always goes out"],
        ),
        (
            "numbering = { country = 'DE', emergency = ['55'] }\nusers = [{ login = 'a', name = 'A', extension = '55' }]",
            &["users[0].extension: 55 is an emergency or service number here and always goes out"],
        ),
        (
            r#"users = [{ login = "a", name = "A", extension = "10", status = "dismissed" }]"#,
            &["users[0].extension: a dismissed user has no extension; keep it as former_extension"],
        ),
        (
            r#"users = [{ login = "a", name = "A", default_line = "x" }]"#,
            &["users[0].default_line: there is no line x"],
        ),
        (r#"users = [{ login = "a", name = " " }]"#, &["users[0].name: is empty"]),
        (
            "users = [{ login = 'a', name = \"A\\r\\nB\" }]",
            &["users[0].name: holds a control character"],
        ),
        (
            r#"users = [{ login = "a", name = "A", forwarding = { busy = "mobile" } }]"#,
            &["users[0].forwarding.busy: there is no mobile number to forward to"],
        ),
        (
            r#"users = [{ login = "a", name = "A", forwarding = { busy = { user = "x" }, no_answer = { queue = "y" }, unreachable = { group = "z" } } }]"#,
            &[
                "users[0].forwarding.busy: there is no user x",
                "users[0].forwarding.no_answer: there is no queue y",
                "users[0].forwarding.unreachable: there is no group z",
            ],
        ),
        (
            "numbering = { barred = ['0900'] }\nusers = [{ login = 'a', name = 'A', forwarding = { busy = { number = '+49 900 123' } } }]",
            &["users[0].forwarding.busy: +49 900 123 is barred"],
        ),
        (
            "users = [{ login = 'a', name = 'A', outside_calls = 'none', mobile = '0171 1', forwarding = { always = 'mobile', busy = { number = '112' }, no_answer = { number = '115' }, unreachable = { number = '030123' } } }]",
            &[
                "users[0].forwarding.always: 0171 1 is beyond what the user may call (outside_calls)",
                "users[0].forwarding.no_answer: 115 is beyond what the user may call (outside_calls)",
                "users[0].forwarding.unreachable: 030123 is beyond what the user may call (outside_calls)",
            ],
        ),
        (
            "users = [{ login = 'a', name = 'A', outside_calls = 'national', forwarding = { busy = { number = '+43 1 23' }, no_answer = { number = '0043123' }, unreachable = { number = '+49 30 123' } } }]",
            &[
                "users[0].forwarding.busy: +43 1 23 is beyond what the user may call (outside_calls)",
                "users[0].forwarding.no_answer: 0043123 is beyond what the user may call (outside_calls)",
            ],
        ),
        // What a line's own rules name is the administrator's to say.
        (
            "lines = [{ id = 'm', number = '+493012', overflow = { forward = { number = '+43123' } } }]",
            &[],
        ),
        (
            r#"queues = [{ id = "q", max_waiting = 0 }, { id = "r", max_waiting = 10001 }]"#,
            &[
                "queues[0].max_waiting: 0 is not from 1 to 10000",
                "queues[1].max_waiting: 10001 is not from 1 to 10000",
            ],
        ),
        (
            r#"users = [{ login = "a", name = "A", forwarding = { ring = 0 } }]"#,
            &["users[0].forwarding.ring: 0 is not from 1 to 3600"],
        ),
        (
            r#"lines = [{ id = "m", number = "+4930", trunk = "t", menu = "n", queue = "q", attempts = 0 }]"#,
            &[
                "lines[0].trunk: there is no trunk t",
                "lines[0].menu: there is no menu n",
                "lines[0].queue: there is no queue q",
                "lines[0].attempts: 0 is not from 1 to 9",
            ],
        ),
        (
            r#"lines = [{ id = "m", number = "+493012" }, { id = "n", number = "03012" }]"#,
            &["lines[1].number: the number is already that of lines[0]"],
        ),
        (
            r#"lines = [{ id = "m", number = "+493012", overflow = { forward = "mobile" } }]"#,
            &["lines[0].overflow: there is no mobile number to forward to"],
        ),
        (
            r#"lines = [{ id = "m", number = "+493012", hours = { open = [{ days = ["mon"], from = "09:00", to = "09:00" }] } }]"#,
            &["lines[0].hours.open[0]: the span ends as it begins; a whole day is 00:00 to 24:00"],
        ),
        (
            r##"menus = [{ id = "m", silent = 10, options = [{ key = "1", action = "repeat" }, { key = "1", action = { user = "x" } }, { key = "#", action = { menu = "n" } }] }]"##,
            &[
                "menus[0].silent: 10 is not from 1 to 9",
                "menus[0].options[1].key: the menu has key 1 already",
                "menus[0].options[1].action: there is no user x",
                "menus[0].options[2].action: there is no menu n",
            ],
        ),
        (
            r#"queues = [{ id = "q", members = ["x"] }]"#,
            &["queues[0].members[0]: there is no user x"],
        ),
        (
            "users = [{ login = 'a', name = 'A' }]\ngroups = [{ id = 'g', members = ['a', 'a'] }]",
            &["groups[0].members[1]: a is already the identifier of [0]"],
        ),
        (
            r#"trunks = [{ id = "t", host = "a b", port = 0 }, { id = "u", host = "x.example", kind = "account" }]"#,
            &[
                "trunks[0].host: is neither a host name nor an IP address",
                "trunks[0].port: 0 is not from 1 to 65535",
                "trunks[1].user: a trunk that registers needs a user",
            ],
        ),
        (
            r#"services = [{ code = "43", service = "echo" }, { code = "*6", service = "echo" }, { code = "*6", service = "echo" }]"#,
            &[
                "services[0].code: \"43\" is not a service code: '*' or '#', then 1 to 6 digits",
                "services[2].code: the code is already that of services[1]",
            ],
        ),
        (
            "users = [{ login = 'a', name = 'A', mobile = '+4917012345;1' }]\nlines = [{ id = 'l', number = '+49301234#2' }]\n\
             contacts = [{ number = '+4912345;3', responsible = 'a' }]",
            &[
                "users[0].mobile: \"+4917012345;1\" is not a number: a number alone stands here, without an extension",
                "lines[0].number: \"+49301234#2\" is not a number: a number alone stands here, without an extension",
                "contacts[0].number: \"+4912345;3\" is not a number: a number alone stands here, without an extension",
            ],
        ),
        (
            "numbering = { country = 'DE' }\nusers = [{ login = 'a', name = 'A' }]\n\
             contacts = [{ number = '+49 30 12345', responsible = 'a' }, { number = '03012345', responsible = 'a' }]",
            &["contacts[1].number: the number is already that of contacts[0]"],
        ),
        (
            r#"contacts = [{ number = "+4912", responsible = "x" }]"#,
            &["contacts[0].responsible: there is no user x"],
        ),
        (
            r#"numbering = { country = "ZZ" }"#,
            &[
                "numbering.country: no numbering is known for country \"ZZ\"; wanted is an ISO 3166-1 code like DE",
            ],
        ),
    ];
    for (toml, wanted) in cases {
        assert_eq!(faults(toml), *wanted, "{toml}");
    }
    // A number's fault is told in the words of the dial string grammar.
    let found = faults(r#"lines = [{ id = "m", number = "12x" }]"#);
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("lines[0].number: \"12x\" is not a number: "), "{}", found[0]);
}

/// Menus that lead back to themselves, and users who forward every call in a circle.
#[test]
fn circles_are_refused() {
    let menus = r#"
        menus = [
            { id = "a", options = [{ key = "1", action = { menu = "b" } }] },
            { id = "b", options = [{ key = "1", action = { menu = "c" } }] },
            { id = "c", options = [{ key = "1", action = { menu = "b" } }, { key = "2", action = { menu = "c" } }] },
        ]
    "#;
    assert_eq!(
        faults(menus),
        ["menus[1]: leads back to itself: b -> c -> b", "menus[2]: leads back to itself: c -> c"]
    );
    let users = r#"
        users = [
            { login = "a", name = "A", forwarding = { always = { user = "b" } } },
            { login = "b", name = "B", forwarding = { always = { user = "a" } } },
            { login = "c", name = "C", forwarding = { busy = { user = "d" } } },
            { login = "d", name = "D", forwarding = { busy = { user = "c" } } },
        ]
    "#;
    // Two who cover for each other are sound.
    assert_eq!(faults(users), ["users[0].forwarding.always: leads back to itself: a -> b -> a"]);
    // Two ways to one menu are no circle.
    let diamond = r#"
        menus = [
            { id = "a", options = [{ key = "1", action = { menu = "b" } }, { key = "2", action = { menu = "c" } }] },
            { id = "b", options = [{ key = "1", action = { menu = "c" } }] },
            { id = "c" },
        ]
    "#;
    assert_eq!(faults(diamond), [""; 0]);
}

/// A circle of ten thousand is one readable line.
#[test]
fn a_long_circle_is_shortened() {
    let mut toml = String::new();
    for at in 0..10_000 {
        let next = (at + 1) % 10_000;
        toml.push_str(&format!(
            "[[users]]\nlogin = 'u{at}'\nname = 'U'\nforwarding = {{ always = {{ user = 'u{next}' }} }}\n"
        ));
    }
    assert_eq!(
        faults(&toml),
        [
            "users[0].forwarding.always: leads back to itself: u0 -> u1 -> u2 -> u3 -> (9995 more) -> u9999 -> u0"
        ]
    );
}

/// All faults at once, in the order of the data, and each as a value.
#[test]
fn all_faults_are_told_together() {
    let mut spec = company_spec();
    spec.lines[1].menu = Some("nowhere".parse().unwrap());
    spec.users[1].extension = Some("101".parse().unwrap());
    spec.services[0].code.clear();
    let faults = Directory::build(&spec).unwrap_err();
    let paths: Vec<&str> = faults.iter().map(|fault| fault.path()).collect();
    assert_eq!(paths, ["users[1].extension", "lines[1].menu", "services[0].code"]);
    assert!(matches!(
        faults.iter().nth(1).unwrap().kind(),
        FaultKind::Unknown { what: "menu", id } if id == "nowhere"
    ));
    assert_eq!(faults.to_string().lines().count(), 3);
}

/// A thousand menus in a row: depth is no recursion.
#[test]
fn depth_is_no_recursion() {
    let mut toml = String::new();
    for at in 0..5_000 {
        toml.push_str(&format!(
            "[[menus]]\nid = 'm{at}'\noptions = [{{ key = '1', action = {{ menu = 'm{}' }} }}]\n",
            at + 1
        ));
    }
    toml.push_str("[[menus]]\nid = 'm5000'\n");
    assert_eq!(faults(&toml), [""; 0]);
}
