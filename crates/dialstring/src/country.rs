use core::{fmt, str::FromStr};

use crate::country_table::{self, Plan};
use crate::{Number, error::ErrorKind, error::ParseError};

/// A country, for what dialling means there: emergency numbers and prefixes.
///
/// ```
/// use switchboard_dialstring::{Country, Number};
///
/// let germany: Country = "DE".parse()?;
/// assert_eq!(germany.emergency_numbers(), ["110", "112"]);
/// let dialled: Number = "030 12345".parse()?;
/// assert_eq!(germany.international(&dialled).map(|n| n.to_string()).as_deref(), Some("+493012345"));
/// # Ok::<(), switchboard_dialstring::ParseError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country([u8; 2]);

impl Country {
    /// Reads an ISO 3166-1 alpha-2 code, in either case. A country that the table does not have is
    /// read too: its emergency numbers are 112 and 911, and it has no prefixes.
    ///
    /// # Errors
    /// [`ErrorKind::Empty`] or [`ErrorKind::UnexpectedSymbol`] for anything but two letters.
    pub fn parse(code: &str) -> Result<Self, ParseError> {
        match *code.as_bytes() {
            [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
                Ok(Self([a.to_ascii_uppercase(), b.to_ascii_uppercase()]))
            }
            [] => Err(ParseError::country(0, ErrorKind::Empty, code)),
            _ => {
                let letters = code.bytes().take(2).take_while(u8::is_ascii_alphabetic).count();
                Err(ParseError::country(letters, ErrorKind::UnexpectedSymbol, code))
            }
        }
    }

    /// The code, in upper case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// True when the table has the country.
    #[must_use]
    pub fn is_known(self) -> bool {
        self.plan().is_some()
    }

    /// The numbers that reach police, fire brigade and ambulance.
    #[must_use]
    pub fn emergency_numbers(self) -> &'static [&'static str] {
        self.plan().map_or(country_table::EMERGENCY_ELSEWHERE, |plan| plan.emergency)
    }

    /// True for the digits of an emergency number, without anything before or behind it.
    #[must_use]
    pub fn is_emergency(self, digits: &str) -> bool {
        self.emergency_numbers().contains(&digits)
    }

    /// The country's E.164 code, without `+`.
    #[must_use]
    pub fn calling_code(self) -> Option<&'static str> {
        self.plan().map(|plan| plan.calling_code)
    }

    /// What is dialled before an international number: `00`, `011` ...
    #[must_use]
    pub fn international_prefix(self) -> Option<&'static str> {
        self.plan().map(|plan| plan.international_prefix)
    }

    /// What is dialled before a national number and left out from abroad; empty where nothing is.
    #[must_use]
    pub fn trunk_prefix(self) -> Option<&'static str> {
        self.plan().map(|plan| plan.trunk_prefix)
    }

    /// A number dialled in this country, as an international one.
    ///
    /// `None` for an emergency number, for one that is local to its area (there is a trunk prefix
    /// and it does not begin with it), for a result that E.164 does not allow, and where the table
    /// does not have the country.
    #[must_use]
    pub fn international(self, dialled: &Number) -> Option<Number> {
        if dialled.is_global() {
            return Some(*dialled);
        }
        let (plan, digits) = (self.plan()?, dialled.digits());
        if self.is_emergency(digits) {
            return None;
        }
        if let Some(abroad) = digits.strip_prefix(plan.international_prefix) {
            return Number::global(&[abroad]).filter(|_| !abroad.starts_with('0'));
        }
        let national = digits.strip_prefix(plan.trunk_prefix)?;
        Number::global(&[plan.calling_code, national])
    }

    fn plan(self) -> Option<&'static Plan> {
        country_table::find(self.as_str())
    }
}

impl FromStr for Country {
    type Err = ParseError;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        Self::parse(code)
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Country({})", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Country;
    use crate::Number;

    fn international(country: &str, dialled: &str) -> Option<String> {
        let country: Country = country.parse().unwrap();
        country.international(&dialled.parse::<Number>().unwrap()).map(|number| number.to_string())
    }

    #[test]
    fn prefixes_make_international_numbers() {
        let cases = [
            ("DE", "030 12345", Some("+493012345")),
            ("DE", "0044 20 7946 0000", Some("+442079460000")),
            ("DE", "12345", None),
            ("DE", "112", None),
            ("DE", "+442079460000", Some("+442079460000")),
            ("US", "011 49 30 12345", Some("+493012345")),
            ("US", "1 212 555 0100", Some("+12125550100")),
            ("IT", "06 1234567", Some("+39061234567")),
            ("ES", "912 345 678", Some("+34912345678")),
            ("ZZ", "030 12345", None),
            ("DE", "000 12345", None),
        ];
        for (country, dialled, expected) in cases {
            assert_eq!(international(country, dialled).as_deref(), expected, "{country} {dialled}");
        }
    }

    #[test]
    fn emergency_numbers_are_there_for_every_country() {
        for code in ["DE", "AT", "CH", "US", "GB", "FR", "ZZ"] {
            let country: Country = code.parse().unwrap();
            assert!(!country.emergency_numbers().is_empty(), "{code}");
        }
        let is = |code: &str, digits| code.parse::<Country>().unwrap().is_emergency(digits);
        assert!(is("de", "110") && is("GB", "999") && is("US", "911") && is("ZZ", "112"));
        assert!(!is("DE", "1100") && !is("DE", "11") && !is("DE", ""));
    }
}
