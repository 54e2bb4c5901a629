//! A certificate of our own making, for a start without an authority.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::{Identity, TlsError};

/// Makes a certificate for these host names and addresses, signed by itself, and its key, and writes both; the key
/// file is its owner's alone. Phones show a warning, or have to be told to trust it: whoever can, gets one from an
/// authority instead.
///
/// # Errors
/// When a name is none, or a file is there already or cannot be written.
pub fn make_self_signed(identity: &Identity, names: &[String]) -> Result<(), TlsError> {
    let failed = |source| TlsError::SelfSigned { names: names.join(", "), source };
    let mut params = rcgen::CertificateParams::new(names).map_err(failed)?;
    // Browsers and phones refuse a certificate without a subject now and then.
    let name = names.first().map_or("Switchboard", String::as_str);
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    let key = rcgen::KeyPair::generate().map_err(failed)?;
    let certificate = params.self_signed(&key).map_err(failed)?;
    write(&identity.key, &key.serialize_pem(), 0o600)?;
    write(&identity.certificate, &certificate.pem(), 0o644)
}

fn write(path: &Path, text: &str, mode: u32) -> Result<(), TlsError> {
    let mut options = std::fs::OpenOptions::new();
    let file = options.write(true).create_new(true).mode(mode).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .map_err(|source| TlsError::File { path: path.to_owned(), source })
}
