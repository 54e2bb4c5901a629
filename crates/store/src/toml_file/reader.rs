//! Reads a TOML text piece by piece, so that one fault does not hide the next.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::de::{DeserializeOwned, IntoDeserializer};
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

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
    /// Where the entries of each list stand that could be read.
    kept: BTreeMap<String, Vec<usize>>,
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
        Ok(Self { placer, rest: table.clone(), table, faults: Vec::new(), kept: BTreeMap::new() })
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
                self.kept.entry(name.to_owned()).or_default().push(index);
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
        for key in std::mem::take(&mut self.rest).keys() {
            let name = key.get_ref().to_string();
            let fault =
                self.placer.fault(Some(key.span()), &name, "there is no setting of this name");
            self.faults.push(fault);
        }
        TomlFaults::none_or(self.faults)
    }

    /// What is wrong so far.
    pub(crate) fn faults(&self) -> impl Iterator<Item = &Fault> {
        self.faults.iter()
    }

    /// Where the entry stands in the text whose place among the readable ones this path says.
    pub(crate) fn as_written(&self, path: &str) -> String {
        let Some((name, rest)) = path.split_once('[') else { return path.to_owned() };
        let Some((index, rest)) = rest.split_once(']') else { return path.to_owned() };
        let index = index.parse::<usize>().ok();
        match index.and_then(|index| self.kept.get(name)?.get(index)) {
            Some(index) => format!("{name}[{index}]{rest}"),
            None => path.to_owned(),
        }
    }

    /// Reads a value. A fault in it is noted and cut out, so that the next one is found too; what is left is the
    /// value then, if it can do without.
    fn read<T: DeserializeOwned>(
        &mut self,
        mut value: Spanned<DeValue<'t>>,
        path: &str,
    ) -> Option<T> {
        let mut cut: Vec<Cut> = Vec::new();
        loop {
            let error = match T::deserialize(value.clone().into_deserializer()) {
                // Where an entry of a list within is gone, the others do not stand where they stood.
                Ok(value) => {
                    return Some(value).filter(|_| !cut.iter().any(|cut| cut.key.is_none()));
                }
                Err(error) => error,
            };
            let span = error.span();
            if !cut.iter().any(|cut| cut.explains(&error, span.as_ref())) {
                self.faults.push(self.placer.syntax(&error, path));
            }
            cut.push(prune_within(&mut value, &span?)?);
        }
    }
}

/// An entry that was cut out of a table, or a list within it, for its fault.
struct Cut {
    key: Option<String>,
    span: Range<usize>,
}

impl Cut {
    /// Whether something is wrong only because the entry is gone.
    fn explains(&self, error: &toml::de::Error, span: Option<&Range<usize>>) -> bool {
        let missing = error.message().strip_prefix("missing field `");
        match missing.and_then(|rest| rest.strip_suffix('`')) {
            Some(field) => self.key.as_deref() == Some(field),
            None => span.is_some_and(|span| within(&self.span, span)),
        }
    }
}

fn within(inner: &Range<usize>, outer: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// Cuts out the innermost entry that stands at `span`.
fn prune(table: &mut DeTable<'_>, span: &Range<usize>) -> Option<Cut> {
    if let Some(cut) = table.iter_mut().find_map(|(_, value)| prune_within(value, span)) {
        return Some(cut);
    }
    let at = |(key, value): (&Spanned<_>, &Spanned<_>)| {
        within(span, &key.span()) || within(span, &value.span())
    };
    let key = table.iter().find(|(key, value)| at((key, value)))?.0.get_ref().to_string();
    table.remove(key.as_str())?;
    Some(Cut { key: Some(key), span: span.clone() })
}

fn prune_within(value: &mut Spanned<DeValue<'_>>, span: &Range<usize>) -> Option<Cut> {
    match value.get_mut() {
        DeValue::Table(table) => prune(table, span),
        DeValue::Array(list) => {
            if let Some(cut) = list.iter_mut().find_map(|value| prune_within(value, span)) {
                return Some(cut);
            }
            let index = list.iter().position(|value| within(span, &value.span()))?;
            let rest = std::mem::replace(list, DeArray::new()).into_iter().enumerate();
            for (_, entry) in rest.filter(|(at, _)| *at != index) {
                list.push(entry);
            }
            Some(Cut { key: None, span: span.clone() })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq, serde::Deserialize)]
    #[serde(deny_unknown_fields, default)]
    struct Section {
        port: u16,
        name: String,
        list: Vec<Entry>,
    }

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Entry {
        id: u8,
        hop: Option<u8>,
    }

    fn read(text: &str) -> (Section, Vec<usize>) {
        let mut reader = TomlReader::new(text).unwrap();
        let section = reader.section("s");
        let faults = reader.finish().unwrap_err();
        (section, faults.iter().map(|fault| fault.line.unwrap()).collect())
    }

    #[test]
    fn h44_a_fault_hides_no_other_one_of_its_section() {
        let (section, lines) = read("[s]\nport = \"x\"\nnaem = 1\nname = \"n\"\n[t]\n");
        assert_eq!(lines, [2, 3, 5]);
        assert_eq!(section, Section { name: "n".into(), ..Section::default() });
    }

    #[test]
    fn h44_what_is_missing_because_it_was_wrong_is_told_once() {
        let (_, lines) =
            read("[s]\nport = -1\n[[s.list]]\nid = 256\nhop = \"x\"\n[[s.list]]\nid = \"y\"\n");
        assert_eq!(lines, [2, 4, 5, 7]);
    }
}
