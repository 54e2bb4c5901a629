//! Looking for octets many at a time, without unsafe code.

use wide::u8x16;

/// Where the control octets of a message stand: those below 0x20, and 0x7f, so line ends and tabs among them. Looks at
/// sixty-four octets at a time, and goes forwards only, so each octet is looked at once.
pub(super) struct Controls<'a> {
    bytes: &'a [u8],
    /// Where the octets that `marks` is about start.
    base: usize,
    /// A bit for each.
    marks: u64,
}

const BLOCK: usize = 64;

impl<'a> Controls<'a> {
    #[inline]
    pub(super) fn new(bytes: &'a [u8]) -> Controls<'a> {
        Controls { bytes, base: 0, marks: block(bytes, 0) }
    }

    /// The message.
    #[inline(always)]
    pub(super) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The first one from `from` on.
    #[inline(always)]
    pub(super) fn first(&mut self, from: usize) -> Option<usize> {
        let mask = self.mask(from)?;
        let mut marks = self.marks & mask;
        while marks == 0 {
            let base = self.base + BLOCK;
            if base >= self.bytes.len() {
                return None;
            }
            self.base = base;
            self.marks = block(self.bytes, base);
            marks = self.marks;
        }
        Some(self.base + marks.trailing_zeros() as usize)
    }

    /// The bits of the block from `from` on, which is not before it; goes there if it is in a later one.
    #[inline(always)]
    fn mask(&mut self, from: usize) -> Option<u64> {
        let mut shift = from.wrapping_sub(self.base);
        if shift >= BLOCK {
            if from >= self.bytes.len() || from < self.base {
                return None;
            }
            self.base = from;
            self.marks = block(self.bytes, from);
            shift = 0;
        }
        Some(u64::MAX << shift)
    }
}

/// The marks of the octets from `base` on.
#[inline]
fn block(bytes: &[u8], base: usize) -> u64 {
    match bytes.get(base..).and_then(<[u8]>::first_chunk) {
        Some(octets) => marks(octets),
        None => last_block(bytes, base),
    }
}

/// The same for fewer than sixty-four octets.
#[cold]
fn last_block(bytes: &[u8], base: usize) -> u64 {
    let rest = bytes.get(base..).unwrap_or_default();
    let mut octets = [b' '; BLOCK];
    octets[..rest.len()].copy_from_slice(rest);
    marks(&octets)
}

#[inline(always)]
fn marks(octets: &[u8; BLOCK]) -> u64 {
    let (quarters, _) = octets.as_chunks::<16>();
    quarters.iter().rev().fold(0, |marks, quarter| {
        marks << 16 | u64::from(controls(u8x16::new(*quarter)).to_bitmask())
    })
}

/// The first control octet from `at` on.
pub(super) fn control(octets: &[u8], at: usize) -> Option<usize> {
    find(octets, at, controls, |octet| octet < 0x20 || octet == 0x7f)
}

/// The first colon among the first thirty-two octets, which a known name is not longer than.
#[inline(always)]
pub(super) fn near_colon(octets: &[u8]) -> Option<usize> {
    let colons = |some: &[u8; 16]| equal(u8x16::new(*some), b':').to_bitmask();
    let mut marks = colons(octets.first_chunk()?);
    if marks == 0 {
        marks = colons(octets.get(16..)?.first_chunk()?) << 16;
    }
    (marks != 0).then_some(marks.trailing_zeros() as usize)
}

/// The first octet of this value from `at` on.
#[inline(always)]
pub(super) fn octet(octets: &[u8], at: usize, value: u8) -> Option<usize> {
    find(octets, at, |some| equal(some, value), |octet| octet == value)
}

/// The first quotation mark or backslash from `at` on.
#[inline(always)]
pub(super) fn quote_or_backslash(octets: &[u8], at: usize) -> Option<usize> {
    let either = |octets| equal(octets, b'"') | equal(octets, b'\\');
    find(octets, at, either, |octet| matches!(octet, b'"' | b'\\'))
}

/// The first octet from `at` on that is no ASCII letter, digit, hyphen or dot, of which nearly all values are made.
#[inline(always)]
pub(super) fn unusual(octets: &[u8], at: usize) -> Option<usize> {
    let usual = |octets: u8x16| {
        // The slash stands between dot and 0.
        let plain = within(octets, b'-', b'9') & !equal(octets, b'/');
        plain | within(octets | u8x16::splat(0x20), b'a', b'z')
    };
    find(
        octets,
        at,
        |octets| !usual(octets),
        |octet| !octet.is_ascii_alphanumeric() && !matches!(octet, b'-' | b'.'),
    )
}

/// The first octet from `at` on that is not visible ASCII.
#[inline(always)]
pub(super) fn hidden(octets: &[u8], at: usize) -> Option<usize> {
    let hidden = |octets| !within(octets, 0x21, 0x7e);
    find(octets, at, hidden, |octet| !octet.is_ascii_graphic())
}

/// Where the first octet stands that `mark` marks, from `at` on; `is` is the same for one octet.
#[inline(always)]
fn find(
    octets: &[u8],
    mut at: usize,
    mark: impl Fn(u8x16) -> u8x16,
    is: impl Fn(u8) -> bool,
) -> Option<usize> {
    while let Some(some) = octets.get(at..).and_then(<[u8]>::first_chunk) {
        let marks = mark(u8x16::new(*some)).to_bitmask();
        if marks != 0 {
            return Some(at + marks.trailing_zeros() as usize);
        }
        at += 16;
    }
    match octets.last_chunk() {
        // The last sixteen once more, without those before `at`.
        Some(last) => {
            let before = (at + 16).checked_sub(octets.len()).filter(|&before| before < 16)?;
            let marks = mark(u8x16::new(*last)).to_bitmask() >> before;
            (marks != 0).then(|| at + marks.trailing_zeros() as usize)
        }
        None => octets.get(at..)?.iter().position(|&octet| is(octet)).map(|found| at + found),
    }
}

#[inline(always)]
fn controls(octets: u8x16) -> u8x16 {
    octets.min(u8x16::splat(0x1f)).simd_eq(octets) | equal(octets, 0x7f)
}

#[inline(always)]
fn equal(octets: u8x16, value: u8) -> u8x16 {
    octets.simd_eq(u8x16::splat(value))
}

/// Marks the octets from `low` to `high`.
#[inline(always)]
fn within(octets: u8x16, low: u8, high: u8) -> u8x16 {
    let above = octets - u8x16::splat(low);
    above.min(u8x16::splat(high - low)).simd_eq(above)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_every_control_octet() {
        for octet in 0..=u8::MAX {
            for length in [1, 63, 64, 65, 200] {
                let mut octets = vec![b'a'; length];
                octets[length - 1] = octet;
                octets[length / 2] = octet;
                for from in 0..length {
                    let plain = |is: fn(u8) -> bool| (from..length).find(|&at| is(octets[at]));
                    let control = plain(|octet| octet < 0x20 || octet == 0x7f);
                    assert_eq!(Controls::new(&octets).first(from), control);
                    assert_eq!(super::control(&octets, from), control);
                }
                assert_eq!(Controls::new(&octets).first(length), None);
            }
        }
        assert_eq!(Controls::new(&[]).first(0), None);
    }

    #[test]
    fn finds_what_a_plain_loop_finds() {
        for value in 0..=u8::MAX {
            for length in [0, 1, 7, 15, 16, 17, 33] {
                for place in 0..length {
                    let mut octets = vec![b'a'; length];
                    octets[place] = value;
                    for at in 0..=length {
                        let plain =
                            |is: fn(u8) -> bool| (at..length).find(|&place| is(octets[place]));
                        assert_eq!(octet(&octets, at, b':'), plain(|o| o == b':'));
                        let odd: fn(u8) -> bool =
                            |o| !(o.is_ascii_alphanumeric() || o == b'-' || o == b'.');
                        assert_eq!(unusual(&octets, at), plain(odd));
                        assert_eq!(hidden(&octets, at), plain(|o| !o.is_ascii_graphic()));
                    }
                }
            }
        }
    }
}
