#![no_main]
//! The payload of a WebSocket message is a SIP message, a keep-alive, or somebody else's protocol; whatever the parser
//! would read is not refused, and what is taken out is all there was but empty lines before it.
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use switchboard_sip::{Decoded, MAX_MESSAGE, Message, decode_frame, refusal};

fuzz_target!(|payload: &[u8]| {
    let empty = payload.chunks(2).all(|pair| pair == b"\r\n");
    match decode_frame(Bytes::copy_from_slice(payload)) {
        Ok(Decoded::Message(message)) => {
            assert!(!empty && payload.ends_with(&message) && payload.len() <= MAX_MESSAGE);
            let skipped = &payload[..payload.len() - message.len()];
            assert!(skipped.chunks(2).all(|pair| pair == b"\r\n"));
            match (Message::parse(message.clone()), Message::parse(payload.to_vec())) {
                (Ok(one), Ok(other)) => assert_eq!(one.as_bytes(), other.as_bytes()),
                (Err(error), Err(_)) => {
                    let answer = refusal(&message, &error);
                    assert!(answer.is_none_or(|answer| answer.len() <= message.len() + 100));
                }
                both => panic!("the parser sees two things: {both:?}"),
            }
        }
        Ok(Decoded::Ping) => assert_eq!(payload, b"\r\n\r\n"),
        Ok(Decoded::Pong) => assert!(empty),
        Ok(Decoded::Partial) => panic!("a frame is never half a message"),
        Err(_) => {
            assert!(!empty || payload.len() > MAX_MESSAGE);
            assert!(Message::parse(payload.to_vec()).is_err(), "the parser would read it");
        }
    }
});
