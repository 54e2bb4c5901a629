//! Call-progress tones.

/// A call-progress tone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Tone {
    /// The callee's phone rings.
    RingBack,
    /// The callee is in another call.
    Busy,
    /// The network cannot.
    Congestion,
    /// Dial now.
    Dial,
}
