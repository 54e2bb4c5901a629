//! The rows of the table.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::figure::Figure;
use super::kamailio::Kamailio;
use super::office::{self, ANSWERED, ECHO, Office, PHONES, PROMPT, RELAYED, USER};
use super::party::Heard;
use super::process::Cpu;
use super::relay::Relay;
use super::sipp::{Counts, Setup, Sipp};
use super::talk::Talk;
use crate::interop::ports;

/// How a run is measured.
pub(crate) struct Lab {
    /// The folder of the row.
    pub(crate) dir: PathBuf,
    /// A few seconds a row: to see that it works.
    pub(crate) is_quick: bool,
}

/// A row.
pub(crate) struct Row {
    /// Its name on the command line.
    pub(crate) name: &'static str,
    pub(crate) run: fn(&Lab) -> Result<Figure, String>,
}

/// All rows, in the order of the table.
pub(crate) const ROWS: &[Row] = &[
    Row { name: "options", run: options },
    Row { name: "register", run: register },
    Row { name: "answered", run: answered },
    Row { name: "relayed", run: relayed },
    Row { name: "echo-210", run: echo },
    Row { name: "relay-210", run: both_ways },
    Row { name: "relay-sipp", run: both_ways_by_sipp },
    Row { name: "prompt-480", run: prompt },
    Row { name: "memory", run: memory },
    Row { name: "memory-media", run: memory_media },
    Row { name: "media-1000", run: media },
    Row { name: "relayed-1000", run: relayed_media },
    Row { name: "flat", run: flat },
    Row { name: "flat-media", run: flat_media },
];

const PER_1000: &str = "CPU seconds per 1,000";
/// After its last message the PBX forgets a transaction within 64*T1 (RFC 3261 section 17).
const FORGOTTEN: Duration = Duration::from_secs(33);
/// What the program does behind the last answer: records on disk, lines printed.
const SETTLE: Duration = Duration::from_millis(400);
const LIMIT: Duration = Duration::from_secs(180);

/// A load: what, how fast, how many.
struct Load<'a> {
    scenario: &'a str,
    replace: &'a [(&'a str, &'a str)],
    args: Vec<String>,
    rate: usize,
    count: usize,
}

impl Load<'_> {
    /// Runs it against a server from `port`.
    fn start(&self, dir: &Path, port: u16, server: &str) -> Result<Sipp, String> {
        let (rate, count) = (self.rate.to_string(), self.count.to_string());
        let mut args = vec!["-r", &rate, "-m", &count, "-l", "5000"];
        args.extend(self.args.iter().map(String::as_str));
        args.push(server);
        let setup = Setup { scenario: self.scenario, port, replace: self.replace, args: &args };
        Sipp::start(dir, &setup)
    }

    /// Runs it to its end; any failed call is an error.
    fn run(&self, dir: &Path, port: u16, server: &str) -> Result<Counts, String> {
        let counts = self.start(dir, port, server)?.finish(LIMIT)?;
        if counts.failed > 0.0 || counts.good < self.count as f64 {
            return Err(format!("{}: of {} {counts:?}", self.scenario, self.count));
        }
        Ok(counts)
    }

    /// SIPp in the server's place: its processor time per 1,000.
    fn floor(&self, lab: &Lab, scenario: &str, replace: &[(&str, &str)]) -> Result<f64, String> {
        let (near, far) = (ports::block(2), ports::block(2));
        let server = Sipp::start(&lab.dir, &Setup { scenario, port: far, replace, args: &[] })?;
        std::thread::sleep(SETTLE);
        let before = server.cpu()?;
        let counts = self.run(&lab.dir, near, &format!("127.0.0.1:{far}"))?;
        std::thread::sleep(SETTLE);
        Ok(server.cpu()?.since(before).total() * 1_000.0 / counts.good)
    }

    fn said(&self, counts: &Counts, cpu: Cpu) -> String {
        format!(
            " SIPp reached {:.0}/s and repeated {:.0} messages; of the time {:.0} % is the kernel's",
            counts.rate,
            counts.repeated,
            100.0 * cpu.system / cpu.total().max(1e-9)
        )
    }
}

impl Lab {
    fn count(&self, full: usize, quick: usize) -> usize {
        if self.is_quick { quick } else { full }
    }

    /// The same without waiting for what signalling leaves behind, where audio is what costs.
    fn brief(&self) -> Self {
        Self { dir: self.dir.clone(), is_quick: true }
    }

    /// Waits until the server has nothing left of the load.
    fn forget(&self) {
        std::thread::sleep(if self.is_quick { SETTLE } else { FORGOTTEN });
    }
}

/// Processor time per 1,000 of a load that comes from the trunk `near`.
fn per_1000(lab: &Lab, office: &Office, load: &Load<'_>) -> Result<(f64, Counts, Cpu), String> {
    per_1000_from(lab, office, load, office.near)
}

/// The same from any port.
fn per_1000_from(
    lab: &Lab,
    office: &Office,
    load: &Load<'_>,
    port: u16,
) -> Result<(f64, Counts, Cpu), String> {
    std::thread::sleep(SETTLE);
    let before = office.cpu()?;
    let counts = load.run(&lab.dir, port, &office.address())?;
    lab.forget();
    let cpu = office.cpu()?.since(before);
    Ok((cpu.total() * 1_000.0 / counts.good, counts, cpu))
}

fn options(lab: &Lab) -> Result<Figure, String> {
    let count = lab.count(15_000, 5_000);
    let load = Load { scenario: "options", replace: &[], args: vec![], rate: 2_500, count };
    let office = Office::open(&lab.dir, 0)?;
    let (ours, counts, cpu) = per_1000(lab, &office, &load)?;
    drop(office);
    let floor = load.floor(lab, "options_answered", &[])?;
    let beside = Kamailio::start(&lab.dir)?
        .map(|other| other.per_1000(lab, |server| load.run(&lab.dir, ports::block(2), server)));
    Ok(Figure {
        name: "OPTIONS",
        what: format!("{count} OPTIONS at 2,500/s from a trunk"),
        unit: PER_1000,
        ours,
        target: 0.05,
        floor: Some(floor),
        beside: beside.transpose()?,
        stated: &[("Kamailio (stateless)", "0.040"), ("Asterisk", "0.20")],
        note: load.said(&counts, cpu),
    })
}

fn register(lab: &Lab) -> Result<Figure, String> {
    let count = lab.count(2_400, 1_000);
    let file = lab.dir.join("phones.csv");
    let mut text = "SEQUENTIAL\n".to_owned();
    for login in (0..PHONES).map(office::phone) {
        let password = office::password(&login);
        text.push_str(&format!("{login};[authentication username={login} password={password}]\n"));
    }
    std::fs::write(&file, text).map_err(|e| format!("{}: {e}", file.display()))?;
    let args = vec!["-inf".to_owned(), file.to_string_lossy().into_owned()];
    let load = Load { scenario: "register_many", replace: &[], args, rate: 400, count };
    let office = Office::open(&lab.dir, PHONES)?;
    let (ours, counts, cpu) = per_1000_from(lab, &office, &load, ports::block(2))?;
    drop(office);
    let floor = load.floor(lab, "register_answered", &[])?;
    let beside = Kamailio::start(&lab.dir)?
        .map(|other| other.per_1000(lab, |server| load.run(&lab.dir, ports::block(2), server)));
    Ok(Figure {
        name: "REGISTER with digest",
        what: format!(
            "{count} registrations at 400/s of {PHONES} users, each challenged and then accepted (two requests), kept in the database"
        ),
        unit: PER_1000,
        ours,
        target: 0.15,
        floor: Some(floor),
        beside: beside.transpose()?,
        stated: &[("Kamailio", "0.079"), ("Asterisk", "0.73 to 0.82"), ("Yate", "2.4")],
        note: load.said(&counts, cpu),
    })
}

/// A call of no length from the trunk to `dialled`.
fn short_calls<'a>(replace: &'a [(&'a str, &'a str)], rate: usize, count: usize) -> Load<'a> {
    Load { scenario: "call_trunk", replace, args: vec![], rate, count }
}

fn answered(lab: &Lab) -> Result<Figure, String> {
    let count = lab.count(2_400, 1_000);
    let replace = [("@dialled@", ANSWERED), ("@hold_ms@", "0")];
    let load = short_calls(&replace, 400, count);
    let office = Office::open(&lab.dir, 0)?;
    let (ours, counts, cpu) = per_1000(lab, &office, &load)?;
    drop(office);
    let floor = load.floor(lab, "answer", &[("@ring_ms@", "0")])?;
    Ok(Figure {
        name: "call answered",
        what: format!(
            "{count} calls at 400/s from a trunk to a line with a welcome message: INVITE, 200, ACK, BYE; each with a pair of ports and a record on disk"
        ),
        unit: PER_1000,
        ours,
        target: 0.35,
        floor: Some(floor),
        beside: None,
        stated: &[
            ("Kamailio (proxied)", "0.41"),
            ("rsipstack", "0.49"),
            ("Asterisk", "1.5"),
            ("Yate (with media)", "10"),
        ],
        note: load.said(&counts, cpu),
    })
}

fn relayed(lab: &Lab) -> Result<Figure, String> {
    let count = lab.count(1_800, 600);
    let replace = [("@dialled@", RELAYED), ("@hold_ms@", "0")];
    let load = short_calls(&replace, 300, count);
    let office = Office::open(&lab.dir, 0)?;
    let replace = [("@ring_ms@", "0")];
    let setup = Setup { scenario: "answer", port: office.far, replace: &replace, args: &[] };
    let far = Sipp::start(&lab.dir, &setup)?;
    let (ours, counts, cpu) = per_1000(lab, &office, &load)?;
    drop(far);
    drop(office);
    let floor = load.floor(lab, "answer", &[("@ring_ms@", "0")])?;
    let beside = Kamailio::start(&lab.dir)?.map(|other| {
        let setup = Setup { scenario: "answer", port: other.far, replace: &replace, args: &[] };
        let far = Sipp::start(&lab.dir, &setup)?;
        let result = other.per_1000(lab, |server| load.run(&lab.dir, ports::block(2), server));
        drop(far);
        result
    });
    Ok(Figure {
        name: "call relayed",
        what: format!(
            "{count} calls at 300/s from one trunk to another through the PBX (B2BUA: two legs, two dialogs, two pairs of ports, a record on disk); beside: the same calls proxied, one dialog, no media, no record"
        ),
        unit: PER_1000,
        ours,
        target: 0.8,
        floor: Some(floor),
        beside: beside.transpose()?,
        stated: &[("Kamailio (proxied)", "0.41")],
        note: load.said(&counts, cpu),
    })
}

/// Calls of the user that stay, with what happens in them.
fn user_calls<'a>(
    replace: &'a [(&'a str, &'a str)],
    server: &str,
    rate: usize,
    count: usize,
) -> Load<'a> {
    let dialled = replace.iter().find(|(from, _)| *from == "@dialled@").map_or("", |(_, to)| to);
    let uri = format!("{dialled}@{server}");
    let args = ["-s", USER, "-au", USER, "-ap", &office::password(USER), "-auth_uri", &uri];
    let args = args.map(str::to_owned).to_vec();
    Load { scenario: "call_user", replace, args, rate, count }
}

const PAUSE: &str = "<pause milliseconds=\"@hold_ms@\"/>";

fn echo(lab: &Lab) -> Result<Figure, String> {
    let count = 210;
    let office = Office::open(&lab.dir, 0)?;
    std::thread::sleep(SETTLE);
    let before = office.cpu()?;
    let mut talk = Talk::begin(&office, count)?;
    let setup = office.cpu()?.since(before).total();
    talk.hear_announcement();
    let before = office.cpu()?;
    let heard = talk.talk(Duration::from_secs(7));
    talk.end()?;
    std::thread::sleep(SETTLE);
    let cost = setup + office.cpu()?.since(before).total();
    Ok(Figure {
        name: "RTP echoed, 210 calls",
        what: format!(
            "{count} calls at once of a user (with digest) that talk for 7 s to the echo service, 50 packets a second each way (own generator); what the service says before it echoes is left out"
        ),
        unit: PER_1000,
        ours: cost * 1_000.0 / count as f64,
        target: 6.0,
        floor: None,
        beside: None,
        stated: &[("Asterisk (33 packets a second)", "18.2")],
        note: format!(
            " {} packets sent, {} returned; {} slots of the generator were late",
            heard.sent, heard.returned, heard.late
        ),
    })
}

fn both_ways(lab: &Lab) -> Result<Figure, String> {
    let count = 210;
    let office = Office::open(&lab.dir, 0)?;
    std::thread::sleep(SETTLE);
    let before = office.cpu()?;
    let mut relay = Relay::begin(&office, count)?;
    let heard = relay.talk(Duration::from_secs(7));
    relay.end()?;
    std::thread::sleep(SETTLE);
    let cpu = office.cpu()?.since(before);
    Ok(Figure {
        name: "RTP relayed, 210 calls",
        what: format!(
            "{count} calls at once from one trunk to another, both sides of each talk for 7 s, 50 packets a second each: two streams in and two out a call (own generator)"
        ),
        unit: PER_1000,
        ours: cpu.total() * 1_000.0 / count as f64,
        target: 6.0,
        floor: None,
        beside: None,
        stated: &[("Asterisk (echo, 33 packets a second)", "18.2")],
        note: format!(
            " {} packets sent, {} returned; of the time {:.0} % is the kernel's; {} slots of the generator were late",
            heard.sent,
            heard.returned,
            100.0 * cpu.system / cpu.total().max(1e-9),
            heard.late
        ),
    })
}

fn both_ways_by_sipp(lab: &Lab) -> Result<Figure, String> {
    let count = lab.count(420, 90);
    let play =
        "<nop><action><exec play_pcap_audio=\"/usr/share/sip-tester/g711a.pcap\"/></action></nop>";
    let near = format!("{play}<pause milliseconds=\"7000\"/>");
    let far = format!("<recv request=\"ACK\"/>{play}");
    let audio = [ports::block(4).to_string(), ports::block(4).to_string()];
    let office = Office::open(&lab.dir, 0)?;
    let replace = [("@ring_ms@", "0"), ("<recv request=\"ACK\"/>", far.as_str())];
    let args = ["-mp", audio[1].as_str()];
    let setup = Setup { scenario: "answer", port: office.far, replace: &replace, args: &args };
    let far = Sipp::start(&lab.dir, &setup)?;
    let replace = [("@dialled@", RELAYED), (PAUSE, near.as_str())];
    let args = vec!["-mp".to_owned(), audio[0].clone()];
    let load = Load { scenario: "call_trunk", replace: &replace, args, rate: 30, count };
    let (ours, counts, cpu) = per_1000(&lab.brief(), &office, &load)?;
    drop(far);
    Ok(Figure {
        name: "RTP relayed, 210 calls of SIPp's",
        what: format!(
            "{count} calls of 7 s at 30/s, 210 at once, relayed from one trunk to another: SIPp plays g711a.pcap (30 ms packets) on both sides, so that each call is two streams in and two out (an echo is one in and one out); SIPp plays through a raw socket a stream, past all of which the kernel carries every datagram on the machine, at its sender's cost"
        ),
        unit: PER_1000,
        ours,
        target: 6.0,
        floor: None,
        beside: None,
        stated: &[("Asterisk (echo)", "18.2")],
        note: load.said(&counts, cpu),
    })
}

fn prompt(lab: &Lab) -> Result<Figure, String> {
    let count = lab.count(960, 240);
    let replace = [("@dialled@", PROMPT), ("@hold_ms@", "8000")];
    let office = Office::open(&lab.dir, 0)?;
    let load = user_calls(&replace, &office.address(), 60, count);
    let (ours, counts, cpu) = per_1000_from(&lab.brief(), &office, &load, ports::block(2))?;
    Ok(Figure {
        name: "prompt to 480 calls",
        what: format!(
            "{count} calls of 8 s at 60/s, 480 at once, of a user (with digest) who hears a prompt in 20 ms packets"
        ),
        unit: PER_1000,
        ours,
        target: 6.0,
        floor: None,
        beside: None,
        stated: &[("Asterisk", "23.0"), ("Yate", "42")],
        note: load.said(&counts, cpu),
    })
}

/// The description of calls that are on hold from the start: they stay, without audio.
const HELD: (&str, &str) = ("a=ptime:20", "a=ptime:20\na=inactive");

/// Holds so many calls without media until the generator is dropped.
fn hold(lab: &Lab, office: &Office, count: usize) -> Result<Sipp, String> {
    let replace = [("@dialled@", ECHO), ("@hold_ms@", "600000"), HELD];
    let load = user_calls(&replace, &office.address(), 200, count);
    let sipp = load.start(&lab.dir, ports::block(2), &office.address())?;
    std::thread::sleep(Duration::from_secs_f64(1.5 + count as f64 / 200.0));
    Ok(sipp)
}

fn memory(lab: &Lab) -> Result<Figure, String> {
    let count = 1_000;
    let office = Office::open(&lab.dir, 0)?;
    // The first calls fill what stays: pools, tables, the database's cache.
    drop(hold(lab, &office, 20)?);
    let before = office.memory()?;
    let held = hold(lab, &office, count)?;
    let soon = office.memory()?;
    lab.forget();
    let after = office.memory()?;
    drop(held);
    Ok(Figure {
        name: "memory a held call",
        what: format!(
            "growth of Pss from 20 to {count} held calls of a user without media, over the difference in calls; measured once their transactions are forgotten (33 s)"
        ),
        unit: "KiB a call",
        ours: (after - before) / count as f64,
        target: 24.0,
        floor: None,
        beside: None,
        stated: &[("Asterisk", "about 133")],
        note: format!(
            " While the transactions are still kept: {:.1} KiB",
            (soon - before) / count as f64
        ),
    })
}

fn memory_media(lab: &Lab) -> Result<Figure, String> {
    let count = 1_000;
    let office = Office::open(&lab.dir, 0)?;
    drop(hold(lab, &office, 20)?);
    let before = office.memory()?;
    let mut talk = Talk::begin(&office, count)?;
    talk.hear_announcement();
    talk.talk(Duration::from_secs(if lab.is_quick { 3 } else { 10 }));
    let after = office.memory()?;
    talk.end()?;
    Ok(Figure {
        name: "memory a call with media",
        what: format!(
            "growth of Pss by {count} calls of a user to the echo service that talk (own generator)"
        ),
        unit: "KiB a call",
        ours: (after - before) / count as f64,
        target: 40.0,
        floor: None,
        beside: None,
        stated: &[("Asterisk", "about 133")],
        note: String::new(),
    })
}

/// Calls that talk: what was heard, and the server's time a call and second.
fn talking(office: &Office, count: usize, seconds: u64) -> Result<(Heard, f64, Cpu), String> {
    let mut talk = Talk::begin(office, count)?;
    talk.hear_announcement();
    let before = office.cpu()?;
    let heard = talk.talk(Duration::from_secs(seconds));
    let cpu = office.cpu()?.since(before);
    talk.end()?;
    Ok((heard, cpu.total() / count as f64 / seconds as f64, cpu))
}

fn media(lab: &Lab) -> Result<Figure, String> {
    let seconds = if lab.is_quick { 3 } else { 8 };
    let office = Office::open(&lab.dir, 0)?;
    let (heard, _, cpu) = talking(&office, 1_000, seconds)?;
    Ok(lossless(
        "1,000 calls with media",
        format!(
            "1,000 calls talk for {seconds} s at once to the echo service, 50 packets a second each way (own generator)"
        ),
        heard,
        cpu,
    ))
}

fn relayed_media(lab: &Lab) -> Result<Figure, String> {
    let seconds = if lab.is_quick { 3 } else { 8 };
    let office = Office::open(&lab.dir, 0)?;
    let mut relay = Relay::begin(&office, 1_000)?;
    // The first second fills what stays.
    relay.talk(Duration::from_secs(1));
    let before = office.cpu()?;
    let heard = relay.talk(Duration::from_secs(seconds));
    let cpu = office.cpu()?.since(before);
    relay.end()?;
    Ok(lossless(
        "1,000 relayed calls",
        format!(
            "1,000 calls from one trunk to another at once, both sides of each talk for {seconds} s: two streams in and two out a call, 50 packets a second each (own generator)"
        ),
        heard,
        cpu,
    ))
}

/// A row that is about packets lost.
fn lossless(name: &'static str, what: String, heard: Heard, cpu: Cpu) -> Figure {
    let lost = heard.sent.saturating_sub(heard.returned);
    Figure {
        name,
        what,
        unit: "% of packets lost",
        ours: 100.0 * lost as f64 / heard.sent.max(1) as f64,
        target: 0.000_1,
        floor: None,
        beside: None,
        stated: &[("Asterisk", "saturated near 490 calls with a prompt")],
        note: format!(
            " {} packets sent, {} returned, {lost} lost; the server took {:.2} of a processor ({:.0} % of it the kernel's), {:.1} us a packet in and out, {} slots of the generator were late, {:.1} s",
            heard.sent,
            heard.returned,
            cpu.total() / heard.time,
            100.0 * cpu.system / cpu.total(),
            1e6 * cpu.total() / heard.sent.max(1) as f64,
            heard.late,
            heard.time
        ),
    }
}

fn flat(lab: &Lab) -> Result<Figure, String> {
    let count = lab.count(2_400, 800);
    let replace = [("@dialled@", ANSWERED), ("@hold_ms@", "0")];
    let load = short_calls(&replace, 400, count);
    let at = |held: usize, name: &str| -> Result<f64, String> {
        let lab = Lab { dir: lab.dir.join(name), is_quick: true };
        std::fs::create_dir_all(&lab.dir).map_err(|e| e.to_string())?;
        let office = Office::open(&lab.dir, 0)?;
        let held = hold(&lab, &office, held)?;
        let (cost, ..) = per_1000(&lab, &office, &load)?;
        drop(held);
        Ok(cost)
    };
    let (few, many) = (at(10, "few")?, at(1_000, "many")?);
    Ok(Figure {
        name: "flat: calls",
        what: format!(
            "{count} answered calls at 400/s while 1,000 calls are held, over the same while 10 are"
        ),
        unit: "times",
        ours: many / few,
        target: 1.3,
        floor: None,
        beside: None,
        stated: &[],
        note: format!(
            " {few:.3} and {many:.3} CPU seconds per 1,000, what the held calls cost included"
        ),
    })
}

fn flat_media(lab: &Lab) -> Result<Figure, String> {
    let seconds = if lab.is_quick { 3 } else { 8 };
    let office = Office::open(&lab.dir, 0)?;
    let (_, few, _) = talking(&office, 10, seconds)?;
    let (_, many, _) = talking(&office, 1_000, seconds)?;
    Ok(Figure {
        name: "flat: media",
        what: format!(
            "CPU of a call that talks for {seconds} s among 1,000, over the same among 10 (own generator)"
        ),
        unit: "times",
        ours: many / few,
        target: 1.3,
        floor: None,
        beside: None,
        stated: &[],
        note: format!(" {:.3} and {:.3} CPU milliseconds a second of call", few * 1e3, many * 1e3),
    })
}
