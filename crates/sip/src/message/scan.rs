//! Looking for octets eight at a time, without unsafe code.

const LOW: u64 = u64::from_le_bytes([0x01; 8]);
const HIGH: u64 = u64::from_le_bytes([0x80; 8]);

/// Where the first octet that is below 0x20 or 0x7f stands, from `at` on: controls, and so line ends and tabs.
#[inline]
pub(super) fn control(octets: &[u8], mut at: usize) -> Option<usize> {
    let is = |octet: u8| octet < 0x20 || octet == 0x7f;
    // The compiler makes one comparison of sixteen.
    while let Some(block) = octets.get(at..).and_then(<[u8]>::first_chunk::<16>) {
        if block.iter().fold(false, |any, &octet| any | is(octet)) {
            break;
        }
        at += block.len();
    }
    find(octets, at, controls, is)
}

/// Where the first colon stands, from `at` on.
#[inline]
pub(super) fn colon(octets: &[u8], at: usize) -> Option<usize> {
    find(octets, at, |word| zeros(word ^ (LOW * b':' as u64)), |octet| octet == b':')
}

/// Whether all octets are visible ASCII.
#[inline]
pub(super) fn is_graphic(octets: &[u8]) -> bool {
    let hidden = |word| below(word, 0x21) | word & HIGH | zeros(word ^ (LOW * 0x7f));
    find(octets, 0, hidden, |octet| !octet.is_ascii_graphic()).is_none()
}

/// `mark` sets the high bit of the first octet of a word that is looked for, if there is one.
#[inline]
fn find(
    octets: &[u8],
    mut at: usize,
    mark: impl Fn(u64) -> u64,
    is: impl Fn(u8) -> bool,
) -> Option<usize> {
    while let Some(word) = octets.get(at..).and_then(<[u8]>::first_chunk) {
        let marks = mark(u64::from_le_bytes(*word));
        if marks != 0 {
            return Some(at + marks.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    let rest = octets.get(at..)?;
    rest.iter().position(|&octet| is(octet)).map(|found| at + found)
}

fn controls(word: u64) -> u64 {
    below(word, 0x20) | zeros(word ^ (LOW * 0x7f))
}

/// Marks octets below `limit`, which is at most 0x80; marks above the first are not exact.
fn below(word: u64, limit: u64) -> u64 {
    word.wrapping_sub(LOW * limit) & !word & HIGH
}

/// Marks octets that are zero; marks above the first are not exact.
fn zeros(word: u64) -> u64 {
    below(word, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_a_plain_loop_finds() {
        for octet in 0..=u8::MAX {
            for length in [0, 1, 7, 8, 9, 20] {
                for place in 0..length {
                    let mut octets = vec![b'a'; length];
                    octets[place] = octet;
                    for at in 0..=length {
                        let plain =
                            |is: fn(u8) -> bool| (at..length).find(|&place| is(octets[place]));
                        let is_control: fn(u8) -> bool = |o| o < 0x20 || o == 0x7f;
                        assert_eq!(control(&octets, at), plain(is_control));
                        assert_eq!(colon(&octets, at), plain(|o| o == b':'));
                    }
                    let graphic = octets.iter().all(u8::is_ascii_graphic);
                    assert_eq!(is_graphic(&octets), graphic);
                }
            }
        }
    }
}
