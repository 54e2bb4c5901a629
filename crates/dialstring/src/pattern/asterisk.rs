//! Asterisk's extension patterns, as its dial plan has them.

use super::cursor::Cursor;
use super::{Builder, Keys, Pattern, PatternError, PatternErrorKind};
use crate::Digit;

impl Pattern {
    /// Reads an extension of an Asterisk dial plan: a pattern behind `_`, else plain digits.
    ///
    /// ```abnf
    /// extension = 1*key / "_" *item ( item / "." / "!" )
    /// item      = key / "X" / "Z" / "N" / "[" 1*( key [ "-" key ] ) "]"
    /// key       = DIGIT / "*" / "#" / "A" / "B" / "C" / "D"
    /// ```
    ///
    /// `X` is 0 to 9, `Z` 1 to 9, `N` 2 to 9, in either case; a `-` outside of brackets is left
    /// out, as there. `.` at the end takes one key or more, whichever they are. `!` takes any
    /// number, and does not wait for them: the digits match as soon as nothing else could.
    ///
    /// # Errors
    /// [`PatternError`] with the offset and kind of the first fault.
    pub fn asterisk(text: &str) -> Result<Self, PatternError> {
        let mut cursor = Cursor::new(text);
        let mut builder = Builder::new();
        let pattern = cursor.take(b'_');
        while let Some(octet) = cursor.peek() {
            let offset = cursor.offset();
            let full = match octet {
                b'-' => {
                    cursor.next();
                    continue;
                }
                b'.' | b'!' if pattern => {
                    cursor.next();
                    if cursor.peek().is_some() {
                        return cursor.fault(PatternErrorKind::AfterRest);
                    }
                    if octet == b'!' {
                        builder.rest();
                        false
                    } else {
                        !builder.press(Keys::ALL, 1, None)
                    }
                }
                b'[' if pattern => {
                    cursor.next();
                    !builder.press(cursor.set(key)?, 1, Some(1))
                }
                _ => match key(octet).or_else(|| class(octet).filter(|_| pattern)) {
                    Some(keys) => {
                        cursor.next();
                        !builder.press(keys, 1, Some(1))
                    }
                    None => return cursor.fault(PatternErrorKind::UnexpectedSymbol),
                },
            };
            if full {
                return Err(PatternError::new(offset, PatternErrorKind::TooLong));
            }
        }
        if builder.items.is_empty() {
            return cursor.fault(PatternErrorKind::Empty);
        }
        builder.end(false);
        Ok(builder.pattern())
    }
}

fn key(octet: u8) -> Option<Keys> {
    Digit::from_ascii(octet).map(Keys::of)
}

/// `X`, `Z` or `N`.
fn class(octet: u8) -> Option<Keys> {
    match octet {
        b'x' | b'X' => Some(Keys::DECIMAL),
        b'z' | b'Z' => Keys::range(Digit::D1, Digit::D9),
        b'n' | b'N' => Keys::range(Digit::D2, Digit::D9),
        _ => None,
    }
}
