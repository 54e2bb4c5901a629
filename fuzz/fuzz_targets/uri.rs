#![no_main]
//! A URI that is read prints as it was, is put together from its parts again, and compares to itself and to another the
//! same both ways.
use libfuzzer_sys::fuzz_target;
use switchboard_sip::{MAX_URI, Scheme, Uri, UriBuf, escape_user};

fuzz_target!(|input: &str| {
    // Two URIs, a line each.
    let (first, second) = input.split_once('\n').unwrap_or((input, ""));
    let first = match Uri::parse(first) {
        Ok(uri) => uri,
        Err(error) => {
            assert!(error.offset() <= first.len());
            return;
        }
    };
    alone(first);
    if let Ok(second) = Uri::parse(second) {
        assert_eq!(first.equivalent(&second), second.equivalent(&first));
        if first.as_str() == second.as_str() {
            assert!(first.equivalent(&second));
        }
    }
});

fn alone(uri: Uri<'_>) {
    assert!(uri.equivalent(&uri));
    let owned: UriBuf = uri.to_string().parse().expect("what was read reads again");
    assert_eq!(owned.as_str(), uri.as_str());
    assert!(owned.as_uri().equivalent(&uri));
    // Nothing that is read can end a line or a quoted string, or start a new address.
    assert!(
        !uri.as_str()
            .bytes()
            .any(|octet| octet < b' ' || octet == 0x7f || b"\"<> ".contains(&octet))
    );
    if matches!(uri.scheme(), Scheme::Sip | Scheme::Sips) {
        assert_eq!(together(uri), uri.as_str()[uri.as_str().find(':').expect("a scheme") + 1..]);
        let bare = uri.without_headers();
        assert_eq!(bare.headers_str(), None);
        assert!(Uri::parse(bare.as_str()).expect("reads without its headers").equivalent(&bare));
    }
    if let Some(user) = uri.user_text() {
        assert!(!user.chars().any(char::is_control));
        if matches!(uri.scheme(), Scheme::Sip | Scheme::Sips) {
            let again = format!("sip:{}@h", escape_user(&user));
            // Escaped, it may be longer than a URI can be.
            if again.len() <= MAX_URI {
                let again = Uri::parse(&again).expect("an escaped user reads");
                assert_eq!(again.user_text().as_deref(), Some(&*user));
            }
        }
    }
    for (name, _) in uri.params() {
        assert!(uri.param(name).is_some());
    }
}

/// What stands after the scheme, from the parts.
fn together(uri: Uri<'_>) -> String {
    let mut text = String::new();
    if let Some(user) = uri.user() {
        text += user;
        if let Some(password) = uri.password() {
            text += ":";
            text += password;
        }
        text += "@";
    }
    text += uri.host_str();
    if let Some(port) = uri.port() {
        let rest = &uri.as_str()[uri.as_str().find(':').expect("a scheme") + 1 + text.len()..];
        // A port may be written with zeros before it.
        let digits = rest[1..].bytes().take_while(u8::is_ascii_digit).count();
        assert_eq!(rest[1..=digits].parse(), Ok(port));
        text += &rest[..=digits];
    }
    text += uri.params_str();
    if let Some(headers) = uri.headers_str() {
        text += "?";
        text += headers;
    }
    text
}
