//! G.711 A-law and mu-law (ITU-T G.711).
//!
//! Linear samples are 16 bits, left-justified: A-law looks at the upper 13 of them, mu-law at the
//! upper 14. Encoding and decoding agree with the ITU-T reference (G.191, Software Tool Library,
//! `alaw_compress`, `alaw_expand`, `ulaw_compress`, `ulaw_expand`) for all 65,536 samples and all
//! 256 codes; in particular a negative sample is mirrored by one's complement, so that -1 lies in the
//! first negative interval as 0 lies in the first positive one.

/// Encodes one sample to A-law.
#[must_use]
pub const fn encode_a_law(sample: i16) -> u8 {
    ENCODE_A_LAW[(sample as u16 >> 4) as usize]
}

/// Encodes one sample to mu-law.
#[must_use]
pub const fn encode_mu_law(sample: i16) -> u8 {
    ENCODE_MU_LAW[(sample as u16 >> 2) as usize]
}

/// Decodes one A-law code.
#[must_use]
pub const fn decode_a_law(code: u8) -> i16 {
    DECODE_A_LAW[code as usize]
}

/// Decodes one mu-law code.
#[must_use]
pub const fn decode_mu_law(code: u8) -> i16 {
    DECODE_MU_LAW[code as usize]
}

/// Translates one A-law code to the mu-law code of the nearest value.
#[must_use]
pub const fn a_law_to_mu_law(code: u8) -> u8 {
    A_TO_MU[code as usize]
}

/// Translates one mu-law code to the A-law code of the nearest value.
#[must_use]
pub const fn mu_law_to_a_law(code: u8) -> u8 {
    MU_TO_A[code as usize]
}

const fn compress_a_law(sample: i16) -> u8 {
    let sign = if sample < 0 { 0x00 } else { 0x80 };
    // One's complement of a negative sample. The 12th bit of the standard's magnitude decides nothing:
    // all decision values are even.
    let magnitude = ((sample ^ (sample >> 15)) >> 4) as u16;
    let code = if magnitude < 32 {
        // The two lowest segments share one step size.
        magnitude as u8
    } else {
        let exponent = 12 - magnitude.leading_zeros();
        ((exponent << 4) as u8) | ((magnitude >> (exponent - 1)) & 0x0f) as u8
    };
    (code | sign) ^ 0x55
}

const fn compress_mu_law(sample: i16) -> u8 {
    let sign = if sample < 0 { 0x00 } else { 0x80 };
    // 14 bits of magnitude, biased by 33 so that segments begin at powers of two, and clipped.
    let biased = ((sample ^ (sample >> 15)) >> 2) as u16 + 33;
    let biased = if biased > 0x1fff { 0x1fff } else { biased };
    let segment = 10 - biased.leading_zeros();
    let mantissa = (biased >> (segment + 1)) & 0x0f;
    sign | (((7 - segment) << 4) as u8) | (15 - mantissa as u8)
}

/// By the 12 bits of a sample that decide; the rest of it makes no difference.
static ENCODE_A_LAW: [u8; 4_096] = {
    let mut table = [0; 4_096];
    let mut at = 0;
    while at < 4_096 {
        table[at] = compress_a_law(((at as u16) << 4) as i16);
        at += 1;
    }
    table
};

/// By the 14 bits of a sample that decide.
static ENCODE_MU_LAW: [u8; 16_384] = {
    let mut table = [0; 16_384];
    let mut at = 0;
    while at < 16_384 {
        table[at] = compress_mu_law(((at as u16) << 2) as i16);
        at += 1;
    }
    table
};

static DECODE_A_LAW: [i16; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        let bits = code as u8 ^ 0x55;
        let (exponent, mantissa) = ((bits >> 4) & 7, (bits & 0x0f) as i16);
        // The middle of the interval.
        let magnitude = match exponent {
            0 => (mantissa << 4) + 8,
            _ => (((mantissa + 16) << 4) + 8) << (exponent - 1),
        };
        table[code] = if bits & 0x80 != 0 { magnitude } else { -magnitude };
        code += 1;
    }
    table
};

static DECODE_MU_LAW: [i16; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        let bits = !(code as u8);
        let (exponent, mantissa) = ((bits >> 4) & 7, (bits & 0x0f) as i16);
        let step = 8 << exponent;
        let magnitude = (128 << exponent) + step * mantissa + step / 2 - 4 * 33;
        table[code] = if bits & 0x80 == 0 { magnitude } else { -magnitude };
        code += 1;
    }
    table
};

static A_TO_MU: [u8; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = compress_mu_law(DECODE_A_LAW[code]);
        code += 1;
    }
    table
};

static MU_TO_A: [u8; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = compress_a_law(DECODE_MU_LAW[code]);
        code += 1;
    }
    table
};

/// Which of the two laws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Law {
    /// A-law: PCMA.
    A,
    /// Mu-law: PCMU.
    Mu,
}

impl Law {
    /// Encodes one sample.
    #[must_use]
    pub const fn encode(self, sample: i16) -> u8 {
        match self {
            Self::Mu => encode_mu_law(sample),
            Self::A => encode_a_law(sample),
        }
    }

    /// Decodes one code.
    #[must_use]
    pub const fn decode(self, code: u8) -> i16 {
        match self {
            Self::Mu => decode_mu_law(code),
            Self::A => decode_a_law(code),
        }
    }

    /// The code of silence.
    #[must_use]
    pub const fn silence(self) -> u8 {
        self.encode(0)
    }

    /// Translates codes of this law to `to` in place.
    pub fn translate(self, to: Self, codes: &mut [u8]) {
        let table = match (self, to) {
            (Self::A, Self::Mu) => &A_TO_MU,
            (Self::Mu, Self::A) => &MU_TO_A,
            (Self::A, Self::A) | (Self::Mu, Self::Mu) => return,
        };
        for code in codes {
            *code = table[usize::from(*code)];
        }
    }
}

#[cfg(test)]
mod tests;
