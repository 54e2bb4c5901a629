//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use switchboard_dialstring::Extension;
use switchboard_routing::UserId;
use switchboard_transport::PortRange;

use crate::listen::ListenAt;

/// A PBX in one program: phones register with it, callers from outside reach it.
///
/// Without a command it serves: it makes its data folder, seeds a demo company and prints what to do next.
#[derive(Debug, Parser)]
#[command(name = "pbx", version, max_term_width = 100)]
pub(crate) struct Cli {
    /// The folder with the database, the key file and the control socket.
    #[arg(long, global = true, value_name = "DIR", default_value = "switchboard-data")]
    pub(crate) data: PathBuf,

    /// Process settings; without it `pbx.toml` in the data folder, if there is one.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) serve: ServeArgs,

    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What `serve` can be told; stronger than the settings file.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ServeArgs {
    /// Where to listen for SIP: UDP and TCP, or what stands before the address, such as tls:127.0.0.1:5061
    /// (udp, tcp, tls, ws, wss) [default: 127.0.0.1:5060]; may be given more than once.
    #[arg(long, value_name = "[WHAT:]ADDR:PORT")]
    pub(crate) sip: Vec<ListenAt>,

    /// UDP ports for RTP and RTCP [default: 16384-32767].
    #[arg(long, value_name = "FROM-TO")]
    pub(crate) rtp: Option<PortRange>,

    /// What is printed while calls run [default: text].
    #[arg(long, value_enum)]
    pub(crate) log: Option<LogFormat>,

    /// The language of the prompts [default: en].
    #[arg(long, value_enum)]
    pub(crate) lang: Option<Language>,
}

impl ServeArgs {
    /// `later` wins, option by option.
    pub(crate) fn or(self, later: Self) -> Self {
        Self {
            sip: if later.sip.is_empty() { self.sip } else { later.sip },
            rtp: later.rtp.or(self.rtp),
            log: later.log.or(self.log),
            lang: later.lang.or(self.lang),
        }
    }
}

/// What is printed while calls run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// A readable line an event.
    #[default]
    Text,
    /// A JSON object an event.
    Json,
}

/// The language of the prompts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Language {
    /// English.
    #[default]
    En,
    /// German.
    De,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs the PBX (what happens without a command).
    Serve(ServeArgs),
    /// Validates the process settings and the directory, and says every fault with its place.
    Check {
        /// A directory file to validate instead of the directory in the data folder.
        file: Option<PathBuf>,
        /// Prints a documented settings file with every default instead.
        #[arg(long)]
        sample: bool,
    },
    /// Replaces the directory by a TOML file: users with extension and SIP password, lines, menus,
    /// queues, trunks. Nothing changes when the file has a fault.
    Import {
        /// The file; `-` reads standard input.
        file: PathBuf,
    },
    /// Prints the directory as TOML, for `import`. It holds the SIP passwords.
    Export,
    /// Lists the users: extension, phone connected or not, permissions.
    Users {
        /// As JSON, for machines.
        #[arg(long)]
        json: bool,
    },
    /// Gives a user an extension of 1 to 4 digits, or takes it away.
    SetExtension {
        /// The user's login.
        user: UserId,
        /// The extension; without one the user's extension is taken away.
        extension: Option<Extension>,
        /// Act as this employee instead of as the administrator: one's own extension, unless they
        /// have the permission for more.
        #[arg(long = "as", value_name = "USER")]
        by: Option<UserId>,
    },
    /// Changes a user's SIP password, and prints the new one.
    SetPassword {
        /// The user's login.
        user: UserId,
        /// The password; without one the machine makes it.
        password: Option<String>,
        /// Act as this employee instead of as the administrator.
        #[arg(long = "as", value_name = "USER")]
        by: Option<UserId>,
    },
    /// Dismisses a user: phones unregistered, password void, extension released; prints every
    /// place that still names them.
    Dismiss {
        /// The user's login.
        user: UserId,
        /// Act as this employee instead of as the administrator.
        #[arg(long = "as", value_name = "USER")]
        by: Option<UserId>,
    },
    /// Takes a dismissed user back, with the old extension if it is still free.
    Rehire {
        /// The user's login.
        user: UserId,
        /// Act as this employee instead of as the administrator.
        #[arg(long = "as", value_name = "USER")]
        by: Option<UserId>,
    },
    /// Names TO wherever FROM is named: contacts, queues, groups, forwarding, menus, lines.
    Assign {
        /// The user who is named now.
        from: UserId,
        /// The user who takes over.
        to: UserId,
        /// Act as this employee instead of as the administrator.
        #[arg(long = "as", value_name = "USER")]
        by: Option<UserId>,
    },
    /// Prints the last calls.
    Calls {
        /// As JSON, for machines: an array, the newest call first.
        #[arg(long)]
        json: bool,
        /// How many.
        #[arg(long, default_value_t = 20)]
        limit: usize,
    },
    /// Makes a call: rings FROM's phones, then dials TO.
    Call {
        /// The user who calls.
        from: UserId,
        /// What is dialled: an extension, a service code, a number, `number;extension`.
        to: String,
    },
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn options_stand_before_or_behind_the_command() {
        let a = Cli::parse_from(["pbx", "--data", "x", "--sip", "127.0.0.1:5070"]);
        assert!(a.command.is_none());
        assert_eq!(a.serve.sip.len(), 1);
        let b = Cli::parse_from(["pbx", "calls", "--json", "--data", "x"]);
        assert_eq!(b.data, PathBuf::from("x"));
        let c = Cli::parse_from(["pbx", "serve", "--log", "json", "--rtp", "20000-20010"]);
        let Some(Command::Serve(args)) = c.command else { panic!("serve") };
        assert_eq!(c.serve.or(args).log, Some(LogFormat::Json));
    }

    #[test]
    fn a_dial_string_is_an_ordinary_argument() {
        let cli = Cli::parse_from(["pbx", "call", "anna", "+49 30 12345;1,2"]);
        assert!(matches!(cli.command, Some(Command::Call { to, .. }) if to == "+49 30 12345;1,2"));
    }
}
