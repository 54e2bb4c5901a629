//! Digit maps of MGCP (RFC 3435 section 2.1.5) and of H.248 (ITU-T H.248.1 section 7.1.14).

use super::cursor::Cursor;
use super::{Builder, Keys, Pattern, PatternError, PatternErrorKind, Wait};
use crate::Digit;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Notation {
    Mgcp,
    H248,
}

impl Pattern {
    /// Reads an MGCP digit map (RFC 3435 section 2.1.5, RFC 3660 section 2.16).
    ///
    /// ```abnf
    /// digit-map      = digit-string / "(" digit-string *( "|" digit-string ) ")"
    /// digit-string   = 1*( position ["."] ) ["T"]
    /// position       = letter / "x" / "[" 1*( letter [ "-" letter ] / "x" ) "]"
    /// letter         = DIGIT / "*" / "#" / "A" / "B" / "C" / "D"
    /// ```
    ///
    /// Letters count in either case; blanks may stand between symbols. `.` is "any number of the
    /// one before, none among them". A `T` at the end means that the digits match only once the
    /// timer has run out: they are [`Match::FullAndMore`](crate::Match::FullAndMore), never
    /// [`Match::Full`](crate::Match::Full). An MGCP endpoint reports as soon as the digits match,
    /// which is [`Match::is_match`](crate::Match::is_match) for patterns without `T`.
    ///
    /// Beyond the RFC's own grammar (`DigitMapLetter`, `DigitMapRange`) ranges of letters are read
    /// too, `[A-D]`. What that grammar has and this does not, all of it refused: `T` within a range
    /// or before `.`, a range with nothing in it, and the extension letters `E` to `Z`, whose
    /// support is optional (a gateway answers them with error 537).
    ///
    /// # Errors
    /// [`PatternError`] with the offset and kind of the first fault.
    pub fn mgcp(text: &str) -> Result<Self, PatternError> {
        read(text, Notation::Mgcp)
    }

    /// Reads an H.248 digit map (ITU-T H.248.1 section 7.1.14, RFC 3525 annex B), without the
    /// timers' values in front.
    ///
    /// ```abnf
    /// digit-map      = digit-string / "(" digit-string *( "|" digit-string ) ")"
    /// digit-string   = 1*( ["S" / "L"] ["Z"] position ["."] ) ["S" / "L"]
    /// position       = letter / "x" / "[" 1*( letter [ "-" letter ] / "x" ) "]"
    /// letter         = DIGIT / "*" / "#" / "A" / "B" / "C" / "D" / "E" / "F"
    /// ```
    ///
    /// `E` is `*` and `F` is `#` (DTMF detection package, H.248.1 annex E.6). `Z` asks for a press
    /// that is held long; without it any length will do. `S` and `L` say how long to wait for what
    /// follows: [`DigitMap::wait`](crate::DigitMap::wait).
    ///
    /// Beyond the standard's own grammar `*`, `#` and ranges of letters are read too. What that
    /// grammar has and this does not, all of it refused: the letters `G` to `K`, which are no keys
    /// of DTMF; `S`, `L` and `Z` within a range; a range with nothing in it; and `T` among the
    /// digits, since the start timer runs before the first of them.
    ///
    /// # Errors
    /// [`PatternError`] with the offset and kind of the first fault.
    pub fn h248(text: &str) -> Result<Self, PatternError> {
        read(text, Notation::H248)
    }
}

fn read(text: &str, notation: Notation) -> Result<Pattern, PatternError> {
    let mut cursor = Cursor::new(text);
    let mut builder = Builder::new();
    cursor.blanks();
    if cursor.take(b'(') {
        loop {
            digit_string(&mut cursor, &mut builder, notation)?;
            if cursor.take(b')') {
                break;
            }
            if !cursor.take(b'|') {
                return cursor.fault(PatternErrorKind::UnclosedList);
            }
        }
        cursor.blanks();
    } else {
        digit_string(&mut cursor, &mut builder, notation)?;
    }
    match cursor.peek() {
        None => Ok(builder.pattern()),
        Some(_) => cursor.fault(PatternErrorKind::UnexpectedSymbol),
    }
}

/// `digit-string`, with blanks before and behind each of its symbols.
fn digit_string(
    cursor: &mut Cursor<'_>,
    builder: &mut Builder,
    notation: Notation,
) -> Result<(), PatternError> {
    let mut presses = 0;
    let mut timed = false;
    loop {
        cursor.blanks();
        match cursor.peek() {
            // Behind the end of a string only `|`, `)` or nothing can stand.
            None | Some(b'|' | b')') if presses == 0 => {
                return cursor.fault(PatternErrorKind::Empty);
            }
            None | Some(b'|' | b')') => {
                builder.end(timed);
                return Ok(());
            }
            Some(_) if timed => return cursor.fault(PatternErrorKind::MisplacedTimer),
            Some(b'T' | b't') if notation == Notation::Mgcp => {
                if presses == 0 {
                    return cursor.fault(PatternErrorKind::MisplacedTimer);
                }
                timed = true;
                cursor.next();
            }
            Some(mark @ (b'S' | b's' | b'L' | b'l')) if notation == Notation::H248 => {
                if builder.wait != Wait::Usual {
                    return cursor.fault(PatternErrorKind::MisplacedTimer);
                }
                let short = mark.eq_ignore_ascii_case(&b's');
                builder.wait = if short { Wait::Short } else { Wait::Long };
                cursor.next();
            }
            Some(_) => {
                let offset = cursor.offset();
                let keys = position(cursor, notation)?;
                cursor.blanks();
                let (least, most) = if cursor.take(b'.') { (0, None) } else { (1, Some(1)) };
                if !builder.press(keys, least, most) {
                    return Err(PatternError::new(offset, PatternErrorKind::TooLong));
                }
                presses += 1;
            }
        }
    }
}

/// `["Z"] position`
fn position(cursor: &mut Cursor<'_>, notation: Notation) -> Result<Keys, PatternError> {
    let held = notation == Notation::H248 && (cursor.take(b'Z') || cursor.take(b'z'));
    let keys = match cursor.peek() {
        Some(b'.') => return cursor.fault(PatternErrorKind::NothingToRepeat),
        Some(b'[') => {
            cursor.next();
            cursor.set(|octet| letter(octet, notation))?
        }
        Some(octet) => match letter(octet, notation) {
            Some(keys) => {
                cursor.next();
                keys
            }
            None => return cursor.fault(PatternErrorKind::UnexpectedSymbol),
        },
        None => return cursor.fault(PatternErrorKind::UnexpectedSymbol),
    };
    Ok(if held { keys.long() } else { keys })
}

/// `letter / "x"`
fn letter(octet: u8, notation: Notation) -> Option<Keys> {
    match octet {
        b'x' | b'X' => Some(Keys::DECIMAL),
        b'e' | b'E' if notation == Notation::H248 => Some(Keys::of(Digit::Star)),
        b'f' | b'F' if notation == Notation::H248 => Some(Keys::of(Digit::Pound)),
        _ => Digit::from_ascii(octet).map(Keys::of),
    }
}
