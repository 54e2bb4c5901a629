//! REFER (RFC 3515): a party hands its call on, and is told how it goes by NOTIFY.

use std::time::Instant;

use switchboard_sip::dialog::DialogId;
use switchboard_sip::refer::{self, Refer};
use switchboard_sip::transaction::TransactionId;
use switchboard_sip::{HeaderName, Message, Method, Scheme, StatusCode};

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
    /// NOTIFYs are to tell how it goes.
    wants_notify: bool,
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
            Ok((to, refer)) => {
                let (replaces, wants_notify) = (refer.replaces().cloned(), refer.wants_notify());
                let request = request.clone();
                let referral = Referral { id, request, to, replaces, wants_notify };
                self.events.push_back(super::Event::Refer(Box::new(referral)));
            }
            Err(status) => world.reply(now, id, request, status),
        }
    }

    /// Takes the REFER on: 202, and the first NOTIFY.
    pub(crate) fn accept_referral(&mut self, now: Instant, world: &mut World, referral: &Referral) {
        let Sip::Up(up) = &mut self.sip else { return };
        let mut reply = up.dialog().reply(&referral.request, StatusCode::ACCEPTED);
        if !referral.wants_notify {
            reply = reply.header(HeaderName::ReferSub, "false");
        }
        if let Ok(reply) = reply.header(HeaderName::Server, &world.config.product).build() {
            world.respond(now, referral.id, &reply);
        }
        if !referral.wants_notify {
            return;
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
        let request = request.body(refer::BODY, refer::sipfrag(status));
        let way = up.way();
        _ = world.send(now, self.key, way, request);
    }
}

/// What is to be dialled. Only a number or user here: nobody is made to call an address of a
/// stranger's choice.
fn refer_to(config: &Config, request: &Message) -> Result<(String, Refer), StatusCode> {
    let refer = Refer::read(request).map_err(|refusal| refusal.status())?;
    let uri = refer.target();
    if uri.scheme() != Scheme::Tel && !config.is_here(uri.host_str()) {
        return Err(StatusCode::DECLINE);
    }
    let to = uri.user_text().ok_or(StatusCode::NOT_FOUND)?.into_owned();
    Ok((to, refer))
}
