//! When two URIs are the same (RFC 3966 section 4).

use core::hash::{Hash, Hasher};

use super::TelUri;
use super::parameters::is_visual;

/// Digits without visual separators, letters in lower case.
fn digits(text: &str) -> impl Iterator<Item = u8> + '_ {
    text.bytes().filter(|&octet| !is_visual(octet)).map(|octet| octet.to_ascii_lowercase())
}

/// A parameter's value as it counts: digits where it holds a number, else without case.
fn same_value(name: &str, a: Option<&str>, b: Option<&str>) -> bool {
    let (Some(a), Some(b)) = (a, b) else { return a == b };
    let number = name.eq_ignore_ascii_case("ext")
        || name.eq_ignore_ascii_case("phone-context") && a.starts_with('+') && b.starts_with('+');
    if number { digits(a).eq(digits(b)) } else { a.eq_ignore_ascii_case(b) }
}

impl PartialEq for TelUri<'_> {
    fn eq(&self, other: &Self) -> bool {
        let has = |(name, value): (&str, Option<&str>)| {
            other
                .parameters()
                .any(|(n, v)| n.eq_ignore_ascii_case(name) && same_value(name, value, v))
        };
        self.is_global() == other.is_global()
            && digits(self.number).eq(digits(other.number))
            && self.parameters().count() == other.parameters().count()
            && self.parameters().all(has)
    }
}

impl Eq for TelUri<'_> {}

impl Hash for TelUri<'_> {
    /// Hashes what equality looks at first, the number; parameters are few and seldom tell apart.
    fn hash<H: Hasher>(&self, state: &mut H) {
        digits(self.number).for_each(|octet| octet.hash(state));
        0xff_u8.hash(state);
    }
}
