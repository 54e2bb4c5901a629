//! What the running PBX does with a request from the control socket.

use std::rc::Rc;
use std::sync::Arc;

use switchboard_pbx::{Command, Input};
use switchboard_store::admin::Admin;
use switchboard_transport::Handle;
use tokio::sync::{Mutex, Notify};

use crate::control::{Reply, Request};
use crate::desk::{Originations, Written};
use crate::{engine, folder};

/// Answers requests. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Requests {
    admin: Admin,
    handle: Handle,
    originations: Originations,
    written: Written,
    changed: Rc<Notify>,
    /// One change at a time: what the PBX is told last is what was written last.
    turn: Rc<Mutex<()>>,
}

impl Requests {
    pub(crate) fn new(
        admin: Admin,
        handle: Handle,
        (originations, written): (Originations, Written),
        changed: Rc<Notify>,
    ) -> Self {
        Self { admin, handle, originations, written, changed, turn: Rc::default() }
    }

    /// Does what was asked; the answer comes after the PBX knows of it.
    pub(crate) async fn answer(self, request: Request) -> Reply {
        let done = match request {
            Request::Admin(operation) => self.administer(operation).await,
            Request::Call { from, to } => {
                let (token, answer) = self.originations.begin();
                self.handle.send(Input::Command(Command::Call { token, from, to }));
                match answer.await {
                    Ok(Ok(call)) => Ok(Reply::Calling { call: call.to_string() }),
                    Ok(Err(error)) => Err(error.to_string()),
                    Err(_) => Err("the PBX is stopping".to_owned()),
                }
            }
        };
        done.unwrap_or_else(|reason| Reply::Refused { reason })
    }

    async fn administer(
        &self,
        operation: switchboard_store::admin::Operation,
    ) -> Result<Reply, String> {
        let admin = self.admin.clone();
        let _turn = self.turn.lock().await;
        // Whoever asks after a call finds the record of one that was over before.
        _ = (self.written)().await;
        // The disk may take its time; calls go on meanwhile.
        let work = move || {
            let changes = operation.changes();
            let answer = admin.run(operation, folder::now()).map_err(|error| error.to_string())?;
            let news = changes.then(|| fresh(&admin)).transpose()?;
            Ok::<_, String>((answer, news))
        };
        let done = tokio::task::spawn_blocking(work).await.map_err(|error| error.to_string())?;
        let (answer, news) = done?;
        if let Some(news) = news {
            for input in news {
                self.handle.send(input);
            }
            // A new trunk may have a host name.
            self.changed.notify_one();
        }
        Ok(Reply::Done(Box::new(answer)))
    }
}

/// The passwords and the directory as they are now. The passwords come first: a trunk that is new in the directory
/// is registered with at once, and needs its own.
fn fresh(admin: &Admin) -> Result<[Input; 2], String> {
    let directory = admin.directory().map_err(|error| error.to_string())?;
    let file = admin.export().map_err(|error| error.to_string())?;
    Ok([
        Input::Secrets(Arc::new(engine::secrets(&file.passwords))),
        Input::Directory(Arc::new(directory)),
    ])
}
