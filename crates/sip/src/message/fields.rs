//! Values with a shape of their own: media types, tokens with parameters, Replaces, RAck and Date.

use core::fmt;

use super::cursor::{Cursor, text};
use super::params::Params;
use super::{Method, ParseError, ParseErrorKind, chars};

/// A token with parameters: Event, Reason, Subscription-State, Content-Disposition, Session-Expires and their like.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a> {
    value: &'a str,
    params: Params<'a>,
}

impl<'a> Item<'a> {
    /// Reads a value such as `SIP;cause=200;text="Call completed elsewhere"`.
    ///
    /// # Errors
    /// If it is not a token, or the parameters are malformed.
    pub fn parse(value: &'a [u8]) -> Result<Item<'a>, ParseError> {
        let mut cursor = Cursor::new(value);
        cursor.skip_lws();
        let value = text(cursor.token()?);
        let params = Params::read(&mut cursor)?;
        cursor.end()?;
        Ok(Item { value, params })
    }

    /// The token.
    pub fn value(&self) -> &'a str {
        self.value
    }

    /// Whether the token is this one, without regard to case.
    pub fn is(&self, token: &str) -> bool {
        self.value.eq_ignore_ascii_case(token)
    }

    /// The parameters.
    pub fn params(&self) -> Params<'a> {
        self.params
    }
}

impl fmt::Display for Item<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.value, self.params)
    }
}

/// A media type or range: Content-Type and Accept (RFC 3261 sections 20.1 and 20.15).
#[derive(Debug, Clone, Copy)]
pub struct MediaType<'a> {
    kind: &'a str,
    subtype: &'a str,
    params: Params<'a>,
}

impl<'a> MediaType<'a> {
    /// Reads a value such as `multipart/mixed;boundary="a b"`.
    ///
    /// # Errors
    /// If it is not `token/token`, or the parameters are malformed.
    pub fn parse(value: &'a [u8]) -> Result<MediaType<'a>, ParseError> {
        let mut cursor = Cursor::new(value);
        cursor.skip_lws();
        let kind = text(cursor.token()?);
        cursor.skip_lws();
        if !cursor.eat(b'/') {
            return Err(cursor.error(ParseErrorKind::Token));
        }
        cursor.skip_lws();
        let subtype = text(cursor.token()?);
        let params = Params::read(&mut cursor)?;
        cursor.end()?;
        Ok(MediaType { kind, subtype, params })
    }

    /// The type, such as `application`.
    pub fn kind(&self) -> &'a str {
        self.kind
    }

    /// The subtype, such as `sdp`.
    pub fn subtype(&self) -> &'a str {
        self.subtype
    }

    /// Whether it is `kind/subtype`, without regard to case and parameters.
    pub fn is(&self, kind: &str, subtype: &str) -> bool {
        self.kind.eq_ignore_ascii_case(kind) && self.subtype.eq_ignore_ascii_case(subtype)
    }

    /// Whether this range, in which an asterisk stands for anything, holds `kind/subtype`.
    pub fn accepts(&self, kind: &str, subtype: &str) -> bool {
        let holds = |ours: &str, theirs: &str| ours == "*" || ours.eq_ignore_ascii_case(theirs);
        holds(self.kind, kind) && holds(self.subtype, subtype)
    }

    /// The parameters.
    pub fn params(&self) -> Params<'a> {
        self.params
    }
}

impl fmt::Display for MediaType<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}{}", self.kind, self.subtype, self.params)
    }
}

/// The dialog that a new one is to take the place of (RFC 3891 section 6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replaces<'a> {
    /// The dialog's Call-ID.
    pub call_id: &'a str,
    /// The tag that the receiver gave itself.
    pub to_tag: &'a str,
    /// The other side's tag.
    pub from_tag: &'a str,
    /// Whether a confirmed dialog is to be left alone.
    pub early_only: bool,
}

impl<'a> Replaces<'a> {
    /// Reads a value such as `12345@192.0.2.7;to-tag=7743;from-tag=6472`.
    ///
    /// # Errors
    /// If a tag is missing or the syntax is broken.
    pub fn parse(value: &'a [u8]) -> Result<Replaces<'a>, ParseError> {
        let mut cursor = Cursor::new(value);
        cursor.skip_lws();
        let start = cursor.at;
        cursor.span(chars::WORD);
        if cursor.eat(b'@') {
            cursor.span(chars::WORD);
        }
        let call_id = text(&cursor.text[start..cursor.at]);
        if call_id.is_empty() {
            return Err(cursor.error(ParseErrorKind::Token));
        }
        let params = Params::read(&mut cursor)?;
        cursor.end()?;
        let tag = |name| {
            let tag = params.get(name).filter(|tag| !tag.is_empty());
            tag.ok_or(ParseError::new(ParseErrorKind::Parameter, value.len()))
        };
        Ok(Replaces {
            call_id,
            to_tag: tag("to-tag")?,
            from_tag: tag("from-tag")?,
            early_only: params.has("early-only"),
        })
    }
}

impl fmt::Display for Replaces<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (to, from) = (self.to_tag, self.from_tag);
        write!(f, "{};to-tag={to};from-tag={from}", self.call_id)?;
        f.write_str(if self.early_only { ";early-only" } else { "" })
    }
}

/// Which provisional response a PRACK acknowledges (RFC 3262 section 7.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RAck {
    /// The response's RSeq.
    pub rseq: u32,
    /// The response's CSeq number.
    pub cseq: u32,
    /// The response's CSeq method.
    pub method: Method,
}

impl RAck {
    /// Reads a value such as `776656 1 INVITE`.
    ///
    /// # Errors
    /// If it is not two numbers and a method.
    pub fn parse(value: &[u8]) -> Result<RAck, ParseError> {
        let mut cursor = Cursor::new(value);
        cursor.skip_lws();
        let rseq = cursor.number()?;
        let rest = cursor.at;
        let cseq = super::CSeq::parse(cursor.rest()).map_err(|error| error.shifted(rest))?;
        Ok(RAck { rseq, cseq: cseq.number, method: cseq.method })
    }
}

impl fmt::Display for RAck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.rseq, self.cseq, self.method)
    }
}

/// A Date (RFC 3261 section 20.17): RFC 1123's form, in GMT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// Four digits.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 60.
    pub second: u8,
}

const MONTHS: [&[u8; 3]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];
const DAYS: [&[u8; 3]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];

impl Date {
    /// Reads a value such as `Sat, 13 Nov 2010 23:29:00 GMT`. The day of the week is read and not compared.
    ///
    /// # Errors
    /// If it has another form, a number out of range, or another time zone.
    pub fn parse(value: &[u8]) -> Result<Date, ParseError> {
        Date::read(value).ok_or(ParseError::new(ParseErrorKind::Date, 0))
    }

    fn read(value: &[u8]) -> Option<Date> {
        let value: &[u8; 29] = value.try_into().ok()?;
        let marks = [
            (3, b','),
            (4, b' '),
            (7, b' '),
            (11, b' '),
            (16, b' '),
            (19, b':'),
            (22, b':'),
            (25, b' '),
        ];
        if !marks.iter().all(|&(at, mark)| value[at] == mark) || !value.ends_with(b"GMT") {
            return None;
        }
        let digits = |range: core::ops::Range<usize>| {
            let digits = &value[range];
            digits.iter().try_fold(0u16, |number, digit| {
                digit.is_ascii_digit().then(|| number * 10 + u16::from(digit - b'0'))
            })
        };
        let small = |at: usize| digits(at..at + 2).map(|number| number as u8);
        let named = |names: &[&[u8; 3]], at: usize| {
            names.iter().position(|name| value[at..at + 3].eq_ignore_ascii_case(&name[..]))
        };
        named(&DAYS, 0)?;
        let date = Date {
            day: small(5)?,
            month: named(&MONTHS, 8)? as u8 + 1,
            year: digits(12..16)?,
            hour: small(17)?,
            minute: small(20)?,
            second: small(23)?,
        };
        let in_range =
            (1..=31).contains(&date.day) && date.hour < 24 && date.minute < 60 && date.second < 61;
        in_range.then_some(date)
    }
}
