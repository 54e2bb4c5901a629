//! The client's side: answering the challenges of one peer (RFC 3261 section 22.2, RFC 7616 section 3.4).

use core::fmt;

use super::challenge::Asked;
use super::credentials::Question;
use super::{Algorithm, FieldError, Ha1};
use crate::message::{HeaderName, HeaderValue, Message, StatusCode, quote};

/// Whose challenges to answer, and as whom.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientConfig {
    /// The peer's host, as it stands in the Request-URI of what is sent to it.
    pub host: String,
    /// The only realm answered.
    pub realm: String,
    /// The user's name at the peer.
    pub user: String,
    /// The password there.
    pub password: String,
    /// The algorithms that may be used.
    pub algorithms: Vec<Algorithm>,
}

impl ClientConfig {
    /// All algorithms, and the host as the realm.
    pub fn new(
        host: impl Into<String>,
        user: impl Into<String>,
        password: impl Into<String>,
    ) -> Self {
        let host = host.into();
        ClientConfig {
            realm: host.clone(),
            host,
            user: user.into(),
            password: password.into(),
            algorithms: Algorithm::ALL.to_vec(),
        }
    }
}

/// Answers challenges to our own requests to one peer, and no others: a response sent to anybody else could be
/// used against the peer, as whoever challenges chooses the nonce.
pub struct Client {
    config: ClientConfig,
    /// Further names of the configured host.
    also: Vec<String>,
    /// The nonce last answered, and how often.
    last: Option<(String, u32)>,
}

/// Credentials to send the request again with: with a new branch and a CSeq one higher (RFC 3261 section 22.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorization {
    /// Authorization, or Proxy-Authorization.
    pub name: HeaderName,
    /// Its value.
    pub value: HeaderValue,
}

/// Why a challenge is not answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// The response is neither 401 nor 407.
    #[error("the response is not a challenge")]
    NotAChallenge,
    /// The response is not to this request.
    #[error("the response belongs to another request")]
    OtherRequest,
    /// The request did not go to the configured host.
    #[error("the request went to another host than the configured one")]
    Host,
    /// No challenge is for the configured realm.
    #[error("no challenge is for the configured realm; there is one for {found:?}")]
    Realm {
        /// The realm of the first challenge.
        found: String,
    },
    /// No challenge uses an algorithm that is known and allowed.
    #[error("no challenge uses an algorithm that is known and allowed")]
    Algorithm,
    /// The same credentials were refused: the user or the password is wrong.
    #[error("the credentials were refused")]
    Refused,
    /// A challenge cannot be read.
    #[error("malformed challenge: {0}")]
    Malformed(#[from] FieldError),
}

impl Client {
    /// A client for one peer.
    pub fn new(config: ClientConfig) -> Self {
        Client { config, also: Vec::new(), last: None }
    }

    /// The configured host is reached under this name too: an address that it stands for. Requests within a
    /// dialog go to the Contact, which shows an address more often than a name.
    pub fn also_at(&mut self, host: impl Into<String>) {
        self.also.push(host.into());
    }

    /// Answers the challenge that `response` gave to `request`. `cnonce` must be new and hard to guess.
    ///
    /// # Errors
    /// If the challenge is none of those that this client answers, or the credentials in `request` were refused.
    pub fn answer(
        &mut self,
        request: &Message,
        response: &Message,
        cnonce: &str,
    ) -> Result<Authorization, AnswerError> {
        let (challenge, name) = match response.status() {
            Some(StatusCode::UNAUTHORIZED) => {
                (HeaderName::WwwAuthenticate, HeaderName::Authorization)
            }
            Some(StatusCode::PROXY_AUTHENTICATION_REQUIRED) => {
                (HeaderName::ProxyAuthenticate, HeaderName::ProxyAuthorization)
            }
            _ => return Err(AnswerError::NotAChallenge),
        };
        if !request.is_request()
            || request.call_id() != response.call_id()
            || request.cseq() != response.cseq()
            || request.branch() != response.branch()
        {
            return Err(AnswerError::OtherRequest);
        }
        let uri = request.request_uri().map_err(|_| AnswerError::Host)?;
        let mut hosts = core::iter::once(&self.config.host).chain(&self.also);
        if !hosts.any(|host| uri.host_str().eq_ignore_ascii_case(host)) {
            return Err(AnswerError::Host);
        }
        let asked = self.choose(response, challenge)?;
        if !asked.stale && request.has(name) {
            return Err(AnswerError::Refused);
        }
        let value = self.respond(&asked, request, uri.as_str(), cnonce);
        Ok(Authorization { name, value })
    }

    /// The first challenge of our realm by an allowed algorithm (RFC 8760 section 2.4).
    fn choose(&self, response: &Message, name: HeaderName) -> Result<Asked, AnswerError> {
        let mut other_realm = None;
        let mut other_algorithm = false;
        for header in response.all(name) {
            let asked = match Asked::parse(header.value()) {
                Ok(asked) => asked,
                Err(FieldError::Scheme) => continue,
                Err(error) => return Err(error.into()),
            };
            if asked.realm != self.config.realm {
                other_realm.get_or_insert(asked.realm);
            } else if asked.algorithm.is_some_and(|a| self.config.algorithms.contains(&a)) {
                return Ok(asked);
            } else {
                other_algorithm = true;
            }
        }
        match other_realm {
            Some(found) if !other_algorithm => Err(AnswerError::Realm { found }),
            _ if other_algorithm => Err(AnswerError::Algorithm),
            _ => Err(AnswerError::NotAChallenge),
        }
    }

    fn respond(
        &mut self,
        asked: &Asked,
        request: &Message,
        uri: &str,
        cnonce: &str,
    ) -> HeaderValue {
        let count = match &self.last {
            Some((nonce, count)) if *nonce == asked.nonce => count + 1,
            _ => 1,
        };
        self.last = Some((asked.nonce.clone(), count));
        let count = format!("{count:08x}");
        let cnonce: String = cnonce.chars().filter(char::is_ascii_alphanumeric).collect();
        let ClientConfig { realm, user, password, .. } = &self.config;
        let algorithm = asked.algorithm.unwrap_or(Algorithm::Md5);
        let question = Question {
            nonce: &asked.nonce,
            uri,
            qop: asked.covers_body.map(|covers_body| (covers_body, &*cnonce, &*count)),
        };
        let ha1 = Ha1::new(algorithm, user, realm, password);
        let response = question.response(&ha1, request.method(), request.body()).hex();
        let mut value = format!(
            "Digest username={}, realm={}, nonce={}, uri={}, response=\"{}\", algorithm={algorithm}",
            quote(user),
            quote(realm),
            quote(&asked.nonce),
            quote(uri),
            response.as_str(),
        );
        if let Some(covers_body) = asked.covers_body {
            let qop = if covers_body { "auth-int" } else { "auth" };
            value.push_str(&format!(", qop={qop}, cnonce=\"{cnonce}\", nc={count}"));
        }
        if let Some(opaque) = &asked.opaque {
            value.push_str(&format!(", opaque={}", quote(opaque)));
        }
        // Every part is quoted without control octets, or made here.
        HeaderValue::masked(value)
    }
}

impl fmt::Debug for ClientConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientConfig")
            .field("host", &self.host)
            .field("realm", &self.realm)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.config.fmt(f)
    }
}
