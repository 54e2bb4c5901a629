//! The server under load, and the office in its directory: trunks `near` and `far` on ports of the
//! generators, a line that answers, a line that is forwarded, users with phones.

use std::fmt::Write as _;
use std::path::Path;

use super::process::{self, Cpu};
use crate::interop::pbx::Pbx;
use crate::interop::ports;

/// A line whose calls the PBX answers with its welcome message.
pub(crate) const ANSWERED: &str = "+49301000";
/// A line whose calls go on to `far`.
pub(crate) const RELAYED: &str = "+49302000";
/// What the user dials to hear themselves.
pub(crate) const ECHO: &str = "*43";
/// What the user dials to hear a prompt over and over.
pub(crate) const PROMPT: &str = "*60";
/// The user who calls.
pub(crate) const USER: &str = "caller";
/// The users whose phones register.
pub(crate) const PHONES: usize = 1_000;

/// One user and one trunk make all the calls.
const SETTINGS: &str = "[calls]\nmax_per_user = 5000\nmax_per_trunk = 5000\n";

/// A running PBX.
pub(crate) struct Office {
    pbx: Pbx,
    /// The port that counts as the trunk `near`: calls from there come from outside.
    pub(crate) near: u16,
    /// The port of the trunk `far`: forwarded calls go there.
    pub(crate) far: u16,
}

impl Office {
    /// Starts it, with `phones` users besides the caller.
    pub(crate) fn open(dir: &Path, phones: usize) -> Result<Self, String> {
        let (near, far) = (ports::block(2), ports::block(2));
        let text = directory(near, far, phones);
        let pbx = Pbx::start(dir, &text, SETTINGS, &[], (5_000, "text"))?;
        Ok(Self { pbx, near, far })
    }

    pub(crate) fn address(&self) -> String {
        self.pbx.server()
    }

    pub(crate) fn cpu(&self) -> Result<Cpu, String> {
        process::cpu(self.pbx.id()?)
    }

    /// In KiB.
    pub(crate) fn memory(&self) -> Result<f64, String> {
        process::memory(self.pbx.id()?)
    }
}

/// The password of a user.
pub(crate) fn password(login: &str) -> String {
    format!("load-{login}-7Qx4mTn8Kd2w")
}

/// The login of a phone's user.
pub(crate) fn phone(n: usize) -> String {
    format!("phone{n:04}")
}

fn directory(near: u16, far: u16, phones: usize) -> String {
    let mut text = "[numbering]\ncountry = \"DE\"\n".to_owned();
    for (id, port) in [("near", near), ("far", far)] {
        let _ = writeln!(text, "[[trunks]]\nid = \"{id}\"\nhost = \"127.0.0.1\"\nport = {port}");
    }
    let _ = writeln!(
        text,
        "[[lines]]\nid = \"answered\"\nnumber = \"{ANSWERED}\"\ntrunk = \"near\"\nwelcome = true\n\
         [[lines]]\nid = \"relayed\"\nnumber = \"{RELAYED}\"\ntrunk = \"far\"\n\
         overflow = {{ forward = {{ number = \"+493055501234\" }} }}\n\
         [[services]]\ncode = \"{ECHO}\"\nservice = \"echo\"\n\
         [[services]]\ncode = \"{PROMPT}\"\nservice = {{ prompt_loop = \"moh\" }}"
    );
    for login in [USER.to_owned()].into_iter().chain((0..phones).map(phone)) {
        let password = password(&login);
        let _ = writeln!(
            text,
            "[[users]]\nlogin = \"{login}\"\nname = \"{login}\"\npassword = \"{password}\"\n{}",
            if login == USER { "extension = \"101\"\ndefault_line = \"relayed\"" } else { "" }
        );
    }
    text
}
