//! Two tables of connections talk TLS at 127.0.0.1.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use switchboard_sip::{Flow, Transport};
use tempfile::TempDir;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::*;
use crate::accept::{Door, Kind};
use crate::access::AccessList;
use crate::bind;
use crate::limits::StreamLimits;
use crate::stream::{CloseReason, StreamEvent};
use crate::streams::{Gone, Streams};

const OPTIONS: &[u8] = b"OPTIONS sip:pbx SIP/2.0\r\nContent-Length: 0\r\n\r\n";

/// A certificate for `name` in the folder, signed by itself.
fn identity(folder: &Path, name: &str) -> Identity {
    let identity = Identity {
        certificate: folder.join(format!("{name}.pem")),
        key: folder.join(format!("{name}.key")),
    };
    make_self_signed(&identity, &[name.to_owned()]).unwrap();
    identity
}

fn server(identities: &[Identity]) -> TlsServer {
    TlsServer::load(TlsFiles { identities: identities.to_vec(), clients: Vec::new() }).unwrap()
}

fn client(trusted: &[&Identity]) -> TlsClient {
    let files = trusted.iter().map(|identity| identity.certificate.clone()).collect();
    TlsClient::load(&Trust::Files(files), None).unwrap()
}

fn listening(server: &TlsServer, limits: StreamLimits) -> (Streams, SocketAddr) {
    let listener = bind::sip_stream(Transport::Tls, "127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    let mut streams = Streams::new(limits, None);
    let door = Door::open(Kind::Tls(server.clone()));
    streams.listen(listener, door);
    (streams, address)
}

fn calling(client: &TlsClient) -> Streams {
    Streams::new(StreamLimits::default(), Some(client.clone()))
}

async fn event(streams: &mut Streams) -> StreamEvent {
    poll_fn(|cx| streams.poll_event(cx)).await
}

fn towards(remote: SocketAddr) -> Flow {
    let local = "127.0.0.1:5061".parse().unwrap();
    Flow { transport: Transport::Tls, local, remote, connection: None }
}

fn ask(streams: &mut Streams, remote: SocketAddr, name: &str) -> Result<(), Gone> {
    streams.send(towards(remote), Bytes::from_static(OPTIONS), || Some(name.into()))
}

/// Sends OPTIONS and waits until it arrives: the flow that it came by; or why there is no connection.
async fn arrives(
    there: &mut Streams,
    here: &mut Streams,
    remote: SocketAddr,
    name: &str,
) -> Result<Flow, CloseReason> {
    ask(here, remote, name).unwrap();
    loop {
        tokio::select! {
            came = event(there) => if let StreamEvent::Message(flow, payload) = came {
                assert_eq!(payload, OPTIONS);
                return Ok(flow);
            },
            told = event(here) => if let StreamEvent::Closed(_, reason) = told {
                return Err(reason);
            },
        }
    }
}

#[tokio::test]
async fn a_trunk_is_asked_over_tls_and_answers_on_the_connection() {
    let folder = TempDir::new().unwrap();
    let trunk = identity(folder.path(), "sip.example.com");
    let (mut there, remote) =
        listening(&server(std::slice::from_ref(&trunk)), StreamLimits::default());
    let mut here = calling(&client(&[&trunk]));
    let flow = arrives(&mut there, &mut here, remote, "sip.example.com").await.unwrap();
    assert_eq!(flow.transport, Transport::Tls);
    there.send(flow, Bytes::from_static(OPTIONS), || None).unwrap();
    let StreamEvent::Message(back, _) = event(&mut here).await else { panic!() };
    assert_eq!((back.transport, back.remote), (Transport::Tls, remote));
    // The same connection is used again.
    let again = arrives(&mut there, &mut here, remote, "sip.example.com").await.unwrap();
    assert_eq!(again, flow);
}

#[tokio::test]
async fn a_trunk_that_is_somebody_else_is_told_nothing() {
    let folder = TempDir::new().unwrap();
    let trunk = identity(folder.path(), "sip.example.com");
    let other = identity(folder.path(), "sip.example.net");
    let (mut there, remote) =
        listening(&server(std::slice::from_ref(&trunk)), StreamLimits::default());
    let (mut knows, mut distrusts) = (calling(&client(&[&trunk])), calling(&client(&[&other])));
    let wrong_name = arrives(&mut there, &mut knows, remote, "sip.example.net").await;
    assert_eq!(wrong_name, Err(CloseReason::Connect));
    let unknown = arrives(&mut there, &mut distrusts, remote, "sip.example.com").await;
    assert_eq!(unknown, Err(CloseReason::Connect));
    assert_eq!(knows.send(towards(remote), Bytes::new(), || None), Err(Gone), "no name to check");
    assert!(arrives(&mut there, &mut knows, remote, "sip.example.com").await.is_ok());
}

#[tokio::test]
async fn whoever_came_over_tls_is_not_taken_for_a_trunk_at_the_same_address() {
    let folder = TempDir::new().unwrap();
    let trunk = identity(folder.path(), "sip.example.com");
    let (mut there, remote) =
        listening(&server(std::slice::from_ref(&trunk)), StreamLimits::default());
    let mut here = calling(&client(&[&trunk]));
    let flow = arrives(&mut there, &mut here, remote, "sip.example.com").await.unwrap();
    // `there` has no way to call anybody over TLS, and does not use the connection that came for it.
    assert_eq!(ask(&mut there, flow.remote, "sip.example.net"), Err(Gone));
}

#[tokio::test]
async fn the_certificate_is_the_one_for_the_name_that_is_asked_for() {
    let folder = TempDir::new().unwrap();
    let names = ["one.example.com", "two.example.com", "127.0.0.1"];
    let all: Vec<_> = names.iter().map(|name| identity(folder.path(), name)).collect();
    let (mut there, remote) = listening(&server(&all), StreamLimits::default());
    let mut here = calling(&client(&all.iter().collect::<Vec<_>>()));
    for name in &names[..2] {
        assert!(arrives(&mut there, &mut here, remote, name).await.is_ok(), "{name}");
    }
    // An address is not sent as a name (RFC 6066, section 3): it gets the first certificate.
    let by_address = arrives(&mut there, &mut here, remote, "127.0.0.1").await;
    assert_eq!(by_address, Err(CloseReason::Connect));
}

#[tokio::test]
async fn with_mutual_tls_only_known_clients_come_in() {
    let folder = TempDir::new().unwrap();
    let ours = identity(folder.path(), "pbx.example.com");
    let phone = identity(folder.path(), "phone.example.com");
    let files =
        TlsFiles { identities: vec![ours.clone()], clients: vec![phone.certificate.clone()] };
    let server = TlsServer::load(files).unwrap();
    let (mut there, remote) = listening(&server, StreamLimits::default());
    let trust = Trust::Files(vec![ours.certificate.clone()]);
    let mut known = calling(&TlsClient::load(&trust, Some(&phone)).unwrap());
    assert!(arrives(&mut there, &mut known, remote, "pbx.example.com").await.is_ok());
    for shown in [None, Some(&ours)] {
        let mut stranger = calling(&TlsClient::load(&trust, shown).unwrap());
        let refused = arrives(&mut there, &mut stranger, remote, "pbx.example.com").await;
        assert!(refused.is_err(), "{shown:?}");
    }
}

#[tokio::test]
async fn new_certificates_are_used_without_a_restart_and_bad_ones_are_not() {
    let folder = TempDir::new().unwrap();
    let (old, new) = (identity(folder.path(), "old"), identity(folder.path(), "new"));
    let server = server(std::slice::from_ref(&old));
    let (mut there, remote) = listening(&server, StreamLimits::default());
    let mut knows_old = calling(&client(&[&old]));
    let before = arrives(&mut there, &mut knows_old, remote, "old").await.unwrap();
    let trusts_new = client(&[&new]);
    assert!(!server.reload_if_changed().unwrap(), "nothing was written");

    std::fs::write(&old.certificate, "half a certi").unwrap();
    let error = server.reload().unwrap_err().to_string();
    assert!(error.contains("old.pem: no certificate in it"), "{error}");
    let still = arrives(&mut there, &mut calling(&client(&[&new])), remote, "old").await;
    assert!(still.is_err(), "the old one is shown, which this client does not know");

    std::fs::copy(&new.certificate, &old.certificate).unwrap();
    let error = server.reload().unwrap_err().to_string();
    assert!(error.contains("old.pem"), "the key is another's: {error}");
    std::fs::copy(&new.key, &old.key).unwrap();
    server.reload().unwrap();
    assert!(arrives(&mut there, &mut calling(&trusts_new), remote, "new").await.is_ok());
    // Whoever was connected still is.
    let after = arrives(&mut there, &mut knows_old, remote, "old").await.unwrap();
    assert_eq!(after, before);
}

#[tokio::test]
async fn h09_half_open_handshakes_are_few_and_short_and_others_are_served() {
    let folder = TempDir::new().unwrap();
    let trunk = identity(folder.path(), "pbx");
    let limits = StreamLimits {
        handshakes_per_address: 4,
        handshake_deadline: Duration::from_millis(300),
        ..StreamLimits::default()
    };
    let (mut there, remote) = listening(&server(std::slice::from_ref(&trunk)), limits);
    let mut here = calling(&client(&[&trunk]));
    let flow = arrives(&mut there, &mut here, remote, "pbx").await.unwrap();
    let mut silent = Vec::new();
    for _ in 0..40 {
        silent.push(TcpStream::connect(remote).await.unwrap());
    }
    // Who is in stays in, and is heard while others do not finish.
    assert_eq!(arrives(&mut there, &mut here, remote, "pbx").await, Ok(flow));
    for mut stream in silent {
        let end = stream.read(&mut [0; 16]).await;
        assert!(
            matches!(end, Ok(0) | Err(_)),
            "all 40 are closed: 36 at once, 4 after the deadline"
        );
    }
    // And their places are free again.
    let mut late = calling(&client(&[&trunk]));
    assert!(arrives(&mut there, &mut late, remote, "pbx").await.is_ok());
}

#[tokio::test]
async fn h21_an_access_list_ends_a_connection_before_its_handshake() {
    let folder = TempDir::new().unwrap();
    let ours = identity(folder.path(), "pbx");
    let listener = bind::sip_stream(Transport::Tls, "127.0.0.1:0".parse().unwrap()).unwrap();
    let remote = listener.local_addr().unwrap();
    let mut there = Streams::new(StreamLimits::default(), None);
    let access = AccessList::only(vec!["192.0.2.0/24".parse().unwrap()]);
    there.listen(
        listener,
        Door { access, ..Door::open(Kind::Tls(server(std::slice::from_ref(&ours)))) },
    );
    let mut here = calling(&client(&[&ours]));
    let refused = arrives(&mut there, &mut here, remote, "pbx").await;
    assert_eq!(refused, Err(CloseReason::Connect));
}

#[tokio::test]
async fn a_listener_that_closes_takes_nobody_and_ends_those_it_has() {
    let folder = TempDir::new().unwrap();
    let ours = identity(folder.path(), "pbx");
    let (mut there, remote) =
        listening(&server(std::slice::from_ref(&ours)), StreamLimits::default());
    let mut here = calling(&client(&[&ours]));
    let flow = arrives(&mut there, &mut here, remote, "pbx").await.unwrap();
    there.send(flow, Bytes::from_static(OPTIONS), || None).unwrap();
    there.close_all();
    let mut heard = Vec::new();
    let ended = async {
        while !there.is_drained() {
            event(&mut there).await;
        }
    };
    let hears = async {
        loop {
            match event(&mut here).await {
                StreamEvent::Message(_, payload) => heard.push(payload),
                StreamEvent::Closed(_, reason) => return reason,
                StreamEvent::Opened(..) => {}
            }
        }
    };
    let ((), reason) = tokio::join!(ended, hears);
    assert_eq!((heard.len(), reason), (1, CloseReason::Peer), "its last words came first");
    assert!(TcpStream::connect(remote).await.is_err(), "nobody listens");
}

#[test]
fn h43_a_key_of_our_making_is_ours_alone_and_overwrites_nothing() {
    let folder = TempDir::new().unwrap();
    let ours = identity(folder.path(), "pbx");
    let mode = std::fs::metadata(&ours.key).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(make_self_signed(&ours, &["pbx".to_owned()]).is_err(), "the files are there");
}

#[test]
fn faults_name_the_file_and_what_is_wanted() {
    let folder = TempDir::new().unwrap();
    let ours = identity(folder.path(), "pbx");
    let load = |identity: Identity| {
        TlsServer::load(TlsFiles { identities: vec![identity], clients: Vec::new() })
            .unwrap_err()
            .to_string()
    };
    let missing = load(Identity { key: folder.path().join("none.key"), ..ours.clone() });
    assert!(missing.contains("none.key: No such file"), "{missing}");
    let swapped = load(Identity { certificate: ours.key.clone(), key: ours.certificate.clone() });
    assert!(swapped.contains("pbx.key: no certificate in it"), "{swapped}");
    let no_key = load(Identity { key: ours.certificate.clone(), ..ours });
    assert!(no_key.contains("pbx.pem: no private key in it"), "{no_key}");
    assert!(matches!(TlsServer::load(TlsFiles::default()), Err(TlsError::Empty)));
}
