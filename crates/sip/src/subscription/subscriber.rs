use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::{EventName, Reason, SubscriptionState};
use crate::Identifiers;
use crate::auth::{Authorization, Client, ClientConfig};
use crate::back_off::BackOff;
use crate::dialog::{Dialog, DialogId};
use crate::message::{Builder, HeaderName, Message, Method, StatusCode};
use crate::transaction::TimerConfig;
use crate::uri::UriBuf;

/// How often one request may be challenged: once, and again with a fresh nonce.
const MAX_CHALLENGES: u8 = 2;

/// Settings of a [`Subscriber`].
#[derive(Debug, Clone)]
pub struct SubscriberConfig {
    /// What is subscribed to: the Request-URI and To.
    pub target: UriBuf,
    /// Who we are: From.
    pub address: UriBuf,
    /// Our Contact.
    pub contact: UriBuf,
    /// About what.
    pub event: EventName,
    /// The body types that are read, as Accept writes them.
    pub accept: String,
    /// The credentials, if the notifier asks for any.
    pub credentials: Option<ClientConfig>,
    /// How long a subscription is to last. Default 3600 s.
    pub expires: Duration,
    /// The wait after the first failure; it doubles with each further one. Default 30 s.
    pub retry_first: Duration,
    /// The longest wait. Default 1800 s.
    pub retry_longest: Duration,
    /// T1, of which the first NOTIFY may take 64 (timer N, RFC 6665 section 4.1.2.4).
    pub timers: TimerConfig,
}

impl SubscriberConfig {
    /// Settings without credentials.
    #[must_use]
    pub fn new(target: UriBuf, address: UriBuf, contact: UriBuf, event: EventName) -> Self {
        Self {
            target,
            address,
            contact,
            event,
            accept: String::new(),
            credentials: None,
            expires: Duration::from_secs(3600),
            retry_first: Duration::from_secs(30),
            retry_longest: Duration::from_secs(1800),
            timers: TimerConfig::default(),
        }
    }
}

/// What is to be done, in order.
#[derive(Debug, Clone)]
pub enum Output {
    /// Send this SUBSCRIBE, complete but for its Via; its response comes back by
    /// [`Subscriber::response`].
    Send(Box<Builder>),
    /// Tell the owner.
    Event(Event),
}

/// What a subscription tells its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// It stands, and NOTIFYs come; `pending`: nobody has said yet whether it is allowed.
    Active {
        /// See above.
        pending: bool,
    },
    /// It does not stand; `retry` is when it is tried again, if it is.
    Ended {
        /// What the notifier said.
        reason: Option<Reason>,
        /// When there will be another attempt.
        retry: Option<Duration>,
    },
    /// The SUBSCRIBE was refused, or not answered: a 408.
    Refused {
        /// The answer.
        status: StatusCode,
        /// When there will be another attempt.
        retry: Option<Duration>,
    },
}

/// One subscription to something (RFC 6665 section 4.1), kept up.
///
/// ```text
///          start               2xx, or the first NOTIFY            NOTIFY
///   Idle --------> Subscribing ------------------------> Waiting ----------> Standing --+
///    ^              ^  |   ^   401, 423: again             | timer N           |  ^     | shortly
///    |        retry |  |   +--------+                      |                   |  |     | before the
///    |              |  v refused, silent                   v                   |  +-----+ end: again
///    |             Later <---------------------------------+<------------------+
///    |                                           NOTIFY: terminated, 481
///    +--- answer, or none --- Stopping <--- stop, from everywhere
/// ```
#[derive(Debug)]
pub struct Subscriber {
    config: SubscriberConfig,
    client: Option<Client>,
    identifiers: Identifiers,
    call_id: String,
    tag: String,
    cseq: u32,
    asked: Duration,
    challenges: u8,
    dialog: Option<Dialog>,
    /// A SUBSCRIBE waits for its response: its CSeq number.
    open: Option<u32>,
    state: State,
    /// Since when it stands.
    since: Option<Instant>,
    back_off: BackOff,
    outputs: VecDeque<Output>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Idle,
    Subscribing,
    /// The first NOTIFY has not come: timer N.
    Waiting {
        give_up: Instant,
        until: Instant,
    },
    Standing {
        refresh: Instant,
        until: Instant,
    },
    Later {
        retry: Instant,
    },
    Stopping,
}

impl Subscriber {
    /// A subscription that has not begun. The seed makes its tags and nonces: see [`Identifiers`].
    #[must_use]
    pub fn new(config: SubscriberConfig, seed: [u8; 32]) -> Self {
        let mut identifiers = Identifiers::new(seed);
        Self {
            client: config.credentials.clone().map(Client::new),
            call_id: identifiers.call_id(),
            tag: identifiers.tag(),
            cseq: 0,
            asked: config.expires,
            challenges: 0,
            dialog: None,
            open: None,
            state: State::Idle,
            since: None,
            back_off: BackOff::new(config.retry_first, config.retry_longest),
            identifiers,
            config,
            outputs: VecDeque::new(),
        }
    }

    /// Whether it stands.
    #[must_use]
    pub fn is_standing(&self) -> bool {
        matches!(self.state, State::Standing { .. })
    }

    /// Subscribes, and keeps subscribed.
    pub fn start(&mut self) {
        if matches!(self.state, State::Idle | State::Stopping) {
            self.subscribe_anew();
        }
    }

    /// Takes the subscription back.
    pub fn stop(&mut self) {
        match (&self.state, &self.dialog) {
            (State::Stopping, _) => {}
            (_, Some(_)) => {
                self.state = State::Stopping;
                self.challenges = 0;
                self.send(None);
            }
            (_, None) => {
                // Whatever answers the SUBSCRIBE that is on its way begins nothing any more; of a
                // subscription that it made, the first NOTIFY gets 481, which ends it.
                self.open = None;
                self.state = State::Idle;
            }
        }
    }

    /// Takes the final response to a SUBSCRIBE of ours. Others than that to the last one are
    /// ignored.
    pub fn response(&mut self, now: Instant, request: &Message, response: &Message) {
        let ours = response.call_id() == self.call_id && self.open == Some(response.cseq().number);
        let Some(status) = response.status().filter(|s| s.is_final() && ours) else { return };
        self.open = None;
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
                match self.authorize(request, response) {
                    Some(authorization) => self.send(Some(&authorization)),
                    None => self.refused(now, status, Some(self.config.retry_longest)),
                }
            }
            StatusCode::INTERVAL_TOO_BRIEF if self.ask_for_more(response) => self.send(None),
            status if status.is_success() => self.accepted(now, request, response),
            // The notifier has lost it: begun anew, once (RFC 6665 section 4.1.2.2).
            StatusCode::CALL_DOES_NOT_EXIST
                if self.dialog.is_some() && self.state != State::Stopping =>
            {
                self.subscribe_anew();
            }
            status => {
                let asked = response.number(HeaderName::RetryAfter);
                self.refused(now, status, asked.map(|s| Duration::from_secs(s.into())));
            }
        }
    }

    /// The last SUBSCRIBE timed out, or could not be delivered.
    pub fn failed(&mut self, now: Instant) {
        if self.open.take().is_some() {
            self.refused(now, StatusCode::REQUEST_TIMEOUT, None);
        }
    }

    /// Takes a NOTIFY: the answer to it. `Ok` is one of this subscription, whose body is the
    /// owner's to read.
    ///
    /// # Errors
    /// The status to answer: 481 for a NOTIFY of no subscription of ours, also of a further fork
    /// (RFC 6665 section 4.1.3), 500 for one out of order, 400 without Subscription-State.
    pub fn notified(&mut self, now: Instant, notify: &Message) -> Result<Builder, StatusCode> {
        const UNKNOWN: StatusCode = StatusCode::CALL_DOES_NOT_EXIST;
        let id = DialogId::of_request(notify).ok_or(UNKNOWN)?;
        let ours = id.call_id() == self.call_id && id.local_tag() == self.tag;
        let expected = !matches!(self.state, State::Idle | State::Later { .. });
        if !ours || !expected || EventName::of(notify).as_ref() != Some(&self.config.event) {
            return Err(UNKNOWN);
        }
        let state = SubscriptionState::of(notify).ok_or(StatusCode::BAD_REQUEST)?;
        let dialog = match &mut self.dialog {
            Some(dialog) => {
                dialog.receive_request(notify).map_err(|error| error.status())?;
                dialog
            }
            none => {
                let subscribe =
                    subscribe_of(&self.config, &self.call_id, &self.tag, self.cseq, None)
                        .first(HeaderName::Via, "SIP/2.0/UDP invalid")
                        .build()
                        .map_err(|_| StatusCode::SERVER_INTERNAL_ERROR)?;
                let dialog = Dialog::subscriber(&subscribe, notify);
                none.insert(dialog.map_err(|_| StatusCode::BAD_REQUEST)?)
            }
        };
        let reply = dialog.reply(notify, StatusCode::OK);
        match state {
            SubscriptionState::Terminated { reason, retry_after } => {
                self.terminated(now, reason, retry_after);
            }
            SubscriptionState::Active { expires } => self.stands(now, expires, false),
            SubscriptionState::Pending { expires } => self.stands(now, expires, true),
        }
        Ok(reply)
    }

    /// Fires the timers that are due.
    pub fn handle_timeout(&mut self, now: Instant) {
        match self.state {
            State::Waiting { give_up: at, .. } | State::Standing { until: at, .. } if at <= now => {
                self.dialog = None;
                self.refused(now, StatusCode::REQUEST_TIMEOUT, None);
            }
            State::Standing { refresh, until } if refresh <= now && self.open.is_none() => {
                // Not again until it is answered.
                self.state = State::Standing { refresh: until, until };
                self.challenges = 0;
                self.send(None);
            }
            State::Later { retry } if retry <= now => self.subscribe_anew(),
            _ => {}
        }
    }

    /// When [`Subscriber::handle_timeout`] wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Idle | State::Subscribing | State::Stopping => None,
            State::Waiting { give_up, .. } => Some(give_up),
            // A SUBSCRIBE that is on its way is the refresh.
            State::Standing { until, .. } if self.open.is_some() => Some(until),
            State::Standing { refresh, until } => Some(refresh.min(until)),
            State::Later { retry } => Some(retry),
        }
    }

    /// The next output.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn accepted(&mut self, now: Instant, request: &Message, response: &Message) {
        if self.state == State::Stopping {
            // The last NOTIFY may still come, and is then of no subscription.
            return self.over(None, None);
        }
        if self.dialog.is_none() {
            self.dialog = Dialog::uac(request, response).ok();
        }
        let granted = response.number(HeaderName::Expires).map(|s| Duration::from_secs(s.into()));
        let granted = granted.unwrap_or(self.asked).min(self.asked);
        let until = now + granted;
        self.state = match self.state {
            State::Standing { .. } => State::Standing { refresh: refresh_at(now, granted), until },
            _ => State::Waiting { give_up: now + self.config.timers.timeout(), until },
        };
    }

    fn stands(&mut self, now: Instant, expires: Option<Duration>, pending: bool) {
        if self.state == State::Stopping {
            return;
        }
        let left = match (expires, self.state) {
            (Some(expires), _) => expires,
            (None, State::Waiting { until, .. } | State::Standing { until, .. }) => {
                until.saturating_duration_since(now)
            }
            (None, _) => self.asked,
        };
        let left = left.min(self.asked);
        self.since.get_or_insert(now);
        self.state = State::Standing { refresh: refresh_at(now, left), until: now + left };
        self.event(Event::Active { pending });
    }

    /// RFC 6665 section 4.1.3.
    fn terminated(&mut self, now: Instant, reason: Option<Reason>, retry_after: Option<Duration>) {
        if self.state == State::Stopping {
            return self.over(None, None);
        }
        self.dialog = None;
        self.open = None;
        // One that does not last is no success: it is not begun anew over and over.
        let since = self.since.take();
        let lasted = since.is_some_and(|since| now >= since + self.config.retry_first);
        if lasted {
            self.back_off.reset();
        }
        let retry = match reason {
            Some(Reason::Rejected | Reason::NoResource | Reason::Invariant) => None,
            Some(Reason::Deactivated | Reason::Timeout) if lasted => Some(Duration::ZERO),
            _ => {
                Some(retry_after.unwrap_or_default().max(self.back_off.next(&mut self.identifiers)))
            }
        };
        match retry {
            Some(retry) => {
                self.state = State::Later { retry: now + retry };
                self.event(Event::Ended { reason, retry: Some(retry) });
            }
            None => self.over(reason, None),
        }
    }

    fn refused(&mut self, now: Instant, status: StatusCode, at_least: Option<Duration>) {
        if self.state == State::Stopping {
            return self.over(None, None);
        }
        self.dialog = None;
        self.since = None;
        // What time does not heal.
        let final_word = matches!(status.code(), 403 | 404 | 405 | 406 | 489 | 501 | 603 | 604);
        let retry = (!final_word).then(|| {
            let wait = self.back_off.next(&mut self.identifiers);
            wait.max(at_least.unwrap_or_default().min(Duration::from_secs(86_400)))
        });
        self.state = match retry {
            Some(retry) => State::Later { retry: now + retry },
            None => State::Idle,
        };
        self.event(Event::Refused { status, retry });
    }

    fn over(&mut self, reason: Option<Reason>, retry: Option<Duration>) {
        self.dialog = None;
        self.open = None;
        self.state = State::Idle;
        self.event(Event::Ended { reason, retry });
    }

    fn subscribe_anew(&mut self) {
        self.dialog = None;
        self.call_id = self.identifiers.call_id();
        self.tag = self.identifiers.tag();
        self.cseq = 0;
        self.challenges = 0;
        self.state = State::Subscribing;
        self.send(None);
    }

    fn authorize(&mut self, request: &Message, response: &Message) -> Option<Authorization> {
        if self.challenges >= MAX_CHALLENGES {
            return None;
        }
        self.challenges += 1;
        let nonce = self.identifiers.tag();
        self.client.as_mut()?.answer(request, response, &nonce).ok()
    }

    fn ask_for_more(&mut self, response: &Message) -> bool {
        let min = response.number(HeaderName::MinExpires).unwrap_or(0);
        let min = Duration::from_secs(min.into()).min(Duration::from_secs(86_400));
        let more = self.state != State::Stopping && min > self.asked;
        if more {
            self.asked = min;
        }
        more
    }

    fn send(&mut self, authorization: Option<&Authorization>) {
        let expires = if self.state == State::Stopping { Duration::ZERO } else { self.asked };
        let mut request = match &mut self.dialog {
            Some(dialog) => {
                let request = dialog.request(&Method::Subscribe);
                self.cseq = dialog.local_cseq();
                with_event(request, &self.config, Some(expires))
            }
            None => {
                self.cseq += 1;
                let (call_id, tag) = (&self.call_id, &self.tag);
                subscribe_of(&self.config, call_id, tag, self.cseq, Some(expires))
            }
        };
        if let Some(Authorization { name, value }) = authorization {
            request = request.header(*name, value);
        }
        self.open = Some(self.cseq);
        self.outputs.push_back(Output::Send(Box::new(request)));
    }

    fn event(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }
}

/// The SUBSCRIBE outside a dialog, complete but for its Via.
fn subscribe_of(
    config: &SubscriberConfig,
    call_id: &str,
    tag: &str,
    cseq: u32,
    expires: Option<Duration>,
) -> Builder {
    let request = Builder::request(&Method::Subscribe, &config.target)
        .header(HeaderName::MaxForwards, 70)
        .header(HeaderName::From, format_args!("<{}>;tag={tag}", config.address))
        .header(HeaderName::To, format_args!("<{}>", config.target))
        .header(HeaderName::CallId, call_id)
        .header(HeaderName::CSeq, format_args!("{cseq} SUBSCRIBE"))
        .header(HeaderName::Contact, format_args!("<{}>", config.contact));
    with_event(request, config, expires)
}

fn with_event(request: Builder, config: &SubscriberConfig, expires: Option<Duration>) -> Builder {
    let accept = Some(&config.accept).filter(|accept| !accept.is_empty());
    request
        .header(HeaderName::Event, &config.event)
        .maybe(HeaderName::Accept, accept)
        .maybe(HeaderName::Expires, expires.map(|expires| expires.as_secs()))
}

/// A minute is left for repetitions and another attempt, a quarter of a short subscription.
fn refresh_at(now: Instant, lasts: Duration) -> Instant {
    now + (lasts - (lasts / 4).min(Duration::from_secs(60)))
}
