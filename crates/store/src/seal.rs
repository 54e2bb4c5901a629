//! Sealing secrets with a key that lives in a file of its own.
//!
//! A digest password or its HA1 (RFC 7616) is as good as the phone it belongs to, and a copy of the database
//! must not be a copy of the passwords: each is sealed by XChaCha20-Poly1305 with its owner as associated data,
//! so that rows can neither be read nor exchanged.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

const KEY: usize = 32;
const NONCE: usize = 24;
/// The first byte of a sealed secret: which way it was sealed.
const VERSION: u8 = 1;

/// The key that secrets are sealed with. `Debug` does not show it.
#[derive(Clone)]
pub struct SealKey {
    cipher: XChaCha20Poly1305,
}

impl std::fmt::Debug for SealKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealKey(..)")
    }
}

/// The key file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("key file {}: {kind}", path.display())]
pub struct KeyFileError {
    path: PathBuf,
    #[source]
    kind: KeyFileErrorKind,
}

impl KeyFileError {
    /// Why.
    #[must_use]
    pub fn kind(&self) -> &KeyFileErrorKind {
        &self.kind
    }
}

/// Why a [`KeyFileError`] came up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileErrorKind {
    /// It could not be read or made.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Others may read it.
    #[error(
        "others may read it (mode {mode:03o}); `chmod 600` it, and change the passwords if others did"
    )]
    Exposed {
        /// Its permission bits.
        mode: u32,
    },
    /// It does not hold exactly 32 bytes.
    #[error("it does not hold 32 bytes; put back the copy that belongs to this database")]
    Damaged,
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes")]
    NoRandomness,
}

impl SealKey {
    /// Reads the key at `path`; makes it (mode 0600) when there is none. Several programs may do so at once:
    /// one of them wins, and all read its key.
    ///
    /// # Errors
    /// When the file cannot be read or made, is open to others, or holds something else.
    pub fn open_or_create(path: &Path) -> Result<Self, KeyFileError> {
        let attempt = || match Self::read(path) {
            Err(KeyFileErrorKind::Io(error)) if error.kind() == io::ErrorKind::NotFound => {
                create(path)?;
                Self::read(path)
            }
            other => other,
        };
        attempt().map_err(|kind| KeyFileError { path: path.to_owned(), kind })
    }

    /// A key from 32 bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; KEY]) -> Self {
        Self { cipher: XChaCha20Poly1305::new(&bytes.into()) }
    }

    fn read(path: &Path) -> Result<Self, KeyFileErrorKind> {
        let file = File::open(path)?;
        check_mode(&file)?;
        let mut bytes = Vec::with_capacity(KEY + 1);
        file.take(KEY as u64 + 1).read_to_end(&mut bytes)?;
        let bytes: [u8; KEY] = bytes.try_into().map_err(|_| KeyFileErrorKind::Damaged)?;
        Ok(Self::from_bytes(bytes))
    }

    /// Seals `secret` for `owner`.
    pub(crate) fn seal(&self, owner: &str, secret: &str) -> Option<Vec<u8>> {
        let mut nonce = [0u8; NONCE];
        getrandom::fill(&mut nonce).ok()?;
        let payload = Payload { msg: secret.as_bytes(), aad: owner.as_bytes() };
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), payload).ok()?;
        let mut out = Vec::with_capacity(1 + NONCE + sealed.len());
        out.push(VERSION);
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&sealed);
        Some(out)
    }

    /// Opens what [`SealKey::seal`] made for the same owner.
    pub(crate) fn unseal(&self, owner: &str, sealed: &[u8]) -> Option<String> {
        let (&VERSION, rest) = sealed.split_first()? else { return None };
        let (nonce, msg) = rest.split_first_chunk::<NONCE>()?;
        let payload = Payload { msg, aad: owner.as_bytes() };
        String::from_utf8(self.cipher.decrypt(&XNonce::from(*nonce), payload).ok()?).ok()
    }
}

/// Makes the key beside its place and links it there: whoever reads the final name sees a whole key.
fn create(path: &Path) -> Result<(), KeyFileErrorKind> {
    let mut random = [0u8; KEY + 8];
    getrandom::fill(&mut random).map_err(|_| KeyFileErrorKind::NoRandomness)?;
    let (key, suffix) = random.split_at(KEY);
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    let temporary = PathBuf::from(name);
    let written = private_file(&temporary).and_then(|mut file| {
        file.write_all(key)?;
        file.sync_all()?;
        match fs::hard_link(&temporary, path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            other => other,
        }
    });
    let removed = fs::remove_file(&temporary);
    written?;
    removed?;
    Ok(())
}

/// A new file that only its owner can read; an error when there is one already.
#[cfg(unix)]
pub(crate) fn private_file(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// A new file; an error when there is one already.
#[cfg(not(unix))]
pub(crate) fn private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

#[cfg(unix)]
fn check_mode(file: &File) -> Result<(), KeyFileErrorKind> {
    use std::os::unix::fs::PermissionsExt;
    let mode = file.metadata()?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyFileErrorKind::Exposed { mode });
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_mode(_file: &File) -> Result<(), KeyFileErrorKind> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h45_a_secret_opens_only_for_its_owner_with_its_key() {
        let key = SealKey::from_bytes([1; 32]);
        let sealed = key.seal("anna", "hunter2").unwrap();
        assert!(!sealed.windows(7).any(|part| part == b"hunter2"));
        assert_eq!(key.unseal("anna", &sealed).as_deref(), Some("hunter2"));
        assert_eq!(key.unseal("bruno", &sealed), None);
        assert_eq!(SealKey::from_bytes([2; 32]).unseal("anna", &sealed), None);
        let mut damaged = sealed.clone();
        *damaged.last_mut().unwrap() ^= 1;
        assert_eq!(key.unseal("anna", &damaged), None);
        assert_eq!(key.unseal("anna", &[]), None);
        assert_ne!(sealed, key.seal("anna", "hunter2").unwrap(), "a fresh nonce each time");
    }

    #[cfg(unix)]
    #[test]
    fn the_key_file_is_private_and_stays() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seal.key");
        let sealed = SealKey::open_or_create(&path).unwrap().seal("anna", "x").unwrap();
        let again = SealKey::open_or_create(&path).unwrap();
        assert_eq!(again.unseal("anna", &sealed).as_deref(), Some("x"));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");

        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let error = SealKey::open_or_create(&path).unwrap_err();
        assert!(matches!(error.kind(), KeyFileErrorKind::Exposed { mode: 0o640 }));

        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, b"short").unwrap();
        let error = SealKey::open_or_create(&path).unwrap_err();
        assert!(matches!(error.kind(), KeyFileErrorKind::Damaged));
    }

    #[test]
    fn two_programs_that_start_at_once_share_one_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seal.key");
        let keys: Vec<SealKey> = std::thread::scope(|scope| {
            let make = || SealKey::open_or_create(&path).unwrap();
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(make)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let sealed = keys[0].seal("anna", "x").unwrap();
        assert!(keys.iter().all(|key| key.unseal("anna", &sealed).is_some()));
    }
}
