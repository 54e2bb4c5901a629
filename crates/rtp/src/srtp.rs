//! SRTP and SRTCP (RFC 3711, RFC 7714): packets sealed and opened, one direction each.
//!
//! The transforms are rtc-srtp's; what is here bounds what a stranger can make it keep.

use core::fmt;

use bytes::Bytes;
use rtc_srtp::context::Context;
use rtc_srtp::crypto;
use rtc_srtp::option::{srtcp_replay_protection, srtp_replay_protection};
use rtc_srtp::protection_profile::ProtectionProfile;

use crate::Ssrc;

/// Packets by which an older one may come later and still be taken.
const REPLAY_WINDOW: usize = 128;
/// Sources of one peer that are known at once.
const MAX_SOURCES: usize = 4;

/// How packets are sealed: the suites of RFC 4568, section 6.2, and RFC 7714, section 14.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SrtpSuite {
    /// `AES_CM_128_HMAC_SHA1_80`: ten octets of tag.
    AesCm128HmacSha1_80,
    /// `AES_CM_128_HMAC_SHA1_32`: four octets of tag for RTP, ten for RTCP.
    AesCm128HmacSha1_32,
    /// `AEAD_AES_128_GCM`: sixteen octets of tag.
    AeadAes128Gcm,
}

impl SrtpSuite {
    /// Octets of the master key and the master salt together.
    #[must_use]
    pub const fn key_len(self) -> usize {
        match self {
            Self::AesCm128HmacSha1_80 | Self::AesCm128HmacSha1_32 => 30,
            Self::AeadAes128Gcm => 28,
        }
    }

    /// Octets of SRTCP behind the index whose first bit says that it is encrypted.
    const fn rtcp_tag_behind_index(self) -> usize {
        match self {
            Self::AesCm128HmacSha1_80 | Self::AesCm128HmacSha1_32 => 10,
            Self::AeadAes128Gcm => 0,
        }
    }

    const fn profile(self) -> ProtectionProfile {
        match self {
            Self::AesCm128HmacSha1_80 => ProtectionProfile::Aes128CmHmacSha1_80,
            Self::AesCm128HmacSha1_32 => ProtectionProfile::Aes128CmHmacSha1_32,
            Self::AeadAes128Gcm => ProtectionProfile::AeadAes128Gcm,
        }
    }
}

/// A master key and salt with their suite. It does not print itself.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SrtpKey {
    suite: SrtpSuite,
    octets: [u8; 30],
}

impl SrtpKey {
    /// A key of its suite's length: 16 octets of key, then the salt; `None` for another length.
    #[must_use]
    pub fn new(suite: SrtpSuite, key_and_salt: &[u8]) -> Option<Self> {
        if key_and_salt.len() != suite.key_len() {
            return None;
        }
        let mut octets = [0; 30];
        octets[..key_and_salt.len()].copy_from_slice(key_and_salt);
        Some(Self { suite, octets })
    }

    /// The suite.
    #[must_use]
    pub const fn suite(&self) -> SrtpSuite {
        self.suite
    }

    fn context(&self) -> Option<Context> {
        let provider = crypto::default_provider().ok()?;
        let (key, salt) = self.octets[..self.suite.key_len()].split_at(16);
        let (rtp, rtcp) =
            (srtp_replay_protection(REPLAY_WINDOW), srtcp_replay_protection(REPLAY_WINDOW));
        let profile = self.suite.profile();
        Context::new(key, salt, profile, Some(rtp), Some(rtcp), provider.crypto()).ok()
    }
}

impl fmt::Debug for SrtpKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SrtpKey").field("suite", &self.suite).finish_non_exhaustive()
    }
}

/// Why a packet was not opened or sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SrtpError {
    /// Too short for a header and a tag, or no RTP at all: the peer's fault. To be sealed: a header extension.
    #[error("no SRTP: too short, or not of version 2")]
    Malformed,
    /// Not sealed with this key, changed on the way, or seen before: drop it and count it.
    #[error("not authentic, or a replay")]
    NotAuthentic,
    /// The key has sealed as many packets as it may (RFC 3711, section 9.2).
    #[error("the key is used up")]
    KeyUsedUp,
}

/// Seals what one side sends.
///
/// ```
/// use switchboard_rtp::{SrtpKey, SrtpReceiver, SrtpSender, SrtpSuite};
///
/// let key = SrtpKey::new(SrtpSuite::AesCm128HmacSha1_80, &[7; 30]).expect("30 octets");
/// let (mut sender, mut receiver) = (SrtpSender::new(key), SrtpReceiver::new(key));
/// let packet = [0x80, 8, 0, 1, 0, 0, 0, 160, 0, 0, 0, 9, 1, 2, 3, 4];
///
/// let sealed = sender.seal_rtp(&packet)?;
/// assert_eq!(sealed.len(), packet.len() + 10);
/// assert_ne!(sealed[12..16], packet[12..]);
/// assert_eq!(receiver.open_rtp(&sealed)?, packet[..]);
/// assert!(receiver.open_rtp(&sealed).is_err()); // a replay
/// # Ok::<(), switchboard_rtp::SrtpError>(())
/// ```
pub struct SrtpSender {
    context: Option<Context>,
}

impl SrtpSender {
    /// A sender with this key.
    #[must_use]
    pub fn new(key: SrtpKey) -> Self {
        Self { context: key.context() }
    }

    /// Seals an RTP packet without a header extension: rtc-srtp seals beyond the end of one whose elements do not
    /// end where it ends.
    ///
    /// # Errors
    /// When it is no RTP packet, has a header extension, or the key is used up.
    pub fn seal_rtp(&mut self, packet: &[u8]) -> Result<Bytes, SrtpError> {
        source(packet, 8)?;
        if packet[0] & 0x10 != 0 {
            return Err(SrtpError::Malformed);
        }
        let context = self.context.as_mut().ok_or(SrtpError::KeyUsedUp)?;
        context.encrypt_rtp(packet).map(Into::into).map_err(|_| SrtpError::KeyUsedUp)
    }

    /// Seals an RTCP compound.
    ///
    /// # Errors
    /// When it is no RTCP compound, or the key is used up.
    pub fn seal_rtcp(&mut self, compound: &[u8]) -> Result<Bytes, SrtpError> {
        source(compound, 4)?;
        let context = self.context.as_mut().ok_or(SrtpError::KeyUsedUp)?;
        context.encrypt_rtcp(compound).map(Into::into).map_err(|_| SrtpError::KeyUsedUp)
    }
}

impl fmt::Debug for SrtpSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SrtpSender").finish_non_exhaustive()
    }
}

/// Opens what the other side sends.
///
/// Each source has its state, made with its first packet and kept only when that was authentic; four
/// are known at once, of more the oldest is forgotten. Junk under made-up sources costs a look each,
/// never memory.
pub struct SrtpReceiver {
    key: SrtpKey,
    rtp: Sources,
    rtcp: Sources,
}

/// Apart for RTP and RTCP: rtc-srtp begins a replay window where the first packet says, authentic or
/// not, and the first one of each here was authentic.
type Sources = Vec<(Ssrc, Context)>;

impl SrtpReceiver {
    /// A receiver with this key.
    #[must_use]
    pub const fn new(key: SrtpKey) -> Self {
        Self { key, rtp: Vec::new(), rtcp: Vec::new() }
    }

    /// Opens an RTP packet.
    ///
    /// # Errors
    /// When it is no SRTP, not authentic, or a replay. Nothing changed.
    pub fn open_rtp(&mut self, datagram: &[u8]) -> Result<Bytes, SrtpError> {
        let source = source(datagram, 8)?;
        open(self.key, &mut self.rtp, source, |context| {
            context.decrypt_rtp(datagram).ok().map(Into::into)
        })
    }

    /// Opens an RTCP compound.
    ///
    /// # Errors
    /// When it is no SRTCP, not authentic, or a replay. Nothing changed.
    pub fn open_rtcp(&mut self, datagram: &[u8]) -> Result<Bytes, SrtpError> {
        let source = source(datagram, 4)?;
        // Not encrypted was never agreed on, and rtc-srtp takes that without a look at the tag.
        let trailer = datagram.len().checked_sub(self.key.suite.rtcp_tag_behind_index() + 4);
        if trailer.is_none_or(|at| datagram[at] & 0x80 == 0) {
            return Err(SrtpError::NotAuthentic);
        }
        open(self.key, &mut self.rtcp, source, |context| {
            context.decrypt_rtcp(datagram).ok().map(Into::into)
        })
    }
}

fn open(
    key: SrtpKey,
    sources: &mut Sources,
    source: Ssrc,
    with: impl FnOnce(&mut Context) -> Option<Bytes>,
) -> Result<Bytes, SrtpError> {
    if let Some((_, context)) = sources.iter_mut().find(|(known, _)| *known == source) {
        return with(context).ok_or(SrtpError::NotAuthentic);
    }
    let mut context = key.context().ok_or(SrtpError::NotAuthentic)?;
    let opened = with(&mut context).ok_or(SrtpError::NotAuthentic)?;
    if sources.len() == MAX_SOURCES {
        sources.remove(0);
    }
    sources.push((source, context));
    Ok(opened)
}

impl fmt::Debug for SrtpReceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SrtpReceiver").field("sources", &self.rtp.len()).finish_non_exhaustive()
    }
}

/// The source that a packet names at this octet.
fn source(packet: &[u8], at: usize) -> Result<Ssrc, SrtpError> {
    match (packet.first(), packet.get(at..at + 4)) {
        (Some(first), Some(octets)) if first >> 6 == 2 => {
            Ok(Ssrc(u32::from_be_bytes([octets[0], octets[1], octets[2], octets[3]])))
        }
        _ => Err(SrtpError::Malformed),
    }
}

#[cfg(test)]
mod tests;
