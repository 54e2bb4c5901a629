//! Where a call of ours goes, and as whom.

use bytes::Bytes;
use switchboard_sip::auth::{Authorization, Client};
use switchboard_sip::reliable;
use switchboard_sip::session_timer::SessionTimer;
use switchboard_sip::{Builder, Flow, HeaderName, Method};

use crate::config::Config;
use crate::session::Trust;

/// The methods that a leg serves (RFC 3261 section 20.5). A text message is for a user, not for a call: within one
/// it is refused, and so not announced there.
pub(crate) const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, REFER, UPDATE, PRACK";

/// Where a call of ours goes, and as whom.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The way to the phone or trunk.
    pub(crate) flow: Flow,
    /// The Request-URI.
    pub(crate) uri: String,
    /// From, without a tag.
    pub(crate) from: String,
    /// To.
    pub(crate) to: String,
    /// Proxies to pass (RFC 3327).
    pub(crate) routes: Vec<String>,
    /// P-Asserted-Identity (RFC 3325), towards a trunk that trusts us.
    pub(crate) identity: Option<String>,
    /// From where its audio may come.
    pub(crate) trust: Trust,
    /// Our account there.
    pub(crate) account: Option<Client>,
    /// In-dialog requests go to the Contact, not back on the flow: a trunk's, never a phone's.
    pub(crate) follows_contact: bool,
    /// How many more hops the call may take (RFC 3261 section 8.1.1.6).
    pub(crate) max_forwards: u8,
}

/// What stays the same when an INVITE is sent again with credentials (RFC 3261 section 22.2).
#[derive(Debug)]
pub(super) struct Identity {
    pub(super) call_id: String,
    pub(super) tag: String,
    pub(super) cseq: u32,
}

impl Plan {
    /// The INVITE, complete but for its Via.
    pub(super) fn invite(
        &self,
        config: &Config,
        identity: &Identity,
        offer: Bytes,
        authorization: Option<&Authorization>,
        timer: &SessionTimer,
    ) -> Builder {
        let mut invite = Builder::request(&Method::Invite, &self.uri);
        for route in &self.routes {
            invite = invite.header(HeaderName::Route, route);
        }
        invite = invite
            .header(HeaderName::MaxForwards, self.max_forwards)
            .header(HeaderName::From, format_args!("{};tag={}", self.from, identity.tag))
            .header(HeaderName::To, &self.to)
            .header(HeaderName::CallId, &identity.call_id)
            .header(HeaderName::CSeq, format_args!("{} INVITE", identity.cseq))
            .header(HeaderName::Contact, config.contact(&self.flow))
            .maybe(HeaderName::PAssertedIdentity, self.identity.as_deref())
            .header(HeaderName::Allow, ALLOW)
            .header(HeaderName::Supported, reliable::OPTION_TAG)
            .header(HeaderName::UserAgent, &config.product);
        if let Some(Authorization { name, value }) = authorization {
            invite = invite.header(*name, value.as_str());
        }
        timer.write_request(invite).body("application/sdp", offer)
    }
}
