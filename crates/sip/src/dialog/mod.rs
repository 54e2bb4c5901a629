//! Dialogs (RFC 3261 section 12): what two user agents share over several transactions.
//!
//! ```
//! use switchboard_sip::dialog::{Dialog, DialogState};
//! use switchboard_sip::{Builder, HeaderName, Message, Method, StatusCode};
//!
//! let invite = Message::parse(
//!     &b"INVITE sip:102@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1\r\n\
//!        From: <sip:anna@192.0.2.1>;tag=hers\r\nTo: <sip:102@192.0.2.1>\r\nCall-ID: 1\r\n\
//!        CSeq: 1 INVITE\r\nContact: <sip:anna@192.0.2.7>\r\n\r\n"[..],
//! )?;
//! let ok = Builder::reply(&invite, StatusCode::OK, Some("ours"))
//!     .header(HeaderName::Contact, "<sip:102@192.0.2.1>")
//!     .build()?;
//! let mut dialog = Dialog::uas(&invite, &ok)?;
//! assert_eq!(dialog.state(), DialogState::Confirmed);
//!
//! // Complete but for its Via, which the transaction layer puts on top.
//! let bye = dialog.request(&Method::Bye);
//! let bye = bye.first(HeaderName::Via, "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK2").build()?;
//! assert_eq!(bye.request_uri_str(), Some("sip:anna@192.0.2.7"));
//! assert_eq!(bye.to_tag(), Some("hers"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod exchange;
mod id;
mod route_set;
mod set;

#[cfg(test)]
mod tests;

pub use exchange::{Carries, Conflict, Exchange, NoOffer, Side, retry_delay};
pub use id::DialogId;
pub use route_set::RouteSet;
pub use set::{DialogSet, MAX_FORKS};

use crate::message::{Builder, HeaderName, Message, Method, NameAddr, RAck, StatusCode};
use crate::uri::{Scheme, Uri, UriBuf};

/// Which side started the dialog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// We sent the request that made it.
    Uac,
    /// We answered that request.
    Uas,
}

/// How far the dialog is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DialogState {
    /// Made by a provisional response.
    Early,
    /// Made or confirmed by a 2xx.
    Confirmed,
}

/// No dialog can be made of these messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DialogError {
    /// Neither a 101 to 299 response nor the request to it.
    #[error("a dialog is made by a request and a 101 to 299 response to it")]
    NotDialogForming,
    /// The response has no To tag.
    #[error("the response has no To tag")]
    NoTag,
    /// The request has no Contact with one sip or sips URI: answer it with 400.
    #[error("there is no Contact with a sip or sips URI")]
    NoContact,
    /// An address in the messages is malformed.
    #[error("an address is malformed")]
    Malformed,
}

/// A request within the dialog is not to be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OutOfDialog {
    /// Its CSeq is lower than one that was here (RFC 3261 section 12.2.2).
    #[error("500: the CSeq is lower than the last")]
    OutOfOrder,
    /// It belongs to another dialog.
    #[error("481: not of this dialog")]
    OtherDialog,
}

impl OutOfDialog {
    /// The status code of the answer.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::OutOfOrder => StatusCode::SERVER_INTERNAL_ERROR,
            Self::OtherDialog => StatusCode::CALL_DOES_NOT_EXIST,
        }
    }
}

/// A dialog (RFC 3261 section 12): identifiers, sequence numbers, the far end's target and the way
/// to it.
///
/// ```text
///            101-199 with a tag          2xx (route set anew, RFC 3261 section 13.2.2.4)
///   request ------------------> Early ------------------> Confirmed
///      |                                                      ^
///      +------------------------- 2xx ------------------------+
/// ```
///
/// It has no timers and sends nothing: it makes the requests that its owner sends, and says which
/// of those received are in order. Its owner drops it when it is over.
#[derive(Debug, Clone)]
pub struct Dialog {
    id: DialogId,
    role: Role,
    state: DialogState,
    /// The From and To values of our requests, tags included.
    local: String,
    remote: String,
    remote_target: UriBuf,
    routes: RouteSet,
    local_cseq: u32,
    remote_cseq: Option<u32>,
    contact: Option<String>,
}

impl Dialog {
    /// The caller's dialog, from the request as it was sent and a response with a To tag
    /// (RFC 3261 section 12.1.2).
    ///
    /// A response without a Contact, which many send before the 2xx, leaves the Request-URI as the
    /// target.
    ///
    /// # Errors
    /// See [`DialogError`].
    pub fn uac(request: &Message, response: &Message) -> Result<Self, DialogError> {
        let state = state_by(request, response)?;
        let id = DialogId::of_response(response).ok_or(DialogError::NoTag)?;
        let remote_target = match target(response) {
            Some(contact) => contact,
            None => {
                let uri = request.request_uri().map_err(|_| DialogError::Malformed)?;
                uri.without_headers().to_buf()
            }
        };
        Ok(Self {
            id,
            role: Role::Uac,
            state,
            local: value_of(request, HeaderName::From),
            remote: value_of(response, HeaderName::To),
            remote_target,
            routes: RouteSet::of_response(response).ok_or(DialogError::Malformed)?,
            local_cseq: request.cseq().number,
            remote_cseq: None,
            contact: contact_of(request),
        })
    }

    /// The called side's dialog, from the request and our response to it (RFC 3261 section 12.1.1).
    ///
    /// # Errors
    /// See [`DialogError`].
    pub fn uas(request: &Message, response: &Message) -> Result<Self, DialogError> {
        let state = state_by(request, response)?;
        let local_tag = response.to_tag().ok_or(DialogError::NoTag)?;
        let remote_tag = request.from_tag().unwrap_or("");
        Ok(Self {
            id: DialogId::new(request.call_id(), local_tag, remote_tag),
            role: Role::Uas,
            state,
            local: value_of(response, HeaderName::To),
            remote: value_of(request, HeaderName::From),
            remote_target: target(request).ok_or(DialogError::NoContact)?,
            routes: RouteSet::of_request(request).ok_or(DialogError::Malformed)?,
            // Section 12.1.1 leaves it empty; the first request then takes any number.
            local_cseq: 0,
            remote_cseq: Some(request.cseq().number),
            contact: contact_of(response),
        })
    }

    /// The subscriber's dialog, from its SUBSCRIBE as it was sent and the first NOTIFY, which may
    /// come before the 2xx (RFC 6665 section 4.4.1).
    ///
    /// # Errors
    /// See [`DialogError`].
    pub fn subscriber(subscribe: &Message, notify: &Message) -> Result<Self, DialogError> {
        if *subscribe.method() != Method::Subscribe || *notify.method() != Method::Notify {
            return Err(DialogError::NotDialogForming);
        }
        Ok(Self {
            id: DialogId::of_request(notify).ok_or(DialogError::NoTag)?,
            role: Role::Uac,
            state: DialogState::Confirmed,
            local: value_of(subscribe, HeaderName::From),
            remote: value_of(notify, HeaderName::From),
            remote_target: target(notify).ok_or(DialogError::NoContact)?,
            routes: RouteSet::of_request(notify).ok_or(DialogError::Malformed)?,
            local_cseq: subscribe.cseq().number,
            remote_cseq: Some(notify.cseq().number),
            contact: contact_of(subscribe),
        })
    }

    /// Its identifier.
    #[must_use]
    pub fn id(&self) -> &DialogId {
        &self.id
    }

    /// Which side started it.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// Early or confirmed.
    #[must_use]
    pub fn state(&self) -> DialogState {
        self.state
    }

    /// Where the far end wants its requests, from its last Contact.
    #[must_use]
    pub fn remote_target(&self) -> Uri<'_> {
        self.remote_target.as_uri()
    }

    /// The proxies that stay in the way.
    #[must_use]
    pub fn routes(&self) -> &RouteSet {
        &self.routes
    }

    /// The URI of the element to which a request goes first: the first proxy, or the far end.
    #[must_use]
    pub fn next_hop(&self) -> Uri<'_> {
        self.routes.first().unwrap_or(self.remote_target.as_uri())
    }

    /// The CSeq number of our last request; 0 before the first of a dialog that the far end started.
    #[must_use]
    pub fn local_cseq(&self) -> u32 {
        self.local_cseq
    }

    /// Our Contact, which goes into requests and responses that refresh the target.
    pub fn set_contact(&mut self, contact: &NameAddr<'_>) {
        self.contact = Some(format!("<{}>", contact.uri()));
    }

    /// The 2xx has been sent: a dialog that we answered is no longer early.
    pub fn confirm(&mut self) {
        self.state = DialogState::Confirmed;
    }

    /// Takes a response to one of our requests in the dialog, the first one included: a 2xx
    /// confirms it and sets its route set anew (RFC 3261 section 13.2.2.4), and its Contact becomes
    /// the target.
    pub fn receive_response(&mut self, response: &Message) {
        let Some(status) = response.status() else { return };
        let first = self.state == DialogState::Early && self.role == Role::Uac;
        if first && status.is_success() && *response.method() == Method::Invite {
            self.state = DialogState::Confirmed;
            if let Some(routes) = RouteSet::of_response(response) {
                self.routes = routes;
            }
        }
        let refreshes = status.is_success() || first && status.is_provisional();
        if refreshes
            && refreshes_target(response.method())
            && let Some(contact) = target(response)
        {
            self.remote_target = contact;
        }
    }

    /// Whether a response to a request in a dialog ends the dialog (RFC 3261 section 12.2.1.2): the
    /// far end does not know it any more, or does not answer. A timeout is a 408.
    #[must_use]
    pub fn is_ended_by(status: StatusCode) -> bool {
        matches!(status, StatusCode::CALL_DOES_NOT_EXIST | StatusCode::REQUEST_TIMEOUT)
    }

    /// Takes a request of the far end: checks its order and follows its Contact
    /// (RFC 3261 section 12.2.2). ACK and CANCEL have the number of their INVITE and are not counted.
    ///
    /// # Errors
    /// See [`OutOfDialog`]; the dialog is as it was then.
    pub fn receive_request(&mut self, request: &Message) -> Result<(), OutOfDialog> {
        if DialogId::of_request(request).as_ref() != Some(&self.id) {
            return Err(OutOfDialog::OtherDialog);
        }
        if matches!(request.method(), Method::Ack | Method::Cancel) {
            return Ok(());
        }
        let number = request.cseq().number;
        if self.remote_cseq.is_some_and(|last| number < last) {
            return Err(OutOfDialog::OutOfOrder);
        }
        self.remote_cseq = Some(number);
        if refreshes_target(request.method())
            && let Some(contact) = target(request)
        {
            self.remote_target = contact;
        }
        Ok(())
    }

    /// The next request (RFC 3261 section 12.2.1.1), complete but for its Via and body: Request-URI,
    /// Route, Max-Forwards, From, To, Call-ID, a new CSeq, and Contact where it refreshes the target.
    ///
    /// ACK has the number of its INVITE: see [`Dialog::ack`].
    pub fn request(&mut self, method: &Method) -> Builder {
        self.local_cseq += 1;
        let request = self.build(method, self.local_cseq);
        match &self.contact {
            Some(contact) if refreshes_target(method) => {
                request.header(HeaderName::Contact, contact)
            }
            _ => request,
        }
    }

    /// The ACK of a 2xx to the INVITE with this CSeq number, complete but for its Via
    /// (RFC 3261 section 13.2.2.4). The transaction layer adds the credentials of the INVITE.
    pub fn ack(&self, invite: u32) -> Builder {
        self.build(&Method::Ack, invite)
    }

    /// The PRACK of a reliable provisional response (RFC 3262 section 4), complete but for its Via:
    /// also within an early dialog.
    pub fn prack(&mut self, rack: &RAck) -> Builder {
        self.request(&Method::Prack).header(HeaderName::RAck, rack)
    }

    /// The response to a request of the dialog, with our Contact where it refreshes the target.
    pub fn reply(&self, request: &Message, status: StatusCode) -> Builder {
        let reply = Builder::reply(request, status, Some(self.id.local_tag()));
        match &self.contact {
            Some(contact) if status.code() < 300 && refreshes_target(request.method()) => {
                reply.header(HeaderName::Contact, contact)
            }
            _ => reply,
        }
    }

    fn build(&self, method: &Method, number: u32) -> Builder {
        let (uri, routes) = self.routes.apply(self.remote_target.as_uri());
        let mut request = Builder::request(method, uri);
        for route in routes {
            request = request.header(HeaderName::Route, route);
        }
        request
            .header(HeaderName::MaxForwards, 70)
            .header(HeaderName::From, &self.local)
            .header(HeaderName::To, &self.remote)
            .header(HeaderName::CallId, self.id.call_id())
            .header(HeaderName::CSeq, format_args!("{number} {method}"))
    }
}

/// Whether a request's Contact replaces the target (RFC 3261 section 6, RFC 3311, RFC 6665, RFC 3515).
fn refreshes_target(method: &Method) -> bool {
    matches!(
        method,
        Method::Invite | Method::Update | Method::Subscribe | Method::Notify | Method::Refer
    )
}

fn state_by(request: &Message, response: &Message) -> Result<DialogState, DialogError> {
    match response.status().map(StatusCode::code) {
        _ if !request.is_request() => Err(DialogError::NotDialogForming),
        Some(101..=199) => Ok(DialogState::Early),
        Some(200..=299) => Ok(DialogState::Confirmed),
        _ => Err(DialogError::NotDialogForming),
    }
}

fn target(message: &Message) -> Option<UriBuf> {
    let contact = message.contact().ok().flatten()?;
    match contact.uri().scheme() {
        Scheme::Sip | Scheme::Sips => Some(contact.uri().without_headers().to_buf()),
        _ => None,
    }
}

fn contact_of(message: &Message) -> Option<String> {
    message.header(HeaderName::Contact).map(|header| one_line(header.value()))
}

fn value_of(message: &Message, name: HeaderName) -> String {
    message.header(name).map(|header| one_line(header.value())).unwrap_or_default()
}

/// A received value on one line: folds, and control octets in quotes, become spaces.
fn one_line(value: &[u8]) -> String {
    let mut line = String::from_utf8_lossy(value).into_owned();
    line.retain(|symbol| symbol != '\r');
    line.replace(|symbol: char| symbol.is_control(), " ")
}
