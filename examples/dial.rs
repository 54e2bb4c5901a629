//! Reads dial strings.
fn main() {}
