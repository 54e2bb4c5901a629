//! Sub-commands: asked of the running PBX, or done on the store at rest; the same operations either way.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use switchboard_routing::UserId;
use switchboard_store::DirectoryFile;
use switchboard_store::admin::{Answer, Operation};

use crate::cli::ServeArgs;
use crate::control::{self, Reply, Request};
use crate::doors::Doors;
use crate::failure::Failure;
use crate::folder::{self, Folder};
use crate::print;
use crate::settings::Settings;

/// Does an operation and prints its answer.
pub(crate) fn admin(
    data: &Path,
    operation: Operation,
    format: print::Format,
) -> Result<(), Failure> {
    let answer = run(data, operation)?;
    out(&print::answer(&answer, format))
}

/// Has the running PBX make a call.
pub(crate) fn call(data: &Path, from: UserId, to: String) -> Result<(), Failure> {
    let request = Request::Call { from: from.clone(), to: to.clone() };
    match control::ask(data, &request).map_err(Failure::Control)? {
        None => Err(Failure::NotRunning { path: data.to_owned() }),
        Some(Reply::Refused { reason }) => Err(Failure::Refused(reason)),
        Some(Reply::Calling { call }) => {
            out(&format!("call {call}: rings {from}, then dials {}\n", crate::text::safe(&to)))
        }
        Some(Reply::Done(_)) => {
            Err(Failure::Refused("the answer is to another question".to_owned()))
        }
    }
}

/// Validates the settings, and the directory or a file for `import`.
pub(crate) fn check(
    config: Option<&Path>,
    data: &Path,
    serve: ServeArgs,
    file: Option<&Path>,
) -> Result<(), Failure> {
    // Each is looked at, whatever is wrong with the other.
    match (settings(config, data, serve), directory(data, file)) {
        (Ok(settings), Ok(directory)) => out(&(settings + &directory)),
        (Err(one), Err(other)) => Err(Failure::Both(Box::new([one, other]))),
        (Err(failure), Ok(_)) | (Ok(_), Err(failure)) => Err(failure),
    }
}

fn settings(config: Option<&Path>, data: &Path, serve: ServeArgs) -> Result<String, Failure> {
    let settings = Settings::load(config, data, serve)?;
    let mut report = String::from("settings: valid\n");
    Doors::check(&settings)?;
    for at in settings.sip.iter().filter(|at| !at.is_private()) {
        let who = match &at.allow {
            None => "others",
            Some(list) if list.is_empty() => "nobody",
            Some(_) => "the networks in `allow`",
        };
        let open = if at.speaks.is_encrypted() { "" } else { ": SIP is not encrypted there" };
        report.push_str(&format!("  {who} can reach {at}{open}\n"));
    }
    Ok(report)
}

fn directory(data: &Path, file: Option<&Path>) -> Result<String, Failure> {
    match file {
        Some(path) => {
            let text = read(path)?;
            let file = DirectoryFile::parse(&text)
                .map_err(|faults| Failure::Faults { path: path.to_owned(), faults })?;
            Ok(print::directory(&path.display().to_string(), &file.spec))
        }
        None if data.join("switchboard.sqlite").exists() => {
            let folder = Folder::open(data)?;
            let exported = folder.admin().export()?;
            switchboard_routing::Directory::build(&exported.spec)?;
            Ok(print::directory("directory", &exported.spec))
        }
        None => Ok("directory: none yet; the first start makes the demo company\n".to_owned()),
    }
}

/// Reads a file, or standard input for `-`.
pub(crate) fn read(path: &Path) -> Result<String, Failure> {
    let read = || {
        if path == Path::new("-") {
            let mut text = String::new();
            return io::stdin().read_to_string(&mut text).map(|_| text);
        }
        std::fs::read_to_string(path)
    };
    read().map_err(|source| Failure::Read { path: path.to_owned(), source })
}

/// Imports a file; its faults are told with its name, wherever the import is done.
pub(crate) fn import(data: &Path, file: PathBuf) -> Result<(), Failure> {
    let toml = read(&file)?;
    DirectoryFile::parse(&toml).map_err(|faults| Failure::Faults { path: file, faults })?;
    admin(data, Operation::Import { toml }, print::Format::Text)
}

fn run(data: &Path, operation: Operation) -> Result<Answer, Failure> {
    let request = Request::Admin(operation);
    match control::ask(data, &request).map_err(Failure::Control)? {
        Some(Reply::Done(answer)) => return Ok(*answer),
        Some(Reply::Refused { reason }) => return Err(Failure::Refused(reason)),
        Some(Reply::Calling { .. }) => {
            return Err(Failure::Refused("the answer is to another question".to_owned()));
        }
        None => {}
    }
    let Request::Admin(operation) = request else { unreachable!("made above") };
    let folder = Folder::open(data)?;
    folder
        .admin()
        .run(operation, folder::now())
        .map_err(|error| Failure::Refused(error.to_string()))
}

/// Prints to standard output.
pub(crate) fn out(text: &str) -> Result<(), Failure> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        // `| head` has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h44_the_faults_of_settings_and_directory_are_told_in_one_go() {
        let place = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = place.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let config = file("pbx.toml", "[sip]\nlisten = 1\nrealm = 2\n");
        let company = file("company.toml", "[[users]]\nlogin = \"A\"\n");
        let told = check(Some(&config), place.path(), ServeArgs::default(), Some(&company));
        let told = told.unwrap_err().to_string();
        for part in ["pbx.toml: 2 faults", "line 2,", "line 3,", "company.toml: 1 fault"] {
            assert!(told.contains(part), "{part} in {told}");
        }
    }
}
