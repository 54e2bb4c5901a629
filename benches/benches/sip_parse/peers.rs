//! What each crate does to take a message in (`read`), and to give what routing needs of it (`touch`).

use bytes::Bytes;

/// One crate. `read` and `touch` give a number that depends on what was read, `None` where the message is refused.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    pub(crate) read: fn(&Bytes) -> Option<usize>,
    pub(crate) touch: fn(&Bytes) -> Option<usize>,
}

pub(crate) const OURS: Peer =
    Peer { name: "switchboard-sip", read: ours::read, touch: ours::touch };

/// Those that the bench always has.
pub(crate) const PEERS: [Peer; 4] = [
    Peer { name: "rsipstack 0.7", read: rsipstack_peer::read, touch: rsipstack_peer::touch },
    Peer { name: "sipx-sip 1.0", read: sipx::read, touch: sipx::touch },
    Peer { name: "rsip 0.4", read: rsip_peer::read, touch: rsip_peer::touch },
    Peer { name: "ezk-sip-types 0.6", read: ezk::read, touch: ezk::touch },
];

pub(crate) mod ours {
    use bytes::Bytes;
    use std::hint::black_box;
    use switchboard_sip::Message;

    pub(crate) fn read(octets: &Bytes) -> Option<usize> {
        let Ok(message) = Message::parse(octets.clone()) else { return None };
        Some(black_box(&message).body().len())
    }

    pub(crate) fn touch(octets: &Bytes) -> Option<usize> {
        let Ok(message) = Message::parse(octets.clone()) else { return None };
        Some(look(&message))
    }

    /// What routing needs, of a message that was read.
    pub(crate) fn look(message: &Message) -> usize {
        let contact = message.contact().ok().flatten();
        message.call_id().len()
            + message.cseq().number as usize
            + message.branch().map_or(0, str::len)
            + message.from_tag().map_or(0, str::len)
            + message.to_tag().map_or(0, str::len)
            + contact.map_or(0, |contact| contact.uri().host_str().len())
    }
}

/// `rsip`, and `rsipstack`, which grew from it and has its interface.
macro_rules! rsip_like {
    ($module:ident, $sip:path) => {
        mod $module {
            use bytes::Bytes;
            #[allow(unused_imports, reason = "one of the two needs all three")]
            use sip::prelude::{HeadersExt, ToTypedHeader, UntypedHeader};
            use std::hint::black_box;
            use $sip as sip;

            pub(super) fn read(octets: &Bytes) -> Option<usize> {
                let Ok(message) = sip::SipMessage::try_from(&octets[..]) else { return None };
                Some(usize::from(black_box(&message).is_request()))
            }

            pub(super) fn touch(octets: &Bytes) -> Option<usize> {
                let Ok(message) = sip::SipMessage::try_from(&octets[..]) else { return None };
                let contact =
                    message.contact_header().ok().and_then(|contact| contact.typed().ok());
                let via = message.via_header().ok()?.typed().ok()?;
                let from = message.from_header().ok()?.typed().ok()?;
                let to = message.to_header().ok()?.typed().ok()?;
                Some(
                    message.call_id_header().ok()?.value().len()
                        + message.cseq_header().ok()?.typed().ok()?.seq as usize
                        + via.branch().map_or(0, |branch| branch.value().len())
                        + from.tag().map_or(0, |tag| tag.value().len())
                        + to.tag().map_or(0, |tag| tag.value().len())
                        + contact.map_or(0, |c| c.uri.host_with_port.to_string().len()),
                )
            }
        }
    };
}

rsip_like!(rsip_peer, ::rsip);
rsip_like!(rsipstack_peer, ::rsipstack::sip);

mod sipx {
    use bytes::Bytes;
    use sipx_sip::headers::{CSeq, CallId, ContactValue, From, To, Via};
    use sipx_sip::message::{Message, TypedHeader};
    use sipx_sip::parser::{Limits, parse_datagram};
    use std::hint::black_box;

    /// `read` and `touch` look at the result where it is: moving it would be the bench's work.
    macro_rules! message {
        ($octets:ident) => {{
            let Ok(message) = parse_datagram($octets.clone(), &Limits::datagram()) else {
                return None;
            };
            message
        }};
    }

    pub(super) fn read(octets: &Bytes) -> Option<usize> {
        let message = message!(octets);
        Some(black_box(&message).body().len())
    }

    pub(super) fn touch(octets: &Bytes) -> Option<usize> {
        let message = message!(octets);
        fn get<H: TypedHeader>(message: &Message) -> Option<H> {
            message.headers().typed::<H>()?.ok()
        }
        let contact = message.headers().typed::<ContactValue>().and_then(Result::ok);
        Some(
            get::<CallId>(&message)?.0.len()
                + get::<CSeq>(&message)?.sequence as usize
                + get::<Via>(&message)?.branch().map_or(0, <[u8]>::len)
                + get::<From>(&message)?.tag().map_or(0, <[u8]>::len)
                + get::<To>(&message)?.tag().map_or(0, <[u8]>::len)
                + usize::from(black_box(contact).is_some()),
        )
    }
}

mod ezk {
    use bytes::Bytes;
    use ezk_sip_types::header::typed::{CSeq, CallID, Contact, ContentLength, FromTo, Via};
    use ezk_sip_types::msg::{Line, MessageLine, PullParser};
    use ezk_sip_types::parse::Parse;
    use ezk_sip_types::{Headers, Name};
    use std::hint::black_box;

    /// As that crate's own transports do it.
    fn message(octets: &Bytes) -> Option<(MessageLine, Headers, Bytes)> {
        let mut parser = PullParser::new(octets, 0);
        let mut start = None;
        let mut headers = Headers::new();
        for line in &mut parser {
            let line = std::str::from_utf8(line.ok()?).ok()?;
            if start.is_none() {
                start = Some(MessageLine::parse(octets)(line).ok()?.1);
            } else {
                let line = Line::parse(octets, line).ok()?.1;
                headers.insert(line.name, line.value);
            }
        }
        let head = parser.head_end();
        let length = headers.get_named::<ContentLength>().map_or(0, |length| length.0);
        let end = head.checked_add(length).filter(|&end| end <= octets.len())?;
        Some((start?, headers, octets.slice(head..end)))
    }

    pub(super) fn read(octets: &Bytes) -> Option<usize> {
        Some(black_box(&message(octets)?).2.len())
    }

    pub(super) fn touch(octets: &Bytes) -> Option<usize> {
        let (_, headers, _) = message(octets)?;
        let tag = |name| Some(headers.get::<FromTo>(name).ok()?.tag.map_or(0, |tag| tag.len()));
        let contact = headers.get_named::<Contact>().ok();
        Some(
            headers.get_named::<CallID>().ok()?.0.len()
                + headers.get_named::<CSeq>().ok()?.cseq as usize
                + headers.get_named::<Via>().ok()?.params.get_val("branch").map_or(0, |b| b.len())
                + tag(Name::FROM)?
                + tag(Name::TO)?
                + contact.map_or(0, |contact| usize::from(contact.uri.name.is_some())),
        )
    }
}
