//! What doubling the length of a message costs: of 32 and of 64 KiB, made of one thing each.

use bytes::Bytes;
use switchboard_benches::Bench;
use switchboard_sip::Message;

/// A message of about `length` octets, mostly of `what`.
pub(crate) fn long(what: &str, length: usize) -> Bytes {
    let mut head = String::from(
        "OPTIONS sip:a@example.com SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\n\
         From: <sip:b@example.com>;tag=1\r\nTo: <sip:a@example.com>\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\n",
    );
    // No line is longer than 8,192 octets.
    let line = |head: &mut String, start: &str, piece: &str, end: &str| {
        head.push_str(start);
        for _ in 0..7_900 / piece.len() {
            head.push_str(piece);
        }
        head.push_str(end);
        head.push_str("\r\n");
    };
    let room = length - 9_000;
    while head.len() < room {
        match what {
            "header fields" => {
                // At most 256 of them.
                let octets = length / 250;
                head.push_str("Call-Info: ");
                head.push_str(&"s".repeat(octets - 13));
                head.push_str("\r\n");
            }
            "unknown header fields" => {
                let octets = length / 250;
                head.push_str("X-Unknown: ");
                head.push_str(&"s".repeat(octets - 13));
                head.push_str("\r\n");
            }
            "Vias" => line(
                &mut head,
                "Via: SIP/2.0/UDP h",
                ", SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1",
                "",
            ),
            "parameters" => line(&mut head, "Contact: <sip:a@example.com>", ";name=value", ""),
            "folds" => line(&mut head, "Call-Info: a", "\r\n b", ""),
            "long values" => line(&mut head, "Call-Info: ", "x", ""),
            "quoted pairs" => line(&mut head, "Contact: \"", "\\\\", "\" <sip:a@example.com>"),
            other => panic!("no {other}"),
        }
    }
    head.push_str("Content-Length: 0\r\n\r\n");
    head.into()
}

pub(crate) const KINDS: [&str; 7] = [
    "header fields",
    "unknown header fields",
    "Vias",
    "parameters",
    "folds",
    "long values",
    "quoted pairs",
];

/// Half as long as a message may be, and nearly as long.
pub(crate) const LENGTHS: [(&str, usize); 2] = [("32 KiB", 32_500), ("64 KiB", 65_000)];

/// Reads and validates everything.
pub(crate) fn read(octets: &Bytes) -> usize {
    let message = Message::parse(octets.clone()).unwrap();
    message.validate().unwrap();
    message.vias().count() + message.headers().count()
}

pub(crate) fn compare(bench: &Bench) {
    for what in KINDS {
        let [half, whole] = LENGTHS.map(|(_, length)| long(what, length));
        bench
            .compare(&format!("linear: {what}"), "a message read and validated", 1)
            .ours(&format!("{} octets", half.len()), || read(&half))
            .ours(&format!("{} octets", whole.len()), || read(&whole))
            .run();
    }
}
