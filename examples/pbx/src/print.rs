//! Answers of sub-commands as text or JSON.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use switchboard_routing::{DirectorySpec, Permission, Status};
use switchboard_store::admin::{Answer, DismissalReport, ImportReport, UserRow};
use switchboard_store::{CallRecord, Party, UnixMillis};

use crate::text::safe;

/// For whom an answer is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// People.
    Text,
    /// Machines.
    Json,
}

/// The text of an answer.
pub(crate) fn answer(answer: &Answer, format: Format) -> String {
    match answer {
        Answer::Users { users } if format == Format::Json => json(users),
        Answer::Calls { calls } if format == Format::Json => json(calls),
        Answer::Users { users } => table(&users_table(users)),
        Answer::Calls { calls } if calls.is_empty() => "no calls yet\n".to_owned(),
        Answer::Calls { calls } => table(&calls_table(calls)),
        Answer::Extension { user, before, now } => match (before, now) {
            (Some(before), Some(now)) if before != now => {
                format!("{user} has extension {now} now ({before} before)\n")
            }
            (_, Some(now)) => format!("{user} has extension {now} now\n"),
            (Some(before), None) => format!("{user} has no extension now ({before} before)\n"),
            (None, None) => format!("{user} has no extension\n"),
        },
        Answer::Password { user, password } => {
            format!(
                "the password of {user} is {password} now; phones that had the old one must be told\n"
            )
        }
        Answer::Dismissed { report } => dismissed(report),
        Answer::Rehired { user, extension, taken, password } => {
            let extension = match (extension, taken) {
                (Some(extension), _) => format!("with extension {extension} as before"),
                (None, Some((extension, holder))) => {
                    format!("without extension: {extension} belongs to {holder} now")
                }
                (None, None) => "without extension".to_owned(),
            };
            format!("{user} works here again, {extension}; the new password is {password}\n")
        }
        Answer::Assigned { changed } if changed.is_empty() => "nothing named them\n".to_owned(),
        Answer::Assigned { changed } => {
            changed.iter().map(|place| format!("changed: {}\n", safe(&place.to_string()))).collect()
        }
        Answer::Imported { report } => imported(report),
        Answer::Exported { toml } => toml.clone(),
        _ => "done\n".to_owned(),
    }
}

/// A directory in a line.
pub(crate) fn directory(name: &str, spec: &DirectorySpec) -> String {
    let DirectorySpec { users, lines, menus, queues, trunks, .. } = spec;
    format!(
        "{name}: valid; {} users, {} lines, {} menus, {} queues, {} trunks\n",
        users.len(),
        lines.len(),
        menus.len(),
        queues.len(),
        trunks.len()
    )
}

fn users_table(users: &[UserRow]) -> Vec<Vec<String>> {
    let mut rows = vec![row(["user", "extension", "phone", "name", "may"])];
    rows.extend(users.iter().map(|user| {
        let phone = match (user.status, user.phones.len()) {
            (Status::Dismissed, _) => "dismissed".to_owned(),
            (_, 0) if !user.password => "no password".to_owned(),
            (_, 0) => "not connected".to_owned(),
            (_, 1) => format!("connected: {}", user.phones[0]),
            (_, many) => format!("connected: {many} phones"),
        };
        let may = user.permissions.iter().map(|permission| match permission {
            Permission::TelephoneUsers => "administer telephone users",
            _ => "more",
        });
        vec![
            user.login.to_string(),
            user.extension.map_or_else(|| "-".to_owned(), |extension| extension.to_string()),
            phone,
            safe(&user.name).into_owned(),
            may.collect::<Vec<_>>().join(", "),
        ]
    }));
    rows
}

fn calls_table(calls: &[CallRecord]) -> Vec<Vec<String>> {
    let mut rows =
        vec![row(["started", "kind", "from", "dialled", "to", "line", "talk", "cause", "audio"])];
    rows.extend(calls.iter().map(|call| {
        vec![
            local(call.started),
            call.kind.as_str().to_owned(),
            party(&call.from),
            safe(&call.dialled).into_owned(),
            call.to.as_ref().map_or_else(|| "-".to_owned(), party),
            call.line.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string),
            format!("{}.{} s", call.talk_ms / 1000, call.talk_ms % 1000 / 100),
            call.cause.clone().unwrap_or_else(|| "runs".to_owned()),
            audio(call),
        ]
    }));
    rows
}

fn audio(call: &CallRecord) -> String {
    let leg = |leg: &switchboard_store::LegQuality| {
        let codec = leg.codec.as_deref().unwrap_or("-");
        let all = (leg.received + leg.lost).max(1) as f64;
        format!("{codec} {:.1}% lost {:.0} ms", leg.lost as f64 * 100.0 / all, leg.jitter_ms)
    };
    call.legs.iter().map(leg).collect::<Vec<_>>().join(", ")
}

fn dismissed(report: &DismissalReport) -> String {
    let user = &report.dismissal.user;
    let mut out = format!("{user} is dismissed\n");
    match report.dismissal.released {
        Some(extension) => out.push_str(&format!("  extension {extension} is free\n")),
        None => out.push_str("  there was no extension\n"),
    }
    out.push_str(match report.password_voided {
        true => "  the SIP password is void\n",
        false => "  there was no SIP password\n",
    });
    out.push_str(&format!("  phones disconnected: {}\n", report.phones_dropped));
    if report.dismissal.references.is_empty() {
        out.push_str("nothing names them any more\n");
        return out;
    }
    out.push_str(
        "still named, and reached by none of it; `pbx assign` gives it to somebody else:\n",
    );
    for place in &report.dismissal.references {
        out.push_str(&format!("  {}\n", safe(&place.to_string())));
    }
    out
}

fn imported(report: &ImportReport) -> String {
    let mut out = format!(
        "imported {} users, {} lines, {} menus, {} queues, {} trunks\n",
        report.users, report.lines, report.menus, report.queues, report.trunks
    );
    for user in &report.passwords_made {
        out.push_str(&format!("  {user}: a password was made; `pbx export` shows it\n"));
    }
    for user in &report.passwords_weak {
        out.push_str(&format!("  {user}: the password is short enough to be guessed\n"));
    }
    out
}

fn party(party: &Party) -> String {
    match &party.user {
        Some(user) if party.number.is_empty() => user.to_string(),
        Some(user) => format!("{user} ({})", safe(&party.number)),
        None if party.number.is_empty() => "-".to_owned(),
        None => safe(&party.number).into_owned(),
    }
}

fn local(time: UnixMillis) -> String {
    Timestamp::from_millisecond(time.get()).map_or_else(
        |_| time.get().to_string(),
        |time| time.to_zoned_datetime(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
    )
}

fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).to_vec()
}

fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
    };
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, &width) in row.iter().zip(&widths) {
            line.push_str(&format!("{cell:width$}  "));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

fn json<T: serde::Serialize>(values: &[T]) -> String {
    // Plain data with text keys always becomes JSON.
    let lines: Vec<_> =
        values.iter().filter_map(|value| serde_json::to_string(value).ok()).collect();
    if lines.is_empty() { "[]\n".to_owned() } else { format!("[\n{}\n]\n", lines.join(",\n")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let text = table(&[row(["a", "bb"]), row(["ää", "b"])]);
        assert_eq!(text, "a   bb\nää  b\n");
    }

    #[test]
    fn json_is_one_array() {
        let none: [u8; 0] = [];
        assert_eq!(json(&none), "[]\n");
        assert_eq!(serde_json::from_str::<Vec<u8>>(&json(&[1_u8, 2])).unwrap(), [1, 2]);
    }
}
