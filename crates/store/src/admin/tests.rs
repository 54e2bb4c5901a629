use switchboard_routing::UserId;

use super::*;
use crate::time::UnixMillis;
use crate::{SealKey, SqliteStore};

const NOW: UnixMillis = UnixMillis::new(1_000_000);

const COMPANY: &str = r#"
[[users]]
login = "anna"
name = "Anna"
extension = "101"
permissions = ["telephone_users"]
password = "anna-s-password"
[[users]]
login = "bruno"
name = "Bruno"
extension = "102"
password = "short"
[[users]]
login = "carla"
name = "Carla"
[[queues]]
id = "sales"
members = ["bruno", "carla"]
[[contacts]]
number = "+4930777"
name = "Customer"
responsible = "bruno"
"#;

fn company() -> Admin {
    let store = SqliteStore::in_memory(SealKey::from_bytes([3; 32])).unwrap();
    let admin = Admin::new(Arc::new(store));
    let report = admin.import(COMPANY, NOW).unwrap();
    assert_eq!(report.passwords_made, [user("carla")]);
    assert_eq!(report.passwords_weak, [user("bruno")]);
    admin
}

fn user(login: &str) -> UserId {
    UserId::new(login).unwrap()
}

fn extension(login: &str, extension: &str, by: Option<&str>) -> Operation {
    let extension = (!extension.is_empty()).then(|| extension.parse().unwrap());
    Operation::SetExtension { user: user(login), extension, by: by.map(user) }
}

fn run(admin: &Admin, operation: Operation) -> Result<Answer, String> {
    admin.run(operation, NOW).map_err(|error| error.to_string())
}

#[test]
fn r02_r03_who_may_set_which_extension() {
    let admin = company();
    // The administrator, and an employee for themselves.
    run(&admin, extension("carla", "103", None)).unwrap();
    run(&admin, extension("bruno", "7", Some("bruno"))).unwrap();
    // R3: a permission, not a role.
    run(&admin, extension("carla", "8", Some("anna"))).unwrap();
    // h42: an employee for somebody else; somebody who is nobody.
    let error = run(&admin, extension("carla", "9", Some("bruno"))).unwrap_err();
    assert!(error.contains("permission"), "{error}");
    assert!(run(&admin, extension("carla", "9", Some("nobody"))).is_err());
    assert_eq!(
        run(&admin, extension("carla", "7", None)).unwrap_err(),
        "extension 7 belongs to user bruno"
    );
    assert!(run(&admin, extension("carla", "110", None)).is_err(), "always goes out");
    let users = admin.users(NOW).unwrap();
    let now: Vec<_> = users.iter().map(|user| user.extension.unwrap().to_string()).collect();
    assert_eq!(now, ["101", "7", "8"]);
}

#[test]
fn r12_passwords_are_changed_by_whoever_may() {
    let admin = company();
    let change = |by: Option<&str>, password: Option<&str>| {
        let (by, password) = (by.map(user), password.map(str::to_owned));
        run(&admin, Operation::SetPassword { user: user("bruno"), password, by })
    };
    let made = |answer| match answer {
        Answer::Password { password, .. } => password,
        other => panic!("{other:?}"),
    };
    let first = made(change(None, None).unwrap());
    let second = made(change(Some("bruno"), None).unwrap());
    assert!(first != second && first.len() >= 20);
    assert_eq!(made(change(Some("anna"), Some("my-own")).unwrap()), "my-own");
    assert!(change(Some("carla"), None).is_err());
    assert!(change(None, Some("two words")).unwrap_err().contains("symbol 4"));
}

#[test]
fn r13_r14_r16_a_dismissal_is_one_operation_and_says_what_is_left() {
    let admin = company();
    let dismiss = |by: Option<&str>| {
        run(&admin, Operation::Dismiss { user: user("bruno"), by: by.map(user) })
    };
    assert!(dismiss(Some("carla")).is_err());
    let Answer::Dismissed { report } = dismiss(None).unwrap() else { panic!() };
    assert_eq!(report.dismissal.released.unwrap().as_str(), "102");
    assert!(report.password_voided);
    let named: Vec<_> = report.dismissal.references.iter().map(ToString::to_string).collect();
    assert_eq!(named.len(), 2, "{named:?}");
    assert_eq!(dismiss(None).unwrap_err(), "bruno has been dismissed already");

    // The extension is free, the account is not to be used.
    run(&admin, extension("carla", "102", None)).unwrap();
    assert!(run(&admin, extension("bruno", "5", None)).is_err());
    let again = Operation::SetPassword { user: user("bruno"), password: None, by: None };
    assert!(run(&admin, again).is_err());

    // Somebody takes over what still names him.
    let assign = Operation::Assign { from: user("bruno"), to: user("carla"), by: None };
    let Answer::Assigned { changed } = run(&admin, assign).unwrap() else { panic!() };
    assert_eq!(changed.len(), 2);

    // Back, but not with the extension that somebody else has.
    let rehire = Operation::Rehire { user: user("bruno"), by: None };
    let Answer::Rehired { extension, taken, .. } = run(&admin, rehire).unwrap() else { panic!() };
    assert_eq!(extension, None);
    assert_eq!(taken.unwrap().1, "user carla");
}

#[test]
fn an_import_keeps_passwords_that_the_file_does_not_name() {
    let admin = company();
    let before = admin.export().unwrap();
    let without = COMPANY.replace("password = \"anna-s-password\"\n", "");
    let report = admin.import(&without, NOW).unwrap();
    assert!(report.passwords_made.is_empty());
    assert_eq!(admin.export().unwrap(), before);
    let text = before.to_toml().unwrap();
    admin.import(&text, NOW).unwrap();
    assert_eq!(admin.export().unwrap(), before);
}

#[test]
fn h44_a_faulty_file_changes_nothing() {
    let admin = company();
    let before = admin.export().unwrap();
    let faulty = COMPANY.replace("\"102\"", "\"101\"");
    let error = admin.import(&faulty, NOW).unwrap_err();
    assert!(error.to_string().starts_with("line "), "{error}");
    assert_eq!(admin.export().unwrap(), before);
}

#[test]
fn operations_and_answers_survive_json_and_unknown_fields_do_not() {
    let operation = extension("carla", "9", Some("anna"));
    let text = serde_json::to_string(&operation).unwrap();
    assert_eq!(serde_json::from_str::<Operation>(&text).unwrap(), operation);
    let forged = text.replace("\"by\":\"anna\"", "\"by\":\"anna\",\"role\":\"admin\"");
    assert_ne!(forged, text);
    assert!(serde_json::from_str::<Operation>(&forged).is_err());
    let admin = company();
    for operation in [Operation::Users, Operation::Export, Operation::Calls { limit: 3 }] {
        assert!(!operation.changes());
        let answer = admin.run(operation, NOW).unwrap();
        let text = serde_json::to_string(&answer).unwrap();
        assert_eq!(serde_json::from_str::<Answer>(&text).unwrap(), answer);
    }
}

#[test]
fn two_administrators_at_once_lose_no_change() {
    let admin = company();
    std::thread::scope(|scope| {
        for login in ["anna", "bruno", "carla"] {
            let admin = admin.clone();
            scope.spawn(move || {
                for n in 0..10 {
                    let wanted = format!("{}{n}", login.len());
                    admin
                        .set_extension(
                            &switchboard_routing::admin::Actor::Administrator,
                            &user(login),
                            Some(format!("{}{wanted}", &login.as_bytes()[0] % 7).parse().unwrap()),
                        )
                        .unwrap();
                }
            });
        }
    });
    let users = admin.users(NOW).unwrap();
    assert!(users.iter().all(|user| user.extension.unwrap().as_str().ends_with('9')));
}
