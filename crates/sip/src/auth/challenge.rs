//! WWW-Authenticate and Proxy-Authenticate (RFC 3261 section 22, RFC 7616 section 3.3).

use super::fields::{FieldError, digest};
use super::{Algorithm, Role};
use crate::message::{Builder, HeaderName, StatusCode, quote};

/// What a server asks: one header field for each algorithm, the preferred first (RFC 8760 section 2.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    role: Role,
    realm: String,
    nonce: String,
    stale: bool,
    algorithms: Vec<Algorithm>,
}

impl Challenge {
    pub(super) fn new(
        role: Role,
        realm: String,
        nonce: String,
        stale: bool,
        algorithms: Vec<Algorithm>,
    ) -> Self {
        Challenge { role, realm, nonce, stale, algorithms }
    }

    /// The response's status: 401, or 407 from a proxy.
    pub fn status(&self) -> StatusCode {
        self.role.status()
    }

    /// The header field's name: WWW-Authenticate, or Proxy-Authenticate from a proxy.
    pub fn name(&self) -> HeaderName {
        self.role.challenge()
    }

    /// The same by one algorithm only, for a peer that gives up at a challenge which it does not know. One that
    /// was not offered leaves the challenge as it is.
    #[must_use]
    pub fn only(mut self, algorithm: Algorithm) -> Self {
        if self.algorithms.contains(&algorithm) {
            self.algorithms = vec![algorithm];
        }
        self
    }

    /// Whether the digest was right and only the nonce was not.
    pub fn is_stale(&self) -> bool {
        self.stale
    }

    /// The header fields' values.
    pub fn values(&self) -> impl Iterator<Item = String> + '_ {
        let realm = quote(&self.realm);
        let stale = if self.stale { ", stale=true" } else { "" };
        self.algorithms.iter().map(move |algorithm| {
            let nonce = &self.nonce;
            format!(
                r#"Digest realm={realm}, nonce="{nonce}"{stale}, algorithm={algorithm}, qop="auth""#
            )
        })
    }

    /// Adds the header fields to a response.
    pub fn write(&self, response: Builder) -> Builder {
        self.values().fold(response, |response, value| response.header(self.name(), value))
    }
}

/// A challenge as a client reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) realm: String,
    pub(super) nonce: String,
    pub(super) opaque: Option<String>,
    pub(super) stale: bool,
    /// `None` is one that this crate does not know.
    pub(super) algorithm: Option<Algorithm>,
    /// Whether the body is to be covered; `None` in the manner of RFC 2069.
    pub(super) covers_body: Option<bool>,
}

impl Asked {
    pub(super) fn parse(value: &[u8]) -> Result<Asked, FieldError> {
        let [realm, nonce, opaque, stale, algorithm, qop] =
            digest(value, ["realm", "nonce", "opaque", "stale", "algorithm", "qop"])?;
        let covers_body = match qop {
            None => None,
            Some(list) => {
                let offers =
                    |token| list.split(',').any(|item| item.trim().eq_ignore_ascii_case(token));
                match (offers("auth"), offers("auth-int")) {
                    (true, _) => Some(false),
                    (false, true) => Some(true),
                    (false, false) => return Err(FieldError::Value("qop")),
                }
            }
        };
        Ok(Asked {
            realm: realm.ok_or(FieldError::Missing("realm"))?.into_owned(),
            nonce: nonce.ok_or(FieldError::Missing("nonce"))?.into_owned(),
            opaque: opaque.map(Into::into),
            stale: stale.is_some_and(|value| value.eq_ignore_ascii_case("true")),
            algorithm: algorithm.map_or(Some(Algorithm::Md5), |name| Algorithm::from_name(&name)),
            covers_body,
        })
    }
}
