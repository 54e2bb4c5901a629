#![no_main]
//! A stream gives the same messages, and loses its framing at the same place, however it is cut into segments.
use arbitrary::{Arbitrary, Unstructured};
use bytes::{Bytes, BytesMut};
use libfuzzer_sys::fuzz_target;
use switchboard_sip::{Decoded, Framer, MAX_MESSAGE, Message};

/// The stream's octets, and how long its segments are, over and over.
#[derive(Debug)]
struct Stream<'a> {
    cuts: &'a [u8],
    octets: &'a [u8],
}

impl<'a> Arbitrary<'a> for Stream<'a> {
    fn arbitrary(u: &mut Unstructured<'a>) -> arbitrary::Result<Self> {
        let count = 1 + u8::arbitrary(u)? % 8;
        let cuts = u.bytes(usize::from(count).min(u.len()))?;
        Ok(Self { cuts, octets: u.bytes(u.len())? })
    }
}

#[derive(Debug, PartialEq)]
struct Read {
    messages: Vec<Bytes>,
    /// What was left where the framing was lost, or the octets of a message that is not complete.
    rest: Result<usize, ()>,
}

fuzz_target!(|input: &[u8]| {
    let Ok(stream) = Stream::arbitrary(&mut Unstructured::new(input)) else { return };
    let whole = read(stream.octets, &mut std::iter::repeat(stream.octets.len().max(1)));
    let lengths = stream.cuts.iter().map(|length| 1 + usize::from(*length));
    let cut = if stream.cuts.is_empty() {
        read(stream.octets, &mut std::iter::repeat(1))
    } else {
        read(stream.octets, &mut lengths.cycle())
    };
    assert_eq!(whole, cut);
    let octets: usize = whole.messages.iter().map(Bytes::len).sum();
    assert!(octets + whole.rest.unwrap_or(0) <= stream.octets.len());
    for message in whole.messages {
        assert!(message.len() <= MAX_MESSAGE);
        // What the framer cuts out ends where the message says it ends.
        if let Ok(parsed) = Message::parse(message.clone()) {
            assert!(message.ends_with(parsed.body()));
        }
    }
});

fn read(octets: &[u8], lengths: &mut dyn Iterator<Item = usize>) -> Read {
    let (mut framer, mut buffer) = (Framer::new(), BytesMut::new());
    let (mut messages, mut rest) = (Vec::new(), octets);
    while !rest.is_empty() {
        let length = lengths.next().unwrap_or(1).min(rest.len());
        let (segment, later) = rest.split_at(length);
        rest = later;
        buffer.extend_from_slice(segment);
        loop {
            match framer.decode(&mut buffer) {
                Ok(Decoded::Message(message)) => messages.push(message),
                Ok(Decoded::Ping | Decoded::Pong) => {}
                Ok(Decoded::Partial) => break,
                Err(_) => return Read { messages, rest: Err(()) },
            }
        }
    }
    Read { messages, rest: Ok(buffer.len()) }
}
