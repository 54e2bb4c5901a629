use switchboard_dialstring::Digit;

/// One telephone-event report, with the fields of its RTP header that matter
/// (RFC 4733 sections 2.1 to 2.3).
///
/// The crate knows no RTP: who has a packet fills this in, or lets
/// [`payload::Events`](crate::payload::Events) read the payload. Redundant reports (RFC 2198) have
/// each their own timestamp, the packet's sequence number and no marker, the oldest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TelephoneEvent {
    /// The stream that the packet belongs to.
    pub ssrc: u32,
    /// The RTP sequence number.
    pub sequence: u16,
    /// The RTP timestamp: when the event (or this segment of it) began.
    pub timestamp: u32,
    /// The RTP marker bit: set on the first packet of an event, never on a later segment.
    pub marker: bool,
    /// The event code; 0 to 15 are the DTMF digits (section 3.2).
    pub event: u8,
    /// The E bit: the event is over.
    pub end: bool,
    /// Power of the tone in -dBm0, 0 to 63.
    pub volume: u8,
    /// How long the event has lasted since `timestamp`, in timestamp units.
    pub duration: u16,
}

impl TelephoneEvent {
    /// The digit that the event code names; `None` for codes above 15 (a hook flash, a fax tone).
    #[must_use]
    pub const fn digit(&self) -> Option<Digit> {
        Digit::from_event(self.event)
    }
}
