//! What a person reads when the PBX starts: what to type into phones, whom to call, what to do next.

use std::fmt::Write;
use std::net::IpAddr;

use switchboard_routing::{DirectorySpec, MenuAction, MenuSpec, ServiceKind, TrunkKind, UserSpec};
use switchboard_store::{DirectoryFile, SecretOwner};

use crate::listen::ListenAt;
use crate::text::safe;

/// At most so many users, lines and menus are shown.
const SHOWN: usize = 8;

/// What the banner tells about.
pub(crate) struct Banner<'a> {
    pub(crate) sip: &'a [ListenAt],
    pub(crate) advertised: Option<IpAddr>,
    /// The certificate of our own making, where it is in use.
    pub(crate) self_signed: Option<String>,
    pub(crate) rtp: String,
    pub(crate) data: String,
    pub(crate) directory: &'a DirectoryFile,
}

impl Banner<'_> {
    /// The text. Passwords are in it only where nobody but this machine can call: on loopback.
    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        let spec = &self.directory.spec;
        _ = self.head(&mut out);
        _ = self.phones(&mut out, spec);
        _ = numbers(&mut out, spec);
        for menu in spec.menus.iter().take(SHOWN) {
            _ = menu_lines(&mut out, spec, menu);
        }
        _ = self.next(&mut out, spec);
        out
    }

    fn head(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "Switchboard {} is running.", env!("CARGO_PKG_VERSION"))?;
        for (n, at) in self.sip.iter().enumerate() {
            let label = if n == 0 { "SIP" } else { "" };
            writeln!(out, "  {label:5}  {} ({})", at.address, at.speaks.name())?;
        }
        if let Some(certificate) = &self.self_signed {
            writeln!(
                out,
                "  TLS    {certificate} (made here: tell phones and browsers to trust it)"
            )?;
        }
        writeln!(out, "  RTP    UDP {}", self.rtp)?;
        writeln!(out, "  data   {}", self.data)
    }

    fn phones(&self, out: &mut String, spec: &DirectorySpec) -> std::fmt::Result {
        let private = self.sip.iter().all(ListenAt::is_private);
        let active: Vec<_> = spec.users.iter().filter(|user| user.is_active()).collect();
        if active.is_empty() {
            return writeln!(out, "\nThere are no users yet: `pbx import FILE` brings them.");
        }
        writeln!(out, "\nType into each phone (server {}):", self.server())?;
        let width = |of: fn(&UserSpec) -> usize| {
            active.iter().take(SHOWN).map(|user| of(user)).max().unwrap_or(0).max(8)
        };
        let (names, logins) =
            (width(|user| user.name.chars().count()), width(|user| user.login.as_str().len()));
        writeln!(out, "  {:names$}  extension  {:logins$}  password", "name", "user")?;
        for user in active.iter().take(SHOWN) {
            let password = if private { self.password(user) } else { "`pbx export` shows it" };
            let extension = user.extension.map_or(String::new(), |extension| extension.to_string());
            writeln!(
                out,
                "  {:names$}  {extension:<9}  {:logins$}  {password}",
                safe(&user.name),
                user.login,
            )?;
        }
        if active.len() > SHOWN {
            writeln!(out, "  ... and {} more: `pbx users`", active.len() - SHOWN)?;
        }
        Ok(())
    }

    fn password(&self, user: &UserSpec) -> &str {
        let owner = SecretOwner::User(user.login.clone());
        self.directory
            .passwords
            .iter()
            .find(|(of, _)| *of == owner)
            .map_or("none: `pbx set-password` makes one", |(_, password)| password.reveal())
    }

    fn server(&self) -> String {
        let Some(mut server) = self.sip.first().map(|at| at.advertise.unwrap_or(at.address)) else {
            return String::new();
        };
        let told = self.sip.first().is_some_and(|at| at.advertise.is_some());
        if let Some(ip) = self.advertised.filter(|_| !told) {
            server.set_ip(ip);
        }
        server.to_string()
    }

    fn next(&self, out: &mut String, spec: &DirectorySpec) -> std::fmt::Result {
        writeln!(out, "\nWhat to do next:")?;
        let mut extensions =
            spec.users.iter().filter(|u| u.is_active()).filter_map(|user| user.extension);
        if let (Some(_), Some(second)) = (extensions.next(), extensions.next()) {
            writeln!(
                out,
                "  1. Set up two phones with the settings above, and call {second} from one."
            )?;
        }
        let echo = spec.services.iter().find(|s| matches!(s.service, ServiceKind::Echo));
        if let Some(echo) = echo {
            writeln!(out, "  2. Dial {} to hear yourself.", echo.code)?;
        }
        let peer = spec.trunks.iter().find(|trunk| trunk.kind == TrunkKind::Peer);
        if let (Some(line), Some(trunk)) = (spec.lines.first(), peer) {
            let number: String =
                line.number.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
            writeln!(
                out,
                "  3. Be a caller from outside: from {}:{} call sip:{number}@{}",
                safe(&trunk.host),
                trunk.port,
                self.server()
            )?;
        }
        writeln!(out, "  `pbx users`, `pbx calls` and `pbx --help` say more. Ctrl-C ends it.\n")
    }
}

fn numbers(out: &mut String, spec: &DirectorySpec) -> std::fmt::Result {
    writeln!(out, "\nNumbers:")?;
    for line in spec.lines.iter().take(SHOWN) {
        let mut parts = Vec::new();
        if line.welcome {
            parts.push("welcome message".to_owned());
        }
        if line.welcome && line.extension_processing {
            parts.push("dial an extension".to_owned());
        }
        if let Some(menu) = &line.menu {
            parts.push(format!("menu `{menu}`"));
        }
        if let Some(queue) = &line.queue {
            parts.push(format!("queue `{queue}`"));
        }
        writeln!(out, "  {:16}  {}", safe(&line.number), parts.join(", then "))?;
    }
    for service in spec.services.iter().take(SHOWN) {
        let what = match &service.service {
            ServiceKind::Echo => "echo test".to_owned(),
            ServiceKind::PromptLoop(prompt) => format!("plays `{prompt}` over and over"),
            ServiceKind::Room(room) => format!("room `{room}`: all who dial it hear each other"),
            _ => "a service".to_owned(),
        };
        writeln!(out, "  {:16}  {what}", safe(&service.code))?;
    }
    Ok(())
}

fn menu_lines(out: &mut String, spec: &DirectorySpec, menu: &MenuSpec) -> std::fmt::Result {
    writeln!(out, "\nMenu `{}`:", menu.id)?;
    for option in &menu.options {
        let what = match &option.action {
            MenuAction::User(login) => spec
                .users
                .iter()
                .find(|user| user.login == *login)
                .map_or_else(|| login.to_string(), |user| safe(&user.name).into_owned()),
            MenuAction::Group(group) => format!("group `{group}`"),
            MenuAction::Queue(queue) => format!("queue `{queue}`"),
            MenuAction::Menu(menu) => format!("menu `{menu}`"),
            MenuAction::DialExtension => "dial an extension".to_owned(),
            MenuAction::Repeat => "hear it again".to_owned(),
            MenuAction::HangUp => "hang up".to_owned(),
            MenuAction::Next => "go on".to_owned(),
            _ => "something else".to_owned(),
        };
        writeln!(out, "  {}  {what}", option.key.as_char())?;
    }
    if menu.direct_dialling {
        writeln!(out, "  or an extension")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use switchboard_store::Password;

    use super::*;

    fn banner(sip: &str) -> String {
        let mut directory = DirectoryFile::parse(include_str!("../demo.toml")).unwrap();
        let owner = SecretOwner::User("anna".parse().unwrap());
        directory.passwords.push((owner, Password::new("secret-of-anna").unwrap()));
        let sip = [sip.parse().unwrap()];
        let (rtp, data) = ("1-2".to_owned(), "x".to_owned());
        Banner { sip: &sip, advertised: None, self_signed: None, rtp, data, directory: &directory }
            .text()
    }

    #[test]
    fn it_says_what_to_type_whom_to_call_and_what_to_press() {
        let text = banner("127.0.0.1:5060");
        for part in
            ["127.0.0.1:5060", "anna", "101", "secret-of-anna", "+49 30 1234567", "*43", "*60"]
        {
            assert!(text.contains(part), "{part} in\n{text}");
        }
        assert!(text.contains("sip:+49301234567@127.0.0.1:5060"), "{text}");
        assert!(text.contains("  2  Bruno Berg"), "{text}");
    }

    #[test]
    fn h45_passwords_are_not_printed_where_others_can_call() {
        assert!(!banner("192.0.2.1:5060").contains("secret-of-anna"));
    }
}
