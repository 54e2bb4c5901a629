//! REFER (RFC 3515): a party hands its call on, and is told how it goes by NOTIFY.

use std::time::Instant;

use switchboard_sip::dialog::DialogId;
use switchboard_sip::transaction::TransactionId;
use switchboard_sip::{HeaderName, Message, Method, NameAddr, Scheme, StatusCode, Uri};

use super::{Leg, Sip};
use crate::config::Config;
use crate::world::World;

/// A REFER that waits for its answer.
#[derive(Debug)]
pub(crate) struct Referral {
    id: TransactionId,
    request: Message,
    /// What is to be dialled.
    pub(crate) to: String,
    /// The call that the new one replaces: attended transfer (RFC 3891).
    pub(crate) replaces: Option<DialogId>,
}

/// The subscription that a REFER makes (RFC 3515 section 2.4.4).
#[derive(Clone, Debug, Default)]
pub(super) struct Subscription {
    state: State,
    /// How many REFERs there were in the dialog.
    refers: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    None,
    /// The number of the REFER.
    Active(u32),
}

impl Subscription {
    pub(super) fn end(&mut self) {
        self.state = State::None;
    }
}

impl Leg {
    pub(super) fn refer(
        &mut self,
        now: Instant,
        world: &mut World,
        id: TransactionId,
        request: &Message,
    ) {
        let Sip::Up(up) = &mut self.sip else { return };
        let busy = up.subscription.state != State::None;
        let target =
            if busy { Err(StatusCode::REQUEST_PENDING) } else { refer_to(&world.config, request) };
        match target {
            Ok((to, replaces)) => {
                let referral = Referral { id, request: request.clone(), to, replaces };
                self.events.push_back(super::Event::Refer(Box::new(referral)));
            }
            Err(status) => world.reply(now, id, request, status),
        }
    }

    /// Takes the REFER on: 202, and the first NOTIFY.
    pub(crate) fn accept_referral(&mut self, now: Instant, world: &mut World, referral: &Referral) {
        let Sip::Up(up) = &mut self.sip else { return };
        let reply = up.dialog().reply(&referral.request, StatusCode::ACCEPTED);
        if let Ok(reply) = reply.header(HeaderName::Server, &world.config.product).build() {
            world.respond(now, referral.id, &reply);
        }
        up.subscription.refers += 1;
        up.subscription.state = State::Active(referral.request.cseq().number);
        self.notify(now, world, StatusCode::TRYING);
    }

    /// Refuses the REFER; the call stays as it is.
    pub(crate) fn refuse_referral(
        &mut self,
        now: Instant,
        world: &mut World,
        referral: &Referral,
        status: StatusCode,
    ) {
        world.reply(now, referral.id, &referral.request, status);
    }

    /// Tells the transferring phone how it goes (RFC 3515 section 2.4.5); a final status ends the
    /// subscription.
    pub(crate) fn notify(&mut self, now: Instant, world: &mut World, status: StatusCode) {
        let Sip::Up(up) = &mut self.sip else { return };
        let State::Active(number) = up.subscription.state else { return };
        let state = if status.is_final() {
            up.subscription.end();
            "terminated;reason=noresource"
        } else {
            "active;expires=180"
        };
        let mut request = up
            .dialog()
            .request(&Method::Notify)
            .header(HeaderName::UserAgent, &world.config.product)
            .header(HeaderName::SubscriptionState, state);
        // Section 2.4.6: the number tells several REFERs of one dialog apart.
        request = if up.subscription.refers > 1 {
            request.header(HeaderName::Event, format_args!("refer;id={number}"))
        } else {
            request.header(HeaderName::Event, "refer")
        };
        let line = format!("SIP/2.0 {status} {}\r\n", status.reason());
        let request = request.body("message/sipfrag;version=2.0", line);
        let way = up.way();
        _ = world.send(now, self.key, way, request);
    }
}

/// What is to be dialled. Only a number or user here: nobody is made to call an address of a
/// stranger's choice.
fn refer_to(config: &Config, request: &Message) -> Result<(String, Option<DialogId>), StatusCode> {
    let mut values = request.values(HeaderName::ReferTo);
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(StatusCode::BAD_REQUEST);
    };
    let target = NameAddr::parse(value).map_err(|_| StatusCode::BAD_REQUEST)?;
    let uri = target.uri();
    match uri.scheme() {
        Scheme::Tel => {}
        Scheme::Sip | Scheme::Sips if config.is_here(uri.host_str()) => {}
        Scheme::Sip | Scheme::Sips => return Err(StatusCode::DECLINE),
        _ => return Err(StatusCode::UNSUPPORTED_URI_SCHEME),
    }
    if uri.param("method").is_some_and(|method| !method.eq_ignore_ascii_case("INVITE")) {
        return Err(StatusCode::DECLINE);
    }
    let to = uri.user_text().ok_or(StatusCode::NOT_FOUND)?.into_owned();
    Ok((to, replaces(&uri)?))
}

/// `?Replaces=call-id%3Bto-tag%3D...%3Bfrom-tag%3D...` (RFC 3891 section 6.1). The to-tag is the
/// one of whom the Refer-To names: ours.
fn replaces(uri: &Uri<'_>) -> Result<Option<DialogId>, StatusCode> {
    let mut headers = uri.headers();
    let Some((_, value)) = headers.find(|(name, _)| name.eq_ignore_ascii_case("Replaces")) else {
        return Ok(None);
    };
    let value = switchboard_sip::unescape(value).ok_or(StatusCode::BAD_REQUEST)?;
    let mut parts = value.split(';');
    let call_id = parts.next().unwrap_or_default().trim();
    let (mut to_tag, mut from_tag) = (None, None);
    for part in parts {
        match part.split_once('=') {
            Some((name, tag)) if name.trim().eq_ignore_ascii_case("to-tag") => to_tag = Some(tag),
            Some((name, tag)) if name.trim().eq_ignore_ascii_case("from-tag") => {
                from_tag = Some(tag);
            }
            _ => {}
        }
    }
    match (to_tag, from_tag) {
        (Some(to_tag), Some(from_tag)) if !call_id.is_empty() => {
            Ok(Some(DialogId::new(call_id, to_tag.trim(), from_tag.trim())))
        }
        _ => Err(StatusCode::BAD_REQUEST),
    }
}
