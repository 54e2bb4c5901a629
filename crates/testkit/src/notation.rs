//! Octets in data files of tests, written so that a person can read them.

/// Undoes the notation of messages in data files: `⟨07⟩` is an octet in hexadecimal, `⟨long×20⟩` a
/// repetition, and a line end is CRLF.
///
/// ```
/// use switchboard_testkit::expand;
/// assert_eq!(expand("a⟨00⟩\n⟨xy×2⟩"), b"a\0\r\nxyxy");
/// ```
///
/// # Panics
/// On what is no such notation.
#[must_use]
pub fn expand(text: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    for part in text.split_inclusive(['⟨', '⟩']) {
        let Some(inner) = part.strip_suffix('⟩') else {
            let plain = part.strip_suffix('⟨').unwrap_or(part);
            octets.extend_from_slice(plain.replace('\n', "\r\n").as_bytes());
            continue;
        };
        match inner.rsplit_once('×') {
            Some((word, times)) => {
                let times = times.parse().expect("how often");
                octets.extend_from_slice(word.repeat(times).as_bytes());
            }
            None => octets.push(u8::from_str_radix(inner, 16).expect("an octet")),
        }
    }
    octets
}
