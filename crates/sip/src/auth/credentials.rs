//! Authorization and Proxy-Authorization (RFC 3261 section 22, RFC 7616 section 3.4).

use core::fmt;
use std::borrow::Cow;

use super::algorithm::Hash;
use super::fields::{FieldError, digest};
use super::{Algorithm, Ha1};
use crate::message::Method;

/// What a client claims.
#[derive(Clone)]
pub struct Credentials<'a> {
    /// The user's name.
    pub username: Cow<'a, str>,
    /// The realm for which they are meant.
    pub realm: Cow<'a, str>,
    /// The server's nonce.
    pub nonce: Cow<'a, str>,
    /// The digest-uri: the Request-URI as the client sent it.
    pub uri: Cow<'a, str>,
    /// The algorithm; `None` is one that this crate does not know.
    pub algorithm: Option<Algorithm>,
    /// What qop adds; `None` in the manner of RFC 2069.
    pub qop: Option<Qop<'a>>,
    response: Cow<'a, str>,
}

/// The parameters that belong to qop.
#[derive(Clone)]
pub struct Qop<'a> {
    /// Whether the body is in the hash (`auth-int`).
    pub covers_body: bool,
    /// The client's nonce.
    pub cnonce: Cow<'a, str>,
    /// The nonce count.
    pub count: u32,
    /// The nonce count as written: eight hexadecimal digits.
    count_text: Cow<'a, str>,
}

const NAMES: [&str; 9] =
    ["username", "realm", "nonce", "uri", "response", "algorithm", "qop", "cnonce", "nc"];

impl<'a> Credentials<'a> {
    /// Reads the value of an Authorization or Proxy-Authorization field.
    ///
    /// # Errors
    /// If the scheme is another, the syntax is broken, or a parameter is missing, there twice or impossible.
    pub fn parse(value: &'a [u8]) -> Result<Credentials<'a>, FieldError> {
        let [username, realm, nonce, uri, response, algorithm, qop, cnonce, count] =
            digest(value, NAMES)?;
        let qop = match qop {
            None => None,
            Some(qop) => Some(Qop::new(&qop, cnonce, count)?),
        };
        Ok(Credentials {
            username: username.ok_or(FieldError::Missing("username"))?,
            realm: realm.ok_or(FieldError::Missing("realm"))?,
            nonce: nonce.ok_or(FieldError::Missing("nonce"))?,
            uri: uri.ok_or(FieldError::Missing("uri"))?,
            response: response.ok_or(FieldError::Missing("response"))?,
            // Without the parameter it is MD5 (RFC 7616 section 3.3).
            algorithm: algorithm.map_or(Some(Algorithm::Md5), |name| Algorithm::from_name(&name)),
            qop,
        })
    }

    /// The response that these credentials should have, had its sender this HA1.
    pub(super) fn expected(&self, ha1: &Ha1, method: &Method, body: &[u8]) -> Hash {
        let question = Question {
            nonce: &self.nonce,
            uri: &self.uri,
            qop: self.qop.as_ref().map(|qop| (qop.covers_body, &*qop.cnonce, &*qop.count_text)),
        };
        question.response(ha1, method, body)
    }

    /// The response as given; `None` if it is not hexadecimal of the algorithm's length.
    pub(super) fn given(&self, algorithm: Algorithm) -> Option<Hash> {
        Hash::from_hex(&self.response, algorithm.length())
    }
}

impl<'a> Qop<'a> {
    fn new(
        qop: &str,
        cnonce: Option<Cow<'a, str>>,
        count: Option<Cow<'a, str>>,
    ) -> Result<Qop<'a>, FieldError> {
        let covers_body = match qop {
            _ if qop.eq_ignore_ascii_case("auth") => false,
            _ if qop.eq_ignore_ascii_case("auth-int") => true,
            _ => return Err(FieldError::Value("qop")),
        };
        let cnonce = cnonce.ok_or(FieldError::Missing("cnonce"))?;
        let count_text = count.ok_or(FieldError::Missing("nc"))?;
        let hex =
            count_text.len() == 8 && count_text.bytes().all(|octet| octet.is_ascii_hexdigit());
        match u32::from_str_radix(&count_text, 16) {
            Ok(count) if hex && count > 0 => Ok(Qop { covers_body, cnonce, count, count_text }),
            _ => Err(FieldError::Value("nc")),
        }
    }
}

/// What a response is computed from, besides HA1, method and body.
pub(super) struct Question<'a> {
    pub(super) nonce: &'a str,
    pub(super) uri: &'a str,
    /// Whether the body is covered, cnonce, and nc as written.
    pub(super) qop: Option<(bool, &'a str, &'a str)>,
}

impl Question<'_> {
    /// RFC 7616 section 3.4.1.
    pub(super) fn response(&self, ha1: &Ha1, method: &Method, body: &[u8]) -> Hash {
        let algorithm = ha1.algorithm();
        let (method, uri, nonce) =
            (method.as_str().as_bytes(), self.uri.as_bytes(), self.nonce.as_bytes());
        let ha2 = match self.qop {
            Some((true, ..)) => {
                let body = algorithm.hash(&[body]).hex();
                algorithm.hash(&[method, uri, body.as_bytes()])
            }
            _ => algorithm.hash(&[method, uri]),
        };
        let (ha1, ha2) = (ha1.hex(), ha2.hex());
        match self.qop {
            Some((covers_body, cnonce, count)) => {
                let qop: &[u8] = if covers_body { b"auth-int" } else { b"auth" };
                let (cnonce, count) = (cnonce.as_bytes(), count.as_bytes());
                algorithm.hash(&[ha1.as_bytes(), nonce, count, cnonce, qop, ha2.as_bytes()])
            }
            None => algorithm.hash(&[ha1.as_bytes(), nonce, ha2.as_bytes()]),
        }
    }
}

impl fmt::Debug for Credentials<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("username", &self.username)
            .field("realm", &self.realm)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Qop<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Qop").field("count", &self.count).finish_non_exhaustive()
    }
}
