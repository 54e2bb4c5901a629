//! Whom a fork calls, and how that becomes an INVITE.

use switchboard_routing::{Dial, Directory, LineId, Number, TrunkId, UserId};
use switchboard_sip::registrar::Binding;
use switchboard_sip::{Flow, Message, Scheme, StatusCode, escape_user, quote};

use crate::leg::{Peer, Plan};
use crate::record::Party;
use crate::session::Trust;
use crate::trunks;
use crate::world::World;

/// Whom a fork calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    /// One phone of a user.
    Phone { user: UserId, uri: String, flow: Flow, path: Vec<String> },
    /// A number outside.
    Outside { trunk: TrunkId, line: Option<LineId>, number: Number },
}

impl Destination {
    pub(crate) fn phone(user: &UserId, binding: &Binding) -> Self {
        Self::Phone {
            user: user.clone(),
            uri: binding.request_uri().to_string(),
            flow: binding.flow,
            path: binding.path.clone(),
        }
    }

    pub(crate) fn outside(dial: &Dial) -> Self {
        Self::Outside { trunk: dial.trunk.clone(), line: dial.line.clone(), number: dial.number }
    }

    /// The INVITE that calls it on behalf of `caller`; `None` if there is no way there now.
    pub(crate) fn plan(
        &self,
        world: &World,
        caller: &Party,
        max_forwards: u8,
    ) -> Option<(Plan, Peer, Party)> {
        match self {
            Self::Phone { user, uri, flow, path } => {
                let realm = &world.config.realm;
                let plan = Plan {
                    flow: *flow,
                    uri: uri.clone(),
                    from: world.shown(caller),
                    to: format!("<sip:{user}@{realm}>"),
                    routes: path.clone(),
                    identity: None,
                    trust: Trust::Signalled(flow.remote.ip()),
                    account: None,
                    follows_contact: false,
                    max_forwards,
                };
                Some((plan, Peer::Phone(user.clone()), world.party(user)))
            }
            Self::Outside { trunk, line, number } => {
                let spec = world.trunks.spec(trunk)?;
                let flow = world.trunks.way(&world.config, trunk)?;
                let domain = trunks::domain(spec);
                let port = match spec.port {
                    5060 => String::new(),
                    port => format!(":{port}"),
                };
                // An emergency call may go out without a line.
                let line = line.as_ref().and_then(|line| world.directory.line(line));
                let number_shown = line.map(|line| line.number().as_str());
                let shown = |user: &str| format!("<sip:{}@{domain}>", escape_user(user));
                let own = spec.user.as_deref().or(number_shown).unwrap_or("anonymous");
                let called = world.directory.in_e164(number);
                let uri = format!("sip:{}@{domain}{port}", escape_user(&called));
                let plan = Plan {
                    flow,
                    to: format!("<{uri}>"),
                    uri,
                    from: shown(own),
                    routes: Vec::new(),
                    identity: number_shown.map(shown),
                    trust: Trust::Described(flow.remote.ip()),
                    account: world.trunks.account(trunk),
                    follows_contact: true,
                    max_forwards,
                };
                let party = Party { user: None, number: number.to_string() };
                Some((plan, Peer::Trunk(trunk.clone()), party))
            }
        }
    }
}

impl World {
    /// A user as a party: with the extension, where there is one.
    pub(crate) fn party(&self, user: &UserId) -> Party {
        let extension = self.directory.user(user.as_str()).and_then(|user| user.extension());
        let number = extension.map_or_else(|| user.to_string(), |extension| extension.to_string());
        Party { user: Some(user.clone()), number }
    }

    /// Whom a request names in its Request-URI that asks for a user and dials nothing: what it says, and the active user
    /// of that extension or name.
    pub(crate) fn addressed(&self, request: &Message) -> Result<(String, UserId), StatusCode> {
        let uri = request.request_uri().map_err(|_| StatusCode::BAD_REQUEST)?;
        let sip = matches!(uri.scheme(), Scheme::Sip | Scheme::Sips);
        let name = uri.user_text().filter(|_| sip && self.config.is_here(uri.host_str()));
        let name = name.ok_or(StatusCode::NOT_FOUND)?;
        let user = named(&self.directory, &name).ok_or(StatusCode::NOT_FOUND)?.clone();
        Ok((name.into_owned(), user))
    }

    /// Somebody or something that is no user.
    pub(crate) fn outside_party(&self, number: &str) -> Party {
        Party { user: None, number: number.to_owned() }
    }

    /// How a party is shown to a phone: name and number in From.
    fn shown(&self, party: &Party) -> String {
        let user = party.user.as_ref().and_then(|user| self.directory.user(user.as_str()));
        let uri = format!("<sip:{}@{}>", escape_user(&party.number), self.config.realm);
        match user {
            Some(user) => format!("{} {uri}", quote(user.name())),
            None => uri,
        }
    }
}

/// The active user of this extension or name.
pub(crate) fn named<'d>(directory: &'d Directory, name: &str) -> Option<&'d UserId> {
    let by_extension = name.parse().ok().and_then(|number| directory.user_at(number));
    let user = by_extension.or_else(|| directory.user(name))?;
    Some(user.login())
}
