//! A plain reference for calls from outside: the rules as one would tell them, on the data as it
//! stands, in straight lines. It shares no code with the router.
//!
//! Both play the same script: a list of choices, one for each step that waits for something. When
//! the script is over, everything fails: silence, no answer, nobody responsible.

use switchboard_routing::{
    Cause, DirectorySpec, ForwardTo, LineSpec, MenuAction, MenuSpec, Overflow, ResponsibleSource,
    Strategy, UserId,
};

/// What may happen at a step, by kind; a choice is an index, taken modulo the length.
pub(crate) const AT_PLAY: [Happens; 2] = [Happens::Played, Happens::HangUp];
pub(crate) const AT_COLLECT: [Happens; 9] = [
    Happens::Silence,
    Happens::Digits("1"),
    Happens::Digits("2"),
    Happens::Digits("3"),
    Happens::Digits("101"),
    Happens::Digits("102#"),
    Happens::Digits("103"),
    Happens::Digits("9"),
    Happens::HangUp,
];
pub(crate) const AT_RING: [Happens; 6] = [
    Happens::NoAnswer,
    Happens::Busy,
    Happens::Unreachable,
    Happens::Declined,
    Happens::Answered,
    Happens::HangUp,
];

pub(crate) const AT_CRM: [Happens; 4] =
    [Happens::Crm(""), Happens::Crm("b"), Happens::Crm("c"), Happens::HangUp];
pub(crate) const AT_ORDER: [Happens; 4] = [
    Happens::Order(&[]),
    Happens::Order(&["c", "a", "c"]),
    Happens::Order(&["c", "b"]),
    Happens::HangUp,
];
pub(crate) const AT_COUNT: [Happens; 4] =
    [Happens::Waiting(0), Happens::Waiting(1), Happens::Waiting(2), Happens::HangUp];
pub(crate) const AT_WAIT: [Happens; 2] = [Happens::Turn, Happens::HangUp];
pub(crate) const AT_RECORD: [Happens; 6] = [
    Happens::Unreachable,
    Happens::Recorded,
    Happens::Busy,
    Happens::NoAnswer,
    Happens::Declined,
    Happens::HangUp,
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Happens {
    Played,
    Silence,
    Digits(&'static str),
    NoAnswer,
    Busy,
    Unreachable,
    Declined,
    Answered,
    Crm(&'static str),
    Order(&'static [&'static str]),
    Waiting(u32),
    Turn,
    Recorded,
    HangUp,
}

/// The call is over.
struct Over;

/// The transcript of a call on the first line, from the caller `caller`.
pub(crate) fn transcript(spec: &DirectorySpec, caller: Option<&str>, script: &[u8]) -> Vec<String> {
    let mut oracle = Oracle { spec, script, steps: Vec::new(), last: Cause::NobodyAvailable };
    let _: Result<(), Over> = oracle.inbound(caller);
    oracle.steps
}

struct Oracle<'a> {
    spec: &'a DirectorySpec,
    script: &'a [u8],
    steps: Vec<String>,
    last: Cause,
}

/// How a menu was left.
enum Left {
    On,
    ToOverflow,
}

impl Oracle<'_> {
    fn line(&self) -> &LineSpec {
        &self.spec.lines[0]
    }

    fn end(&mut self, cause: Cause) -> Over {
        self.steps.push(format!("end {cause}"));
        Over
    }

    fn ask(&mut self, step: String, may: &[Happens]) -> Result<Happens, Over> {
        self.steps.push(step);
        let (choice, rest) = match self.script {
            [] => (0, self.script),
            [choice, rest @ ..] => (*choice, rest),
        };
        self.script = rest;
        match may[usize::from(choice) % may.len()] {
            Happens::HangUp => Err(self.end(Cause::Cancelled)),
            Happens::Answered => {
                self.steps.push("connect".into());
                Err(self.end(Cause::Completed))
            }
            other => Ok(other),
        }
    }

    fn play(&mut self, prompt: &str) -> Result<(), Over> {
        self.ask(format!("play {prompt}"), &AT_PLAY).map(|_| ())
    }

    /// Says `prompt` and then ends with `cause`, also when the caller hangs up meanwhile.
    fn play_and_end(&mut self, prompt: &str, cause: Cause) -> Over {
        self.steps.push(format!("play {prompt}"));
        self.end(cause)
    }

    fn inbound(&mut self, caller: Option<&str>) -> Result<(), Over> {
        let line = self.line().clone();
        let mut notice = "";
        if line.welcome && line.extension_processing {
            notice = self.extension_stage("welcome", line.menu.is_some())?;
        } else if line.welcome {
            self.play("welcome")?;
        }
        let left = match &line.menu {
            Some(id) => {
                let menu = self.spec.menus.iter().find(|menu| menu.id == *id).unwrap();
                self.menu(menu, notice)?
            }
            None => Left::On,
        };
        if let Left::On = left {
            if line.responsible
                && let Some(caller) = caller
                && let Some(user) = self.responsible(caller)?
                && self.works_here(&user)
            {
                self.last = Cause::NobodyAvailable;
                self.reach(&ForwardTo::User(user), 20)?;
            }
            if let Some(queue) = &line.queue {
                self.reach(&ForwardTo::Queue(queue.clone()), 25)?;
            }
        }
        if let Overflow::Forward(to) = &line.overflow {
            self.reach(to, 25)?;
        }
        Err(self.play_and_end("nobody_available", self.last))
    }

    /// Who is responsible, by the contacts or by the CRM.
    fn responsible(&mut self, caller: &str) -> Result<Option<UserId>, Over> {
        if self.spec.responsible == ResponsibleSource::Contacts {
            let contact = self.spec.contacts.iter().find(|contact| contact.number == caller);
            return Ok(contact.map(|contact| contact.responsible.clone()));
        }
        let Happens::Crm(login) = self.ask(format!("crm {caller}"), &AT_CRM)? else {
            unreachable!("nothing else may happen")
        };
        Ok(login.parse().ok())
    }

    /// An extension is asked for until it is known, three times, or nothing is dialled. Returns
    /// what is still to be said.
    fn extension_stage(&mut self, prompt: &str, menu: bool) -> Result<&'static str, Over> {
        let mut notice = "";
        for attempt in 1..=3 {
            let Happens::Digits(digits) =
                self.ask(format!("ask [{notice}] {prompt}"), &AT_COLLECT)?
            else {
                return Ok("");
            };
            if let Some(user) = self.extension(digits) {
                self.reach(&ForwardTo::User(user), 25)?;
                return Ok("");
            }
            notice = "unknown_extension";
            if attempt == 3 && !menu {
                self.play(notice)?;
                return Ok("");
            }
        }
        Ok(notice)
    }

    fn menu(&mut self, menu: &MenuSpec, mut notice: &'static str) -> Result<Left, Over> {
        let processing = self.line().extension_processing;
        let direct = menu.direct_dialling && processing;
        let (mut invalid, mut silent) = (0, 0);
        loop {
            let asked = self.ask(format!("ask [{notice}] {}", menu.prompt), &AT_COLLECT)?;
            notice = "";
            let Happens::Digits(digits) = asked else {
                silent += 1;
                if silent == menu.silent {
                    return Ok(Left::On);
                }
                continue;
            };
            let option = menu.options.iter().find(|o| digits == o.key.as_char().to_string());
            match option.map(|option| &option.action) {
                Some(MenuAction::User(user)) => {
                    self.reach(&ForwardTo::User(user.clone()), 25)?;
                    return Ok(Left::On);
                }
                Some(MenuAction::Queue(queue)) => {
                    self.reach(&ForwardTo::Queue(queue.clone()), 25)?;
                    return Ok(Left::ToOverflow);
                }
                Some(MenuAction::Menu(id)) => {
                    let menu = self.spec.menus.iter().find(|menu| menu.id == *id).unwrap();
                    return self.menu(menu, "");
                }
                Some(MenuAction::Repeat) => continue,
                Some(MenuAction::HangUp) => {
                    return Err(self.play_and_end("goodbye", Cause::MenuHangUp));
                }
                Some(MenuAction::DialExtension) if processing => {
                    self.extension_stage("dial_extension", false)?;
                    return Ok(Left::On);
                }
                _ => {}
            }
            if direct && let Some(user) = self.extension(digits) {
                self.reach(&ForwardTo::User(user), 25)?;
                return Ok(Left::On);
            }
            invalid += 1;
            notice =
                if direct && digits.len() > 1 { "unknown_extension" } else { "unknown_option" };
            if invalid == menu.invalid {
                self.play(notice)?;
                return Ok(Left::On);
            }
        }
    }

    fn works_here(&self, id: &UserId) -> bool {
        self.spec.users.iter().any(|user| user.login == *id && user.is_active())
    }

    fn extension(&self, digits: &str) -> Option<UserId> {
        let digits = digits.strip_suffix('#').unwrap_or(digits);
        let has = |extension: switchboard_routing::Extension| extension.as_str() == digits;
        let user =
            self.spec.users.iter().find(|u| u.is_active() && u.extension.is_some_and(has))?;
        Some(user.login.clone())
    }

    /// Tries to reach somebody, with all forwarding; comes back when that failed.
    fn reach(&mut self, to: &ForwardTo, seconds: u64) -> Result<(), Over> {
        self.last = Cause::NobodyAvailable;
        let mut tried: Vec<UserId> = Vec::new();
        let mut to = to.clone();
        loop {
            match to {
                ForwardTo::User(id) => {
                    let user = self.spec.users.iter().find(|user| user.login == id).unwrap();
                    if !user.is_active() {
                        self.last = Cause::NobodyAvailable;
                        return Ok(());
                    }
                    if tried.contains(&id) {
                        return Ok(());
                    }
                    tried.push(id.clone());
                    let rules = &user.forwarding;
                    if let Some(always) = &rules.always {
                        to = always.clone();
                        continue;
                    }
                    let happened = self.ask(format!("ring {id} {seconds}"), &AT_RING)?;
                    let rule = match happened {
                        Happens::Busy | Happens::Declined => &rules.busy,
                        Happens::NoAnswer => &rules.no_answer,
                        _ => &rules.unreachable,
                    };
                    self.failed(happened);
                    match rule {
                        Some(rule) => to = rule.clone(),
                        None => return Ok(()),
                    }
                }
                ForwardTo::Queue(id) => return self.queue(id.as_str()),
                ForwardTo::Group(id) => return self.group(id.as_str(), seconds),
                ForwardTo::Number(number) => {
                    let happened = self.ask(format!("dial {number} {seconds}"), &AT_RING)?;
                    self.failed(happened);
                    return Ok(());
                }
                ForwardTo::Voicemail(id) => {
                    if !self.works_here(&id) {
                        self.last = Cause::NobodyAvailable;
                        return Ok(());
                    }
                    return self.voicemail(&id);
                }
                _ => unreachable!("the walk has no such rule"),
            }
        }
    }

    fn group(&mut self, id: &str, seconds: u64) -> Result<(), Over> {
        let group = self.spec.groups.iter().find(|group| group.id.as_str() == id).unwrap();
        let here: Vec<&str> = group
            .members
            .iter()
            .filter(|member| self.works_here(member))
            .map(UserId::as_str)
            .collect();
        if here.is_empty() {
            self.last = Cause::NobodyAvailable;
            return Ok(());
        }
        let happened = self.ask(format!("ring {} {seconds}", here.join(",")), &AT_RING)?;
        self.failed(happened);
        Ok(())
    }

    fn queue(&mut self, id: &str) -> Result<(), Over> {
        let queue = self.spec.queues.iter().find(|queue| queue.id.as_str() == id).unwrap();
        if let Some(most) = queue.max_waiting {
            let Happens::Waiting(callers) = self.ask(format!("count {id}"), &AT_COUNT)? else {
                unreachable!("nothing else may happen")
            };
            if callers + 1 > most {
                self.last = Cause::Busy;
                return Ok(());
            }
        }
        let here: Vec<&str> = queue
            .members
            .iter()
            .filter(|member| self.works_here(member))
            .map(UserId::as_str)
            .collect();
        if here.is_empty() {
            self.last = Cause::NobodyAvailable;
            return Ok(());
        }
        let (ring, wait, pause) =
            (queue.ring.as_secs(), queue.wait.as_secs(), queue.pause.as_secs());
        let mut waited = 0;
        loop {
            let rings: Vec<String> = match queue.strategy {
                Strategy::All => vec![here.join(",")],
                Strategy::InOrder => here.iter().map(|member| (*member).to_owned()).collect(),
                _ => {
                    let asked = format!("order {id} {}", here.join(","));
                    let Happens::Order(named) = self.ask(asked, &AT_ORDER)? else {
                        unreachable!("nothing else may happen")
                    };
                    let mut order: Vec<String> = Vec::new();
                    for member in named.iter().chain(&here) {
                        if here.contains(member) && !order.iter().any(|known| known == member) {
                            order.push((*member).to_owned());
                        }
                    }
                    order
                }
            };
            let mut connected = false;
            for who in rings {
                if wait > 0 && waited >= wait {
                    break;
                }
                let seconds = if wait > 0 { ring.min(wait - waited) } else { ring };
                let happened = self.ask(format!("ring {who} {seconds}"), &AT_RING)?;
                self.failed(happened);
                connected |= happened != Happens::Unreachable;
                if happened == Happens::NoAnswer {
                    waited += seconds;
                }
            }
            if (queue.leave_when_empty && !connected) || waited + pause >= wait {
                return Ok(());
            }
            self.ask(format!("wait {id} {pause}"), &AT_WAIT)?;
            waited += pause;
        }
    }

    fn voicemail(&mut self, id: &UserId) -> Result<(), Over> {
        // Who hangs up while it records has left a message.
        let hangs_up = self.script.first().is_some_and(|choice| {
            AT_RECORD[usize::from(*choice) % AT_RECORD.len()] == Happens::HangUp
        });
        if hangs_up {
            self.steps.push(format!("voicemail {id}"));
            return Err(self.end(Cause::Completed));
        }
        let happened = self.ask(format!("voicemail {id}"), &AT_RECORD)?;
        if happened == Happens::Recorded {
            return Err(self.end(Cause::Completed));
        }
        self.failed(happened);
        Ok(())
    }

    fn failed(&mut self, happened: Happens) {
        self.last = match happened {
            Happens::Busy => Cause::Busy,
            Happens::NoAnswer => Cause::NoAnswer,
            Happens::Declined => Cause::Declined,
            _ => Cause::Unreachable,
        };
    }
}
