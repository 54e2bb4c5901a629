//! Where in a JSON text the faults of its directory stand.

use std::collections::HashMap;
use std::fmt;

use super::Faults;

/// A place in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

impl Faults {
    /// Where each fault stands in the JSON text from which the data was read, in the order of the faults: at its value,
    /// or at the nearest above it where the value does not stand in the text. The text is walked once.
    ///
    /// ```
    /// use switchboard_routing::{Directory, DirectorySpec};
    ///
    /// let text = r#"{
    ///     "users": [{ "login": "anna", "name": "Anna" }],
    ///     "lines": [{ "id": "main", "number": "+493012345",
    ///                 "menu": "x" }]
    /// }"#;
    /// let spec: DirectorySpec = serde_json::from_str(text)?;
    /// let faults = Directory::build(&spec).unwrap_err();
    /// let place = faults.places_in_json(text)[0].unwrap();
    /// assert_eq!(format!("{place}: {}", faults.iter().next().unwrap()),
    ///            "line 4, column 25: lines[0].menu: there is no menu x");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn places_in_json(&self, text: &str) -> Vec<Option<Place>> {
        let mut offsets: HashMap<&str, Option<usize>> = HashMap::new();
        for fault in self {
            let path = Some(fault.path());
            offsets.extend(std::iter::successors(path, |path| parent(path)).map(|p| (p, None)));
        }
        walk(text, |path, offset| {
            if let Some(known) = offsets.get_mut(path) {
                known.get_or_insert(offset);
            }
        });
        let of = |fault: &super::Fault| {
            let path = Some(fault.path());
            std::iter::successors(path, |path| parent(path)).find_map(|path| *offsets.get(path)?)
        };
        let found: Vec<Option<usize>> = self.iter().map(of).collect();
        places(text, &found)
    }
}

/// The path of what holds what `path` names.
fn parent(path: &str) -> Option<&str> {
    path.rfind(['.', '[']).map(|end| &path[..end])
}

/// A list or an object that is open.
struct Open {
    /// How much of the path is its own.
    path: usize,
    /// In a list: which entry is next.
    entry: Option<usize>,
}

/// Tells the path and the offset of each value. Ends where the text is no JSON.
fn walk(text: &str, mut each: impl FnMut(&str, usize)) {
    let octets = text.as_bytes();
    let mut path = String::new();
    let mut open: Vec<Open> = Vec::new();
    let mut at = 0;
    while let Some(&octet) = octets.get(at) {
        match octet {
            b' ' | b'\t' | b'\r' | b'\n' | b':' => at += 1,
            b'{' | b'[' => {
                each(&path, at);
                let entry = (octet == b'[').then_some(0);
                open.push(Open { path: path.len(), entry });
                if entry.is_some() {
                    path.push_str("[0]");
                }
                at += 1;
            }
            b'}' | b']' => {
                let Some(closed) = open.pop() else { return };
                path.truncate(closed.path);
                at += 1;
            }
            b',' => {
                let Some(holds) = open.last_mut() else { return };
                path.truncate(holds.path);
                if let Some(entry) = &mut holds.entry {
                    *entry += 1;
                    path.push_str(&format!("[{entry}]"));
                }
                at += 1;
            }
            b'"' => {
                let Some(end) = string_end(octets, at) else { return };
                let after = octets[end..].iter().find(|octet| !octet.is_ascii_whitespace());
                match open.last() {
                    Some(holds) if after == Some(&b':') => {
                        path.truncate(holds.path);
                        if !path.is_empty() {
                            path.push('.');
                        }
                        path.push_str(&text[at + 1..end - 1]);
                    }
                    _ => each(&path, at),
                }
                at = end;
            }
            _ => {
                each(&path, at);
                let rest = octets[at..].iter();
                at += rest.take_while(|octet| !b",]} \t\r\n".contains(octet)).count();
            }
        }
    }
}

/// Behind the closing quote of the string that begins here.
fn string_end(octets: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        match octets.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// Lines and columns of offsets, with one walk through the text.
fn places(text: &str, offsets: &[Option<usize>]) -> Vec<Option<Place>> {
    let mut order: Vec<(usize, usize)> =
        offsets.iter().enumerate().filter_map(|(at, offset)| Some(((*offset)?, at))).collect();
    order.sort_unstable();
    let mut found = vec![None; offsets.len()];
    let (mut line, mut start, mut from) = (1, 0, 0);
    // In a text of one line the columns are counted on from the last.
    let (mut counted, mut column) = (0, 1);
    for (offset, at) in order {
        for (newline, _) in text[from..offset].match_indices('\n') {
            line += 1;
            start = from + newline + 1;
        }
        from = offset;
        if counted < start {
            (counted, column) = (start, 1);
        }
        column += text[counted..offset].chars().count();
        counted = offset;
        found[at] = Some(Place { line, column });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Directory, DirectorySpec};

    fn placed(text: &str) -> Vec<String> {
        let spec: DirectorySpec = serde_json::from_str(text).unwrap();
        let faults = Directory::build(&spec).unwrap_err();
        let places = faults.places_in_json(text);
        assert_eq!(places.len(), faults.iter().count());
        let lines = faults.iter().zip(places);
        lines.map(|(fault, place)| format!("{} {}", place.unwrap(), fault.path())).collect()
    }

    #[test]
    fn each_fault_has_the_place_of_its_value() {
        let text = "{\r\n  \"users\": [\n    {\"login\": \"a\", \"name\": \"\\\"{[,:\u{fc}\", \"default_line\" : \"x\"},\n\
            \t{\"login\": \"b\", \"name\": \"B\", \"forwarding\": {\"ring\": 0, \"busy\": {\"user\": \"a\"},\n\
            \"no_answer\": {\"number\": \"x\"}}}],\n\"queues\": [{\"id\": \"q\", \"wait\": 9999, \"members\": [\"a\", \"c\",\n\"b\", \"a\"]}]}";
        let wanted = [
            "line 3, column 56 users[0].default_line",
            "line 5, column 14 users[1].forwarding.no_answer",
            "line 4, column 53 users[1].forwarding.ring",
            "line 6, column 32 queues[0].wait",
            "line 6, column 55 queues[0].members[1]",
            "line 7, column 6 queues[0].members[3]",
        ];
        assert_eq!(placed(text), wanted);
    }

    #[test]
    fn what_is_not_written_stands_at_the_nearest_above() {
        let text = "{\n\"trunks\": [\n {\"id\": \"t\", \"host\": \"h\", \"kind\": \"account\"}]}";
        assert_eq!(placed(text), ["line 3, column 2 trunks[0].user"]);
    }

    #[test]
    fn many_faults_in_a_line_are_placed_with_one_walk() {
        let users: Vec<String> =
            (0..50_000).map(|at| format!("{{\"login\":\"u{at}\",\"name\":\"\"}}")).collect();
        let text = format!("{{\"users\":[{}]}}", users.join(","));
        let found = placed(&text);
        assert_eq!(found.len(), 50_000);
        assert_eq!(found[0], "line 1, column 32 users[0].name");
        let last = text.rfind("\"\"").unwrap() + 1;
        assert_eq!(found[49_999], format!("line 1, column {last} users[49999].name"));
    }

    proptest::proptest! {
        /// Any text, be it JSON or not: places lie within it.
        #[test]
        fn any_text_is_walked(text in "[\\[\\]{},:\"\\\\a1 \n]{0,40}") {
            let mut offsets = Vec::new();
            walk(&text, |_, offset| offsets.push(Some(offset)));
            for place in places(&text, &offsets) {
                proptest::prop_assert!(place.unwrap().line <= text.matches('\n').count() + 1);
            }
        }
    }
}
