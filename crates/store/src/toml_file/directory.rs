//! The directory's file.

use switchboard_routing::{Directory, DirectorySpec, FaultKind, TrunkSpec, UserSpec};
use toml::de::DeTable;

use super::fault::TomlFaults;
use super::reader::TomlReader;
use crate::password::Password;
use crate::traits::SecretOwner;

/// A directory as a file holds it: the spec, and the passwords that stand beside users and trunks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DirectoryFile {
    /// The directory.
    pub spec: DirectorySpec,
    /// The passwords of those that have one in the file.
    pub passwords: Vec<(SecretOwner, Password)>,
}

impl DirectoryFile {
    /// Reads and validates a file's text.
    ///
    /// # Errors
    /// Every fault with its place: syntax, types, unknown fields, and all that
    /// [`Directory::build`] finds.
    pub fn parse(text: &str) -> Result<Self, TomlFaults> {
        let mut reader = TomlReader::new(text)?;
        let users: Vec<(UserSpec, _)> = reader.list("users", password);
        let trunks: Vec<(TrunkSpec, _)> = reader.list("trunks", password);
        let user_passwords = users.iter().filter_map(|(user, password)| {
            Some((SecretOwner::User(user.login.clone()), password.clone()?))
        });
        let trunk_passwords = trunks.iter().filter_map(|(trunk, password)| {
            Some((SecretOwner::Trunk(trunk.id.clone()), password.clone()?))
        });
        let passwords = user_passwords.chain(trunk_passwords).collect();
        let spec = DirectorySpec {
            numbering: reader.section("numbering"),
            responsible: reader.section("responsible"),
            users: users.into_iter().map(|(user, _)| user).collect(),
            lines: plain(&mut reader, "lines"),
            menus: plain(&mut reader, "menus"),
            queues: plain(&mut reader, "queues"),
            groups: plain(&mut reader, "groups"),
            trunks: trunks.into_iter().map(|(trunk, _)| trunk).collect(),
            services: plain(&mut reader, "services"),
            contacts: plain(&mut reader, "contacts"),
        };
        if let Err(faults) = Directory::build(&spec) {
            let faulty = reader.faults().next().is_some();
            let numbering = reader.faults().any(|fault| fault.path.starts_with("numbering"));
            for fault in &faults {
                if !faulty || stands_alone(fault.kind(), !numbering) {
                    let path = reader.as_written(fault.path());
                    reader.fault(&path, fault.kind().to_string());
                }
            }
        }
        reader.finish()?;
        Ok(Self { spec, passwords })
    }

    /// The text of a file that [`DirectoryFile::parse`] reads back.
    ///
    /// # Errors
    /// When a value cannot be written as TOML; none that was parsed or built is like that.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        let mut table = toml::Table::try_from(&self.spec)?;
        for (owner, password) in &self.passwords {
            let (list, key, id) = match owner {
                SecretOwner::User(login) => ("users", "login", login.as_str()),
                SecretOwner::Trunk(trunk) => ("trunks", "id", trunk.as_str()),
            };
            let entry = table
                .get_mut(list)
                .and_then(toml::Value::as_array_mut)
                .into_iter()
                .flatten()
                .filter_map(toml::Value::as_table_mut)
                .find(|entry| entry.get(key).and_then(toml::Value::as_str) == Some(id));
            if let Some(entry) = entry {
                entry.insert("password".to_owned(), password.reveal().into());
            }
        }
        // Empty lists say nothing.
        table.retain(|_, value| value.as_array().is_none_or(|list| !list.is_empty()));
        toml::to_string(&table)
    }
}

/// Whether a fault of the whole is one whatever else could not be read: no reference to an entry that may be there,
/// and nothing that another setting would make right.
fn stands_alone(kind: &FaultKind, numbering_is_known: bool) -> bool {
    match kind {
        FaultKind::DuplicateId { .. }
        | FaultKind::DuplicateExtension { .. }
        | FaultKind::DuplicateNumber { .. }
        | FaultKind::DuplicateKey { .. }
        | FaultKind::Text { .. }
        | FaultKind::Range { .. } => true,
        FaultKind::ReservedExtension { .. }
        | FaultKind::Number { .. }
        | FaultKind::Barred { .. }
        | FaultKind::ClassOfService { .. }
        | FaultKind::ServiceCode { .. } => numbering_is_known,
        _ => false,
    }
}

fn plain<T: serde::de::DeserializeOwned>(reader: &mut TomlReader<'_>, name: &str) -> Vec<T> {
    reader.list(name, |_, _, _| ()).into_iter().map(|(value, ())| value).collect()
}

fn password<'t>(
    reader: &mut TomlReader<'t>,
    entry: &mut DeTable<'t>,
    path: &str,
) -> Option<Password> {
    let value = entry.remove("password")?;
    let path = format!("{path}.password");
    match value.get_ref().as_str().map(Password::new) {
        Some(Ok(password)) => return Some(password),
        Some(Err(error)) => reader.fault(&path, error.to_string()),
        None => reader.fault(&path, "a text is wanted"),
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::strategy::Strategy;

    use super::*;

    const SMALL: &str = "\
[[users]]
login = \"anna\"
name = \"Anna\"
extension = \"101\"
password = \"a-good-password\"

[[users]]
login = \"bruno\"
name = \"Bruno\"
extension = \"007\"

[[trunks]]
id = \"out\"
host = \"127.0.0.1\"
password = \"other\"
";

    #[test]
    fn print_and_parse_give_the_same() {
        let file = DirectoryFile::parse(SMALL).unwrap();
        assert_eq!(file.spec.users.len(), 2);
        assert_eq!(file.spec.users[1].extension.unwrap().to_string(), "007");
        assert_eq!(file.passwords.len(), 2);
        let again = DirectoryFile::parse(&file.to_toml().unwrap()).unwrap();
        assert_eq!(again, file);
    }

    #[test]
    fn h44_every_fault_is_named_with_its_line() {
        let text = "\
[[users]]
login = \"Anna\"
name = \"Anna\"
[[users]]
login = \"bruno\"
name = \"Bruno\"
extension = 102
[[users]]
login = \"carla\"
name = \"Carla\"
password = \"\"
[[lines]]
id = \"main\"
number = \"+49301234567\"
wellcome = true
[pbx]
";
        let faults = DirectoryFile::parse(text).unwrap_err();
        let lines: Vec<_> = faults.iter().map(|fault| fault.line.unwrap()).collect();
        assert_eq!(lines, [2, 7, 11, 15, 16], "{faults}");
    }

    /// What cannot be read hides nothing that is wrong in the whole; nor is anything called wrong that only what
    /// could not be read would have made right.
    #[test]
    fn h44_faults_of_values_and_of_the_whole_are_told_in_one_go() {
        let text = "\
[[users]]
login = \"Anna\"
name = \"Anna\"
[[users]]
login = \"bruno\"
name = 7
extension = \"101\"
statuss = \"active\"
[[users]]
login = \"carla\"
name = \"Carla\"
extension = \"102\"
[[users]]
login = \"dora\"
name = \"Dora\"
extension = \"102\"
[[queues]]
id = \"sales\"
members = [\"anna\", \"bruno\"]
";
        let faults = DirectoryFile::parse(text).unwrap_err();
        let places: Vec<_> = faults.iter().map(|f| (f.line.unwrap(), f.path.as_str())).collect();
        let expected =
            [(2, "users[0]"), (6, "users[1]"), (8, "users[1]"), (16, "users[3].extension")];
        assert_eq!(places, expected, "{faults}");
    }

    #[test]
    fn faults_between_entries_have_their_line_too() {
        let text = SMALL.replace("\"007\"", "\"101\"");
        let faults = DirectoryFile::parse(&text).unwrap_err();
        let fault = faults.iter().next().unwrap();
        assert_eq!((fault.line, fault.path.as_str()), (Some(10), "users[1].extension"), "{faults}");
    }

    #[test]
    fn broken_syntax_has_its_place() {
        let faults = DirectoryFile::parse("[[users]]\nlogin = \n").unwrap_err();
        assert_eq!(faults.iter().next().unwrap().line, Some(2));
    }

    fn bits_of_toml() -> impl proptest::strategy::Strategy<Value = String> {
        let lines = [
            "[[users]]",
            "[[lines]]",
            "[[menus]]",
            "[[menus.options]]",
            "[[queues]]",
            "[[groups]]",
            "[[trunks]]",
            "[[services]]",
            "[[contacts]]",
            "[numbering]",
            "login = \"a\"",
            "login = \"b\"",
            "id = \"m\"",
            "name = \"N\"",
            "extension = \"1\"",
            "extension = 1",
            "password = \"p\"",
            "password = 1",
            "status = \"dismissed\"",
            "number = \"+49301\"",
            "number = \"x\"",
            "host = \"127.0.0.1\"",
            "key = \"1\"",
            "action = \"repeat\"",
            "action = { user = \"a\" }",
            "members = [\"a\"]",
            "code = \"*43\"",
            "service = \"echo\"",
            "service = { room = \"r\" }",
            "country = \"DE\"",
            "country = \"XX\"",
            "ring = -1",
            "users = 1",
            "[[[",
            "\u{0}",
            "= =",
        ];
        proptest::collection::vec(proptest::sample::select(lines.to_vec()), 0..24)
            .prop_map(|lines| lines.join("\n"))
    }

    proptest::proptest! {
        /// What is read is written and read back the same; what is not read has at least one fault, and each
        /// place is inside the text.
        #[test]
        fn any_text_is_read_back_or_has_its_faults(text in bits_of_toml()) {
            match DirectoryFile::parse(&text) {
                Ok(file) => {
                    let again = DirectoryFile::parse(&file.to_toml().unwrap()).unwrap();
                    proptest::prop_assert_eq!(again, file);
                }
                Err(faults) => {
                    proptest::prop_assert!(faults.iter().count() > 0);
                    let lines = text.matches('\n').count() + 1;
                    proptest::prop_assert!(faults.iter().all(|f| f.line.is_none_or(|line| line <= lines)));
                }
            }
        }
    }
}
