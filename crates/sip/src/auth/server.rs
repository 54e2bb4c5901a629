//! The server's side: who sent this request? (RFC 3261 section 22.2 to 22.4, RFC 7616 section 3)

use core::fmt;
use core::time::Duration;
use std::borrow::Cow;
use std::time::Instant;

use hmac::Mac;
use subtle::ConstantTimeEq;

use super::nonce::{Nonces, Replays, keyed};
use super::{Algorithm, Challenge, Credentials, FieldError, Ha1, Ha1s};
use crate::message::{HeaderName, Message, StatusCode};
use crate::uri::Uri;

/// Whether an element asks as the addressed user agent or registrar, or as a proxy on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// 401, WWW-Authenticate, Authorization.
    UserAgent,
    /// 407, Proxy-Authenticate, Proxy-Authorization.
    Proxy,
}

impl Role {
    pub(super) fn status(self) -> StatusCode {
        match self {
            Role::UserAgent => StatusCode::UNAUTHORIZED,
            Role::Proxy => StatusCode::PROXY_AUTHENTICATION_REQUIRED,
        }
    }

    pub(super) fn challenge(self) -> HeaderName {
        match self {
            Role::UserAgent => HeaderName::WwwAuthenticate,
            Role::Proxy => HeaderName::ProxyAuthenticate,
        }
    }

    pub(super) fn credentials(self) -> HeaderName {
        match self {
            Role::UserAgent => HeaderName::Authorization,
            Role::Proxy => HeaderName::ProxyAuthorization,
        }
    }
}

/// How an [`Authenticator`] asks.
#[derive(Debug, Clone)]
pub struct AuthenticatorConfig {
    /// The protection space; part of every HA1.
    pub realm: String,
    /// As whom to ask.
    pub role: Role,
    /// The algorithms offered, the preferred first; others are not accepted.
    pub algorithms: Vec<Algorithm>,
    /// How long a nonce can be used. Longer means fewer round trips, shorter less time for who guesses.
    pub nonce_lifetime: Duration,
    /// How many used nonces are remembered. When there are more, the oldest are asked anew.
    pub replay_capacity: usize,
}

impl AuthenticatorConfig {
    /// SHA-256 and MD5, nonces for five minutes, 65,536 of them remembered (under 4 MiB).
    pub fn new(realm: impl Into<String>) -> Self {
        AuthenticatorConfig {
            realm: realm.into(),
            role: Role::UserAgent,
            algorithms: vec![Algorithm::Sha256, Algorithm::Md5],
            nonce_lifetime: Duration::from_secs(300),
            replay_capacity: 65_536,
        }
    }
}

/// Challenges requests and checks the credentials that they bear. Never asks an ACK or a CANCEL, which cannot be sent
/// again with an answer (RFC 3261 section 22.1): callers match those to what they authenticated before.
pub struct Authenticator {
    config: AuthenticatorConfig,
    nonces: Nonces,
    replays: Replays,
    dummy: [u8; 32],
}

/// What to do with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The user proved to know the password.
    Accepted {
        /// The user's name, as looked up.
        user: String,
    },
    /// No credentials for this realm, or by no algorithm that was offered: ask.
    Challenge(Challenge),
    /// The digest is right, the nonce is used up, too old or from another server: ask again, the user need not be told.
    Stale(Challenge),
    /// Wrong. Ask again or refuse; whatever is done must not depend on whether the user exists. Counts as a failure.
    Rejected {
        /// For the log and the counters, not for the peer.
        reason: Rejection,
        /// To ask again with.
        challenge: Challenge,
    },
}

/// Why a request was rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rejection {
    /// The credentials cannot be read: 400, or ask again.
    Malformed(FieldError),
    /// No qop, so that a replay could not be told from a new request.
    NoQop,
    /// They are for another Request-URI than this request's (RFC 7616 section 3.4.6).
    Uri,
    /// Unknown user or wrong password: which of them is not told.
    Digest,
}

impl Authenticator {
    /// `key` must be secret, random, and new at every start. `epoch` is any time not after the first `now`.
    pub fn new(config: AuthenticatorConfig, key: [u8; 32], epoch: Instant) -> Self {
        let nonces = Nonces::new(&key, &config.realm, epoch, config.nonce_lifetime);
        let mut dummy = keyed(&key);
        dummy.update(b"nobody");
        Authenticator {
            nonces,
            replays: Replays::new(config.replay_capacity),
            dummy: dummy.finalize().into_bytes().into(),
            config,
        }
    }

    /// The realm.
    pub fn realm(&self) -> &str {
        &self.config.realm
    }

    /// The name that the request claims in this realm, so that it can be looked up before [`check`](Self::check).
    pub fn claimed_user<'m>(&self, request: &'m Message) -> Option<Cow<'m, str>> {
        match self.find(request) {
            Some(Ok(credentials)) => Some(credentials.username),
            _ => None,
        }
    }

    /// Checks a request. `lookup` gives the HA1 values of the user of that name, `None` if there is none:
    /// unknown users cost the same work and get the same answer as known ones with a wrong password.
    pub fn check<'h>(
        &mut self,
        now: Instant,
        request: &Message,
        lookup: impl FnOnce(&str) -> Option<&'h Ha1s>,
    ) -> Verdict {
        let credentials = match self.find(request) {
            None => return Verdict::Challenge(self.challenge(now)),
            Some(Ok(credentials)) => credentials,
            Some(Err(error)) => return self.reject(now, Rejection::Malformed(error)),
        };
        let offered = |algorithm: &Algorithm| self.config.algorithms.contains(algorithm);
        let Some(algorithm) = credentials.algorithm.filter(offered) else {
            return Verdict::Challenge(self.challenge(now));
        };
        let Some(qop) = &credentials.qop else { return self.reject(now, Rejection::NoQop) };
        if !is_this_request(&credentials.uri, request) {
            return self.reject(now, Rejection::Uri);
        }
        let dummy = Ha1::dummy(algorithm, &self.dummy);
        let known = lookup(&credentials.username).and_then(|values| values.get(algorithm));
        let expected =
            credentials.expected(known.unwrap_or(&dummy), request.method(), request.body());
        let right = credentials
            .given(algorithm)
            .is_some_and(|given| given.as_bytes().ct_eq(expected.as_bytes()).into());
        if !right || known.is_none() {
            return self.reject(now, Rejection::Digest);
        }
        let fresh = match self.nonces.recognise(now, &credentials.nonce) {
            Some(nonce) if !nonce.expired => self.replays.mark(nonce.number, qop.count),
            _ => false,
        };
        if fresh {
            Verdict::Accepted { user: credentials.username.into_owned() }
        } else {
            Verdict::Stale(self.ask(now, true))
        }
    }

    /// A challenge for a request that was not looked at.
    pub fn challenge(&mut self, now: Instant) -> Challenge {
        self.ask(now, false)
    }

    /// How many used nonces are remembered.
    pub fn remembered(&self) -> usize {
        self.replays.len()
    }

    fn ask(&mut self, now: Instant, stale: bool) -> Challenge {
        let config = &self.config;
        let nonce = self.nonces.make(now);
        Challenge::new(config.role, config.realm.clone(), nonce, stale, config.algorithms.clone())
    }

    fn reject(&mut self, now: Instant, reason: Rejection) -> Verdict {
        Verdict::Rejected { reason, challenge: self.challenge(now) }
    }

    /// The first digest credentials for this realm; `None` if there are none.
    fn find<'m>(&self, request: &'m Message) -> Option<Result<Credentials<'m>, FieldError>> {
        request.all(self.config.role.credentials()).find_map(|header| {
            match Credentials::parse(header.value()) {
                Ok(credentials) if credentials.realm == self.config.realm => Some(Ok(credentials)),
                Ok(_) | Err(FieldError::Scheme) => None,
                Err(error) => Some(Err(error)),
            }
        })
    }
}

/// Whether a digest-uri is this request's: the same user, host and port. Parameters may be lost on the way to us,
/// and some user agents (SIPp among them) always sign the server's URI, without a user: such a signature is good
/// for any request of its method there, but for one only, as its nonce count is used up.
fn is_this_request(digest_uri: &str, request: &Message) -> bool {
    if request.request_uri_str() == Some(digest_uri) {
        return true;
    }
    let (Ok(ours), Ok(theirs)) = (request.request_uri(), Uri::parse(digest_uri)) else {
        return false;
    };
    ours.scheme() == theirs.scheme()
        && (theirs.user().is_none() || ours.user() == theirs.user())
        && ours.host().equivalent(&theirs.host())
        && ours.port() == theirs.port()
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticator").field("config", &self.config).finish_non_exhaustive()
    }
}
