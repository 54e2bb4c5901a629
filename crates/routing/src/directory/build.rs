//! Checks the data, then compiles it. Every fault is collected; nothing is built beside one.

mod check;
mod compile;
mod cycles;
mod names;

use super::{Directory, Faults};
use crate::spec::DirectorySpec;

pub(super) fn build(spec: &DirectorySpec) -> Result<Directory, Faults> {
    let mut faults = Vec::new();
    let names = names::Names::collect(spec, &mut faults);
    let numbering = check::check(spec, &names, &mut faults);
    cycles::check(spec, &names, &mut faults);
    match numbering {
        Some(numbering) if faults.is_empty() => Ok(compile::compile(spec, &names, numbering)),
        _ => Err(Faults(faults)),
    }
}
