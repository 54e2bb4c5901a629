//! Messages from below.

use std::time::Instant;

use super::entry::{Cancel, Entry, Fork, Kind, ServerInviteSide};
use super::table::Side;
use super::{Event, MAX_FORKS, Output, TransactionId, TransactionLayer, facts, made};
use crate::Flow;
use crate::message::{Message, Method, StatusCode};
use crate::transaction::{
    ServerInvite, ServerNonInvite, client_invite, client_non_invite, response_flow, server_invite,
    server_non_invite,
};

impl TransactionLayer {
    pub(super) fn on_message(&mut self, now: Instant, flow: Flow, message: Message) {
        if message.is_response() {
            return self.on_response(now, flow, message);
        }
        match message.method() {
            Method::Ack => self.on_ack(now, flow, message),
            Method::Cancel => self.on_cancel(flow, message),
            _ => self.on_request(now, flow, message),
        }
    }

    fn on_request(&mut self, now: Instant, source: Flow, request: Message) {
        let method = request.method().clone();
        let key = facts::server_key(&request, method.as_str());
        if let Some(id) = self.table.by_key(&key) {
            return self.on_retransmission(now, id);
        }
        let request = made::with_received(request, source);
        let sequence = facts::sequence(&request, method.as_str());
        // 8.2.2.2: outside a dialog, the same request by another way.
        if request.to_tag().is_none() && self.table.by_sequence(&sequence).is_some() {
            return self.refuse(source, &request, StatusCode::LOOP_DETECTED);
        }
        if self.table.servers() >= self.config.max_servers
            || self.table.servers_of(source.remote.ip()) >= self.config.max_servers_per_address
        {
            return self.refuse(source, &request, StatusCode::SERVICE_UNAVAILABLE);
        }
        let timers = &self.config.timers;
        let kind = if method == Method::Invite {
            Kind::ServerInvite(Box::new(ServerInviteSide {
                machine: ServerInvite::new(now, source.reliability(), timers),
                accepted: None,
                request: Some(request.clone()),
                cancelled: false,
                to_tag: None,
            }))
        } else {
            Kind::ServerNonInvite(ServerNonInvite::new(now, source.reliability(), timers))
        };
        let id = self.table.insert(Entry {
            key,
            sequence: Some(sequence),
            dialog: None,
            flow: response_flow(&request, source),
            source,
            kind,
            scheduled: None,
        });
        self.tell(Event::Request { id, flow: source, request });
    }

    fn on_retransmission(&mut self, now: Instant, id: TransactionId) {
        let Some(entry) = self.table.get_mut(id) else { return };
        // Repetitions are never refused by a machine.
        match &mut entry.kind {
            Kind::ServerInvite(side) => {
                let _ = side.machine.handle(now, server_invite::Input::Retransmission);
            }
            Kind::ServerNonInvite(machine) => {
                let _ = machine.handle(now, server_non_invite::Input::Retransmission);
            }
            Kind::ClientInvite(_) | Kind::ClientNonInvite(_) => {}
        }
        self.settle(now, id, None);
    }

    fn on_ack(&mut self, now: Instant, flow: Flow, ack: Message) {
        let by_branch = self.table.by_key(&facts::server_key(&ack, Method::Invite.as_str()));
        if let Some(id) = by_branch
            && let Some(side) = self.server_invite(id)
            && !side.machine.is_accepted()
        {
            // The ACK of a refusal is part of the transaction and goes no further.
            let _ = side.machine.handle(now, server_invite::Input::Ack);
            return self.settle(now, id, None);
        }
        let by_dialog = self.table.by_sequence(&facts::sequence(&ack, Method::Invite.as_str()));
        let to_tag = ack.to_tag();
        let invite = by_dialog.filter(|&id| {
            self.server_invite(id)
                .is_some_and(|side| side.machine.is_accepted() && side.to_tag.as_deref() == to_tag)
        });
        if let Some(id) = invite {
            let Some(side) = self.server_invite(id) else { return };
            if side.accepted.take().is_none() {
                return; // repeated: it has been told
            }
            self.table.reschedule(id);
        }
        self.tell(Event::Ack { invite, flow, request: ack });
    }

    /// RFC 3261 section 9.2. The answer keeps no state: a repeated CANCEL is answered again.
    fn on_cancel(&mut self, flow: Flow, cancel: Message) {
        let key = facts::server_key(&cancel, Method::Invite.as_str());
        let invite = self.table.by_key(&key).filter(|&id| {
            // Whoever knows the branch must also be where the INVITE came from.
            self.table.get(id).is_some_and(|entry| {
                entry.source.transport == flow.transport
                    && entry.source.remote.ip() == flow.remote.ip()
            })
        });
        let cancel = made::with_received(cancel, flow);
        let Some(id) = invite else {
            return self.refuse(flow, &cancel, StatusCode::CALL_DOES_NOT_EXIST);
        };
        let Some(side) = self.server_invite(id) else { return };
        let to_tag = side.to_tag.clone();
        let tell = side.machine.is_proceeding() && !std::mem::replace(&mut side.cancelled, true);
        let to_tag = to_tag.unwrap_or_else(|| self.tag_for(&cancel).into());
        self.answer(flow, &cancel, StatusCode::OK, &to_tag);
        if tell {
            self.tell(Event::Cancel { invite: id, flow, request: cancel });
        }
    }

    fn on_response(&mut self, now: Instant, flow: Flow, response: Message) {
        let method = response.method();
        let found = response
            .branch()
            .and_then(|branch| self.table.by_key(&facts::client_key(branch, method.as_str())));
        let Some(id) = found else { return self.on_stray(flow, response) };
        let Some(entry) = self.table.get_mut(id) else { return };
        if entry.key.side != Side::Client {
            return;
        }
        if entry.flow.connection.is_none() && entry.flow != flow && flow.connection.is_some() {
            self.table.set_flow(id, flow);
        }
        let Some(status) = response.status() else { return };
        let Some(entry) = self.table.get_mut(id) else { return };
        match &mut entry.kind {
            Kind::ClientNonInvite(side) => {
                side.machine.handle(now, client_non_invite::Input::Response(status.code()));
            }
            Kind::ClientInvite(side) => {
                let to_tag = response.to_tag().unwrap_or("");
                if status.is_success() {
                    let known = side.forks.iter().find(|fork| *fork.to_tag == *to_tag);
                    if let Some(fork) = known {
                        if let Some((flow, payload)) = fork.ack.clone() {
                            self.outputs.push_back(Output::Transmit { flow, payload });
                        }
                        return;
                    }
                    if side.forks.len() >= MAX_FORKS {
                        return;
                    }
                }
                let request = &side.request;
                let ack = || made::ack_of_refusal(request, &response);
                let input = client_invite::Input::Response { status: status.code(), ack: &ack };
                side.machine.handle(now, input);
                if status.is_success() && side.machine.is_accepted() {
                    side.forks.push(Fork { to_tag: to_tag.into(), ack: None });
                }
                if side.cancel == Cancel::Wanted && side.machine.is_proceeding() {
                    self.settle(now, id, Some((flow, response)));
                    return self.send_cancel(now, id);
                }
            }
            Kind::ServerInvite(_) | Kind::ServerNonInvite(_) => return,
        }
        self.settle(now, id, Some((flow, response)));
    }

    /// A response that no transaction waits for. A 2xx to an INVITE of ours may be a session that
    /// the far end holds open; all else is dropped without a word.
    fn on_stray(&mut self, flow: Flow, response: Message) {
        let is_2xx = response.status().is_some_and(StatusCode::is_success);
        if is_2xx && *response.method() == Method::Invite && self.is_ours(&response, flow) {
            self.tell(Event::StrayResponse { flow, response });
        }
    }

    fn server_invite(&mut self, id: TransactionId) -> Option<&mut ServerInviteSide> {
        match &mut self.table.get_mut(id)?.kind {
            Kind::ServerInvite(side) => Some(side),
            _ => None,
        }
    }

    pub(super) fn tell(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }
}
