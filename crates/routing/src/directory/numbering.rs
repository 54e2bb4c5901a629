//! What a number means here: which always go out, and what any other is in E.164.

use switchboard_dialstring::Country;

/// Known everywhere, whatever the country: visitors dial what they know from home, and phones
/// treat the first two as emergency numbers anywhere (3GPP TS 22.101 section 10.1).
const EVERYWHERE: [&str; 3] = ["112", "911", "999"];

/// Short numbers of public services that are no emergency numbers (non-urgent police and medical
/// help, counselling, directory of authorities), as the countries' regulators list them.
static SERVICES: [(&str, &[&str]); 10] = [
    ("AT", &["116117", "142", "147"]),
    ("BE", &["116000", "106"]),
    ("CA", &["211", "311", "811", "988"]),
    ("CH", &["143", "145", "147", "1414"]),
    ("DE", &["115", "116111", "116116", "116117"]),
    ("DK", &["114", "1813"]),
    ("FR", &["115", "119", "3114"]),
    ("GB", &["101", "105", "111", "116123"]),
    ("NL", &["113", "116117"]),
    ("US", &["211", "311", "811", "988"]),
];

/// Area codes under country code 1 of other countries than the United States and Canada, by the
/// North American Numbering Plan Administration: calls there look like calls at home and cost as
/// those abroad.
const ISLANDS: [&str; 21] = [
    "242", "246", "264", "268", "284", "345", "441", "473", "649", "658", "664", "721", "758",
    "767", "784", "809", "829", "849", "868", "869", "876",
];

/// The numbering of one country.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Numbering {
    /// Emergency numbers, looked up once: every number that is dialled is compared with them.
    emergency: &'static [&'static str],
    /// Country code, without `+`.
    code: &'static str,
    /// International prefix.
    international: &'static str,
    /// Trunk prefix; empty where there is none.
    trunk: &'static str,
    /// Digits of a whole national number that is dialled without the trunk prefix though there is
    /// one: ten under country code 1.
    whole: Option<usize>,
    /// Short service numbers.
    services: &'static [&'static str],
}

impl Numbering {
    /// The numbering of a country by its ISO code in capitals, if it is known.
    pub(crate) fn of(iso: &str) -> Option<Self> {
        let country = Country::parse(iso).ok().filter(|country| country.as_str() == iso)?;
        let code = country.calling_code()?;
        let services = SERVICES.iter().find(|(known, _)| *known == iso);
        Some(Self {
            emergency: country.emergency_numbers(),
            code,
            international: country.international_prefix()?,
            trunk: country.trunk_prefix()?,
            whole: (code == "1").then_some(10),
            services: services.map_or(&[], |(_, numbers)| numbers),
        })
    }

    /// Whether `number`, digits as dialled, is an emergency number here.
    pub(crate) fn is_emergency(&self, number: &str) -> bool {
        EVERYWHERE.contains(&number) || self.emergency.contains(&number)
    }

    /// Whether `number` is a short service number here.
    pub(crate) fn is_service(&self, number: &str) -> bool {
        self.services.contains(&number)
    }

    /// Whether a number in E.164 is one of this country. A local one is.
    pub(crate) fn is_national(&self, canonical: &Canonical) -> bool {
        let Some(digits) = canonical.as_str().strip_prefix('+') else { return true };
        let Some(national) = digits.strip_prefix(self.code) else { return false };
        self.code != "1" || !ISLANDS.iter().any(|area| national.starts_with(area))
    }

    /// What `number`, or the beginning of one, means in E.164. A number without any prefix stays
    /// as it is, except where whole numbers are dialled so.
    pub(crate) fn canonical(&self, number: &str) -> Canonical {
        let mut out = Canonical::new();
        let abroad = number.strip_prefix('+').or_else(|| number.strip_prefix(self.international));
        if let Some(digits) = abroad {
            out.push("+");
            match digits.strip_prefix(self.code) {
                Some(national) => {
                    out.push(self.code);
                    out.push(self.without_trunk(national));
                }
                None => out.push(digits),
            }
        } else if let Some(rest) = self.national(number) {
            out.push("+");
            out.push(self.code);
            out.push(self.without_trunk(rest));
        } else {
            out.push(number);
        }
        out
    }

    /// A national number without trunk prefixes that were dialled all the same: carriers take
    /// `+49 0900` for `+49 900`. Where national numbers may begin as the prefix does (8 in Russia),
    /// as it is.
    fn without_trunk<'a>(&self, national: &'a str) -> &'a str {
        if !self.trunk.starts_with('0') && self.code != "1" {
            return national;
        }
        match national.trim_start_matches(self.trunk) {
            // The beginning of a number that is nothing but the prefix: not that of all numbers.
            "" => national,
            rest => rest,
        }
    }

    /// The national number, when `number` has the trunk prefix or is whole without it.
    fn national<'a>(&self, number: &'a str) -> Option<&'a str> {
        if self.whole == Some(number.len()) {
            return Some(number);
        }
        if self.trunk.is_empty() {
            // Numbers are dialled whole; the short ones are local services.
            return (number.len() > 6).then_some(number);
        }
        number.strip_prefix(self.trunk)
    }
}

/// A canonical number, inline: at most `+`, a country code and 31 symbols.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Canonical {
    text: [u8; 48],
    len: usize,
}

impl Canonical {
    const fn new() -> Self {
        Self { text: [0; 48], len: 0 }
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.text[..self.len]).unwrap_or_default()
    }

    /// Adds the ASCII symbols of `text` while there is room.
    fn push(&mut self, text: &str) {
        for octet in text.bytes().filter(u8::is_ascii) {
            if let Some(slot) = self.text.get_mut(self.len) {
                *slot = octet;
                self.len += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(iso: &str, number: &str) -> String {
        Numbering::of(iso).unwrap().canonical(number).as_str().to_owned()
    }

    #[test]
    fn a_number_means_the_same_however_it_is_dialled() {
        for number in ["+493012345", "00493012345", "03012345"] {
            assert_eq!(canonical("DE", number), "+493012345");
        }
        for number in ["+12125550100", "01112125550100", "12125550100", "2125550100"] {
            assert_eq!(canonical("US", number), "+12125550100");
        }
        for number in ["+490900123", "00490900123", "+4900900123", "0900123", "+49900123"] {
            assert_eq!(canonical("DE", number), "+49900123", "{number}: a trunk prefix too many");
        }
        assert_eq!(canonical("HU", "+360690123"), "+3690123");
        assert_eq!(canonical("US", "+119005550100"), "+19005550100");
        assert_eq!(canonical("RU", "+78005550100"), "+78005550100", "8 is no trunk prefix there");
        assert_eq!(canonical("DE", "+490"), "+490", "not all of Germany");
        assert_eq!(canonical("DE", "+430900"), "+430900", "another country's own matter");
        assert_eq!(canonical("ES", "912345678"), "+34912345678");
        assert_eq!(canonical("IT", "0612345678"), "+390612345678");
        assert_eq!(canonical("DE", "12345"), "12345", "a local number stays local");
        assert_eq!(canonical("DE", &"9".repeat(200)).len(), 48);
    }

    #[test]
    fn home_is_told_from_abroad() {
        let germany = Numbering::of("DE").unwrap();
        for home in ["+493012345", "03012345", "12345", "00493012345"] {
            assert!(germany.is_national(&germany.canonical(home)), "{home}");
        }
        for abroad in ["+43112345", "0043112345", "+1"] {
            assert!(!germany.is_national(&germany.canonical(abroad)), "{abroad}");
        }
    }

    #[test]
    fn islands_under_country_code_1_are_abroad() {
        for country in ["US", "CA"] {
            let here = Numbering::of(country).unwrap();
            let is_national = |number| here.is_national(&here.canonical(number));
            for home in ["12125550100", "+14165550100", "2125550100", "+17875550100", "911"] {
                assert!(is_national(home), "{country} {home}");
            }
            for abroad in ["+18765550100", "18095550100", "2845550100", "01118765550100"] {
                assert!(!is_national(abroad), "{country} {abroad}");
            }
        }
    }

    #[test]
    fn emergency_numbers_of_home_and_of_visitors() {
        let germany = Numbering::of("DE").unwrap();
        for number in ["110", "112", "911", "999"] {
            assert!(germany.is_emergency(number), "{number}");
        }
        assert!(!germany.is_emergency("101"));
        assert!(germany.is_service("116117"));
        for unknown in ["XX", "de", "D", "", "DEU"] {
            assert!(Numbering::of(unknown).is_none(), "{unknown}");
        }
        for (iso, _) in SERVICES {
            assert!(Numbering::of(iso).is_some(), "{iso}");
        }
    }
}
