//! Sockets for the sans-IO PBX: SIP over UDP and TCP, RTP ports, the clock and the drive loop, on tokio.
