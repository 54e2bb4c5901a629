//! The three SIP examples against each other on loopback sockets.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test of examples that print")]

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use switchboard_sip::{Identifiers, Message};

#[allow(dead_code, reason = "the example's own main")]
#[path = "../sip_registrar.rs"]
mod sip_registrar;
#[allow(dead_code, reason = "the example's own main")]
#[path = "../sip_responder.rs"]
mod sip_responder;
#[allow(dead_code, reason = "the example's own main")]
#[path = "../sip_user_agent.rs"]
mod sip_user_agent;

use sip_registrar::Server;
use sip_user_agent::Agent;

fn socket() -> UdpSocket {
    UdpSocket::bind("127.0.0.1:0").unwrap()
}

#[allow(clippy::disallowed_methods, reason = "real sockets, real time")]
fn now() -> Instant {
    Instant::now()
}

/// A registrar in a thread; ends when dropped.
struct Running {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    fn start() -> Self {
        let socket = socket();
        let address = socket.local_addr().unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let users = [("anna", "secret"), ("boris", "geheim")];
        let users = users.map(|(name, password)| (name.to_owned(), password.to_owned()));
        let thread = std::thread::spawn(move || {
            Server::new(users, [1; 32], now()).serve(&socket, &stopped).unwrap();
        });
        Self { address, stop, thread: Some(thread) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap();
    }
}

fn agent(registrar: SocketAddr, user: &str, password: &str) -> (Agent, SocketAddr) {
    let socket = socket();
    let address = socket.local_addr().unwrap();
    let account = format!("sip:{user}@{registrar}").parse().unwrap();
    (Agent::new(socket, &account, password).unwrap(), address)
}

/// Runs the agents in turn until one line of each kind has been seen.
fn run_until(agents: &mut [&mut Agent], wanted: &[&str]) {
    let deadline = now() + Duration::from_secs(20);
    let mut seen: Vec<String> = Vec::new();
    while !wanted.iter().all(|wanted| seen.iter().any(|line| line.contains(wanted))) {
        assert!(now() < deadline, "waiting for {wanted:?}, seen {seen:?}");
        for agent in &mut *agents {
            seen.extend(agent.step().unwrap());
        }
    }
}

#[test]
fn two_agents_register_and_call() {
    let registrar = Running::start();
    let (mut anna, anna_address) = agent(registrar.address, "anna", "secret");
    let (mut boris, _) = agent(registrar.address, "boris", "geheim");
    anna.register();
    run_until(&mut [&mut anna], &["Registered"]);
    boris.register();
    run_until(&mut [&mut boris], &["Registered"]);
    boris.call(&format!("sip:anna@{anna_address}").parse().unwrap()).unwrap();
    let wanted = [
        "answering sip:boris@",
        "the call stands",
        "hanging up",
        "the other side hung up",
        "200 to our BYE",
    ];
    run_until(&mut [&mut anna, &mut boris], &wanted);
}

#[test]
fn wrong_and_unknown_users_are_refused_alike() {
    let registrar = Running::start();
    for (user, password) in [("anna", "wrong"), ("nobody", "secret")] {
        let (mut agent, _) = agent(registrar.address, user, password);
        agent.register();
        run_until(&mut [&mut agent], &["Refused { status: StatusCode(401)"]);
    }
}

#[test]
fn the_responder_answers_each_request_by_itself() {
    let server = socket();
    let address = server.local_addr().unwrap();
    let thread = std::thread::spawn(move || {
        sip_responder::serve(&server, &Identifiers::new([2; 32]), Some(5)).unwrap();
    });
    let client = socket();
    client.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let ask = |method: &str| {
        let request = format!(
            "{method} sip:ping@{address} SIP/2.0\r\nVia: SIP/2.0/UDP 10.9.8.7;rport;branch=z9hG4bKa\r\n\
             From: <sip:a@b>;tag=x\r\nTo: <sip:ping@{address}>\r\nCall-ID: c\r\nCSeq: 1 {method}\r\n\r\n"
        );
        client.send_to(request.as_bytes(), address).unwrap();
    };
    let hear = || {
        let mut buffer = [0; 2048];
        let (length, _) = client.recv_from(&mut buffer).unwrap();
        Message::parse(buffer[..length].to_vec()).unwrap()
    };
    client.send_to(b"what is this\r\n\r\n", address).unwrap();
    ask("ACK");
    ask("OPTIONS");
    let first = hear();
    assert_eq!(first.status().unwrap().code(), 200);
    assert_eq!(first.top_via().rport(), Some(Some(client.local_addr().unwrap().port())));
    ask("OPTIONS");
    assert_eq!(hear().to_tag(), first.to_tag());
    ask("INVITE");
    assert_eq!(hear().status().unwrap().code(), 405);
    thread.join().unwrap();
}
