//! The crates that only the feature `every-peer` builds.

use super::peers::Peer;

pub(crate) const EVERY: [Peer; 4] = [
    Peer { name: "sip-core 0.3", read: sip_core_peer::read, touch: sip_core_peer::touch },
    Peer { name: "rsiprtp 0.4", read: rsiprtp_peer::read, touch: rsiprtp_peer::touch },
    Peer { name: "sipmsg 0.2", read: sipmsg_peer::read, touch: sipmsg_peer::touch },
    Peer { name: "rvoip-sip-core 0.4", read: rvoip::read, touch: rvoip::touch },
];

mod sip_core_peer {
    use bytes::Bytes;
    use sip_core::{HeaderName, SipMessage};
    use std::hint::black_box;

    fn message(octets: &Bytes) -> Option<SipMessage> {
        SipMessage::parse(std::str::from_utf8(octets).ok()?).ok()
    }

    pub(super) fn read(octets: &Bytes) -> Option<usize> {
        Some(usize::from(black_box(&message(octets)?).is_request()))
    }

    /// It reads Call-ID and CSeq; of the others it gives the text.
    pub(super) fn touch(octets: &Bytes) -> Option<usize> {
        let message = message(octets)?;
        let text = |name| message.headers().get(&name).map_or(0, |value| value.as_str().len());
        Some(
            message.call_id()?.len()
                + message.cseq()?.0 as usize
                + text(HeaderName::Via)
                + text(HeaderName::From)
                + text(HeaderName::To)
                + text(HeaderName::Contact),
        )
    }
}

mod rsiprtp_peer {
    use bytes::Bytes;
    use rsiprtp::sip::parser::{Header, Message};
    use std::hint::black_box;

    fn headers(message: &Message) -> impl Iterator<Item = &Header> {
        match message {
            Message::Request(request) => request.headers.iter(),
            Message::Response(response) => response.headers.iter(),
        }
    }

    pub(super) fn read(octets: &Bytes) -> Option<usize> {
        Some(headers(black_box(&Message::parse(octets).ok()?)).count())
    }

    pub(super) fn touch(octets: &Bytes) -> Option<usize> {
        let message = Message::parse(octets).ok()?;
        let header = |name| headers(&message).find(|header| header.name_matches(name));
        let contact = header("Contact").and_then(|contact| contact.typed_contact()?.ok());
        Some(
            header("Call-ID")?.value().len()
                + header("CSeq")?.typed_cseq()?.ok()?.seq as usize
                + header("Via")?.typed_via()?.ok()?.branch().map_or(0, str::len)
                + header("From")?.typed_from()?.ok()?.tag().map_or(0, str::len)
                + header("To")?.typed_to()?.ok()?.params.len()
                + usize::from(black_box(contact).is_some()),
        )
    }
}

mod sipmsg_peer {
    use bytes::Bytes;
    use sipmsg::{NomParser, SipMessageType, SipRFCHeader, SipRequest, SipResponse};
    use std::hint::black_box;

    fn with_headers(
        octets: &Bytes,
        look: impl Fn(&sipmsg::SipHeaders<'_>) -> usize,
    ) -> Option<usize> {
        match sipmsg::get_sip_message_type(octets) {
            SipMessageType::Response => SipResponse::parse(octets).ok().map(|m| look(&m.1.headers)),
            _ => SipRequest::parse(octets).ok().map(|m| look(&m.1.headers)),
        }
    }

    pub(super) fn read(octets: &Bytes) -> Option<usize> {
        with_headers(octets, |headers| black_box(headers).len())
    }

    /// All is read at once.
    pub(super) fn touch(octets: &Bytes) -> Option<usize> {
        with_headers(octets, |headers| {
            [
                SipRFCHeader::CallID,
                SipRFCHeader::CSeq,
                SipRFCHeader::Via,
                SipRFCHeader::From,
                SipRFCHeader::To,
                SipRFCHeader::Contact,
            ]
            .into_iter()
            .filter(|&name| black_box(headers.get_rfc_s(name)).is_some())
            .count()
        })
    }
}

mod rvoip {
    use bytes::Bytes;
    use rvoip_sip_core::{Message, parse_message};
    use std::hint::black_box;

    pub(super) fn read(octets: &Bytes) -> Option<usize> {
        Some(black_box(&parse_message(octets).ok()?).body().len())
    }

    /// All is read at once.
    pub(super) fn touch(octets: &Bytes) -> Option<usize> {
        let message: Message = parse_message(octets).ok()?;
        Some(
            usize::from(black_box(message.call_id()).is_some())
                + usize::from(black_box(message.from()).is_some())
                + usize::from(black_box(message.to()).is_some())
                + usize::from(black_box(message.first_via()).is_some()),
        )
    }
}
