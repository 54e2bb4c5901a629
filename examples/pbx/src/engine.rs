//! The PBX, its media planes and the drive loop, made from settings and store.

use std::sync::Arc;
use std::time::Duration;

use switchboard_media::{Plane, PlaneConfig, ToneSet};
use switchboard_pbx::{
    Config, Input, Limits, Pbx, RunningCalls, SavedBinding, Secrets, Timing, WallClock,
};
use switchboard_routing::Directory;
use switchboard_sip::transaction::TimerConfig;
use switchboard_store::{DirectoryFile, Password, Registration, RegistrationStore, SecretOwner};
use switchboard_transport::{Driver, DriverConfig, Handle, SipSockets, TlsClient};

use crate::failure::Failure;
use crate::folder::{self, Folder};
use crate::prompts;
use crate::settings::{OnDismissal, Settings};

/// How long Ctrl-C waits for phones to acknowledge that their calls are over.
const SHUTDOWN: Duration = Duration::from_secs(4);

/// The PBX and its media planes in a drive loop, with what the store remembers.
pub(crate) fn build(
    folder: &Folder,
    settings: &Settings,
    (sockets, trunks): (SipSockets, Option<TlsClient>),
    file: &DirectoryFile,
    clock: WallClock,
) -> Result<(Driver, Handle), Failure> {
    let sounds =
        prompts::load(settings.language).map_err(|error| Failure::Refused(error.to_string()))?;

    let directory = Arc::new(Directory::build(&file.spec)?);
    let calls = &settings.file.calls;
    let config = Config {
        realm: settings.file.sip.realm.clone(),
        hosts: settings.file.sip.hosts.clone(),
        listeners: sockets.listeners().to_vec(),
        advertised: settings.advertised(),
        clock,
        product: format!("Switchboard/{}", env!("CARGO_PKG_VERSION")),
        sounds: Arc::new(sounds),
        limits: Limits {
            calls: calls.max,
            calls_per_user: calls.max_per_user,
            calls_per_trunk: calls.max_per_trunk,
            ..Limits::default()
        },
        timing: Timing::default(),
        sip: TimerConfig::default(),
        audio: settings.file.rtp.audio(),
        codecs: settings.file.rtp.codecs.clone().into(),
        on_dismissal: match calls.on_dismissal {
            OnDismissal::Continue => RunningCalls::Continue,
            OnDismissal::End => RunningCalls::End,
        },
        seed: random()?,
    };
    let silence = settings.file.rtp.silence;
    let plane = PlaneConfig {
        max_legs: settings.rtp.pairs(),
        rtp_timeout: (silence > 0).then(|| Duration::from_secs(silence)),
        tones: ToneSet::of_country(&file.spec.numbering.country).unwrap_or_else(ToneSet::germany),
        seed: 0,
    };
    let planes = (0..settings.file.rtp.threads())
        .map(|_| {
            Ok(Plane::new(PlaneConfig { seed: u64::from_le_bytes(random()?), ..plane.clone() }))
        })
        .collect::<Result<_, std::io::Error>>()?;
    let driver = DriverConfig {
        rtp: settings.rtp,
        streams: settings.file.tcp.limits(),
        tls: trunks,
        shutdown: SHUTDOWN,
    };
    let (driver, handle) = Driver::new(driver, sockets, Pbx::new(config, directory), planes)?;
    handle.send(Input::Secrets(Arc::new(secrets(&file.passwords))));
    for registration in folder.store.registrations(folder::now())? {
        handle.send(Input::Restore(Box::new(binding(registration))));
    }
    Ok((driver, handle))
}

fn random<const N: usize>() -> Result<[u8; N], std::io::Error> {
    let mut seed = [0; N];
    getrandom::fill(&mut seed).map_err(|_| std::io::Error::other("no random bytes"))?;
    Ok(seed)
}

/// The passwords as the PBX wants them.
pub(crate) fn secrets(passwords: &[(SecretOwner, Password)]) -> Secrets {
    passwords.iter().fold(Secrets::new(), |secrets, (owner, password)| match owner {
        SecretOwner::User(login) => secrets.with_user(login.clone(), password.reveal()),
        SecretOwner::Trunk(trunk) => secrets.with_trunk(trunk.clone(), password.reveal()),
    })
}

fn binding(registration: Registration) -> SavedBinding {
    SavedBinding {
        user: registration.user,
        contact: registration.contact,
        call_id: registration.call_id,
        cseq: registration.cseq,
        expires: u64::try_from(registration.expires.get()).unwrap_or(0),
        transport: registration.transport,
        local: registration.local,
        remote: registration.remote,
        instance: registration.instance,
        path: registration.path,
        q: registration.q,
        user_agent: registration.user_agent,
    }
}
