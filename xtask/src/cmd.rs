//! Running other programs.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The folder of the workspace.
pub(crate) fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map_or(here.clone(), PathBuf::from)
}

/// `cargo ARGS...` in the workspace's folder, without what cargo set for this program.
pub(crate) fn cargo<'a>(args: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = Command::new("cargo");
    command.args(args).current_dir(root());
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let set_by_cargo = (text.starts_with("CARGO_") || text.starts_with("RUSTUP_"))
            && !matches!(
                text.as_ref(),
                "CARGO_HOME" | "CARGO_TARGET_DIR" | "CARGO_TERM_COLOR" | "RUSTUP_HOME"
            )
            && !text.starts_with("CARGO_NET");
        if set_by_cargo || text == "CARGO" {
            command.env_remove(&name);
        }
    }
    command
}

/// Where `cargo` puts what it builds.
pub(crate) fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Runs a command with its output shown; the error names the command.
pub(crate) fn run(command: &mut Command) -> Result<String, String> {
    let shown = show(command);
    println!("$ {shown}");
    let status = command
        .stdin(Stdio::null())
        .status()
        .map_err(|error| format!("`{shown}` does not start: {error}"))?;
    if status.success() { Ok(shown) } else { Err(format!("`{shown}` ended with {status}")) }
}

/// Runs a command and gives what it printed on standard output.
pub(crate) fn output(command: &mut Command) -> Result<String, String> {
    let shown = show(command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("`{shown}` does not start: {error}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        let stderr = String::from_utf8_lossy(&output.stderr);
        Err(format!("`{shown}` ended with {}\n{stderr}", output.status))
    }
}

/// Whether a program is on the path.
pub(crate) fn exists(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(program).is_file()))
}

/// Runs a command, types `input`, and gives what it printed on standard output.
pub(crate) fn talk(command: &mut Command, input: &str) -> Result<String, String> {
    let shown = show(command);
    let fault = |error: std::io::Error| format!("`{shown}`: {error}");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(fault)?;
    if let Some(mut keyboard) = child.stdin.take() {
        // A program that reads nothing may close it first.
        let _ = keyboard.write_all(input.as_bytes());
    }
    let output = child.wait_with_output().map_err(fault)?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(format!("`{shown}` ended with {}", output.status))
    }
}

fn show(command: &Command) -> String {
    let mut text = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    text
}
