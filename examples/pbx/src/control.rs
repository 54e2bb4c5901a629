//! The control socket: how a sub-command reaches the running PBX. One JSON line each way, in a socket in the
//! data folder that only its owner may open.

use std::fs;
use std::future::Future;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use switchboard_routing::UserId;
use switchboard_store::admin::{Answer, Operation};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixListener;
use tokio::time::timeout;

/// What a sub-command asks.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Request {
    /// An administrator's operation.
    Admin(Operation),
    /// A call.
    Call { from: UserId, to: String },
}

/// What the PBX answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Reply {
    Done(Box<Answer>),
    Calling { call: String },
    Refused { reason: String },
}

/// The longest request: a directory of some hundred thousand users.
const LONGEST: u64 = 64 << 20;
/// How long to wait before the next try to accept a connection.
const RETRY: Duration = Duration::from_millis(100);
/// How long either side waits for the other's line.
const PATIENCE: Duration = Duration::from_secs(30);
const NAME: &str = "control.sock";

/// The socket of the running PBX; removed when it is dropped.
pub(crate) struct Control {
    listener: UnixListener,
    path: PathBuf,
}

impl Control {
    /// Opens the socket. The caller holds the folder's lock, so a socket that is there is left over.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        let path = folder.join(NAME);
        remove(&path)?;
        // A socket is born with whatever mode the system's mask leaves: nobody may get at it before it is private.
        let nursery = Nursery::make(folder)?;
        let listener = nursery.bind()?;
        fs::rename(nursery.socket(), &path)?;
        Ok(Self { listener, path })
    }

    /// Answers requests, each by `answer`, until it is dropped.
    pub(crate) async fn serve<F>(&self, answer: impl Fn(Request) -> F + 'static)
    where
        F: Future<Output = Reply> + 'static,
    {
        let answer = Rc::new(answer);
        loop {
            let Ok((stream, _)) = self.listener.accept().await else {
                // Out of file descriptors, most likely: asking again at once would only take the calls' time.
                tokio::time::sleep(RETRY).await;
                continue;
            };
            let answer = Rc::clone(&answer);
            tokio::task::spawn_local(async move {
                let (reader, mut writer) = stream.into_split();
                let mut line = String::new();
                let mut reader = tokio::io::BufReader::new(reader.take(LONGEST));
                let Ok(Ok(_)) = timeout(PATIENCE, reader.read_line(&mut line)).await else {
                    return;
                };
                let reply = match serde_json::from_str(&line) {
                    Ok(request) => answer(request).await,
                    Err(error) => {
                        Reply::Refused { reason: format!("the request cannot be read: {error}") }
                    }
                };
                if let Ok(mut line) = serde_json::to_vec(&reply) {
                    line.push(b'\n');
                    // Whoever asked may be gone; what was asked is done.
                    _ = timeout(PATIENCE, writer.write_all(&line)).await;
                }
            });
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        _ = fs::remove_file(&self.path);
    }
}

/// A folder of the owner's alone, where the socket is made; gone when it is dropped.
struct Nursery {
    path: PathBuf,
}

impl Nursery {
    fn make(folder: &Path) -> io::Result<Self> {
        let nursery = Self { path: folder.join("control.d") };
        // Of a PBX that was killed in between.
        remove(&nursery.socket())?;
        match fs::remove_dir(&nursery.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        fs::DirBuilder::new().mode(0o700).create(&nursery.path)?;
        Ok(nursery)
    }

    fn socket(&self) -> PathBuf {
        self.path.join("s")
    }

    fn bind(&self) -> io::Result<UnixListener> {
        let listener = UnixListener::bind(&Short::new(&self.socket())?.path)?;
        fs::set_permissions(self.socket(), fs::Permissions::from_mode(0o600))?;
        Ok(listener)
    }
}

impl Drop for Nursery {
    fn drop(&mut self) {
        _ = fs::remove_file(self.socket());
        _ = fs::remove_dir(&self.path);
    }
}

/// Asks the PBX that runs on `folder`; `None` when none does.
pub(crate) fn ask(folder: &Path, request: &Request) -> io::Result<Option<Reply>> {
    let path = folder.join(NAME);
    if !path.exists() {
        return Ok(None);
    }
    let mut stream = match UnixStream::connect(&Short::new(&path)?.path) {
        Ok(stream) => stream,
        // A socket that a killed PBX left behind.
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    let mut reply = String::new();
    BufReader::new(stream.take(LONGEST)).read_line(&mut reply)?;
    Ok(Some(serde_json::from_str(&reply)?))
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A name for a socket that fits the system's 108 octets, however deep its folder is.
struct Short {
    path: PathBuf,
    /// What `path` leads through; to be kept open while it is used.
    _folder: Option<fs::File>,
}

impl Short {
    fn new(path: &Path) -> io::Result<Self> {
        const FITS: usize = 100;
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
            return Ok(Self { path: path.to_owned(), _folder: None });
        };
        if path.as_os_str().len() <= FITS {
            return Ok(Self { path: path.to_owned(), _folder: None });
        }
        let open = fs::File::open(folder)?;
        let path = PathBuf::from(format!("/proc/self/fd/{}", open.as_raw_fd())).join(name);
        Ok(Self { path, _folder: Some(open) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn echo(request: Request) -> impl Future<Output = Reply> {
        let Request::Call { to, .. } = request else { panic!("a call is expected") };
        std::future::ready(Reply::Calling { call: to })
    }

    fn call() -> Request {
        Request::Call { from: "anna".parse().unwrap(), to: "102".to_owned() }
    }

    async fn answered(folder: PathBuf) -> Option<Reply> {
        tokio::task::spawn_blocking(move || ask(&folder, &call()).unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn a_request_is_answered_in_a_private_socket_however_deep_its_folder_is() {
        let place = tempfile::tempdir().unwrap();
        for folder in [place.path().to_owned(), place.path().join("x".repeat(120))] {
            fs::create_dir_all(&folder).unwrap();
            let local = tokio::task::LocalSet::new();
            let control = Control::open(&folder).unwrap();
            let mode = fs::metadata(folder.join(NAME)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "h43");
            let ask = answered(folder.clone());
            let reply = local
                .run_until(async {
                    tokio::select! {
                        () = control.serve(echo) => None,
                        reply = ask => reply,
                    }
                })
                .await;
            assert!(matches!(reply, Some(Reply::Calling { call }) if call == "102"));
            drop(control);
            assert!(!folder.join(NAME).exists(), "nothing is left behind");
        }
    }

    /// Whatever the folder's own mode, nobody else gets at the socket before it is private.
    #[tokio::test]
    async fn h43_the_socket_is_made_where_nobody_else_can_look() {
        let place = tempfile::tempdir().unwrap();
        fs::set_permissions(place.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let nursery = Nursery::make(place.path()).unwrap();
        assert_eq!(mode(&nursery.path), 0o700);
        let _listener = nursery.bind().unwrap();
        assert_eq!(mode(&nursery.socket()), 0o600);
        // A PBX that is killed here leaves both behind.
        std::mem::forget(nursery);
        let control = Control::open(place.path()).unwrap();
        assert_eq!(mode(&place.path().join(NAME)), 0o600);
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1, "nothing else is left");
        drop(control);
    }

    #[test]
    fn a_folder_at_rest_and_one_of_a_killed_pbx_answer_nothing() {
        let place = tempfile::tempdir().unwrap();
        assert!(ask(place.path(), &call()).unwrap().is_none());
        drop(std::os::unix::net::UnixListener::bind(place.path().join(NAME)).unwrap());
        assert!(place.path().join(NAME).exists());
        assert!(ask(place.path(), &call()).unwrap().is_none());
    }
}
