//! Faults of a TOML file, each with its place.

use std::fmt;
use std::ops::Range;

use toml::Spanned;
use toml::de::DeValue;

/// Something wrong in a file, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Line, from 1; `None` where the whole file is meant.
    pub line: Option<usize>,
    /// Column in characters, from 1.
    pub column: Option<usize>,
    /// The entry, such as `users[2].extension`; empty where the syntax is at fault.
    pub path: String,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (Some(line), Some(column)) = (self.line, self.column) {
            write!(f, "line {line}, column {column}: ")?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

/// All that is wrong in a file, in its order; at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TomlFaults(Vec<Fault>);

impl TomlFaults {
    /// `Err` when there is any fault.
    pub(crate) fn none_or(mut faults: Vec<Fault>) -> Result<(), Self> {
        if faults.is_empty() {
            return Ok(());
        }
        faults.sort_by_key(|fault| (fault.line, fault.column));
        faults.dedup();
        Err(Self(faults))
    }

    /// The faults.
    pub fn iter(&self) -> std::slice::Iter<'_, Fault> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a TomlFaults {
    type Item = &'a Fault;
    type IntoIter = std::slice::Iter<'a, Fault>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for TomlFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            fault.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for TomlFaults {}

/// Makes faults out of byte ranges of one text.
pub(crate) struct Placer<'t> {
    text: &'t str,
}

impl<'t> Placer<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text }
    }

    pub(crate) fn fault(
        &self,
        span: Option<Range<usize>>,
        path: impl Into<String>,
        message: impl Into<String>,
    ) -> Fault {
        let (line, column) = span.map(|span| self.place(span.start)).unzip();
        Fault { line, column, path: path.into(), message: message.into() }
    }

    pub(crate) fn syntax(&self, error: &toml::de::Error, path: &str) -> Fault {
        self.fault(error.span(), path, error.message())
    }

    fn place(&self, offset: usize) -> (usize, usize) {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
    }
}

/// Where the entry that `path` names (`users[2].forwarding.busy`) stands; the nearest that exists above it when
/// it does not stand there itself.
pub(crate) fn locate(root: &toml::de::DeTable<'_>, path: &str) -> Option<Range<usize>> {
    let mut found = None;
    let mut value: Option<&Spanned<DeValue<'_>>> = None;
    for step in path.split(['.', '[']).filter(|step| !step.is_empty()) {
        let next = match step.strip_suffix(']') {
            Some(index) => {
                let index: usize = index.parse().ok()?;
                value.and_then(|value| value.get_ref().as_array()).and_then(|list| list.get(index))
            }
            None => match value {
                Some(value) => value.get_ref().as_table().and_then(|table| table.get(step)),
                None => root.get(step),
            },
        };
        let Some(next) = next else { break };
        found = Some(next.span());
        value = Some(next);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_characters() {
        let placer = Placer::new("a = 1\nbü = \"x\"\n");
        let fault = placer.fault(Some(12..13), "bü", "wrong");
        assert_eq!((fault.line, fault.column), (Some(2), Some(6)));
        assert_eq!(fault.to_string(), "line 2, column 6: bü: wrong");
    }

    #[test]
    fn paths_lead_to_their_line_or_the_nearest_above() {
        let text = "[[users]]\nlogin = \"a\"\n[[users]]\nlogin = \"b\"\nextension = \"1\"\n";
        let table = toml::de::DeTable::parse(text).unwrap().into_inner();
        let placer = Placer::new(text);
        let line = |path: &str| placer.fault(locate(&table, path), "", "").line;
        assert_eq!(line("users[1].extension"), Some(5));
        assert_eq!(line("users[1].forwarding.busy"), Some(3));
        assert_eq!(line("users[0].login"), Some(2));
        assert_eq!(line("lines[0]"), None);
    }
}
