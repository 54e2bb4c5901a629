use std::net::SocketAddr;

use switchboard_sip::{ConnectionId, Transport};
use tokio::io::{DuplexStream, duplex};

use super::*;
use crate::limits::Places;

const OPTIONS: &[u8] = b"OPTIONS sip:pbx SIP/2.0\r\nContent-Length: 0\r\n\r\n";

struct Rig {
    peer: DuplexStream,
    outgoing: mpsc::Sender<Order>,
    events: mpsc::Receiver<StreamEvent>,
    places: Places,
}

/// A running connection, its peer in the test's hand, the clock stopped.
fn rig(limits: StreamLimits) -> Rig {
    rig_of(limits, Side::Opened)
}

fn rig_of(limits: StreamLimits, side: Side) -> Rig {
    let (peer, ours) = duplex(4096);
    let (outgoing, queue) = mpsc::channel(4);
    let (sender, events) = mpsc::channel(4);
    let address = |port: u16| SocketAddr::from(([127, 0, 0, 1], port));
    let flow = Flow {
        transport: Transport::Tcp,
        local: address(5060),
        remote: address(40000),
        connection: Some(ConnectionId(1)),
    };
    let places = Places::default();
    let place = places.take(flow.remote.ip(), 1, 1).unwrap();
    tokio::spawn(run(ours, flow, queue, sender, limits, (side, place)));
    Rig { peer, outgoing, events, places }
}

impl Rig {
    async fn message(&mut self) -> Bytes {
        match self.events.recv().await {
            Some(StreamEvent::Message(_, message)) => message,
            other => panic!("a message, not {other:?}"),
        }
    }

    async fn closed(&mut self) -> CloseReason {
        match self.events.recv().await {
            Some(StreamEvent::Closed(_, reason)) => reason,
            other => panic!("the end, not {other:?}"),
        }
    }

    async fn read(&mut self, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        self.peer.read_exact(&mut bytes).await.unwrap();
        bytes
    }
}

#[tokio::test(start_paused = true)]
async fn messages_are_cut_out_however_they_are_sent() {
    let mut rig = rig(StreamLimits::default());
    let two = [OPTIONS, OPTIONS].concat();
    for part in two.chunks(7) {
        rig.peer.write_all(part).await.unwrap();
    }
    assert_eq!(rig.message().await, OPTIONS);
    assert_eq!(rig.message().await, OPTIONS);
    rig.outgoing.send(Order::Write(Bytes::from_static(b"SIP/2.0 200 OK\r\n"))).await.unwrap();
    assert_eq!(rig.read(16).await, b"SIP/2.0 200 OK\r\n");
}

#[tokio::test(start_paused = true)]
async fn a_keep_alive_is_answered() {
    let mut rig = rig(StreamLimits::default());
    rig.peer.write_all(b"\r\n\r\n").await.unwrap();
    assert_eq!(rig.read(2).await, b"\r\n");
}

#[tokio::test(start_paused = true)]
async fn h09_a_header_that_never_ends_meets_its_deadline_however_slowly_it_drips() {
    let mut rig = rig(StreamLimits::default());
    let begun = now();
    let drip = async {
        for octet in OPTIONS.iter().cycle().take(30) {
            if rig.peer.write_all(&[*octet]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    drip.await;
    assert_eq!(rig.closed().await, CloseReason::Slow);
    assert!(now() - begun <= Duration::from_secs(31));
    assert!(rig.places.is_empty());
}

#[tokio::test(start_paused = true)]
async fn h09_a_connection_that_says_nothing_is_closed_after_a_long_time() {
    let limits = StreamLimits { idle: Duration::from_secs(60), ..StreamLimits::default() };
    let mut rig = rig(limits);
    let begun = now();
    assert_eq!(rig.closed().await, CloseReason::Idle);
    assert_eq!((now() - begun).as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn h09_whoever_comes_and_says_nothing_gives_up_the_place_soon() {
    let begun = now();
    let mut silent = rig_of(StreamLimits::default(), Side::Accepted);
    assert_eq!(silent.closed().await, CloseReason::Idle);
    assert_eq!((now() - begun).as_secs(), 30);
    // Keep-alives do not hold a place that no message has earned.
    let begun = now();
    let mut pinging = rig_of(StreamLimits::default(), Side::Accepted);
    for _ in 0..5 {
        tokio::time::sleep(Duration::from_secs(5)).await;
        pinging.peer.write_all(b"\r\n\r\n").await.unwrap();
    }
    assert_eq!(pinging.closed().await, CloseReason::Idle);
    assert_eq!((now() - begun).as_secs(), 30);
    // Neither do keep-alives of which the next has always begun.
    let begun = now();
    let mut pinging = rig_of(StreamLimits::default(), Side::Accepted);
    pinging.peer.write_all(b"\r\n\r\n\r").await.unwrap();
    for _ in 0..10 {
        tokio::time::sleep(Duration::from_secs(5)).await;
        if pinging.peer.write_all(b"\n\r\n\r").await.is_err() {
            break;
        }
    }
    assert!(matches!(pinging.closed().await, CloseReason::Idle | CloseReason::Slow));
    assert!((now() - begun).as_secs() <= 35);
    let mut speaking = rig_of(StreamLimits::default(), Side::Accepted);
    speaking.peer.write_all(OPTIONS).await.unwrap();
    assert_eq!(speaking.message().await, OPTIONS);
    let begun = now();
    assert_eq!(speaking.closed().await, CloseReason::Unproven);
    assert_eq!((now() - begun).as_secs(), 64);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_nothing_is_given_up() {
    let mut rig = rig(StreamLimits::default());
    rig.outgoing.send(Order::Write(Bytes::from(vec![b'x'; 8192]))).await.unwrap();
    assert_eq!(rig.closed().await, CloseReason::Stuck);
}

#[tokio::test(start_paused = true)]
async fn h01_lost_framing_is_answered_once_then_the_stream_ends() {
    let mut rig = rig(StreamLimits::default());
    rig.peer
        .write_all(b"OPTIONS sip:a SIP/2.0\r\nContent-Length: -1\r\n\r\nOPTIONS sip:b SIP/2.0\r\n")
        .await
        .unwrap();
    assert!(rig.message().await.starts_with(b"OPTIONS sip:a"));
    rig.outgoing.send(Order::Write(Bytes::from_static(b"SIP/2.0 400 Bad\r\n"))).await.unwrap();
    assert_eq!(rig.read(17).await, b"SIP/2.0 400 Bad\r\n");
    assert_eq!(rig.closed().await, CloseReason::Framing);
}

#[tokio::test(start_paused = true)]
async fn the_last_words_are_written_before_we_close() {
    let mut rig = rig(StreamLimits::default());
    rig.outgoing.send(Order::Write(Bytes::from_static(b"BYE"))).await.unwrap();
    let (unused, _) = mpsc::channel(1);
    drop(std::mem::replace(&mut rig.outgoing, unused));
    assert_eq!(rig.read(3).await, b"BYE");
    assert_eq!(rig.closed().await, CloseReason::Us);
}

#[tokio::test(start_paused = true)]
async fn h09_who_has_shown_nothing_has_no_more_than_its_time() {
    let limits = StreamLimits::default();
    let mut rig = rig_of(limits, Side::Accepted);
    let began = Instant::now();
    for _ in 0..10 {
        // Messages and keep-alives gain nothing.
        if rig.peer.write_all(OPTIONS).await.is_err() {
            break;
        }
        _ = rig.peer.write_all(b"\r\n\r\n").await;
        rig.message().await;
        if timeout(Duration::from_secs(10), rig.events.recv()).await.is_ok() {
            break;
        }
    }
    let took = began.elapsed();
    assert!(took <= limits.unproven + Duration::from_secs(1), "{took:?}");
    assert!(took >= limits.unproven, "{took:?}");
    assert!(rig.places.is_empty());
}

#[tokio::test(start_paused = true)]
async fn who_has_shown_who_they_are_may_be_silent_for_long() {
    let limits = StreamLimits::default();
    let mut rig = rig_of(limits, Side::Accepted);
    rig.peer.write_all(OPTIONS).await.unwrap();
    rig.message().await;
    let began = Instant::now();
    rig.outgoing.send(Order::Keep).await.unwrap();
    assert_eq!(rig.closed().await, CloseReason::Idle);
    assert!(began.elapsed() >= limits.idle);
}
