//! Streams in every way of being cut.

use bytes::{Bytes, BytesMut};
use switchboard_sip::{Decoded, Framer};

fn stream() -> (Vec<u8>, Vec<Decoded>) {
    let one = "REGISTER sip:a SIP/2.0\r\nl: 0\r\n\r\n";
    let two = "MESSAGE sip:b SIP/2.0\r\nContent-Length : 6\r\nX: \r\n fold\r\n\r\n\r\n\r\nab";
    let octets = format!("{one}\r\n\r\n{two}\r\n{one}").into_bytes();
    let message = |text: &str| Decoded::Message(Bytes::copy_from_slice(text.as_bytes()));
    (octets, vec![message(one), Decoded::Ping, message(two), Decoded::Pong, message(one)])
}

fn feed(octets: &[u8], segment: usize) -> Vec<Decoded> {
    let mut framer = Framer::new();
    let mut buffer = BytesMut::new();
    let mut all = Vec::new();
    for part in octets.chunks(segment) {
        buffer.extend_from_slice(part);
        loop {
            match framer.decode(&mut buffer).unwrap() {
                Decoded::Partial => break,
                decoded => all.push(decoded),
            }
        }
    }
    assert!(buffer.is_empty());
    all
}

#[test]
fn any_segmentation_gives_the_same_messages() {
    let (octets, expected) = stream();
    for segment in 1..=octets.len() {
        let mut all = feed(&octets, segment);
        // A ping cut in two is told as its halves come: a pong, then the ping.
        if let Some(at) = all.windows(2).position(|pair| pair == [Decoded::Pong, Decoded::Ping]) {
            all.remove(at);
        }
        assert_eq!(all, expected, "in segments of {segment}");
    }
}

#[test]
fn a_pong_does_not_wait_for_more() {
    let mut framer = Framer::new();
    let mut buffer = BytesMut::from(&b"\r\n"[..]);
    assert_eq!(framer.decode(&mut buffer), Ok(Decoded::Pong));
    buffer.extend_from_slice(b"\r");
    assert_eq!(framer.decode(&mut buffer), Ok(Decoded::Partial));
    buffer.extend_from_slice(b"\n");
    assert_eq!(framer.decode(&mut buffer), Ok(Decoded::Ping));
}
