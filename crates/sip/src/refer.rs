//! Handing a call on: REFER (RFC 3515, 7647), without a subscription where that is not wanted
//! (RFC 4488), and the dialog that a call takes the place of (RFC 3891).
//!
//! ```
//! use switchboard_sip::refer::Refer;
//! use switchboard_sip::Message;
//!
//! let request = Message::parse(
//!     &b"REFER sip:102@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1\r\n\
//!        From: <sip:anna@192.0.2.1>;tag=hers\r\nTo: <sip:102@192.0.2.1>;tag=ours\r\nCall-ID: 1\r\n\
//!        CSeq: 7 REFER\r\nContact: <sip:anna@192.0.2.7>\r\nRefer-Sub: false\r\n\
//!        Refer-To: <sip:103@192.0.2.1?Replaces=9%3Bto-tag%3Dx%3Bfrom-tag%3Dy>\r\n\r\n"[..],
//! )?;
//! let refer = Refer::read(&request)?;
//! assert_eq!(refer.target().user(), Some("103"));
//! assert_eq!(refer.replaces().map(|dialog| dialog.call_id()), Some("9"));
//! assert!(!refer.wants_notify());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::dialog::{DialogId, DialogState};
use crate::message::{HeaderName, Message, NameAddr, Replaces, StatusCode};
use crate::uri::{Scheme, Uri, UriBuf, unescape};

/// The option tag of whoever can do without NOTIFYs (RFC 4488 section 5).
pub const NO_REFER_SUB: &str = "norefersub";
/// The type of a NOTIFY's body (RFC 3515 section 2.4.5).
pub const BODY: &str = "message/sipfrag;version=2.0";

/// A REFER that can be followed: a call to somebody, and what it is to replace.
#[derive(Debug, Clone)]
pub struct Refer {
    target: UriBuf,
    replaces: Option<DialogId>,
    wants_notify: bool,
}

/// Why a REFER cannot be followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Not one Refer-To, or one that cannot be read (RFC 3515 section 2.4.2).
    #[error("400: there is to be one Refer-To")]
    Malformed,
    /// Another request than an INVITE is asked for.
    #[error("603: only calls are made")]
    NotACall,
    /// Neither `sip:`, `sips:` nor `tel:`.
    #[error("416: only sip, sips and tel are called")]
    Scheme,
}

impl Refusal {
    /// The status code of the answer.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::NotACall => StatusCode::DECLINE,
            Self::Scheme => StatusCode::UNSUPPORTED_URI_SCHEME,
        }
    }
}

impl Refer {
    /// Reads a REFER. Whether its sender may have it followed is another question.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn read(request: &Message) -> Result<Self, Refusal> {
        let mut values = request.values(HeaderName::ReferTo);
        let (Some(value), None) = (values.next(), values.next()) else {
            return Err(Refusal::Malformed);
        };
        let target = NameAddr::parse(value).map_err(|_| Refusal::Malformed)?;
        let uri = target.uri();
        if !matches!(uri.scheme(), Scheme::Tel | Scheme::Sip | Scheme::Sips) {
            return Err(Refusal::Scheme);
        }
        if uri.param("method").is_some_and(|method| !method.eq_ignore_ascii_case("INVITE")) {
            return Err(Refusal::NotACall);
        }
        let declined = request.item(HeaderName::ReferSub).ok().flatten();
        Ok(Self {
            replaces: replaced(&uri)?,
            target: uri.without_headers().to_buf(),
            wants_notify: !declined.is_some_and(|item| item.is("false")),
        })
    }

    /// Who is to be called, without the headers of the URI.
    #[must_use]
    pub fn target(&self) -> Uri<'_> {
        self.target.as_uri()
    }

    /// The dialog that the call takes the place of, as whoever is called knows it: its own tag is
    /// the local one.
    #[must_use]
    pub fn replaces(&self) -> Option<&DialogId> {
        self.replaces.as_ref()
    }

    /// Whether NOTIFYs are to tell how it goes. If not, the 202 says `Refer-Sub: false` too
    /// (RFC 4488 section 4).
    #[must_use]
    pub fn wants_notify(&self) -> bool {
        self.wants_notify
    }
}

/// The body of a NOTIFY: how far the call is (RFC 3515 section 2.4.5).
#[must_use]
pub fn sipfrag(status: StatusCode) -> String {
    format!("SIP/2.0 {status} {}\r\n", status.reason())
}

/// Whether an INVITE with Replaces may take the place of a dialog of ours (RFC 3891 section 3).
/// `found` is the dialog that it names, how far it is, and whether we called in it.
///
/// # Errors
/// The status to answer: 481 where there is no such dialog, or an early one that we did not start;
/// 486 where only an early one is to be replaced and this one is answered.
pub fn may_replace(
    replaces: &Replaces<'_>,
    found: Option<(DialogState, crate::dialog::Role)>,
) -> Result<(), StatusCode> {
    use crate::dialog::Role;
    match found {
        None | Some((DialogState::Early, Role::Uas)) => Err(StatusCode::CALL_DOES_NOT_EXIST),
        Some((DialogState::Confirmed, _)) if replaces.early_only => Err(StatusCode::BUSY_HERE),
        Some(_) => Ok(()),
    }
}

/// `?Replaces=call-id%3Bto-tag%3D...%3Bfrom-tag%3D...` (RFC 3891 section 6.1).
fn replaced(uri: &Uri<'_>) -> Result<Option<DialogId>, Refusal> {
    let mut headers = uri.headers();
    let Some((_, value)) = headers.find(|(name, _)| name.eq_ignore_ascii_case("Replaces")) else {
        return Ok(None);
    };
    let value = unescape(value).ok_or(Refusal::Malformed)?;
    let replaces = Replaces::parse(value.as_bytes()).map_err(|_| Refusal::Malformed)?;
    Ok(Some(DialogId::new(replaces.call_id, replaces.to_tag, replaces.from_tag)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialog::Role;

    fn refer(headers: &str) -> Result<Refer, Refusal> {
        let text = format!(
            "REFER sip:b@x SIP/2.0\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK1\r\nFrom: <sip:a@x>;tag=a\r\n\
             To: <sip:b@x>;tag=b\r\nCall-ID: 1\r\nCSeq: 1 REFER\r\n{headers}\r\n"
        );
        Refer::read(&Message::parse(text.into_bytes()).unwrap())
    }

    #[test]
    fn what_is_followed() {
        let blind = refer("r: \"C\" <sip:103@x;transport=tcp?X=y>\r\n").unwrap();
        assert_eq!(blind.target().as_str(), "sip:103@x;transport=tcp");
        assert!(blind.replaces().is_none() && blind.wants_notify());
        let to = "Refer-To: <sip:103@x?Replaces=9%40host%3bfrom-tag%3dy%3Bto-tag%3Dx>\r\n";
        let attended = refer(to).unwrap();
        assert_eq!(attended.replaces(), Some(&DialogId::new("9@host", "x", "y")));
        assert!(refer("Refer-To: tel:+4930555\r\nRefer-Sub: true\r\n").unwrap().wants_notify());
    }

    #[test]
    fn what_is_not() {
        let status = |headers: &str| refer(headers).unwrap_err().status().code();
        assert_eq!(status(""), 400);
        assert_eq!(status("Refer-To: <sip:a@x>, <sip:b@x>\r\n"), 400);
        assert_eq!(status("Refer-To: <sip:a@x\r\n"), 400);
        assert_eq!(status("Refer-To: <sip:a@x?Replaces=9>\r\n"), 400);
        assert_eq!(status("Refer-To: <sip:a@x?Replaces=9%3Bto-tag%3Dx>\r\n"), 400);
        assert_eq!(status("Refer-To: <sip:a@x;method=SUBSCRIBE>\r\n"), 603);
        assert_eq!(status("Refer-To: <https://x/>\r\n"), 416);
    }

    /// RFC 3891 section 3.
    #[test]
    fn what_may_be_replaced() {
        let any = Replaces::parse(b"9;to-tag=x;from-tag=y").unwrap();
        let early = Replaces::parse(b"9;to-tag=x;from-tag=y;early-only").unwrap();
        let status = |replaces, found| may_replace(replaces, found).map_err(|s| s.code());
        assert_eq!(status(&any, None), Err(481));
        assert_eq!(status(&any, Some((DialogState::Early, Role::Uas))), Err(481));
        assert_eq!(status(&any, Some((DialogState::Early, Role::Uac))), Ok(()));
        assert_eq!(status(&any, Some((DialogState::Confirmed, Role::Uas))), Ok(()));
        assert_eq!(status(&early, Some((DialogState::Confirmed, Role::Uac))), Err(486));
        assert_eq!(status(&early, Some((DialogState::Early, Role::Uac))), Ok(()));
    }

    #[test]
    fn a_fragment_is_a_status_line() {
        assert_eq!(sipfrag(StatusCode::BUSY_HERE), "SIP/2.0 486 Busy Here\r\n");
    }
}
