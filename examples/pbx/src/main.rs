//! The PBX: Switchboard's libraries composed into a program. `--help` says what it can be told.

mod banner;
mod clerk;
mod cli;
mod commands;
mod control;
mod demo;
mod desk;
mod doors;
mod engine;
mod failure;
mod folder;
mod keeper;
mod listen;
mod print;
mod prompts;
mod records;
mod requests;
mod screen;
mod serve;
mod settings;
mod show;
mod tapes;
mod text;
mod watch;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use switchboard_store::admin::Operation;
use tracing_subscriber::EnvFilter;

use cli::{Cli, Command, ServeArgs};
use failure::Failure;
use print::Format;
use settings::Settings;

fn main() -> ExitCode {
    let filter =
        EnvFilter::try_from_env("SWITCHBOARD_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            _ = writeln!(std::io::stderr().lock(), "pbx: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<(), Failure> {
    let Cli { data, config, serve, command } = cli;
    let admin = |operation, format| commands::admin(&data, operation, format);
    let format = |json| if json { Format::Json } else { Format::Text };
    match command.unwrap_or(Command::Serve(ServeArgs::default())) {
        Command::Serve(args) => {
            serve::serve(&data, &Settings::load(config.as_deref(), &data, serve.or(args))?)
        }
        Command::Check { sample: true, .. } => commands::out(settings::SAMPLE),
        Command::Check { file, .. } => {
            commands::check(config.as_deref(), &data, serve, file.as_deref())
        }
        Command::Import { file } => commands::import(&data, file),
        Command::Export => admin(Operation::Export, Format::Text),
        Command::Users { json } => admin(Operation::Users, format(json)),
        Command::SetExtension { user, extension, by } => {
            admin(Operation::SetExtension { user, extension, by }, Format::Text)
        }
        Command::SetPassword { user, password, by } => {
            admin(Operation::SetPassword { user, password, by }, Format::Text)
        }
        Command::Dismiss { user, by } => admin(Operation::Dismiss { user, by }, Format::Text),
        Command::Rehire { user, by } => admin(Operation::Rehire { user, by }, Format::Text),
        Command::Assign { from, to, by } => admin(Operation::Assign { from, to, by }, Format::Text),
        Command::Calls { json, limit } => admin(Operation::Calls { limit }, format(json)),
        Command::Call { from, to } => commands::call(&data, from, to),
    }
}
