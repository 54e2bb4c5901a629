//! What ends the program, in words that say what to do.

use std::io;
use std::path::PathBuf;

use switchboard_store::{KeyFileError, StoreError, TomlFaults};
use switchboard_transport::{BindError, TlsError};

/// Why a command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{} cannot be read: {source}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{}", placed(path, faults))]
    Faults { path: PathBuf, faults: TomlFaults },
    #[error("{}\n{}", .0[0], .0[1])]
    Both(Box<[Failure; 2]>),
    #[error("the data folder {} cannot be used: {source}; `--data DIR` chooses another", path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error(
        "a PBX runs on {} already; `--data DIR` chooses another folder for this one",
        path.display()
    )]
    Running { path: PathBuf },
    #[error("no PBX runs on {}; `pbx serve` starts one", path.display())]
    NotRunning { path: PathBuf },
    #[error("{error}{hint}", error = .0, hint = bind_hint(.0))]
    Bind(#[from] BindError),
    #[error("TLS: {0}")]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Key(#[from] KeyFileError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the directory in the store is not valid:\n{0}")]
    Directory(#[from] switchboard_routing::Faults),
    #[error("{0}")]
    Refused(String),
    #[error("the running PBX cannot be asked: {0}")]
    Control(#[source] io::Error),
    #[error("the operating system refuses: {0}")]
    System(#[from] io::Error),
}

fn placed(path: &std::path::Path, faults: &TomlFaults) -> String {
    let count = faults.iter().count();
    let mut text =
        format!("{}: {count} fault{}", path.display(), if count == 1 { "" } else { "s" });
    for fault in faults {
        text.push_str(&format!("\n  {fault}"));
    }
    text
}

fn bind_hint(error: &BindError) -> String {
    use switchboard_transport::Purpose;
    let option = match error.purpose() {
        Purpose::Media => "--rtp FROM-TO".to_owned(),
        purpose => {
            let mut other = error.address();
            other.set_port(other.port().checked_add(10).unwrap_or(5070));
            let prefix = match purpose {
                Purpose::SipTls => "tls:",
                Purpose::SipWs => "ws:",
                Purpose::SipWss => "wss:",
                _ => "",
            };
            format!("--sip {prefix}{other}")
        }
    };
    if error.is_taken() {
        format!("; `{option}` chooses another")
    } else {
        format!("; `{option}` would be a choice")
    }
}
