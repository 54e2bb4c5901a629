use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::admission::{self, Asked, NotifierConfig, Refusal};
use super::{EventName, Reason, SubscriptionState};
use crate::dialog::{Dialog, DialogError, DialogId, OutOfDialog};
use crate::message::{BuildError, Builder, HeaderName, Message, Method, StatusCode};

/// What is to be done, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// Send the NOTIFY that [`Notifier::notify`] makes of the state as it is now.
    Notify,
    /// The subscription is over: forget it.
    Ended(Reason),
}

/// A subscription cannot be made of these messages.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AcceptError {
    /// Not a dialog: answer with 400.
    #[error(transparent)]
    Dialog(#[from] DialogError),
    /// The response cannot be built.
    #[error(transparent)]
    Build(#[from] BuildError),
}

/// A SUBSCRIBE within the subscription's dialog is not served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RefreshError {
    /// Out of order, or not of this dialog.
    #[error(transparent)]
    OutOfDialog(#[from] OutOfDialog),
    /// Too short, or about something else.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It is over.
    #[error("481: the subscription is over")]
    Over,
}

impl RefreshError {
    /// The answer.
    pub fn reply(&self, request: &Message) -> Builder {
        let status = match self {
            Self::OutOfDialog(error) => error.status(),
            Self::Refused(refusal) => {
                return refusal.write(Builder::reply(request, refusal.status(), None));
            }
            Self::Over => StatusCode::CALL_DOES_NOT_EXIST,
        };
        Builder::reply(request, status, None)
    }
}

/// One subscription of somebody who wants to hear of something (RFC 6665 section 4.2).
///
/// ```text
///   SUBSCRIBE --> Standing --+ changed, refreshed / notify, one at a time, not too often
///                   |  |   <-+
///                   |  | expired, taken back, terminated / last notify
///                   |  v
///                   | Ending --- answered, or not ---> Over
///                   +--- a NOTIFY that is refused for good, or not answered ---> Over
/// ```
///
/// It keeps no state of what it is about: it says when to tell, and whoever knows tells it as it
/// is then. Changes while a NOTIFY is on its way, or too soon after one, are told in the next.
#[derive(Debug)]
pub struct Notifier {
    dialog: Dialog,
    event: EventName,
    config: NotifierConfig,
    expires: Instant,
    state: State,
    pending: bool,
    /// A NOTIFY waits for its answer.
    in_flight: bool,
    /// Something is to be told.
    due: bool,
    /// Not before.
    next: Instant,
    told: u32,
    outputs: VecDeque<Output>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Standing,
    Ending(Reason),
    Over,
}

impl Notifier {
    /// Accepts a SUBSCRIBE: the subscription, and the 2xx, made from `reply` with its Expires. A
    /// first NOTIFY is due at once.
    ///
    /// # Errors
    /// See [`AcceptError`].
    pub fn accept(
        now: Instant,
        request: &Message,
        asked: Asked,
        reply: Builder,
    ) -> Result<(Self, Message), AcceptError> {
        let response = reply.header(HeaderName::Expires, asked.expires.as_secs()).build()?;
        let dialog = Dialog::uas(request, &response)?;
        let Asked { event, expires, config } = asked;
        let mut notifier = Self {
            dialog,
            event,
            config,
            expires: now + expires,
            state: State::Standing,
            pending: false,
            in_flight: false,
            due: false,
            next: now,
            told: 0,
            outputs: VecDeque::new(),
        };
        if expires.is_zero() {
            notifier.state = State::Ending(Reason::Timeout);
        }
        notifier.changed(now);
        Ok((notifier, response))
    }

    /// The dialog's identifier.
    #[must_use]
    pub fn id(&self) -> &DialogId {
        self.dialog.id()
    }

    /// The dialog.
    #[must_use]
    pub fn dialog(&self) -> &Dialog {
        &self.dialog
    }

    /// How many NOTIFYs there were: the version of the next state (RFC 4235 section 3.1).
    #[must_use]
    pub fn told(&self) -> u32 {
        self.told
    }

    /// Whether nothing more comes of it.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.state == State::Over
    }

    /// Until it is allowed, the subscriber is told that nobody has said so yet.
    pub fn set_pending(&mut self, now: Instant, pending: bool) {
        if std::mem::replace(&mut self.pending, pending) != pending {
            self.changed(now);
        }
    }

    /// Serves a SUBSCRIBE within the dialog: a refresh, or with Expires 0 the end. The 2xx, which
    /// is complete; a NOTIFY is due at once.
    ///
    /// # Errors
    /// See [`RefreshError`]; the subscription is as it was.
    pub fn refresh(&mut self, now: Instant, request: &Message) -> Result<Builder, RefreshError> {
        if self.state != State::Standing {
            return Err(RefreshError::Over);
        }
        let expires = admission::expires(request, &self.config)?;
        self.dialog.receive_request(request)?;
        if EventName::of(request).as_ref() != Some(&self.event) {
            // RFC 6665 section 4.5.1: another subscription in the same dialog is not kept here.
            return Err(RefreshError::Over);
        }
        self.expires = now + expires;
        if expires.is_zero() {
            self.state = State::Ending(Reason::Timeout);
        }
        self.next = now;
        self.changed(now);
        let reply = self.dialog.reply(request, StatusCode::OK);
        Ok(reply.header(HeaderName::Expires, expires.as_secs()))
    }

    /// What it is about has changed.
    pub fn changed(&mut self, now: Instant) {
        if self.state != State::Over {
            self.due = true;
            self.tell(now);
        }
    }

    /// Ends it, with a last NOTIFY.
    pub fn terminate(&mut self, now: Instant, reason: Reason) {
        if self.state == State::Standing {
            self.state = State::Ending(reason);
            self.next = now;
            self.changed(now);
        }
    }

    /// Ends it without a word: its subscriber is gone.
    pub fn drop_silently(&mut self, reason: Reason) {
        self.over(reason);
    }

    /// The NOTIFY, complete but for its Via, with the state as it is now.
    pub fn notify(&mut self, now: Instant, body: Option<(&str, Bytes)>) -> Builder {
        self.told += 1;
        let left = self.expires.saturating_duration_since(now);
        // Rounded up, so that the subscriber does not hear of an end before it comes.
        let expires =
            Some(Duration::from_secs(left.as_secs() + u64::from(left.subsec_nanos() > 0)));
        let state = match self.state {
            State::Ending(reason) => {
                SubscriptionState::Terminated { reason: Some(reason), retry_after: None }
            }
            _ if self.pending => SubscriptionState::Pending { expires },
            _ => SubscriptionState::Active { expires },
        };
        let notify = self
            .dialog
            .request(&Method::Notify)
            .header(HeaderName::Event, &self.event)
            .header(HeaderName::SubscriptionState, state);
        match body {
            Some((kind, body)) => notify.body(kind, body),
            None => notify,
        }
    }

    /// The final response to the NOTIFY that was sent. Without one it is a
    /// [`StatusCode::REQUEST_TIMEOUT`].
    pub fn answered(&mut self, now: Instant, status: StatusCode) {
        if !std::mem::take(&mut self.in_flight) {
            return;
        }
        match self.state {
            State::Ending(reason) if !self.due => self.over(reason),
            _ if ends(status) => self.over(Reason::NoResource),
            _ => self.tell(now),
        }
    }

    /// Fires the timers that are due.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.state == State::Standing && self.expires <= now {
            self.state = State::Ending(Reason::Timeout);
            self.next = now;
            self.due = true;
        }
        self.tell(now);
    }

    /// When [`Notifier::handle_timeout`] wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let expires = (self.state == State::Standing).then_some(self.expires);
        let next = (self.due && !self.in_flight).then_some(self.next);
        [expires, next].into_iter().flatten().min()
    }

    /// The next output.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn tell(&mut self, now: Instant) {
        if self.due && !self.in_flight && self.next <= now && self.state != State::Over {
            self.due = false;
            self.in_flight = true;
            self.next = now + self.config.interval;
            self.outputs.push_back(Output::Notify);
        }
    }

    fn over(&mut self, reason: Reason) {
        if self.state != State::Over {
            self.state = State::Over;
            self.due = false;
            self.outputs.push_back(Output::Ended(reason));
        }
    }
}

/// Whether the answer to a NOTIFY ends the subscription (RFC 6665 section 4.2.2, RFC 5057
/// section 5.1).
fn ends(status: StatusCode) -> bool {
    matches!(status.code(), 404 | 405 | 408 | 410 | 416 | 480..=485 | 489 | 501 | 604)
}
