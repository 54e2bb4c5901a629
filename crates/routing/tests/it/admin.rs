//! What administrators, and employees for themselves, do to the data.

use switchboard_routing::admin::{
    Actor, DismissError, ExtensionBack, HandOverError, RehireError, SetExtensionError, StaleKind,
    dismiss, hand_over, rehire, set_extension, stale_references,
};
use switchboard_routing::{
    DirectorySpec, Extension, ForwardTo, Holder, HoursSpec, Overflow, Status,
};

use crate::call::{build, company_spec, user};

const ADMIN: Actor = Actor::Administrator;

fn by(login: &str) -> Actor {
    Actor::User(user(login))
}

fn ext(text: &str) -> Option<Extension> {
    Some(text.parse().unwrap())
}

/// Set by an administrator, or by the employee.
#[test]
fn r02_set_by_an_administrator_or_by_the_employee() {
    let mut spec = company_spec();
    let set = set_extension(&mut spec, &ADMIN, &user("frida"), ext("104")).unwrap();
    assert_eq!((set.before, set.now), (None, ext("104")));
    let set = set_extension(&mut spec, &by("frida"), &user("frida"), ext("0104")).unwrap();
    assert_eq!((set.before, set.now), (ext("104"), ext("0104")));
    // Setting what one has already is no conflict; taking it away is possible.
    set_extension(&mut spec, &by("frida"), &user("frida"), ext("0104")).unwrap();
    set_extension(&mut spec, &by("frida"), &user("frida"), None).unwrap();
    assert_eq!(spec.users[5].extension, None);
    build(&spec);
}

/// The telephone users' area is a permission, not a constant.
#[test]
fn r03_the_area_is_a_permission() {
    let mut spec = company_spec();
    let before = spec.clone();
    // Berta has no permission: not Carl's, and she does not learn who there is.
    for other in ["carl", "emil", "nobody"] {
        let error = set_extension(&mut spec, &by("berta"), &user(other), ext("300")).unwrap_err();
        assert_eq!(error, SetExtensionError::NotAllowed { user: user(other) });
    }
    assert_eq!(dismiss(&mut spec, &by("berta"), &user("carl")), Err(DismissError::NotAllowed));
    assert_eq!(rehire(&mut spec, &by("berta"), &user("emil")), Err(RehireError::NotAllowed));
    assert_eq!(spec, before);
    // Anna has it.
    set_extension(&mut spec, &by("anna"), &user("carl"), ext("300")).unwrap();
    // Given to Berta, it is hers too; and dismissed she has it no more.
    spec.users[1].permissions = spec.users[0].permissions.clone();
    set_extension(&mut spec, &by("berta"), &user("carl"), ext("301")).unwrap();
    dismiss(&mut spec, &by("anna"), &user("berta")).unwrap();
    assert!(set_extension(&mut spec, &by("berta"), &user("carl"), ext("302")).is_err());
    assert!(set_extension(&mut spec, &by("berta"), &user("berta"), ext("302")).is_err());
}

/// The error names the holder; emergency and service numbers are nobody's.
#[test]
fn errors_name_the_holder_and_the_reason() {
    let mut spec = company_spec();
    let before = spec.clone();
    let mut set = |to: &str, extension: &str| {
        set_extension(&mut spec, &ADMIN, &user(to), ext(extension)).unwrap_err()
    };
    let taken = set("frida", "101");
    assert_eq!(taken.to_string(), "extension 101 belongs to user anna");
    let SetExtensionError::Taken { holder, .. } = taken else { panic!() };
    assert_eq!(holder, Holder::User(user("anna")));
    assert_eq!(set("frida", "200").to_string(), "extension 200 belongs to group sales");
    for reserved in ["110", "112", "911", "999", "115"] {
        let error = set("frida", reserved);
        assert_eq!(error, SetExtensionError::Reserved(reserved.parse().unwrap()));
    }
    assert_eq!(set("nobody", "300"), SetExtensionError::UnknownUser(user("nobody")));
    assert_eq!(set("emil", "300"), SetExtensionError::Dismissed(user("emil")));
    assert_eq!(spec, before, "an error changes nothing");
    // 7 and 07 are other extensions than 007.
    set_extension(&mut spec, &ADMIN, &user("frida"), ext("7")).unwrap();
    set_extension(&mut spec, &ADMIN, &user("frida"), ext("07")).unwrap();
    build(&spec);
}

/// The dismissed user's extension can be given to somebody else; coming back, it is theirs only
/// if it is still free.
#[test]
fn r14_the_extension_is_released_and_comes_back_only_if_free() {
    let mut spec = company_spec();
    let gone = dismiss(&mut spec, &ADMIN, &user("anna")).unwrap();
    assert_eq!(gone.released, ext("101"));
    build(&spec);
    let mut free = spec.clone();
    let back = rehire(&mut free, &ADMIN, &user("anna")).unwrap();
    assert_eq!(back.extension, ExtensionBack::Restored("101".parse().unwrap()));
    assert_eq!(free.users[0].extension, ext("101"));
    assert!(free.users[0].permissions.is_empty(), "permissions do not come back by themselves");
    build(&free);

    set_extension(&mut spec, &ADMIN, &user("frida"), ext("101")).unwrap();
    let back = rehire(&mut spec, &ADMIN, &user("anna")).unwrap();
    let holder = Holder::User(user("frida"));
    assert_eq!(back.extension, ExtensionBack::Taken { extension: "101".parse().unwrap(), holder });
    assert_eq!(spec.users[0].extension, None);
    build(&spec);

    assert_eq!(rehire(&mut spec, &ADMIN, &user("anna")), Err(RehireError::Active(user("anna"))));
    let nobody = user("nobody");
    assert_eq!(rehire(&mut spec, &ADMIN, &nobody), Err(RehireError::UnknownUser(nobody.clone())));
    assert_eq!(dismiss(&mut spec, &ADMIN, &nobody), Err(DismissError::UnknownUser(nobody)));
    let emil = user("emil");
    assert_eq!(dismiss(&mut spec, &ADMIN, &emil), Err(DismissError::AlreadyDismissed(emil)));
}

/// A company in which `anna` is named in every kind of place there is.
fn anna_everywhere() -> DirectorySpec {
    let mut spec = company_spec();
    let anna = user("anna");
    spec.contacts[0].responsible = anna.clone();
    spec.users[2].forwarding.always = Some(ForwardTo::User(anna.clone()));
    spec.users[2].forwarding.busy = Some(ForwardTo::User(anna.clone()));
    spec.users[2].forwarding.unreachable = Some(ForwardTo::Number("0170 1000101".into()));
    spec.menus[0].options[0].action = switchboard_routing::MenuAction::User(anna.clone());
    spec.lines[1].overflow = Overflow::Forward(ForwardTo::User(anna.clone()));
    spec.lines[1].hours = Some(HoursSpec {
        open: Vec::new(),
        holidays: Vec::new(),
        closed_prompt: switchboard_routing::prompts::closed(),
        closed: Overflow::Forward(ForwardTo::User(anna)),
    });
    spec
}

/// A dismissal lists every place that still names the user, each with its path and owner.
#[test]
fn r16_every_place_that_still_names_the_dismissed() {
    let mut spec = anna_everywhere();
    let gone = dismiss(&mut spec, &ADMIN, &user("anna")).unwrap();
    let listed: Vec<(StaleKind, &str, &str)> = gone
        .references
        .iter()
        .map(|reference| (reference.kind, reference.of.as_str(), reference.path.as_str()))
        .collect();
    assert_eq!(
        listed,
        [
            (StaleKind::Responsible, "Kunde Eins", "contacts[0].responsible"),
            (StaleKind::QueueMember, "service", "queues[0].members[0]"),
            (StaleKind::QueueMember, "turns", "queues[1].members[2]"),
            (StaleKind::GroupMember, "sales", "groups[0].members[0]"),
            (StaleKind::Forwarding, "berta", "users[1].forwarding.no_answer"),
            (StaleKind::Forwarding, "carl", "users[2].forwarding.always"),
            (StaleKind::Forwarding, "carl", "users[2].forwarding.busy"),
            (StaleKind::MobileNumber, "carl", "users[2].forwarding.unreachable"),
            (StaleKind::MenuOption, "main", "menus[0].options[0].action"),
            (StaleKind::LineOverflow, "quiet", "lines[1].overflow"),
            (StaleKind::ClosedHours, "quiet", "lines[1].hours.closed"),
        ]
    );
    // The list can be asked for again, and says the same; the directory is sound meanwhile.
    assert_eq!(stale_references(&spec, &user("anna")), gone.references);
    build(&spec);
    let text = gone.references[1].to_string();
    assert_eq!(text, "member of queue service (queues[0].members[0])");
}

/// Somebody takes over what names the dismissed, and nothing names them any more.
#[test]
fn r16_handing_over_leaves_nothing() {
    let mut spec = anna_everywhere();
    spec.users[2].forwarding.unreachable = None;
    dismiss(&mut spec, &ADMIN, &user("anna")).unwrap();
    assert_eq!(
        hand_over(&mut spec, &ADMIN, &user("anna"), &user("berta")),
        Err(HandOverError::ToThemselves(user("berta"))),
        "her rule names anna"
    );
    assert_eq!(
        hand_over(&mut spec, &ADMIN, &user("anna"), &user("emil")),
        Err(HandOverError::Dismissed(user("emil")))
    );
    assert_eq!(
        hand_over(&mut spec, &by("carl"), &user("anna"), &user("frida")),
        Err(HandOverError::NotAllowed)
    );
    let changed = hand_over(&mut spec, &ADMIN, &user("anna"), &user("frida")).unwrap();
    assert_eq!(changed.len(), 10);
    assert!(stale_references(&spec, &user("anna")).is_empty());
    assert_eq!(stale_references(&spec, &user("frida")).len(), 10);
    build(&spec);

    // Where the one who takes over is a member already, the list has them once.
    let mut spec = company_spec();
    spec.users[1].forwarding = Default::default();
    hand_over(&mut spec, &ADMIN, &user("anna"), &user("berta")).unwrap();
    assert_eq!(spec.queues[0].members, [user("berta"), user("emil")]);
    build(&spec);
}

/// Dismissal voids permission and rules of the user.
#[test]
fn dismissal_voids_what_was_the_users() {
    let mut spec = company_spec();
    dismiss(&mut spec, &by("anna"), &user("anna")).unwrap();
    let anna = &spec.users[0];
    assert_eq!(anna.status, Status::Dismissed);
    assert!(anna.permissions.is_empty() && anna.forwarding.is_empty());
    assert_eq!((anna.extension, anna.former_extension), (None, ext("101")));
}
