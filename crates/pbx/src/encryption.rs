//! Which legs' audio is encrypted: SRTP with keys in the description (RFC 4568), where the signalling
//! that carries them is encrypted too.

use switchboard_media::SrtpKeys;
use switchboard_rtp::{SrtpKey, SrtpSuite};
use switchboard_sdp::{AgreedKeys, Crypto, CryptoSuite, Encryption};
use switchboard_sip::Transport;

/// Whether audio is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Srtp {
    /// Never: SRTP is refused.
    Off,
    /// Where the other side wants it too: offered beside plain RTP (RFC 8643).
    #[default]
    Allowed,
    /// Always: whoever does not encrypt is refused with 488.
    Required,
}

/// The rule for audio, by how a leg signals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct AudioEncryption {
    /// For legs that signal over TLS or secure WebSocket.
    pub srtp: Srtp,
    /// For all others too, though anybody on the way can read the keys: for tests.
    pub keys_in_clear: bool,
}

impl AudioEncryption {
    /// What a leg that signals like this negotiates; `random` gives 32 fresh octets a call.
    pub(crate) fn of(
        &self,
        transport: Transport,
        mut random: impl FnMut() -> [u8; 32],
    ) -> Encryption {
        let is_secret = matches!(transport, Transport::Tls | Transport::Wss);
        if !(is_secret || self.keys_in_clear) || self.srtp == Srtp::Off {
            return Encryption::Off;
        }
        let key = |(tag, suite): (u32, CryptoSuite)| {
            Crypto::new(tag, suite, &random()[..suite.key_len()])
        };
        let keys = (1..).zip(CryptoSuite::ALL).filter_map(key).collect();
        match self.srtp {
            Srtp::Required => Encryption::Required(keys),
            Srtp::Allowed | Srtp::Off => Encryption::Allowed(keys),
        }
    }
}

/// What was agreed on, for the plane. `None` for a key that it does not know.
pub(crate) fn keys(agreed: &AgreedKeys) -> Option<SrtpKeys> {
    let key = |crypto: &Crypto| {
        let suite = match crypto.suite {
            CryptoSuite::AesCm128HmacSha1_80 => SrtpSuite::AesCm128HmacSha1_80,
            CryptoSuite::AesCm128HmacSha1_32 => SrtpSuite::AesCm128HmacSha1_32,
            CryptoSuite::AeadAes128Gcm => SrtpSuite::AeadAes128Gcm,
            _ => return None,
        };
        SrtpKey::new(suite, crypto.key())
    };
    Some(SrtpKeys { send: key(&agreed.send)?, receive: key(&agreed.receive)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_told_where_nobody_else_reads_them() {
        let settings = |srtp, keys_in_clear| AudioEncryption { srtp, keys_in_clear };
        let of = |settings: AudioEncryption, transport| settings.of(transport, || [7; 32]);
        for transport in [Transport::Udp, Transport::Tcp, Transport::Ws] {
            assert_eq!(of(settings(Srtp::Required, false), transport), Encryption::Off);
            let told = of(settings(Srtp::Required, true), transport);
            assert!(matches!(told, Encryption::Required(_)));
        }
        for transport in [Transport::Tls, Transport::Wss] {
            assert_eq!(of(settings(Srtp::Off, true), transport), Encryption::Off);
            let Encryption::Allowed(keys) = of(AudioEncryption::default(), transport) else {
                panic!("allowed by default");
            };
            assert_eq!(keys.len(), 3);
        }
    }
}
