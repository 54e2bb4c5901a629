//! Countries: which numbers always go out, and what a number means there.
//!
//! Country codes and prefixes are those of ITU-T E.164's annexes (list of assigned country codes;
//! list of dialling procedures); emergency numbers those that the countries' regulators publish.

/// What is known of a country's numbers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Country {
    /// ISO 3166-1 alpha-2.
    pub(crate) iso: &'static str,
    /// Country code, without `+`.
    pub(crate) code: &'static str,
    /// International prefix.
    international: &'static str,
    /// Trunk prefix; empty where there is none.
    trunk: &'static str,
    /// Digits of a whole national number where it is dialled without the trunk prefix.
    whole: Option<usize>,
    /// Emergency numbers.
    pub(crate) emergency: &'static [&'static str],
    /// Short service numbers of public interest.
    pub(crate) service: &'static [&'static str],
}

/// Known everywhere, whatever the country: visitors dial what they know from home, and networks
/// understand the first two from any phone (3GPP TS 22.101 section 10.1).
const EVERYWHERE: [&str; 3] = ["112", "911", "999"];

macro_rules! country {
    ($iso:literal $code:literal $int:literal $trunk:literal $whole:expr, $emergency:expr, $service:expr) => {
        Country {
            iso: $iso,
            code: $code,
            international: $int,
            trunk: $trunk,
            whole: $whole,
            emergency: &$emergency,
            service: &$service,
        }
    };
}

static COUNTRIES: [Country; 14] = [
    country!("AT" "43" "00" "0" None, ["112", "122", "133", "140", "141", "144"], ["116117"]),
    country!("AU" "61" "0011" "0" None, ["000", "106", "112"], ["131"]),
    country!("BE" "32" "00" "0" None, ["100", "101", "112"], ["116000"]),
    country!("CA" "1" "011" "1" Some(10), ["911"], ["211", "311", "811", "988"]),
    country!("CH" "41" "00" "0" None, ["112", "117", "118", "144"], ["143", "145", "147", "1414"]),
    country!("DE" "49" "00" "0" None, ["110", "112"], ["115", "116117", "116116"]),
    country!("DK" "45" "00" "" Some(8), ["112"], ["114"]),
    country!("ES" "34" "00" "" Some(9), ["112"], ["061", "062", "080", "091", "092"]),
    country!("FR" "33" "00" "0" None, ["112", "114", "15", "17", "18"], ["115", "119", "3114"]),
    country!("GB" "44" "00" "0" None, ["112", "999"], ["101", "105", "111", "116123"]),
    country!("IT" "39" "00" "" None, ["112", "113", "115", "118"], ["114", "117"]),
    country!("NL" "31" "00" "0" None, ["112"], ["113", "116117"]),
    country!("PL" "48" "00" "" Some(9), ["112", "997", "998", "999"], ["986"]),
    country!("US" "1" "011" "1" Some(10), ["911"], ["211", "311", "811", "988"]),
];

impl Country {
    /// The country by its ISO code.
    pub(crate) fn by_iso(iso: &str) -> Option<&'static Self> {
        COUNTRIES.iter().find(|country| country.iso == iso)
    }

    /// The codes known, for an error to list.
    pub(crate) fn known() -> impl Iterator<Item = &'static str> {
        COUNTRIES.iter().map(|country| country.iso)
    }

    /// Whether `number`, digits as dialled, is an emergency number here.
    pub(crate) fn is_emergency(&self, number: &str) -> bool {
        EVERYWHERE.contains(&number) || self.emergency.contains(&number)
    }

    /// Whether `number` is a short service number here.
    pub(crate) fn is_service(&self, number: &str) -> bool {
        self.service.contains(&number)
    }

    /// Writes what `number` means in E.164 into `out`: `+`, country code, national number. A
    /// number without any prefix stays as it is, except where whole numbers are dialled so.
    pub(crate) fn canonical(&self, number: &str, out: &mut Canonical) {
        out.clear();
        if number.starts_with('+') {
            out.push(number);
        } else if let Some(rest) = number.strip_prefix(self.international) {
            out.push("+");
            out.push(rest);
        } else if let Some(rest) = self.national(number) {
            out.push("+");
            out.push(self.code);
            out.push(rest);
        } else {
            out.push(number);
        }
    }

    /// The national number, when `number` has the trunk prefix or is whole without it.
    fn national<'a>(&self, number: &'a str) -> Option<&'a str> {
        if self.whole == Some(number.len()) {
            return Some(number);
        }
        if self.trunk.is_empty() {
            // Whole numbers of any length; short ones are local services.
            return (self.whole.is_none() && number.len() > 6).then_some(number);
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
    pub(crate) const fn new() -> Self {
        Self { text: [0; 48], len: 0 }
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.text[..self.len]).unwrap_or_default()
    }

    fn clear(&mut self) {
        self.len = 0;
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
        let mut out = Canonical::new();
        Country::by_iso(iso).unwrap().canonical(number, &mut out);
        out.as_str().to_owned()
    }

    #[test]
    fn a_number_means_the_same_however_it_is_dialled() {
        for number in ["+493012345", "00493012345", "03012345"] {
            assert_eq!(canonical("DE", number), "+493012345");
        }
        for number in ["+12125550100", "01112125550100", "12125550100", "2125550100"] {
            assert_eq!(canonical("US", number), "+12125550100");
        }
        assert_eq!(canonical("ES", "912345678"), "+34912345678");
        assert_eq!(canonical("IT", "0612345678"), "+390612345678");
        assert_eq!(canonical("DE", "12345"), "12345", "a local number stays local");
        assert_eq!(canonical("DE", &"9".repeat(200)).len(), 48);
    }

    #[test]
    fn emergency_numbers_of_home_and_of_visitors() {
        let germany = Country::by_iso("DE").unwrap();
        for number in ["110", "112", "911", "999"] {
            assert!(germany.is_emergency(number), "{number}");
        }
        assert!(!germany.is_emergency("101"));
        assert!(germany.is_service("116117"));
        assert!(Country::by_iso("XX").is_none());
        assert!(Country::known().is_sorted());
    }
}
