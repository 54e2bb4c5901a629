//! Digit regular expressions of KPML (RFC 4730 section 5.1).

use super::cursor::Cursor;
use super::{Builder, Keys, Pattern, PatternError, PatternErrorKind};
use crate::Digit;

impl Pattern {
    /// Reads a digit regular expression of KPML (RFC 4730 section 5.1), the text of a `<regex>`.
    ///
    /// ```abnf
    /// dregex     = 1*( position [ repetition ] )
    /// position   = ["L"] ( key / "x" / "[" ["^"] 1*( key [ "-" key ] / "x" ) "]" )
    /// repetition = "{" ( m / m "," / "," n / m "," n ) "}" / "."
    /// key        = DIGIT / "*" / "#" / "A" / "B" / "C" / "D"
    /// ```
    ///
    /// Letters count in either case, blanks may stand between symbols. `[^15]` is 0 to 9 without
    /// those. `L` asks for a press that is held long
    /// ([`DigitMap::step_long`](crate::DigitMap::step_long)); without it any length will do. `.` is
    /// `{0,}`. `R`, the recall key, is a hook flash and not a digit: it is refused, and so are
    /// `{0}` and `{,0}`, with which nothing is asked for. `L` before `x` or a set and blanks are
    /// read beyond the RFC.
    ///
    /// # Errors
    /// [`PatternError`] with the offset and kind of the first fault.
    pub fn kpml(text: &str) -> Result<Self, PatternError> {
        let mut cursor = Cursor::new(text);
        let mut builder = Builder::new();
        loop {
            cursor.blanks();
            if cursor.peek().is_none() {
                break;
            }
            let offset = cursor.offset();
            let keys = position(&mut cursor)?;
            cursor.blanks();
            let (least, most) = repetition(&mut cursor)?;
            if !builder.press(keys, least, most) {
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

/// `position = ["L"] ( key / "x" / "[" ["^"] 1*( key [ "-" key ] / "x" ) "]" )`
fn position(cursor: &mut Cursor<'_>) -> Result<Keys, PatternError> {
    let held = cursor.take(b'L') || cursor.take(b'l');
    let keys = match cursor.peek() {
        Some(b'{' | b'.') => return cursor.fault(PatternErrorKind::NothingToRepeat),
        Some(b'[') => {
            cursor.next();
            if cursor.take(b'^') {
                let offset = cursor.offset();
                let rest = Keys::DECIMAL.without(cursor.set(key)?);
                if rest.is_empty() {
                    return Err(PatternError::new(offset, PatternErrorKind::EmptyRange));
                }
                rest
            } else {
                cursor.set(key)?
            }
        }
        Some(octet) => match key(octet) {
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

/// `repetition = "{" ( m / m "," / "," n / m "," n ) "}" / "."`: the least and the most, else once.
fn repetition(cursor: &mut Cursor<'_>) -> Result<(usize, Option<usize>), PatternError> {
    if cursor.take(b'.') {
        return Ok((0, None));
    }
    let offset = cursor.offset();
    if !cursor.take(b'{') {
        return Ok((1, Some(1)));
    }
    let least = number(cursor);
    let most = if cursor.take(b',') { number(cursor) } else { least };
    let open = least.is_some() && most.is_none();
    let bounded = most.is_some_and(|most| most > 0 && least.unwrap_or(0) <= most);
    if !cursor.take(b'}') || !(open || bounded) {
        return Err(PatternError::new(offset, PatternErrorKind::BadRepetition));
    }
    Ok((least.unwrap_or(0), most))
}

/// A count; one that is too long for any pattern stays so.
fn number(cursor: &mut Cursor<'_>) -> Option<usize> {
    let mut number = None;
    while let Some(digit @ b'0'..=b'9') = cursor.peek() {
        cursor.next();
        let so_far: usize = number.unwrap_or(0);
        number = Some(so_far.saturating_mul(10).saturating_add(usize::from(digit - b'0')));
    }
    number
}

/// `key / "x"`
fn key(octet: u8) -> Option<Keys> {
    match octet {
        b'x' | b'X' => Some(Keys::DECIMAL),
        _ => Digit::from_ascii(octet).map(Keys::of),
    }
}
