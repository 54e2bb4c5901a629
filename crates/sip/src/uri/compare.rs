//! Whether two URIs are equivalent (RFC 3261 section 19.1.4, RFC 3966 section 4).

use super::escape::{Decoded, Octet};
use super::{Scheme, Uri};

impl Uri<'_> {
    /// Whether both name the same resource by the rules of RFC 3261 section 19.1.4.
    ///
    /// The relation is not transitive, which is why it is not `PartialEq`. A `transport` that only one of them has
    /// makes them different, as in that section's examples.
    pub fn equivalent(&self, other: &Uri<'_>) -> bool {
        if self.scheme() != other.scheme() {
            return false;
        }
        match self.scheme() {
            Scheme::Sip | Scheme::Sips => {
                same_opt(self.user(), other.user(), same_text)
                    && same_opt(self.password(), other.password(), same_text)
                    && self.host().equivalent(&other.host())
                    && self.port() == other.port()
                    && same_params(self, other)
                    && same_params(other, self)
                    && same_headers(self, other)
                    && same_headers(other, self)
            }
            Scheme::Tel => {
                same_opt(self.user(), other.user(), same_number)
                    && all_tel_params_in(self, other)
                    && all_tel_params_in(other, self)
            }
            Scheme::Other => self.as_str() == other.as_str(),
        }
    }
}

fn same_opt(a: Option<&str>, b: Option<&str>, same: fn(&str, &str) -> bool) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => same(a, b),
        (None, None) => true,
        _ => false,
    }
}

/// An escape equals the character itself, unless that is reserved.
fn normal(octet: Octet) -> Octet {
    let reserved = b";/?:@&=+$,".contains(&octet.octet);
    Octet { escaped: octet.escaped && reserved, ..octet }
}

fn same_text(a: &str, b: &str) -> bool {
    Decoded::new(a.as_bytes()).map(normal).eq(Decoded::new(b.as_bytes()).map(normal))
}

fn same_text_any_case(a: &str, b: &str) -> bool {
    let lower = |text| {
        Decoded::new(text).map(normal).map(|o| Octet { octet: o.octet.to_ascii_lowercase(), ..o })
    };
    lower(a.as_bytes()).eq(lower(b.as_bytes()))
}

/// Every parameter of `a` that `b` has too is the same there; some must be in both.
fn same_params(a: &Uri<'_>, b: &Uri<'_>) -> bool {
    // Of a parameter that stands there twice the first counts.
    a.params().all(|(name, _)| match b.param(name) {
        Some(other) => same_text_any_case(a.param(name).unwrap_or(""), other),
        None => !["user", "ttl", "method", "maddr", "transport"]
            .iter()
            .any(|must_match| name.eq_ignore_ascii_case(must_match)),
    })
}

/// Every header of `a` is in `b` with the same value.
fn same_headers(a: &Uri<'_>, b: &Uri<'_>) -> bool {
    a.headers().all(|(name, value)| {
        b.headers().any(|(other, v)| same_text_any_case(name, other) && same_text(value, v))
    })
}

/// Digits without visual separators, hexadecimal ones without regard to case.
fn same_number(a: &str, b: &str) -> bool {
    let digits = |number: &str| -> Vec<u8> {
        let visible = number.bytes().filter(|octet| !matches!(octet, b'-' | b'.' | b'(' | b')'));
        visible.map(|octet| octet.to_ascii_lowercase()).collect()
    };
    digits(a) == digits(b)
}

fn all_tel_params_in(a: &Uri<'_>, b: &Uri<'_>) -> bool {
    a.params().all(|(name, _)| {
        let value = a.param(name).unwrap_or("");
        b.param(name).is_some_and(|other| {
            if name.eq_ignore_ascii_case("ext") || other.starts_with('+') {
                same_number(value, other)
            } else {
                value.eq_ignore_ascii_case(other)
            }
        })
    })
}
