//! Looking for octets many at a time, without unsafe code.

use wide::u8x16;

const LOW: u64 = u64::from_le_bytes([0x01; 8]);
const HIGH: u64 = u64::from_le_bytes([0x80; 8]);

/// Where the control octets of a message stand, line ends and tabs among them, in order: those below 0x20, and 0x7f.
/// Looks at each octet once, sixty-four at a time.
pub(super) struct Controls<'a> {
    bytes: &'a [u8],
    /// Where the octets that `marks` is about start.
    base: usize,
    /// A bit for each control octet that was not given yet.
    marks: u64,
}

const BLOCK: usize = 64;

impl<'a> Controls<'a> {
    #[inline]
    pub(super) fn new(bytes: &'a [u8]) -> Controls<'a> {
        Controls { bytes, base: 0, marks: marks(bytes, 0) }
    }

    /// The next one.
    #[inline]
    pub(super) fn next(&mut self) -> Option<usize> {
        while self.marks == 0 {
            self.base += BLOCK;
            if self.base >= self.bytes.len() {
                // So that another call ends here too.
                self.base = self.bytes.len();
                return None;
            }
            self.marks = marks(self.bytes, self.base);
        }
        let at = self.base + self.marks.trailing_zeros() as usize;
        self.marks &= self.marks - 1;
        Some(at)
    }

    /// Leaves out those before `at`.
    pub(super) fn seek(&mut self, at: usize) {
        self.base = at;
        self.marks = if at < self.bytes.len() { marks(self.bytes, at) } else { 0 };
    }
}

/// A bit for each control octet among the sixty-four from `base` on.
#[inline]
fn marks(bytes: &[u8], base: usize) -> u64 {
    let rest = bytes.get(base..).unwrap_or_default();
    match rest.first_chunk::<BLOCK>() {
        Some(block) => marks_of(block),
        None => {
            let mut block = [b' '; BLOCK];
            block[..rest.len()].copy_from_slice(rest);
            marks_of(&block)
        }
    }
}

#[inline]
fn marks_of(block: &[u8; BLOCK]) -> u64 {
    let (quarters, _) = block.as_chunks::<16>();
    let mut marks = 0;
    for (at, quarter) in quarters.iter().enumerate() {
        let octets = u8x16::new(*quarter);
        let low = octets.min(u8x16::splat(0x1f)).simd_eq(octets);
        let marked = low | octets.simd_eq(u8x16::splat(0x7f));
        marks |= u64::from(marked.to_bitmask()) << (16 * at);
    }
    marks
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
    fn finds_every_control_octet_once() {
        for octet in 0..=u8::MAX {
            for length in [1, 63, 64, 65, 200] {
                for from in [0, length / 2] {
                    let mut octets = vec![b'a'; length];
                    octets[length - 1] = octet;
                    octets[from] = octet;
                    let plain: Vec<usize> = (from..length)
                        .filter(|&at| octets[at] < 0x20 || octets[at] == 0x7f)
                        .collect();
                    let mut controls = Controls::new(&octets);
                    controls.seek(from);
                    let found: Vec<usize> = std::iter::from_fn(|| controls.next()).collect();
                    assert_eq!(found, plain);
                    assert_eq!(controls.next(), None);
                }
            }
        }
        assert_eq!(Controls::new(&[]).next(), None);
    }

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
                        assert_eq!(colon(&octets, at), plain(|o| o == b':'));
                    }
                    let graphic = octets.iter().all(u8::is_ascii_graphic);
                    assert_eq!(is_graphic(&octets), graphic);
                }
            }
        }
    }
}
