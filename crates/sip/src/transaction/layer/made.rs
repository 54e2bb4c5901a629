//! Messages that the layer makes by itself.

use bytes::Bytes;

use super::entry::Kind;
use super::{Output, TransactionId, TransactionLayer};
use crate::message::{BuildError, Builder, HeaderName, Host, Message, Method, StatusCode};
use crate::transaction::response_flow;
use crate::{Flow, Transport};
use std::time::Instant;

/// The request with its source in the top Via (RFC 3261 section 18.2.1, RFC 3581 section 4).
pub(super) fn with_received(request: Message, source: Flow) -> Message {
    let via = request.top_via();
    if via.rport().is_none()
        && via.received().is_none()
        && Host::of(via.host()).ip() == Some(source.remote.ip())
    {
        return request;
    }
    // Only a message at the limit of length can be left as it was: its answer then goes by the flow.
    request.edit().stamp_source(source.remote).finish().unwrap_or(request)
}

/// The ACK of a 300 to 699 response (RFC 3261 section 17.1.1.3). Empty if it cannot be made.
pub(super) fn ack_of_refusal(invite: &Message, response: &Message) -> Bytes {
    let uri = invite.request_uri_str().unwrap_or_default();
    let made = Builder::request(&Method::Ack, uri)
        .header(HeaderName::Via, top_via(invite))
        .copy(invite, HeaderName::Route)
        .header(HeaderName::MaxForwards, 70)
        .copy(invite, HeaderName::From)
        .copy(response, HeaderName::To)
        .copy(invite, HeaderName::CallId)
        .header(HeaderName::CSeq, format_args!("{} ACK", invite.cseq().number))
        .build();
    made.map(Message::into_bytes).unwrap_or_default()
}

/// The CANCEL of an INVITE (RFC 3261 section 9.1).
pub(super) fn cancel(invite: &Message) -> Result<Message, BuildError> {
    let uri = invite.request_uri_str().unwrap_or_default();
    Builder::request(&Method::Cancel, uri)
        .header(HeaderName::Via, top_via(invite))
        .copy(invite, HeaderName::Route)
        .header(HeaderName::MaxForwards, 70)
        .copy(invite, HeaderName::From)
        .copy(invite, HeaderName::To)
        .copy(invite, HeaderName::CallId)
        .header(HeaderName::CSeq, format_args!("{} CANCEL", invite.cseq().number))
        .build()
}

fn top_via(message: &Message) -> String {
    let value = message.values(HeaderName::Via).next().unwrap_or_default();
    String::from_utf8_lossy(value).into_owned()
}

impl TransactionLayer {
    /// The value of our Via.
    pub(super) fn via(&self, flow: Flow, branch: &str) -> String {
        let transport = flow.transport;
        let rport = if transport == Transport::Udp { ";rport" } else { "" };
        match &self.config.sent_by {
            Some(own) => format!("SIP/2.0/{transport} {own};branch={branch}{rport}"),
            None => format!("SIP/2.0/{transport} {};branch={branch}{rport}", flow.local),
        }
    }

    /// Whether the top Via of a response is one that we wrote (RFC 3261 section 18.1.2).
    pub(super) fn is_ours(&self, response: &Message, flow: Flow) -> bool {
        let via = response.top_via();
        let (host, port) = (Host::of(via.host()), via.port());
        match &self.config.sent_by {
            Some(own) => own.names(&host, port),
            None => {
                let port = port.unwrap_or(flow.transport.default_port());
                host.equivalent(&Host::Ip(flow.local.ip())) && port == flow.local.port()
            }
        }
    }

    /// A tag for answers without state: the same whenever the request comes again (section 8.2.7).
    pub(super) fn tag_for(&self, request: &Message) -> String {
        let from_tag = request.from_tag().unwrap_or("");
        let branch = request.branch().unwrap_or("");
        let number = request.cseq().number.to_be_bytes();
        let call_id = request.call_id().as_bytes();
        self.identifiers.stateless_tag(&[call_id, from_tag.as_bytes(), branch.as_bytes(), &number])
    }

    /// Answers without keeping anything.
    pub(super) fn refuse(&mut self, source: Flow, request: &Message, status: StatusCode) {
        let tag = self.tag_for(request);
        self.answer(source, request, status, &tag);
    }

    pub(super) fn answer(
        &mut self,
        source: Flow,
        request: &Message,
        status: StatusCode,
        tag: &str,
    ) {
        let retry_after = (status == StatusCode::SERVICE_UNAVAILABLE)
            .then_some(self.config.retry_after.as_secs().max(1));
        let made = Builder::reply(request, status, Some(tag))
            .maybe(HeaderName::RetryAfter, retry_after)
            .build();
        // What cannot be answered, for instance because of its length, is not answered.
        if let Ok(response) = made {
            let flow = response_flow(request, source);
            self.outputs.push_back(Output::Transmit { flow, payload: response.into_bytes() });
        }
    }

    /// The `100 Trying` that the user is late with.
    pub(super) fn send_trying(&mut self, now: Instant, id: TransactionId) {
        let Some(entry) = self.table.get_mut(id) else { return };
        let Kind::ServerInvite(side) = &mut entry.kind else { return };
        let Some(request) = side.request.take() else { return };
        if let Ok(trying) = Builder::reply(&request, StatusCode::TRYING, None).build() {
            let code = StatusCode::TRYING.code();
            let input =
                crate::transaction::server_invite::Input::Respond(code, trying.into_bytes());
            let _ = side.machine.handle(now, input);
        }
    }
}
