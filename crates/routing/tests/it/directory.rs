//! What a compiled directory answers.

use switchboard_routing::{Match, OutsideCalls, Permission, ServiceKind, Target};

use crate::call::{company, digits, line, user};

#[test]
fn users_are_found_by_login_and_by_extension() {
    let company = company();
    assert_eq!(company.users().len(), 5, "the dismissed are not in it");
    let anna = company.user("anna").unwrap();
    assert_eq!((anna.login().as_str(), anna.name()), ("anna", "Anna Arend"));
    assert_eq!(anna.extension().unwrap().as_str(), "101");
    assert!(anna.has(Permission::TelephoneUsers));
    assert!(!company.user("berta").unwrap().has(Permission::TelephoneUsers));
    assert_eq!(company.user("frida").unwrap().outside_calls(), OutsideCalls::None);
    let at = |text: &str| company.user_at(text.parse().unwrap()).map(|user| user.login().as_str());
    assert_eq!(at("101"), Some("anna"));
    assert_eq!(at("007"), Some("dora"));
    assert_eq!(at("7"), None);
    assert_eq!(at("105"), None, "Emil's, once");
    assert_eq!(at("200"), None, "a group's");
    assert_eq!(company.extension_match(&digits("20")), Match::May);
    let target: Target = company.target(&user("anna")).unwrap();
    assert_eq!(target, anna.target());
    assert_eq!(serde_json::to_string(&target).unwrap(), r#"{"user":"anna"}"#);
}

#[test]
fn lines_trunks_services_and_contacts() {
    let company = company();
    let main = company.line(&line("main")).unwrap();
    assert_eq!((main.name(), main.number().as_str()), ("Zentrale", "+493012345"));
    assert_eq!(main.trunk().unwrap().as_str(), "carrier");
    assert!(main.extension_processing() && main.recorded());
    assert!(company.line(&line("other")).is_none());
    assert_eq!(company.lines().len(), 2);
    let carrier = company.trunk(&"carrier".parse().unwrap()).unwrap();
    assert_eq!((carrier.host.as_str(), carrier.port), ("sip.carrier.example", 5060));
    assert_eq!(company.trunks().len(), 2);
    assert_eq!(company.service("*43"), Some(&ServiceKind::Echo));
    assert_eq!(company.service("*4"), None);
    for number in ["+491715550001", "01715550001", "00491715550001"] {
        assert_eq!(company.responsible(number).unwrap().login().as_str(), "carl", "{number}");
    }
    assert!(company.responsible("+491715550002").is_none(), "Emil looked after this one");
    assert!(company.is_emergency(&"110".parse().unwrap()));
    assert!(!company.is_emergency(&"101".parse().unwrap()));
}

/// Members of one group may take each other's calls; nobody may take one's own, or a leaver's.
#[test]
fn pickup_is_among_the_members_of_a_group() {
    let company = company();
    let may = |one: &str, other: &str| company.may_pick_up(&user(one), &user(other));
    assert!(may("anna", "berta") && may("berta", "anna"));
    assert!(!may("anna", "carl") && !may("carl", "anna"));
    assert!(!may("anna", "anna") && !may("anna", "emil") && !may("emil", "anna"));
    let sales = company.group(&"sales".parse().unwrap()).unwrap();
    let logins: Vec<&str> = sales.map(|user| user.login().as_str()).collect();
    assert_eq!(logins, ["anna", "berta"]);
    assert!(company.group(&"other".parse().unwrap()).is_none());
}

#[test]
fn a_trunk_is_told_e164_where_the_numbering_knows_it() {
    let company = company();
    for (dialled, told) in [
        ("03012345", "+493012345"),
        ("004312345", "+4312345"),
        ("+493012345", "+493012345"),
        ("112", "112"),
        ("110", "110"),
        ("115", "115"),
        ("12345", "12345"),
    ] {
        assert_eq!(company.in_e164(&dialled.parse().unwrap()), told);
    }
}
