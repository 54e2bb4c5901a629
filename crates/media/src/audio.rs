//! Prompts in memory.

/// Mono audio at 8000 Hz, 16 bits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audio {
    samples: Vec<i16>,
}

impl Audio {
    /// Audio from samples at 8000 Hz.
    #[must_use]
    pub fn from_samples(samples: Vec<i16>) -> Self {
        Self { samples }
    }

    /// The samples.
    #[must_use]
    pub fn samples(&self) -> &[i16] {
        &self.samples
    }
}
