//! RTP and RTCP packets, telephone-event payloads, source learning and jitter buffer, sans-IO.
