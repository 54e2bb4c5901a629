//! G.711 by its tables: slow, and independent of the code under test.

/// Which of the two laws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Law {
    /// A-law, payload type 8.
    A,
    /// Mu-law, payload type 0.
    Mu,
}

impl Law {
    /// The static RTP payload type (RFC 3551).
    #[must_use]
    pub const fn payload_type(self) -> u8 {
        match self {
            Self::A => 8,
            Self::Mu => 0,
        }
    }

    /// Encodes a 16-bit sample.
    #[must_use]
    pub fn encode(self, sample: i16) -> u8 {
        let sign = if sample < 0 { 0 } else { 0x80 };
        let magnitude = if sample < 0 { -1 - i32::from(sample) } else { i32::from(sample) };
        let lower = |number: i32| self.interval(number).0;
        let mut number = 0;
        for bit in (0..7).rev() {
            if lower(number | (1 << bit)) <= magnitude {
                number |= 1 << bit;
            }
        }
        (sign | number as u8) ^ self.inversion()
    }

    /// Decodes a code to a 16-bit sample.
    #[must_use]
    pub fn decode(self, code: u8) -> i16 {
        let code = code ^ self.inversion();
        let (lower, upper) = self.interval(i32::from(code & 0x7f));
        let middle = if lower == 0 && self == Self::Mu { 0 } else { (lower + upper) / 2 };
        (if code & 0x80 != 0 { middle } else { -middle }) as i16
    }

    const fn inversion(self) -> u8 {
        match self {
            Self::A => 0x55,
            Self::Mu => 0x7f,
        }
    }

    /// The decision values of an interval (G.711, tables 1a and 2a), as 16-bit magnitudes.
    fn interval(self, number: i32) -> (i32, i32) {
        let (segment, place) = (number / 16, number % 16);
        match self {
            Self::A => {
                let (base, step) = match segment {
                    0 => (0, 16),
                    _ => (256 << (segment - 1), 16 << (segment - 1)),
                };
                (base + step * place, base + step * (place + 1))
            }
            Self::Mu => {
                // Segments begin at 33 * 2^n - 33 in steps of a 14-bit sample; the first interval
                // is half as wide.
                let base = (33 << segment) - 33;
                let step = 2 << segment;
                let lower = base + step * place - (1 << segment);
                let at = |value: i32| value.max(0) * 4;
                (at(lower), at(lower + step))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_codes() {
        assert_eq!((Law::A.encode(0), Law::A.encode(-1)), (0xd5, 0x55));
        assert_eq!((Law::Mu.encode(0), Law::Mu.encode(-1)), (0xff, 0x7f));
        assert_eq!((Law::A.encode(i16::MAX), Law::A.decode(0xaa)), (0xaa, 32_256));
        assert_eq!((Law::Mu.encode(i16::MAX), Law::Mu.decode(0x80)), (0x80, 32_124));
    }

    #[test]
    fn codes_survive_decoding() {
        for law in [Law::A, Law::Mu] {
            for code in 0..=255_u8 {
                let again = law.encode(law.decode(code));
                assert!(again == code || (law == Law::Mu && code == 0x7f), "{law:?} {code:#x}");
            }
        }
    }
}
