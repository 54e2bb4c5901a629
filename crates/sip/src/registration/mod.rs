//! The client's side of registration (RFC 3261 section 10.2): a trunk that wants to be found.
//!
//! ```
//! use std::time::Instant;
//! use switchboard_sip::registration::{Input, Output, Registration, RegistrationConfig};
//!
//! let config = RegistrationConfig::new(
//!     "sip:provider.example".parse()?,
//!     "sip:4930123@provider.example".parse()?,
//!     "sip:4930123@192.0.2.1:5060".parse()?,
//! );
//! let mut registration = Registration::new(config, [0; 32]);
//! registration.handle(Instant::now(), Input::Start);
//! // A request for the transaction layer; its response comes back as `Input::Response`.
//! assert!(matches!(registration.poll_output(), Some(Output::Send(_))));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::Identifiers;
use crate::auth::{AnswerError, Authorization, Client, ClientConfig};
use crate::back_off::BackOff;
use crate::message::{Builder, HeaderName, Message, Method, StatusCode};
use crate::uri::{Uri, UriBuf};

/// The longest registration asked for, whatever Min-Expires says.
const MAX_EXPIRES: Duration = Duration::from_secs(86_400);
/// How often one attempt may be challenged: once, and again with a fresh nonce.
const MAX_CHALLENGES: u8 = 2;

/// Settings of a [`Registration`].
#[derive(Debug, Clone)]
pub struct RegistrationConfig {
    /// The Request-URI: the provider's domain, such as `sip:provider.example`.
    pub registrar: UriBuf,
    /// The address-of-record, such as `sip:4930123@provider.example`.
    pub address: UriBuf,
    /// Our Contact.
    pub contact: UriBuf,
    /// A proxy that all requests pass (RFC 3261 section 8.1.2): a preloaded Route.
    pub outbound_proxy: Option<UriBuf>,
    /// How many ways there are to the provider: one that fails gives way to the next at once
    /// (RFC 3263 section 4.3), and only when all have failed is there a wait. Default 1.
    pub ways: usize,
    /// The credentials, if the provider asks for any.
    pub credentials: Option<ClientConfig>,
    /// How long a registration is to last. Default 3600 s.
    pub expires: Duration,
    /// The wait after the first failure; it doubles with each further one. Default 30 s.
    pub retry_first: Duration,
    /// The longest wait, also after a refusal that time does not heal. Default 1800 s.
    pub retry_longest: Duration,
}

impl RegistrationConfig {
    /// Settings without credentials.
    #[must_use]
    pub fn new(registrar: UriBuf, address: UriBuf, contact: UriBuf) -> Self {
        Self {
            registrar,
            address,
            contact,
            outbound_proxy: None,
            ways: 1,
            credentials: None,
            expires: Duration::from_secs(3600),
            retry_first: Duration::from_secs(30),
            retry_longest: Duration::from_secs(1800),
        }
    }
}

/// What happens to a registration.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    /// Register, and keep registered.
    Start,
    /// The final response to a request that was sent. Others than that to the last one are ignored.
    Response {
        /// The request as it was sent, Via and all.
        request: &'a Message,
        /// The response.
        response: &'a Message,
    },
    /// The last request timed out, or could not be delivered.
    Failed,
    /// Take the registration back.
    Stop,
}

/// What is to be done, in order.
#[derive(Debug, Clone)]
pub enum Output {
    /// Send this REGISTER, complete but for its Via, to the provider.
    Send(Box<Builder>),
    /// Tell the owner.
    Event(Event),
}

/// What a registration tells its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Registered, or refreshed.
    Registered {
        /// For how long.
        expires: Duration,
    },
    /// The provider refused; there will be another attempt.
    Refused {
        /// Its answer. A 401 or 407 here means wrong credentials, or a challenge that is not for us.
        status: StatusCode,
        /// When the next attempt comes.
        retry: Duration,
    },
    /// The provider does not answer; there will be another attempt.
    Unreachable {
        /// When the next attempt comes.
        retry: Duration,
    },
    /// The registration ran out before it could be refreshed.
    Lost,
    /// The registration was taken back, or the provider did not answer that.
    Unregistered,
}

/// A registration with a provider, kept up.
///
/// ```text
///               start                      2xx
///   Idle ---------------> Registering -----------> Registered --+
///    ^                      ^   |  ^  401, 423: again  |        | shortly before the end
///    |              retry   |   |  +-----------------+ |        v
///    |                      |   | refused, failed      |   Registering
///    |                      |   v                      |
///    |                    Waiting (doubling)           |
///    |                                                 |
///    +--- answer, or none --- Stopping <--- stop ------+--- from everywhere
/// ```
#[derive(Debug)]
pub struct Registration {
    config: RegistrationConfig,
    client: Option<Client>,
    identifiers: Identifiers,
    call_id: String,
    tag: String,
    cseq: u32,
    asked: Duration,
    challenges: u8,
    state: State,
    /// When the provider forgets us, while it knows us.
    until: Option<Instant>,
    back_off: BackOff,
    /// Which of the ways is used.
    way: usize,
    /// How many have failed in a row.
    failed: usize,
    outputs: VecDeque<Output>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Idle,
    Registering,
    Registered { refresh: Instant },
    Waiting { retry: Instant },
    Stopping,
}

impl Registration {
    /// A registration that has not begun. The seed makes its tags and nonces: see [`Identifiers`].
    #[must_use]
    pub fn new(config: RegistrationConfig, seed: [u8; 32]) -> Self {
        let mut identifiers = Identifiers::new(seed);
        Self {
            client: config.credentials.clone().map(Client::new),
            call_id: identifiers.call_id(),
            tag: identifiers.tag(),
            identifiers,
            cseq: 0,
            asked: config.expires,
            challenges: 0,
            state: State::Idle,
            until: None,
            back_off: BackOff::new(config.retry_first, config.retry_longest),
            way: 0,
            failed: 0,
            config,
            outputs: VecDeque::new(),
        }
    }

    /// Whether the provider knows where we are.
    #[must_use]
    pub fn is_registered(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| until > now)
    }

    /// Which of the ways to the provider the next request goes: 0 is the preferred one, and always
    /// the one after the last is the first.
    #[must_use]
    pub fn way(&self) -> usize {
        self.way
    }

    /// The ways to the provider are others now: the preferred one first.
    pub fn set_ways(&mut self, ways: usize) {
        self.config.ways = ways.max(1);
        self.failed = 0;
        self.way = 0;
    }

    /// Takes one input.
    pub fn handle(&mut self, now: Instant, input: Input<'_>) {
        match input {
            Input::Start => self.on_start(),
            Input::Response { request, response } => self.on_response(now, request, response),
            Input::Failed => self.on_failed(now),
            Input::Stop => self.on_stop(),
        }
    }

    /// Fires the timers that are due.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.until.is_some_and(|until| until <= now) {
            self.until = None;
            self.event(Event::Lost);
        }
        match self.state {
            State::Registered { refresh: at } | State::Waiting { retry: at } if at <= now => {
                self.attempt();
            }
            _ => {}
        }
    }

    /// When [`Registration::handle_timeout`] wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let next = match self.state {
            State::Registered { refresh: at } | State::Waiting { retry: at } => Some(at),
            State::Idle | State::Registering | State::Stopping => None,
        };
        match (next, self.until) {
            (Some(next), Some(until)) => Some(next.min(until)),
            (next, until) => next.or(until),
        }
    }

    /// The next output.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn on_start(&mut self) {
        if matches!(self.state, State::Idle | State::Stopping) {
            self.attempt();
        }
    }

    fn on_stop(&mut self) {
        match self.state {
            State::Stopping => {}
            State::Idle => self.event(Event::Unregistered),
            _ => {
                self.state = State::Stopping;
                self.challenges = 0;
                self.send(None);
            }
        }
    }

    fn on_response(&mut self, now: Instant, request: &Message, response: &Message) {
        let awaited = matches!(self.state, State::Registering | State::Stopping);
        let ours = response.call_id() == self.call_id && response.cseq().number == self.cseq;
        let Some(status) = response.status().filter(|s| s.is_final() && awaited && ours) else {
            return;
        };
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
                match self.authorize(request, response) {
                    Ok(authorization) => self.send(Some(&authorization)),
                    Err(_) => self.refused(now, status, Some(self.config.retry_longest)),
                }
            }
            StatusCode::INTERVAL_TOO_BRIEF if self.ask_for_more(response) => self.attempt(),
            status if status.is_success() => self.on_success(now, response),
            // The server says that it cannot serve: another may (RFC 3263 section 4.3).
            StatusCode::SERVICE_UNAVAILABLE
                if self.state == State::Registering && self.other_way() =>
            {
                self.attempt();
            }
            // What another attempt will not change by itself.
            StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => {
                self.refused(now, status, Some(self.config.retry_longest));
            }
            status => {
                let asked = response.number(HeaderName::RetryAfter);
                let asked = asked.map(|seconds| Duration::from_secs(seconds.into()));
                self.refused(now, status, asked);
            }
        }
    }

    fn on_success(&mut self, now: Instant, response: &Message) {
        if self.state == State::Stopping {
            return self.stopped();
        }
        let granted = self.granted(response);
        if granted.is_zero() {
            return self.refused(now, StatusCode::OK, None);
        }
        self.back_off.reset();
        self.failed = 0;
        self.until = Some(now + granted);
        // A minute is left for repetitions and another attempt, a quarter of a short registration.
        let margin = (granted / 4).min(Duration::from_secs(60));
        self.state = State::Registered { refresh: now + (granted - margin) };
        self.event(Event::Registered { expires: granted });
    }

    fn on_failed(&mut self, now: Instant) {
        match self.state {
            State::Stopping => self.stopped(),
            State::Registering => {
                if self.other_way() {
                    return self.attempt();
                }
                let retry = self.wait(now, None);
                self.event(Event::Unreachable { retry });
            }
            State::Idle | State::Registered { .. } | State::Waiting { .. } => {}
        }
    }

    /// The way failed; whether there is another that was not tried yet.
    fn other_way(&mut self) -> bool {
        let ways = self.config.ways.max(1);
        self.way = (self.way + 1) % ways;
        self.failed += 1;
        if self.failed >= ways {
            self.failed = 0;
            return false;
        }
        true
    }

    fn stopped(&mut self) {
        self.state = State::Idle;
        self.until = None;
        self.event(Event::Unregistered);
    }

    fn refused(&mut self, now: Instant, status: StatusCode, at_least: Option<Duration>) {
        if self.state == State::Stopping {
            return self.stopped();
        }
        let retry = self.wait(now, at_least);
        self.event(Event::Refused { status, retry });
    }

    fn wait(&mut self, now: Instant, at_least: Option<Duration>) -> Duration {
        let retry = self.back_off.next(&mut self.identifiers);
        let retry = retry.max(at_least.unwrap_or_default().min(MAX_EXPIRES));
        self.state = State::Waiting { retry: now + retry };
        retry
    }

    fn authorize(
        &mut self,
        request: &Message,
        response: &Message,
    ) -> Result<Authorization, AnswerError> {
        if self.challenges >= MAX_CHALLENGES {
            return Err(AnswerError::Refused);
        }
        self.challenges += 1;
        let client = self.client.as_mut().ok_or(AnswerError::NotAChallenge)?;
        client.answer(request, response, &self.identifiers.tag())
    }

    /// RFC 3261 section 10.2.8. `false` if nothing would be gained.
    fn ask_for_more(&mut self, response: &Message) -> bool {
        let min = response.number(HeaderName::MinExpires).unwrap_or(0);
        let min = Duration::from_secs(min.into()).min(MAX_EXPIRES);
        let more = self.state == State::Registering && min > self.asked;
        if more {
            self.asked = min;
        }
        more
    }

    /// What our Contact got (RFC 3261 section 10.2.4), at most what was asked for.
    fn granted(&self, response: &Message) -> Duration {
        let contact = self.config.contact.as_uri();
        let ours = response
            .addresses(HeaderName::Contact)
            .flatten()
            .find(|listed| listed.uri().equivalent(&contact));
        let seconds = ours
            .and_then(|listed| listed.expires())
            .or_else(|| response.number(HeaderName::Expires));
        let granted = seconds.map(|seconds| Duration::from_secs(seconds.into()));
        granted.unwrap_or(self.asked).min(MAX_EXPIRES)
    }

    fn attempt(&mut self) {
        self.state = State::Registering;
        self.challenges = 0;
        self.send(None);
    }

    fn send(&mut self, authorization: Option<&Authorization>) {
        self.cseq += 1;
        let RegistrationConfig { registrar, address, contact, outbound_proxy, .. } = &self.config;
        let expires = match self.state {
            State::Stopping => 0,
            _ => self.asked.as_secs(),
        };
        let route = outbound_proxy.as_ref().map(loose);
        let mut request = Builder::request(&Method::Register, registrar)
            .maybe(HeaderName::Route, route)
            .header(HeaderName::MaxForwards, 70)
            .header(HeaderName::From, format_args!("<{address}>;tag={}", self.tag))
            .header(HeaderName::To, format_args!("<{address}>"))
            .header(HeaderName::CallId, &self.call_id)
            .header(HeaderName::CSeq, format_args!("{} REGISTER", self.cseq))
            .header(HeaderName::Contact, format_args!("<{contact}>"))
            .header(HeaderName::Expires, expires);
        if let Some(Authorization { name, value }) = authorization {
            request = request.header(*name, value);
        }
        self.outputs.push_back(Output::Send(Box::new(request)));
    }

    fn event(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    /// The URI of the element that requests go to first, for whoever locates it: the outbound proxy, or the provider.
    #[must_use]
    pub fn next_hop(&self) -> Uri<'_> {
        self.config.outbound_proxy.as_ref().unwrap_or(&self.config.registrar).as_uri()
    }
}

/// A Route value that leaves the Request-URI as it is.
fn loose(proxy: &UriBuf) -> String {
    let proxy = proxy.as_uri();
    if proxy.is_loose_router() { format!("<{proxy}>") } else { format!("<{proxy};lr>") }
}
