//! The bounds of a session description. What is beyond them is refused, not cut.

/// The most octets of a description.
pub const MAX_OCTETS: usize = 65_535;
/// The most lines of a description.
pub const MAX_LINES: usize = 1_000;
/// The most `m=` lines of a description.
pub const MAX_MEDIA: usize = 32;
/// The most formats of an `m=` line.
pub const MAX_FORMATS: usize = 64;
