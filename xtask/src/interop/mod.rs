//! The real program, called by phones and generators that we did not write, on loopback.
//!
//! Every scenario starts its own PBX on a new data folder and asserts what a person would: who
//! heard whom, which digits arrived, what the call record says.

mod audio;
mod baresip;
mod company;
mod faults;
mod flood;
mod handing_on;
mod inbound;
mod internal;
mod kamailio;
mod linphone;
mod node;
mod outbound;
pub(crate) mod pbx;
pub(crate) mod ports;
mod record;
mod registering;
mod secured;
mod signalling;
mod sipp;
mod stage;
mod transports;

use std::path::{Path, PathBuf};

use crate::cmd;
use crate::report::{Outcome, Report, Step};

/// One scenario.
pub(crate) struct Scenario {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it shows.
    pub(crate) about: &'static str,
    run: fn(&Path) -> Result<(), String>,
}

/// The scenarios that load the machine or measure a memory: each runs by itself, after all others.
const ALONE: &[&str] = &["fifty", "fifty-callers", "flood"];

/// All scenarios.
pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "register",
        about: "register, refresh, un-register, over UDP and TCP",
        run: registering::register,
    },
    Scenario {
        name: "register-refused",
        about: "wrong password, unknown and dismissed users are answered alike",
        run: registering::refused,
    },
    Scenario {
        name: "strangers",
        about: "no method is served without credentials",
        run: registering::strangers,
    },
    Scenario {
        name: "restart",
        about: "registrations survive a restart",
        run: registering::restart,
    },
    Scenario {
        name: "echo",
        about: "*43 says so and returns the caller's audio",
        run: internal::echo,
    },
    Scenario {
        name: "prompt-loop",
        about: "*60 plays a prompt over and over",
        run: internal::prompt_loop,
    },
    Scenario {
        name: "internal-call",
        about: "101 calls 102: both hear each other, free and unrecorded",
        run: internal::call,
    },
    Scenario {
        name: "internal-linphone",
        about: "a second make of phone calls the first",
        run: internal::linphone,
    },
    Scenario {
        name: "two-softphones",
        about: "the README's script: two baresips call each other",
        run: internal::two_softphones,
    },
    Scenario {
        name: "transcode",
        about: "a phone of G.722 only and one of A-law only hear each other; two of G.722 do",
        run: internal::transcode,
    },
    Scenario {
        name: "room",
        about: "three phones meet in a room, one of G.722: each hears the other two",
        run: internal::room,
    },
    Scenario {
        name: "srtp",
        about: "an encrypted phone hears a plain one, one that may encrypt, one that insists on it",
        run: secured::srtp,
    },
    Scenario {
        name: "srtp-required",
        about: "a plain phone is refused where audio must be encrypted",
        run: secured::required,
    },
    Scenario { name: "internal-busy", about: "busy: 486", run: internal::busy },
    Scenario { name: "internal-declined", about: "declined: 603", run: internal::declined },
    Scenario {
        name: "internal-no-answer",
        about: "no answer: 480, the phone is cancelled",
        run: internal::no_answer,
    },
    Scenario {
        name: "internal-nobody-there",
        about: "offline 480, oneself 486, unknown 404",
        run: internal::nobody_there,
    },
    Scenario {
        name: "internal-processing-off",
        about: "no internal calls without extension processing",
        run: internal::extension_processing_off,
    },
    Scenario { name: "internal-cancel", about: "the caller gives up: 487", run: internal::cancel },
    Scenario {
        name: "internal-two-phones",
        about: "two phones ring, one answers, the other is cancelled",
        run: internal::two_phones,
    },
    Scenario {
        name: "text",
        about: "a text message from SIPp to linphone (MESSAGE)",
        run: signalling::text,
    },
    Scenario {
        name: "lamp",
        about: "a desk phone's lamp: idle, ringing, talking, over (SUBSCRIBE by SIPp)",
        run: signalling::lamp,
    },
    Scenario {
        name: "prack",
        about: "a phone's reliable 183 gets its PRACK",
        run: signalling::prack,
    },
    Scenario {
        name: "session-timer",
        about: "a session with a timer, refreshed by UPDATE",
        run: signalling::session_timer,
    },
    Scenario {
        name: "late-offer",
        about: "an INVITE without a description: the 200 offers, the ACK answers",
        run: signalling::late_offer,
    },
    Scenario {
        name: "inbound-during-welcome",
        about: "an extension during the welcome stops it and rings",
        run: inbound::during_welcome,
    },
    Scenario {
        name: "inbound-after-welcome",
        about: "an extension after the welcome",
        run: inbound::after_welcome,
    },
    Scenario { name: "inbound-info", about: "digits by INFO", run: inbound::by_info },
    Scenario {
        name: "inbound-info-twice",
        about: "each INFO is retransmitted and counts once",
        run: inbound::by_info_twice,
    },
    Scenario {
        name: "inbound-recorded-events",
        about: "telephone-events of another generator, once each",
        run: inbound::by_recorded_events,
    },
    Scenario {
        name: "inbound-recorded",
        about: "a recorded line: a stereo file, the caller on the left",
        run: inbound::recorded,
    },
    Scenario {
        name: "inbound-unknown",
        about: "an unknown extension three times, then the menu",
        run: inbound::unknown_then_menu,
    },
    Scenario {
        name: "inbound-silent",
        about: "no digits: on to the menu without complaint",
        run: inbound::silent_then_menu,
    },
    Scenario { name: "menu-user", about: "menu: a user", run: inbound::menu_user },
    Scenario { name: "menu-queue", about: "menu: a queue", run: inbound::menu_queue },
    Scenario {
        name: "menu-submenu",
        about: "menu: repeat and submenu",
        run: inbound::menu_submenu_and_repeat,
    },
    Scenario {
        name: "menu-extension",
        about: "menu: an extension within it",
        run: inbound::menu_extension,
    },
    Scenario { name: "menu-hang-up", about: "menu: hang up", run: inbound::menu_hang_up },
    Scenario {
        name: "nobody-available",
        about: "nobody has a phone: said, and ended",
        run: inbound::nobody_available,
    },
    Scenario { name: "table", about: "R4 to R7 for every combination", run: inbound::table },
    Scenario { name: "outbound", about: "a call to the outside", run: outbound::plain },
    Scenario {
        name: "outbound-semicolon",
        about: "number;extension: tones after the answer",
        run: outbound::semicolon,
    },
    Scenario {
        name: "outbound-number-sign",
        about: "number#extension: tones after the answer",
        run: outbound::number_sign,
    },
    Scenario {
        name: "outbound-command",
        about: "call FROM TO with a pause between digits",
        run: outbound::by_command,
    },
    Scenario {
        name: "no-toll-fraud",
        about: "a caller from outside cannot dial out",
        run: outbound::inbound_cannot_go_out,
    },
    Scenario {
        name: "blind-transfer",
        about: "a call handed on by REFER",
        run: handing_on::blind_transfer,
    },
    Scenario {
        name: "blind-transfer-linphone",
        about: "a call handed on by the REFER of a second make of phone",
        run: handing_on::blind_transfer_by_linphone,
    },
    Scenario {
        name: "attended-transfer",
        about: "a call handed on after asking, by REFER with Replaces",
        run: handing_on::attended_transfer,
    },
    Scenario {
        name: "hold",
        about: "hold and resume, heard by the other side",
        run: handing_on::hold,
    },
    Scenario {
        name: "dismissed",
        about: "dismissal while registered; the extension goes to another",
        run: handing_on::dismissed_while_registered,
    },
    Scenario {
        name: "dismissed-in-call",
        about: "dismissal in a call",
        run: handing_on::dismissed_in_a_call,
    },
    Scenario { name: "killed", about: "kill -9 keeps the records", run: faults::killed },
    Scenario { name: "stopped", about: "Ctrl-C ends calls with BYE", run: faults::stopped },
    Scenario {
        name: "phone-vanishes",
        about: "a phone that vanishes ends its call",
        run: faults::phone_vanishes,
    },
    Scenario { name: "tcp", about: "a call over TCP", run: transports::tcp },
    Scenario {
        name: "tcp-phone",
        about: "a phone on TCP calls one on UDP, and is called",
        run: transports::tcp_phone,
    },
    Scenario {
        name: "tls",
        about: "a phone on TLS calls one on UDP, and is called",
        run: transports::tls,
    },
    Scenario {
        name: "tls-srtp",
        about: "a phone on TLS with encrypted audio calls one on UDP, and is called",
        run: transports::tls_srtp,
    },
    Scenario {
        name: "kamailio",
        about: "a phone behind a proxy, by Path and Record-Route, calls another, and is called",
        run: transports::behind_a_proxy,
    },
    Scenario {
        name: "websocket",
        about: "JsSIP registers over WebSocket and secure WebSocket, and is called",
        run: transports::websocket,
    },
    Scenario {
        name: "ipv6-phone",
        about: "a phone on IPv6 calls one on IPv4, and is called",
        run: transports::ipv6_phone,
    },
    Scenario {
        name: "ipv6",
        about: "registration and a call over IPv6, by UDP and TCP",
        run: transports::ipv6,
    },
    Scenario { name: "fifty", about: "50 calls at once, none fails", run: faults::fifty_at_once },
    Scenario {
        name: "fifty-callers",
        about: "50 callers from outside at once",
        run: faults::fifty_callers,
    },
    Scenario {
        name: "flood",
        about: "400,000 messages of five floods: memory flat, calls served",
        run: flood::flood,
    },
    Scenario {
        name: "port-taken",
        about: "a taken port names the option to use",
        run: faults::port_taken,
    },
];

/// The programs without which nothing here can run.
const NEEDED: &[&str] = &["sipp", "baresip", "linphonec", "sipsak", "kamailio", "node"];

/// How many scenarios run at a time when nothing else is said.
pub(crate) const JOBS: usize = 4;

/// Runs the scenarios whose name holds `filter`, `jobs` at a time.
pub(crate) fn run(report: &mut Report, filter: Option<&str>, jobs: usize) {
    let missing: Vec<&str> = NEEDED.iter().copied().filter(|p| !cmd::exists(p)).collect();
    if !missing.is_empty() {
        report.outcome("interop", || {
            Outcome::Skipped(format!(
                "missing: {}; `cargo xtask setup` installs them",
                missing.join(" ")
            ))
        });
        return;
    }
    let mut built = false;
    report.step("interop: build", || {
        let program = pbx::program()?;
        built = true;
        Ok(program.display().to_string())
    });
    if !built {
        return;
    }
    let chosen = SCENARIOS.iter().filter(|s| filter.is_none_or(|f| s.name.contains(f)));
    let (alone, together): (Vec<_>, Vec<_>) = chosen.partition(|s| ALONE.contains(&s.name));
    // Most of a scenario is waiting, as long as people wait.
    for (workers, scenarios) in [(jobs.max(1), together), (1, alone)] {
        let steps: Vec<(String, Step<'_>)> = scenarios
            .iter()
            .map(|scenario| {
                let step: Step<'_> = Box::new(|| match scenario.play() {
                    Ok(about) => Outcome::Passed(about),
                    Err(why) => Outcome::Failed(why),
                });
                (format!("interop: {}", scenario.name), step)
            })
            .collect();
        report.together(workers, &steps);
    }
}

impl Scenario {
    fn play(&self) -> Result<String, String> {
        let dir = folder(self.name)?;
        (self.run)(&dir).map_err(|why| format!("{why}\n    files: {}", dir.display()))?;
        Ok(self.about.to_owned())
    }
}

/// A new, empty folder for one scenario.
fn folder(name: &str) -> Result<PathBuf, String> {
    let dir = cmd::target_dir().join("interop").join(name);
    let fault = |e: std::io::Error| format!("{}: {e}", dir.display());
    if dir.exists() {
        std::fs::remove_dir_all(&dir).map_err(fault)?;
    }
    std::fs::create_dir_all(&dir).map_err(fault)?;
    Ok(dir)
}
