//! Text on its way to the grammar: escapes undone, foreign digits and letters turned into digits.

use crate::error::{ErrorKind, ParseError};
use crate::grammar::MAX_INPUT;
use crate::options::{ForeignDigits, too_long};

/// Normalised text in a buffer of its own, with the place from which each octet came.
pub(crate) struct Prepared {
    text: [u8; MAX_INPUT],
    origin: [u8; MAX_INPUT],
    len: usize,
    /// Octets of the original that were read.
    read: usize,
}

impl Prepared {
    pub(crate) const fn new() -> Self {
        Self { text: [0; MAX_INPUT], origin: [0; MAX_INPUT], len: 0, read: 0 }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.text[..self.len]
    }

    /// Never full: what is put in is no longer than the original, which is checked first.
    fn push(&mut self, octet: u8, origin: usize) {
        if let (Some(text), Some(place)) =
            (self.text.get_mut(self.len), self.origin.get_mut(self.len))
        {
            *text = octet;
            *place = origin as u8;
            self.len += 1;
        }
    }

    /// Takes text over, with digits and separators of other scripts as ASCII when asked.
    pub(crate) fn text(&mut self, text: &str, foreign: ForeignDigits) -> Result<(), ParseError> {
        if text.len() > MAX_INPUT {
            return Err(too_long(text.as_bytes()));
        }
        for (offset, c) in text.char_indices() {
            match ascii(c).filter(|_| foreign == ForeignDigits::Normalise) {
                Some(octet) => self.push(octet, offset),
                None => {
                    let mut octets = [0; 4];
                    for &octet in c.encode_utf8(&mut octets).as_bytes() {
                        self.push(octet, offset);
                    }
                }
            }
        }
        self.read = text.len();
        Ok(())
    }

    /// Takes the user part of a URI over, with its escapes undone (RFC 3261 section 19.1.2).
    pub(crate) fn escaped(&mut self, text: &str) -> Result<(), ParseError> {
        let octets = text.as_bytes();
        if octets.len() > MAX_INPUT {
            return Err(too_long(octets));
        }
        let mut at = 0;
        while let Some(&octet) = octets.get(at) {
            let (octet, width) = match octet {
                b'%' => match escape(octets, at) {
                    Some(octet) => (octet, ESCAPE),
                    None => return Err(ParseError::new(at, ErrorKind::BadEscape, octets)),
                },
                octet => (octet, 1),
            };
            self.push(octet, at);
            at += width;
        }
        self.read = octets.len();
        Ok(())
    }

    /// Turns the letters of the main number into the digits of their keys. A pause letter in front
    /// of every digit stays a pause, which is no number.
    pub(crate) fn letters(&mut self) {
        let mut digits = false;
        for octet in &mut self.text[..self.len] {
            match octet {
                b';' | b'#' => break,
                b'p' | b'P' | b'w' | b'W' if !digits => break,
                _ => {}
            }
            if let Some(digit) = keypad(*octet) {
                *octet = digit;
            }
            digits |= octet.is_ascii_digit();
        }
    }

    /// The same error, placed in the original text.
    pub(crate) fn original(&self, error: ParseError) -> ParseError {
        let place = self.origin[..self.len].get(error.offset());
        error.moved_to(place.map_or(self.read, |&place| usize::from(place)))
    }
}

/// The octets of an escape.
pub(crate) const ESCAPE: usize = 3;

/// The octet that the escape at an offset stands for: `escaped = "%" HEXDIG HEXDIG`.
pub(crate) fn escape(octets: &[u8], at: usize) -> Option<u8> {
    let digit = |octet: u8| char::from(octet).to_digit(16);
    let &[_, high, low] = octets.get(at..)?.first_chunk::<ESCAPE>()?;
    Some((digit(high)? << 4 | digit(low)?) as u8)
}

/// The digit of a letter's key (ITU-T E.161 figure 2).
const fn keypad(octet: u8) -> Option<u8> {
    Some(match octet.to_ascii_lowercase() {
        b'a'..=b'c' => b'2',
        b'd'..=b'f' => b'3',
        b'g'..=b'i' => b'4',
        b'j'..=b'l' => b'5',
        b'm'..=b'o' => b'6',
        b'p'..=b's' => b'7',
        b't'..=b'v' => b'8',
        b'w'..=b'z' => b'9',
        _ => return None,
    })
}

/// The ASCII form of a digit, sign or separator that people paste.
fn ascii(c: char) -> Option<u8> {
    let code = u32::from(c);
    let zeros = [0x0660, 0x06F0, 0x0966, 0x09E6, 0xFF10];
    if let Some(zero) = zeros.into_iter().find(|&zero| (zero..zero + 10).contains(&code)) {
        return Some(b'0' + (code - zero) as u8);
    }
    Some(match c {
        '\u{a0}' | '\u{2009}' | '\u{202f}' | '\u{3000}' => b' ',
        '\u{2010}'..='\u{2013}' | '\u{2212}' | '\u{ff0d}' => b'-',
        '\u{ff0b}' => b'+',
        '\u{ff08}' => b'(',
        '\u{ff09}' => b')',
        '\u{ff0e}' => b'.',
        '\u{ff03}' => b'#',
        '\u{ff0a}' => b'*',
        '\u{ff1b}' => b';',
        '\u{ff0c}' => b',',
        _ => return None,
    })
}
