use super::{Dialog, DialogError, DialogId};
use crate::message::{Message, StatusCode};

/// The most dialogs that one request of ours may make; responses of further forks make none.
pub use crate::transaction::MAX_FORKS;

/// The dialogs of one request of ours that a proxy may have forked (RFC 3261 sections 12.1.2 and
/// 13.2.2.4): one for each To tag that answers.
#[derive(Debug, Clone)]
pub struct DialogSet {
    request: Message,
    dialogs: Vec<Dialog>,
}

impl DialogSet {
    /// No dialog yet: the request as it was sent.
    #[must_use]
    pub fn new(request: Message) -> Self {
        Self { request, dialogs: Vec::new() }
    }

    /// The request that makes the dialogs.
    #[must_use]
    pub fn request(&self) -> &Message {
        &self.request
    }

    /// Takes a response to the request; gives the dialog that it made or moved on, if any: a 100,
    /// a response without a tag and a refusal have none.
    ///
    /// # Errors
    /// See [`DialogError`].
    pub fn receive(&mut self, response: &Message) -> Result<Option<&mut Dialog>, DialogError> {
        let forms = response.status().is_some_and(|s| (101..300).contains(&s.code()));
        let Some(id) = DialogId::of_response(response).filter(|_| forms) else { return Ok(None) };
        match self.dialogs.iter().position(|dialog| *dialog.id() == id) {
            Some(at) => {
                self.dialogs[at].receive_response(response);
                Ok(self.dialogs.get_mut(at))
            }
            None if self.dialogs.len() < MAX_FORKS => {
                self.dialogs.push(Dialog::uac(&self.request, response)?);
                Ok(self.dialogs.last_mut())
            }
            None => Ok(None),
        }
    }

    /// The dialogs, in the order in which they answered.
    pub fn iter(&self) -> impl Iterator<Item = &Dialog> {
        self.dialogs.iter()
    }

    /// One of the dialogs: for a request of the far end in it.
    pub fn get_mut(&mut self, id: &DialogId) -> Option<&mut Dialog> {
        self.dialogs.iter_mut().find(|dialog| dialog.id() == id)
    }

    /// Takes a dialog out, as the owner of the call that was answered.
    pub fn take(&mut self, id: &DialogId) -> Option<Dialog> {
        let at = self.dialogs.iter().position(|dialog| dialog.id() == id)?;
        Some(self.dialogs.remove(at))
    }

    /// A final refusal of the whole request ends all early dialogs (RFC 3261 section 12.3).
    pub fn refused(&mut self, status: StatusCode) {
        if status.code() >= 300 {
            self.dialogs.retain(|dialog| dialog.state() == super::DialogState::Confirmed);
        }
    }
}
