//! Reads a TOML text piece by piece, so that one fault does not hide the next.

use serde::de::{DeserializeOwned, IntoDeserializer};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::{Fault, Placer, TomlFaults, locate};

/// A TOML text whose parts are taken out one by one; faults are gathered with their places.
///
/// ```
/// use switchboard_store::TomlReader;
/// #[derive(Debug, Default, serde::Deserialize)]
/// struct Sip { port: u16 }
///
/// let mut reader = TomlReader::new("[sip]\nport = \"x\"\n[spi]\n").unwrap();
/// let _: Sip = reader.section("sip");
/// let faults = reader.finish().unwrap_err();
/// let lines: Vec<_> = faults.iter().map(|fault| fault.line.unwrap()).collect();
/// assert_eq!(lines, [2, 3]);
/// ```
pub struct TomlReader<'t> {
    placer: Placer<'t>,
    /// The whole text, for places.
    table: DeTable<'t>,
    /// What was not taken yet.
    rest: DeTable<'t>,
    faults: Vec<Fault>,
}

impl<'t> TomlReader<'t> {
    /// Parses the text.
    ///
    /// # Errors
    /// Every fault of the syntax.
    pub fn new(text: &'t str) -> Result<Self, TomlFaults> {
        let placer = Placer::new(text);
        let (table, errors) = DeTable::parse_recoverable(text);
        TomlFaults::none_or(errors.iter().map(|error| placer.syntax(error, "")).collect())?;
        let table = table.into_inner();
        Ok(Self { placer, rest: table.clone(), table, faults: Vec::new() })
    }

    /// Takes out the value `name`; its default when there is none, or a faulty one.
    pub fn section<T: DeserializeOwned + Default>(&mut self, name: &str) -> T {
        let Some(value) = self.rest.remove(name) else { return T::default() };
        self.read(value, name).unwrap_or_default()
    }

    /// Takes out the list `name`, entry by entry. `extra` may take what is not the entry's own out of each first,
    /// and is handed back beside the entry.
    pub(crate) fn list<T: DeserializeOwned, X: Default>(
        &mut self,
        name: &str,
        mut extra: impl FnMut(&mut Self, &mut DeTable<'t>, &str) -> X,
    ) -> Vec<(T, X)> {
        let Some(list) = self.rest.remove(name) else { return Vec::new() };
        let DeValue::Array(entries) = list.into_inner() else {
            self.fault(name, format!("a list is wanted: write `[[{name}]]` above each entry"));
            return Vec::new();
        };
        let mut values = Vec::new();
        for (index, mut entry) in entries.into_iter().enumerate() {
            let path = format!("{name}[{index}]");
            let beside = match entry.get_mut() {
                DeValue::Table(table) => extra(self, table, &path),
                _ => X::default(),
            };
            if let Some(value) = self.read(entry, &path) {
                values.push((value, beside));
            }
        }
        values
    }

    /// Notes a fault at the entry `path`, such as `users[2].extension`.
    pub fn fault(&mut self, path: &str, message: impl Into<String>) {
        self.faults.push(self.placer.fault(locate(&self.table, path), path, message));
    }

    /// Ends reading: what nobody took is unknown.
    ///
    /// # Errors
    /// Every fault that was found, in the order of the text.
    pub fn finish(mut self) -> Result<(), TomlFaults> {
        self.check()
    }

    /// As [`TomlReader::finish`], with reading to go on if all is well.
    pub(crate) fn check(&mut self) -> Result<(), TomlFaults> {
        for key in std::mem::take(&mut self.rest).keys() {
            let name = key.get_ref().to_string();
            let fault =
                self.placer.fault(Some(key.span()), &name, "there is no setting of this name");
            self.faults.push(fault);
        }
        TomlFaults::none_or(std::mem::take(&mut self.faults))
    }

    fn read<T: DeserializeOwned>(&mut self, value: Spanned<DeValue<'t>>, path: &str) -> Option<T> {
        match T::deserialize(value.into_deserializer()) {
            Ok(value) => Some(value),
            Err(error) => {
                self.faults.push(self.placer.syntax(&error, path));
                None
            }
        }
    }
}
