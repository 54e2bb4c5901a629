//! Text from outside, made safe for a terminal.

use std::borrow::Cow;

/// Escapes whatever could move the cursor, forge a line or hide itself: control characters, line separators,
/// bidirectional and invisible marks.
pub(crate) fn safe(text: &str) -> Cow<'_, str> {
    if !text.chars().any(unsafe_to_print) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if unsafe_to_print(c) { out.extend(c.escape_unicode()) } else { out.push(c) }
    }
    Cow::Owned(out)
}

fn unsafe_to_print(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::safe;

    #[test]
    fn h39_a_caller_cannot_forge_lines_or_drive_the_terminal() {
        assert_eq!(safe("Anna Älbers \"x\""), "Anna Älbers \"x\"");
        assert_eq!(safe("a\r\nb"), "a\\u{d}\\u{a}b");
        assert_eq!(safe("\x1b[2Jx\u{9b}31m"), "\\u{1b}[2Jx\\u{9b}31m");
        assert_eq!(safe("1\u{202e}2\u{2028}3"), "1\\u{202e}2\\u{2028}3");
    }
}
