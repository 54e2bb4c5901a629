use std::time::Duration;

/// Timer values of the transaction layer (RFC 3261 section 17.1.1.1 and table 4, RFC 6026
/// section 7).
///
/// The lettered timers are derived from these: A and G start at T1, E at T1, B, F, H, L and M are
/// `64 * T1`, I and K are T4, J is `64 * T1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimerConfig {
    /// The round-trip estimate; the first retransmission comes after it. Default 500 ms.
    pub t1: Duration,
    /// The longest interval between retransmissions of a non-INVITE request and of a final
    /// response to an INVITE. Default 4 s.
    pub t2: Duration,
    /// How long a message stays in the network. Default 5 s.
    pub t4: Duration,
    /// Timer D: how long a client INVITE transaction absorbs repeated final responses over an
    /// unreliable transport. At least 32 s by the standard, which is the default.
    pub d: Duration,
    /// How long the user may take over its first response to an INVITE before the layer sends
    /// `100 Trying` by itself (RFC 3261 section 17.2.1). Default 200 ms.
    pub trying: Duration,
}

impl TimerConfig {
    /// `64 * T1`: timers B, F, H, J, L and M.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.t1.saturating_mul(64)
    }

    /// The interval that follows `interval`: twice as long, at most T2 (timers E and G).
    #[must_use]
    pub fn back_off(&self, interval: Duration) -> Duration {
        interval.saturating_mul(2).min(self.t2)
    }
}

impl Default for TimerConfig {
    fn default() -> Self {
        Self {
            t1: Duration::from_millis(500),
            t2: Duration::from_secs(4),
            t4: Duration::from_secs(5),
            d: Duration::from_secs(32),
            trying: Duration::from_millis(200),
        }
    }
}

/// Whether the transport below delivers by itself (TCP, TLS, WebSocket) or the transaction has to
/// retransmit (UDP).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reliability {
    /// Retransmissions are the transport's business.
    Reliable,
    /// Messages may be lost, doubled and overtaken.
    Unreliable,
}

impl Reliability {
    /// `duration` over an unreliable transport, nothing over a reliable one (timers D, I, J, K).
    #[must_use]
    pub(crate) fn linger(self, duration: Duration) -> Duration {
        match self {
            Self::Reliable => Duration::ZERO,
            Self::Unreliable => duration,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_the_table_of_rfc_3261() {
        let timers = TimerConfig::default();
        assert_eq!(timers.timeout(), Duration::from_secs(32));
        let mut interval = timers.t1;
        let mut seen = Vec::new();
        for _ in 0..6 {
            seen.push(interval.as_millis());
            interval = timers.back_off(interval);
        }
        assert_eq!(seen, [500, 1_000, 2_000, 4_000, 4_000, 4_000]);
    }
}
