//! Reads directories from TOML files and tells what is wrong in each, or what is in it; with `--dismiss LOGIN`
//! also what a dismissal would do.
//!
//! ```text
//! cargo run --example directory_file -- examples/pbx/demo.toml
//! cargo run --example directory_file -- --dismiss bruno examples/pbx/demo.toml
//! ```
//!
//! Nothing is kept: the store is in memory.

// An example prints.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::process::ExitCode;
use std::sync::Arc;

use switchboard_routing::UserId;
use switchboard_routing::admin::Actor;
use switchboard_store::admin::Admin;
use switchboard_store::{SealKey, SqliteStore, UnixMillis};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).peekable();
    let leaver =
        arguments.next_if(|argument| argument == "--dismiss").and_then(|_| arguments.next());
    let files: Vec<String> = arguments.collect();
    if files.is_empty() {
        eprintln!("usage: directory_file [--dismiss LOGIN] FILE...");
        return ExitCode::FAILURE;
    }
    let mut code = ExitCode::SUCCESS;
    for file in files {
        if let Err(error) = read(&file, leaver.as_deref()) {
            for line in error.to_string().lines() {
                println!("{file}: {line}");
            }
            code = ExitCode::FAILURE;
        }
    }
    code
}

fn read(file: &str, leaver: Option<&str>) -> Result<(), Box<dyn std::error::Error>> {
    let text = std::fs::read_to_string(file)?;
    // Passwords are sealed even here; the key is gone with the program.
    let admin = Admin::new(Arc::new(SqliteStore::in_memory(SealKey::from_bytes([7; 32]))?));
    let now = UnixMillis::new(0);
    let report = admin.import(&text, now)?;
    println!("{file}: valid; {} users, {} lines", report.users, report.lines);
    for user in admin.users(now)? {
        let extension = user.extension.map_or("-".to_owned(), |extension| extension.to_string());
        println!("{file}: {} has extension {extension}", user.login);
    }
    if let Some(leaver) = leaver {
        let report = admin.dismiss(&Actor::Administrator, &UserId::new(leaver)?)?;
        println!("{file}: {leaver} would be gone, password void: {}", report.password_voided);
        for place in report.dismissal.references {
            println!("{file}: still named: {place}");
        }
    }
    Ok(())
}
