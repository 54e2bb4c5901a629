//! Text messages between users (RFC 3428): passed on to every phone of the user they are for, and
//! answered with what these phones say. Nothing is kept of them.

use std::collections::HashMap;
use std::time::Instant;

use switchboard_routing::UserId;
use switchboard_sip::registrar::Binding;
use switchboard_sip::transaction::TransactionId;
use switchboard_sip::{Builder, Flow, HeaderName, Message, Method, StatusCode};

use crate::destination::Destination;
use crate::event::Event;
use crate::record::Party;
use crate::routes::Owner;
use crate::tally::Tally;
use crate::world::World;

/// The bodies that are passed on: text, and that somebody writes one (RFC 3994).
pub(crate) const BODIES: &[&str] = &["text/plain", "application/im-iscomposing+xml"];

/// A message outside a session is for one datagram (RFC 3428 section 8).
const LONGEST: usize = 1_300;

/// A message on its way. A number is never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct TextNumber(u64);

/// All messages on their way: bounded in all and for each user.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    texts: HashMap<TextNumber, Text>,
    /// How many each user has on their way.
    of: Tally<UserId>,
    last: u64,
}

/// One message on its way.
///
/// ```text
///   Waiting --a phone took it----------------> over (200)
///      +-----all phones refused, or are mute--> over (what they said, or 480)
/// ```
#[derive(Debug)]
struct Text {
    asked: TransactionId,
    request: Message,
    from: UserId,
    to: UserId,
    /// Phones that have not said anything yet.
    waiting: usize,
    /// The refusal that says most.
    refused: Option<StatusCode>,
}

impl Texts {
    /// Passes on a message of a user who has been authenticated, to somebody who works here.
    pub(crate) fn pass_on(
        &mut self,
        now: Instant,
        world: &mut World,
        (from, to): (&UserId, &UserId),
        (asked, flow, request): (TransactionId, Flow, &Message),
    ) {
        let refuse = |world: &mut World, status| world.reply(now, asked, request, status);
        if request.body().len() > LONGEST {
            return refuse(world, StatusCode::REQUEST_ENTITY_TOO_LARGE);
        }
        let limits = &world.config.limits;
        let theirs = self.of.of(from);
        if self.texts.len() >= limits.texts || theirs >= limits.texts_per_user {
            return refuse(world, StatusCode::SERVICE_UNAVAILABLE);
        }
        // To oneself it goes to one's other phones. What is behind a proxy has the flow of all who are.
        let others =
            |binding: &&Binding| from != to || binding.flow != flow || !binding.path.is_empty();
        let phones = world.phones.of(now, to).into_iter().filter(others);
        let phones: Vec<_> = phones.map(|binding| Destination::phone(to, binding)).collect();
        let hops = request.number(HeaderName::MaxForwards).unwrap_or(70).clamp(1, 70) as u8 - 1;
        let sender = world.party(from);
        let number = TextNumber(self.last + 1);
        let mut waiting = 0;
        for phone in &phones {
            let Some(copy) = copy(world, phone, &sender, hops, request) else { continue };
            let sent = world.layer.send_request(now, copy.0, copy.1);
            if let Ok(id) = sent {
                world.routes.own_transaction(id, Owner::Text(number));
                waiting += 1;
            }
        }
        if waiting == 0 {
            return refuse(world, StatusCode::TEMPORARILY_UNAVAILABLE);
        }
        self.last = number.0;
        self.of.add(from);
        let (from, to) = (from.clone(), to.clone());
        let text = Text { asked, request: request.clone(), from, to, waiting, refused: None };
        self.texts.insert(number, text);
    }

    /// What a phone says to it; `None`: nothing, or there is no way to it any more.
    pub(crate) fn answered(
        &mut self,
        now: Instant,
        world: &mut World,
        number: TextNumber,
        status: Option<StatusCode>,
    ) {
        let Some(text) = self.texts.get_mut(&number) else { return };
        let status = match status.map(|status| (status, status.code())) {
            Some((_, 100..=199)) => return,
            Some((_, 200..=299)) => StatusCode::OK,
            refused => {
                text.waiting -= 1;
                // What the phone thinks of us is not what the sender did wrong; and one phone that is
                // overloaded is not us (RFC 3261 section 16.7).
                let told = refused.filter(|(_, code)| {
                    !matches!(code, 300..=399 | 401 | 405 | 407 | 420 | 421 | 481..=483 | 503)
                });
                text.refused = text.refused.or(told.map(|(status, _)| status));
                if text.waiting > 0 {
                    return;
                }
                text.refused.unwrap_or(StatusCode::TEMPORARILY_UNAVAILABLE)
            }
        };
        let Some(text) = self.texts.remove(&number) else { return };
        self.of.take(&text.from);
        world.reply(now, text.asked, &text.request, status);
        let Text { from, to, .. } = text;
        world.event(Event::Text { from, to, status: status.code() });
    }

    /// How many are on their way.
    pub(crate) fn len(&self) -> usize {
        self.texts.len()
    }
}

/// The message as it goes to one phone: from the user whom we know the sender to be.
fn copy(
    world: &mut World,
    phone: &Destination,
    sender: &Party,
    hops: u8,
    request: &Message,
) -> Option<(Flow, Builder)> {
    let (plan, ..) = phone.plan(world, sender, hops)?;
    let identifiers = world.layer.identifiers();
    let (call_id, tag) = (identifiers.call_id(), identifiers.tag());
    let mut copy = Builder::request(&Method::Message, &plan.uri);
    for route in &plan.routes {
        copy = copy.header(HeaderName::Route, route);
    }
    let kind = request.text(HeaderName::ContentType).unwrap_or("text/plain");
    let copy = copy
        .header(HeaderName::MaxForwards, plan.max_forwards)
        .header(HeaderName::From, format_args!("{};tag={tag}", plan.from))
        .header(HeaderName::To, &plan.to)
        .header(HeaderName::CallId, call_id)
        .header(HeaderName::CSeq, "1 MESSAGE")
        .header(HeaderName::UserAgent, &world.config.product)
        .body(kind, request.body_bytes());
    Some((plan.flow, copy))
}
