//! What the transaction user asks for.

use std::time::Instant;

use super::entry::{Cancel, ClientInviteSide, ClientNonInviteSide, Entry, Fork, Kind};
use super::table::Sequence;
use super::{Event, Output, TransactionId, TransactionLayer, facts, made};
use crate::Flow;
use crate::message::{BuildError, Builder, HeaderName, Message, Method};
use crate::transaction::{
    Accepted2xx, AlreadyAnswered, ClientInvite, ClientNonInvite, client_invite, server_invite,
    server_non_invite,
};

/// A request could not be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// As many client transactions as the configuration allows are open.
    #[error("no room for another client transaction")]
    Full,
    /// ACK and CANCEL have their own ways: [`TransactionLayer::send_ack`] and
    /// [`TransactionLayer::cancel`].
    #[error("{0} starts no transaction")]
    NoTransaction(Method),
    /// The request is not complete.
    #[error(transparent)]
    Build(#[from] BuildError),
}

/// A response could not be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RespondError {
    /// The transaction is over, or never was a server transaction.
    #[error("there is no such server transaction")]
    Unknown,
    /// The message is a request.
    #[error("a request is no response")]
    NotAResponse,
    /// The final response has been given.
    #[error(transparent)]
    Answered(#[from] AlreadyAnswered),
}

/// An INVITE could not be cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CancelError {
    /// The transaction is over, or never was an INVITE of ours.
    #[error("there is no such client INVITE transaction")]
    Unknown,
    /// The final response is here already: end the session with a BYE if it was a 2xx.
    #[error("the INVITE has its final response")]
    Answered,
}

impl TransactionLayer {
    /// Sends a request, complete but for its Via, which the layer puts on top, and starts its
    /// transaction.
    ///
    /// # Errors
    /// See [`SendError`]; nothing is sent then.
    pub fn send_request(
        &mut self,
        now: Instant,
        flow: Flow,
        request: Builder,
    ) -> Result<TransactionId, SendError> {
        if self.table.clients() >= self.config.max_clients {
            return Err(SendError::Full);
        }
        let branch = self.identifiers.branch();
        let request = request.first(HeaderName::Via, self.via(flow, &branch)).build()?;
        let method = request.method().clone();
        if matches!(method, Method::Ack | Method::Cancel) {
            return Err(SendError::NoTransaction(method));
        }
        if method == Method::Bye {
            let (ours, theirs) = (request.from_tag(), request.to_tag());
            self.end_session(&facts::dialog(request.call_id(), theirs, ours));
        }
        Ok(self.start(now, flow, &branch, request, false))
    }

    /// Sends the ACK of a 2xx (RFC 3261 section 13.2.2.4), complete but for its Via. With the
    /// INVITE's transaction the ACK gets the INVITE's credentials, is kept, and is sent again for
    /// each repetition of that 2xx; the To tag says which fork's it is.
    ///
    /// # Errors
    /// [`SendError::Build`], and [`SendError::NoTransaction`] for another method.
    pub fn send_ack(
        &mut self,
        invite: Option<TransactionId>,
        flow: Flow,
        ack: Builder,
    ) -> Result<(), SendError> {
        let branch = self.identifiers.branch();
        let mut ack = ack.first(HeaderName::Via, self.via(flow, &branch));
        if let Some(invite) = invite.and_then(|id| self.sent(id)) {
            ack = ack
                .copy(invite, HeaderName::Authorization)
                .copy(invite, HeaderName::ProxyAuthorization);
        }
        let ack = ack.build()?;
        if *ack.method() != Method::Ack {
            return Err(SendError::NoTransaction(ack.method().clone()));
        }
        let payload = ack.as_bytes().clone();
        if let Some(entry) = invite.and_then(|id| self.table.get_mut(id))
            && let Kind::ClientInvite(side) = &mut entry.kind
        {
            let to_tag = ack.to_tag().unwrap_or("");
            let fork = side.forks.iter_mut().find(|fork: &&mut Fork| *fork.to_tag == *to_tag);
            if let Some(fork) = fork {
                fork.ack = Some((flow, payload.clone()));
            }
        }
        self.outputs.push_back(Output::Transmit { flow, payload });
        Ok(())
    }

    /// Answers a request. A 2xx to an INVITE is repeated until its ACK comes, a BYE of either side
    /// ends the session, or `64 * T1` have passed ([`Event::Unacknowledged`]).
    ///
    /// # Errors
    /// See [`RespondError`]; nothing is sent then.
    pub fn respond(
        &mut self,
        now: Instant,
        id: TransactionId,
        response: &Message,
    ) -> Result<(), RespondError> {
        let status = response.status().ok_or(RespondError::NotAResponse)?;
        let entry = self.table.get_mut(id).ok_or(RespondError::Unknown)?;
        let payload = response.as_bytes().clone();
        match &mut entry.kind {
            Kind::ServerInvite(side) => {
                let input = server_invite::Input::Respond(status.code(), payload.clone());
                side.machine.handle(now, input)?;
                side.request = None;
                if let Some(tag) = response.to_tag() {
                    side.to_tag = Some(tag.into());
                }
                if status.is_success() && side.accepted.is_none() {
                    side.accepted = Some(Accepted2xx::new(now, payload, &self.config.timers));
                    let (theirs, ours) = (response.from_tag(), response.to_tag());
                    self.table.set_dialog(id, facts::dialog(response.call_id(), theirs, ours));
                }
            }
            Kind::ServerNonInvite(machine) => {
                machine.handle(now, server_non_invite::Input::Respond(status.code(), payload))?;
            }
            Kind::ClientInvite(_) | Kind::ClientNonInvite(_) => {
                return Err(RespondError::Unknown);
            }
        }
        // Only now: a BYE that is refused, such as a forged one, ends nothing.
        if status.is_success() && *response.method() == Method::Bye {
            let (theirs, ours) = (response.from_tag(), response.to_tag());
            self.end_session(&facts::dialog(response.call_id(), theirs, ours));
        }
        self.settle(now, id, None);
        Ok(())
    }

    /// Answers a request with a final response and forgets it at once (RFC 3261 section 8.2.7):
    /// no repetition, no timer, no memory. For a challenge to whoever has not shown credentials
    /// yet, so that a flood of requests from forged sources costs nothing and is not amplified.
    /// Give the response the tag of [`TransactionLayer::stateless_tag`].
    ///
    /// # Errors
    /// See [`RespondError`]. A 2xx to an INVITE cannot be stateless and counts as
    /// [`RespondError::NotAResponse`], as does a provisional one.
    pub fn respond_stateless(
        &mut self,
        id: TransactionId,
        response: &Message,
    ) -> Result<(), RespondError> {
        let status = response.status().ok_or(RespondError::NotAResponse)?;
        let entry = self.table.get(id).ok_or(RespondError::Unknown)?;
        let allowed = match &entry.kind {
            Kind::ServerInvite(side) => {
                if !side.machine.is_proceeding() {
                    return Err(AlreadyAnswered.into());
                }
                !status.is_success()
            }
            Kind::ServerNonInvite(_) => true,
            Kind::ClientInvite(_) | Kind::ClientNonInvite(_) => {
                return Err(RespondError::Unknown);
            }
        };
        if !allowed || status.is_provisional() {
            return Err(RespondError::NotAResponse);
        }
        if let Some(entry) = self.table.remove(id) {
            let payload = response.as_bytes().clone();
            self.outputs.push_back(Output::Transmit { flow: entry.flow, payload });
            self.tell(Event::Terminated { id });
        }
        Ok(())
    }

    /// The tag for [`TransactionLayer::respond_stateless`].
    #[must_use]
    pub fn stateless_tag(&self, request: &Message) -> String {
        self.tag_for(request)
    }

    /// Cancels an INVITE (RFC 3261 section 9.1): at once if a provisional response is here, else
    /// when one comes. The INVITE's own final response still follows: usually 487, but a 2xx may
    /// have crossed, which then wants its ACK and a BYE; after `64 * T1` without one it times out.
    ///
    /// # Errors
    /// See [`CancelError`]. Cancelling twice is no error and sends nothing more.
    pub fn cancel(&mut self, now: Instant, id: TransactionId) -> Result<(), CancelError> {
        let entry = self.table.get_mut(id).ok_or(CancelError::Unknown)?;
        let Kind::ClientInvite(side) = &mut entry.kind else { return Err(CancelError::Unknown) };
        if side.machine.is_calling() {
            side.cancel = Cancel::Wanted;
        } else if !side.machine.is_proceeding() {
            return Err(CancelError::Answered);
        } else if side.cancel != Cancel::Sent {
            self.send_cancel(now, id);
        }
        Ok(())
    }

    /// A request of ours as it was sent, Via and all, until [`Event::Terminated`] has been taken:
    /// what dialogs and answers to challenges are made from.
    #[must_use]
    pub fn sent(&self, id: TransactionId) -> Option<&Message> {
        match self.table.get(id) {
            Some(entry) => entry.request(),
            None => self.ended.get(&id),
        }
    }

    /// A BYE of either side ends the session: a 2xx that made it needs no ACK any more.
    pub(super) fn end_session(&mut self, dialog: &Sequence) {
        let Some(id) = self.table.by_sequence(dialog) else { return };
        if let Some(entry) = self.table.get_mut(id)
            && let Kind::ServerInvite(side) = &mut entry.kind
        {
            side.accepted = None;
            self.table.reschedule(id);
        }
    }

    pub(super) fn send_cancel(&mut self, now: Instant, id: TransactionId) {
        let Some(entry) = self.table.get_mut(id) else { return };
        let flow = entry.flow;
        let Kind::ClientInvite(side) = &mut entry.kind else { return };
        side.cancel = Cancel::Sent;
        side.machine.handle(now, client_invite::Input::Cancelled);
        let made = made::cancel(&side.request);
        self.settle(now, id, None);
        // The INVITE was built, and the CANCEL is a part of it.
        if let Ok(cancel) = made {
            let branch = cancel.branch().unwrap_or_default().to_owned();
            self.start(now, flow, &branch, cancel, true);
        }
    }

    fn start(
        &mut self,
        now: Instant,
        flow: Flow,
        branch: &str,
        request: Message,
        internal: bool,
    ) -> TransactionId {
        let (timers, reliability) = (&self.config.timers, flow.reliability());
        let key = facts::client_key(branch, request.method().as_str());
        let payload = request.as_bytes().clone();
        let kind = if *request.method() == Method::Invite {
            Kind::ClientInvite(Box::new(ClientInviteSide {
                machine: ClientInvite::new(now, payload, reliability, timers),
                request,
                cancel: Cancel::No,
                forks: Vec::new(),
            }))
        } else {
            let machine = ClientNonInvite::new(now, payload, reliability, timers);
            Kind::ClientNonInvite(Box::new(ClientNonInviteSide { machine, request, internal }))
        };
        let entry =
            Entry { key, sequence: None, dialog: None, flow, source: flow, kind, scheduled: None };
        let id = self.table.insert(entry);
        self.settle(now, id, None);
        id
    }
}
