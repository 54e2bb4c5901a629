//! The program's side of the drive loop: keeps records and registrations, shows events, answers who asked for a
//! call.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use switchboard_media::{Recorded, RecordingId};
use switchboard_pbx::{CallId, CallRecord, Event, OriginateError, RecordHead, SavedBinding};
use switchboard_routing::UserId;
use switchboard_store::{Change, Registration, SqliteStore, UnixMillis};
use switchboard_transport::Host;
use tokio::sync::oneshot;

use crate::keeper::Keeper;
use crate::records;
use crate::screen::Screen;
use crate::show::Show;
use crate::tapes::Tapes;

/// Who waits for which call to begin.
#[derive(Clone, Default)]
pub(crate) struct Originations {
    waiting: Rc<RefCell<Waiting>>,
}

#[derive(Default)]
struct Waiting {
    next: u64,
    by_token: HashMap<u64, oneshot::Sender<Result<CallId, OriginateError>>>,
}

impl Originations {
    /// A new token, and where its answer comes.
    pub(crate) fn begin(&self) -> (u64, oneshot::Receiver<Result<CallId, OriginateError>>) {
        let mut waiting = self.waiting.borrow_mut();
        waiting.next += 1;
        let (token, (sender, receiver)) = (waiting.next, oneshot::channel());
        waiting.by_token.insert(token, sender);
        (token, receiver)
    }
}

/// Begins a wait until what was kept before is written; a desk that is gone is not waited for.
pub(crate) type Written = Rc<dyn Fn() -> oneshot::Receiver<()>>;

/// The program's side of the drive loop.
pub(crate) struct Desk {
    /// Before the keeper: what it closes is kept.
    tapes: Tapes,
    keeper: Keeper,
    screen: Arc<Screen>,
    show: Show,
    originations: Originations,
}

impl Desk {
    /// Recordings go into the data folder.
    pub(crate) fn new(
        store: Arc<SqliteStore>,
        folder: &Path,
        screen: Arc<Screen>,
        show: Show,
    ) -> Self {
        let keeper = Keeper::new(store);
        let keep = keeper.entrance();
        let tapes = Tapes::new(folder, move |record| keep(Change::CloseCall(record)));
        Self { tapes, keeper, screen, show, originations: Originations::default() }
    }

    pub(crate) fn originations(&self) -> Originations {
        self.originations.clone()
    }

    /// Comes back when all that was kept until it was called is written.
    pub(crate) fn written(&self) -> Written {
        let (afterwards, notice) = (self.tapes.afterwards(), self.keeper.notice());
        Rc::new(move || {
            let (sender, receiver) = oneshot::channel();
            let notice = notice.clone();
            afterwards(Box::new(move || notice(sender)));
            receiver
        })
    }

    pub(crate) fn show(&self) -> &Show {
        &self.show
    }
}

impl Host for Desk {
    fn save_binding(&mut self, binding: SavedBinding) {
        self.keeper.keep(Change::SaveRegistration(Registration {
            user: binding.user,
            contact: binding.contact,
            call_id: binding.call_id,
            cseq: binding.cseq,
            expires: UnixMillis::new(i64::try_from(binding.expires).unwrap_or(i64::MAX)),
            transport: binding.transport,
            local: binding.local,
            remote: binding.remote,
            instance: binding.instance,
            path: binding.path,
            q: binding.q,
            user_agent: binding.user_agent,
        }));
    }

    fn remove_binding(&mut self, user: &UserId, contact: &str) {
        self.keeper.keep(Change::RemoveRegistration(user.clone(), contact.to_owned()));
    }

    fn record_opened(&mut self, head: RecordHead) {
        self.keeper.keep(Change::OpenCall(records::opened(head)));
    }

    fn record_closed(&mut self, record: CallRecord) {
        let (recording, recordable) = (RecordingId(record.head.id.0), record.recordable);
        let record = records::closed(record);
        if recordable {
            self.tapes.close(recording, record);
        } else {
            self.keeper.keep(Change::CloseCall(record));
        }
    }

    fn originated(&mut self, token: u64, result: Result<CallId, OriginateError>) {
        if let Some(waiting) = self.originations.waiting.borrow_mut().by_token.remove(&token) {
            // Whoever asked may have gone; the call goes on.
            _ = waiting.send(result);
        }
    }

    fn recorded(&mut self, block: Recorded) {
        self.tapes.block(block);
    }

    fn recording_over(&mut self, recording: RecordingId) {
        self.tapes.over(recording);
    }

    fn event(&mut self, event: &Event) {
        if let Some(line) = self.show.event(event) {
            self.screen.line(line);
        }
    }
}
