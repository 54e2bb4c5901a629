//! Many changes in one transaction.

use super::{SqliteStore, records, registrations};
use crate::error::StoreError;
use crate::traits::{BatchStore, Change};

impl BatchStore for SqliteStore {
    fn write_all(&self, changes: &mut dyn Iterator<Item = &Change>) -> Result<(), StoreError> {
        self.write("keep what happened", |tx| {
            for change in changes {
                match change {
                    Change::SaveRegistration(registration) => {
                        registrations::save(tx, registration)?;
                    }
                    Change::RemoveRegistration(user, contact) => {
                        registrations::remove(tx, user, contact)?;
                    }
                    Change::OpenCall(record) => records::open(tx, record)?,
                    Change::CloseCall(record) => records::close(tx, record)?,
                }
            }
            Ok(())
        })
    }
}
