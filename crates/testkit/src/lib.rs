//! Virtual clock, seeded lossy wire, scripted phones and audio assertions for the tests of the Switchboard crates.
