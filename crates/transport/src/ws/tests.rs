use std::net::SocketAddr;
use std::time::Duration;

use switchboard_sip::{ConnectionId, MAX_MESSAGE, Transport};
use tokio::io::{AsyncWriteExt, DuplexStream, duplex};
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use super::*;
use crate::limits::Places;

const OPTIONS: &str = "OPTIONS sip:pbx SIP/2.0\r\n\r\n";

type Client = WebSocketStream<DuplexStream>;

struct Rig {
    client: Client,
    outgoing: Option<mpsc::Sender<Order>>,
    events: mpsc::Receiver<StreamEvent>,
    places: Places,
}

/// Both ends of a handshake with these request headers; the status that the client got if it failed.
async fn shake(
    headers: &[(&'static str, &'static str)],
) -> Result<(Client, Socket<DuplexStream>), u16> {
    let (theirs, ours) = duplex(4096);
    let mut request = "ws://pbx.example.com/".into_client_request().unwrap();
    for (name, value) in headers {
        let (name, value) = (HeaderName::from_static(name), HeaderValue::from_static(value));
        request.headers_mut().append(name, value);
    }
    let origins = Origins::default().hosts(["pbx.example.com".to_owned()]);
    match tokio::join!(client_async(request, theirs), accept(ours, &origins, |_| Ok(()))) {
        (Ok((client, response)), Ok(socket)) => {
            assert_eq!(response.headers()["sec-websocket-protocol"], "sip");
            Ok((client, socket))
        }
        (Err(Error::Http(response)), Err(_)) => Err(response.status().as_u16()),
        other => panic!("{other:?}"),
    }
}

async fn rig() -> Rig {
    let (client, socket) = shake(&[("sec-websocket-protocol", "sip")]).await.unwrap();
    let (outgoing, queue) = mpsc::channel(4);
    let (sender, events) = mpsc::channel(4);
    let address = |port: u16| SocketAddr::from(([127, 0, 0, 1], port));
    let flow = Flow {
        transport: Transport::Ws,
        local: address(80),
        remote: address(40000),
        connection: Some(ConnectionId(1)),
    };
    let places = Places::default();
    let place = places.take(flow.remote.ip(), 1, 1).unwrap();
    tokio::spawn(run(socket, flow, queue, sender, StreamLimits::default(), place));
    Rig { client, outgoing: Some(outgoing), events, places }
}

impl Rig {
    async fn says(&mut self, message: impl Into<Message>) {
        self.client.send(message.into()).await.unwrap();
    }

    async fn message(&mut self) -> Bytes {
        match self.events.recv().await {
            Some(StreamEvent::Message(_, message)) => message,
            other => panic!("a message, not {other:?}"),
        }
    }

    async fn hears(&mut self) -> Message {
        self.client.next().await.unwrap().unwrap()
    }

    /// The code of the close frame, and what the drive loop is told.
    async fn closed(&mut self) -> (Option<u16>, CloseReason) {
        let code = loop {
            match self.client.next().await {
                Some(Ok(Message::Close(frame))) => break frame.map(|frame| frame.code.into()),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => break None,
            }
        };
        match self.events.recv().await {
            Some(StreamEvent::Closed(_, reason)) => (code, reason),
            other => panic!("the end, not {other:?}"),
        }
    }
}

#[tokio::test]
async fn whoever_does_not_speak_sip_or_comes_from_a_foreign_page_is_refused() {
    let sip = ("sec-websocket-protocol", "xmpp, sip");
    assert!(shake(&[sip]).await.is_ok());
    assert!(shake(&[sip, ("origin", "http://pbx.example.com")]).await.is_ok());
    assert_eq!(shake(&[]).await.err(), Some(400));
    assert_eq!(shake(&[("sec-websocket-protocol", "xmpp")]).await.err(), Some(400));
    assert_eq!(shake(&[sip, ("origin", "https://evil.example")]).await.err(), Some(403));
}

#[tokio::test]
async fn text_and_binary_frames_carry_a_message_each() {
    let mut rig = rig().await;
    rig.says(OPTIONS).await;
    assert_eq!(rig.message().await, OPTIONS);
    rig.says(OPTIONS.as_bytes().to_vec()).await;
    assert_eq!(rig.message().await, OPTIONS);
    let outgoing = rig.outgoing.clone().unwrap();
    outgoing.send(Order::Write(Bytes::from_static(b"SIP/2.0 200 OK\r\n\r\n"))).await.unwrap();
    assert_eq!(rig.hears().await, Message::text("SIP/2.0 200 OK\r\n\r\n"));
    outgoing.send(Order::Write(Bytes::from_static(b"SIP/2.0 200 \xff\r\n\r\n"))).await.unwrap();
    assert!(rig.hears().await.is_binary(), "what is no text is not called so");
}

#[tokio::test]
async fn a_message_may_come_in_several_frames() {
    let mut rig = rig().await;
    let (head, tail) = OPTIONS.split_at(7);
    let part = |text: &str, code, last| {
        Message::Frame(Frame::message(text.as_bytes().to_vec(), OpCode::Data(code), last))
    };
    rig.says(part(head, Data::Text, false)).await;
    rig.says(Message::Ping(Bytes::new())).await;
    rig.says(part(tail, Data::Continue, true)).await;
    assert_eq!(rig.message().await, OPTIONS);
}

#[tokio::test]
async fn a_keep_alive_is_answered() {
    let mut rig = rig().await;
    rig.says("\r\n\r\n").await;
    assert_eq!(rig.hears().await, Message::text("\r\n"));
    rig.says(Message::Ping(Bytes::from_static(b"x"))).await;
    assert_eq!(rig.hears().await, Message::Pong(Bytes::from_static(b"x")));
}

#[tokio::test]
async fn what_is_not_sip_ends_the_connection_and_says_why() {
    let mut foreign = rig().await;
    foreign.says("{\"jsonrpc\":\"2.0\"}").await;
    assert_eq!(foreign.closed().await, (Some(1003), CloseReason::Framing));
    assert!(foreign.places.is_empty());

    let mut large = rig().await;
    large.client.feed(Message::text("x".repeat(MAX_MESSAGE + 1))).await.unwrap();
    _ = tokio::time::timeout(Duration::from_millis(50), large.client.flush()).await;
    assert_eq!(large.closed().await.1, CloseReason::TooLarge, "however large it would become");

    // A client has to mask (RFC 6455, section 5.1).
    let mut unmasked = rig().await;
    unmasked.client.get_mut().write_all(&[0x81, 1, b'x']).await.unwrap();
    assert_eq!(unmasked.closed().await, (Some(1002), CloseReason::Protocol));

    // A text frame of octets that are none.
    let mut garbage = rig().await;
    let frame = Frame::message(vec![0xff; 4], OpCode::Data(Data::Text), true);
    garbage.says(Message::Frame(frame)).await;
    assert_eq!(garbage.closed().await, (Some(1002), CloseReason::Protocol));
}

#[tokio::test(start_paused = true)]
async fn h09_a_frame_that_never_ends_meets_its_deadline_however_slowly_it_drips() {
    let mut rig = rig().await;
    rig.says(OPTIONS).await;
    rig.message().await;
    let begun = Instant::now();
    // A frame of 100 octets, one a second.
    rig.client.get_mut().write_all(&[0x81, 0x80 | 100, 0, 0, 0, 0]).await.unwrap();
    for _ in 0..40 {
        if rig.client.get_mut().write_all(b"x").await.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(rig.closed().await.1, CloseReason::Slow);
    assert!(Instant::now() - begun < Duration::from_secs(41));
}

#[tokio::test(start_paused = true)]
async fn h09_control_frames_between_fragments_buy_no_time() {
    let mut rig = rig().await;
    let began = Instant::now();
    let part = Frame::message(OPTIONS[..9].to_owned(), OpCode::Data(Data::Text), false);
    rig.says(Message::Frame(part)).await;
    let pings = async {
        for _ in 0..60 {
            if rig.client.send(Message::Ping(Bytes::from_static(b"hello"))).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    let closed = async {
        match rig.events.recv().await {
            Some(StreamEvent::Closed(_, reason)) => (reason, began.elapsed()),
            other => panic!("the end, not {other:?}"),
        }
    };
    let (_, (reason, took)) = tokio::join!(pings, closed);
    assert_eq!(reason, CloseReason::Slow);
    assert!(took <= StreamLimits::default().message_deadline + Duration::from_secs(1), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn h09_whoever_comes_and_says_nothing_gives_up_the_place_soon() {
    let mut rig = rig().await;
    let begun = Instant::now();
    assert_eq!(rig.closed().await, (Some(1008), CloseReason::Idle));
    assert_eq!((Instant::now() - begun).as_secs(), 30);
}

#[tokio::test(start_paused = true)]
async fn a_silent_browser_is_asked_and_one_that_is_gone_is_given_up() {
    let mut rig = rig().await;
    rig.says(OPTIONS).await;
    rig.message().await;
    rig.outgoing.as_ref().unwrap().send(Order::Keep).await.unwrap();
    let begun = Instant::now();
    // It answers each ping, as reading does, for as long as it is there.
    for _ in 0..10 {
        assert!(rig.hears().await.is_ping());
        rig.client.flush().await.unwrap();
    }
    assert_eq!((Instant::now() - begun).as_secs(), 300);
    let gone = Instant::now();
    let Some(StreamEvent::Closed(_, reason)) = rig.events.recv().await else { panic!() };
    assert_eq!(reason, CloseReason::Idle);
    assert!((Instant::now() - gone).as_secs() <= 61);
}

#[tokio::test]
async fn the_last_words_are_written_before_we_close() {
    let mut rig = rig().await;
    let outgoing = rig.outgoing.take().unwrap();
    outgoing.send(Order::Write(Bytes::from_static(b"BYE sip:a SIP/2.0\r\n\r\n"))).await.unwrap();
    drop(outgoing);
    assert!(rig.hears().await.is_text());
    assert_eq!(rig.closed().await, (Some(1001), CloseReason::Us));
}

#[tokio::test]
async fn a_client_that_leaves_is_reported() {
    let mut rig = rig().await;
    rig.client.close(None).await.unwrap();
    assert_eq!(rig.closed().await.1, CloseReason::Peer);
}

#[tokio::test(start_paused = true)]
async fn h09_a_browser_that_has_shown_nothing_has_no_more_than_its_time() {
    let limits = StreamLimits::default();
    for proven in [false, true] {
        let mut rig = rig().await;
        rig.says(OPTIONS).await;
        rig.message().await;
        let began = Instant::now();
        if proven {
            rig.outgoing.as_ref().unwrap().send(Order::Keep).await.unwrap();
        }
        // It answers pings for as long as it is let.
        let _ = timeout(limits.unproven * 3, async {
            while let Some(Ok(message)) = rig.client.next().await {
                if message.is_close() {
                    break;
                }
            }
        })
        .await;
        let took = began.elapsed();
        assert_eq!(took >= limits.unproven * 3, proven, "{took:?}");
        assert!(took >= limits.unproven, "{took:?}");
    }
}
