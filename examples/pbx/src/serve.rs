//! `serve`: opens everything, runs the drive loop, closes everything.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use switchboard_media::{Plane, PlaneConfig};
use switchboard_pbx::{Config, Input, Limits, Pbx, RunningCalls, SavedBinding, Secrets, Timing};
use switchboard_routing::Directory;
use switchboard_sip::transaction::TimerConfig;
use switchboard_store::admin::Admin;
use switchboard_store::{
    CallRecordStore, DirectoryFile, DirectoryStore, Password, Registration, RegistrationStore,
    SecretOwner,
};
use switchboard_transport::{Driver, DriverConfig, Handle, SipSockets, Stopped};
use tokio::signal::unix::{SignalKind, signal};

use crate::banner::Banner;
use crate::cli::LogFormat;
use crate::control::Control;
use crate::desk::Desk;
use crate::failure::Failure;
use crate::folder::{self, Folder};
use crate::requests::Requests;
use crate::screen::Screen;
use crate::settings::{OnDismissal, Settings};
use crate::show::Show;
use crate::{demo, prompts};

/// How long Ctrl-C waits for phones to acknowledge that their calls are over.
const SHUTDOWN: Duration = Duration::from_secs(4);

/// Runs the PBX until it is told to stop.
pub(crate) fn serve(data: &Path, settings: &Settings) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = tokio::task::LocalSet::new();
    runtime.block_on(local.run_until(run(data, settings)))
}

async fn run(data: &Path, settings: &Settings) -> Result<(), Failure> {
    let sockets = SipSockets::bind(&settings.sip)?;
    let folder = Folder::open(data)?;
    let _lock = folder.lock()?;
    let control = Control::open(folder.path())
        .map_err(|source| Failure::Folder { path: data.to_owned(), source })?;
    let admin = folder.admin();
    let lost = wake(&folder, &admin)?;

    let file = admin.export()?;
    let sip: Vec<_> = sockets.listeners().iter().map(|l| l.local).step_by(2).collect();
    let (mut driver, handle) = start(&folder, settings, sockets, &file)?;
    let screen = Arc::new(Screen::new());
    let show = Show::new(settings.log);
    match show.format() {
        LogFormat::Json => screen.line(show.json(&Started {
            event: "started",
            sip: sip.iter().map(ToString::to_string).collect(),
            rtp: settings.rtp.to_string(),
            lost_calls: lost,
        })),
        LogFormat::Text => {
            let data = folder.path().display().to_string();
            let banner =
                Banner { sip: &sip, rtp: settings.rtp.to_string(), data, directory: &file };
            screen.line(banner.text());
            if lost > 0 {
                screen.line(format!(
                    "{lost} calls of the last run were not over; their records say `lost`"
                ));
            }
        }
    }

    let mut desk = Desk::new(Arc::clone(&folder.store), Arc::clone(&screen), show);
    let requests = Requests::new(admin, handle.clone(), desk.originations());
    let stopped = tokio::select! {
        stopped = driver.run(&mut desk) => stopped,
        () = control.serve(move |request| requests.clone().answer(request)) => unreachable!("it never ends"),
        error = stop_on_signal(handle) => return Err(error.into()),
    };
    if stopped == Stopped::TimedOut {
        tracing::warn!("a phone did not acknowledge the end of its call");
    }
    if settings.log == LogFormat::Json {
        screen.line(desk.show().json(&Ended { event: "stopped" }));
    } else {
        screen.line("Stopped: every call is over, nothing is left behind.".to_owned());
    }
    Ok(())
}

#[derive(Serialize)]
struct Started {
    event: &'static str,
    sip: Vec<String>,
    rtp: String,
    lost_calls: usize,
}

#[derive(Serialize)]
struct Ended {
    event: &'static str,
}

/// What a start does to the store: the demo company for a new one, the end of what a killed PBX left open.
/// Says how many calls that were.
fn wake(folder: &Folder, admin: &Admin) -> Result<usize, Failure> {
    let now = folder::now();
    let (spec, _) = folder.store.load()?;
    if spec == switchboard_routing::DirectorySpec::default() {
        demo::seed(admin, now).map_err(|error| Failure::Refused(error.to_string()))?;
    }
    folder.store.expire_registrations(now)?;
    Ok(folder.store.close_lost_calls(now)?)
}

fn start(
    folder: &Folder,
    settings: &Settings,
    sockets: SipSockets,
    file: &DirectoryFile,
) -> Result<(Driver, Handle), Failure> {
    let sounds =
        prompts::load(settings.language).map_err(|error| Failure::Refused(error.to_string()))?;
    let mut seed = [0; 40];
    getrandom::fill(&mut seed).map_err(|_| std::io::Error::other("no random bytes"))?;
    let (pbx_seed, plane_seed) = seed.split_at(32);
    let pbx_seed = <[u8; 32]>::try_from(pbx_seed).unwrap_or_default();
    let plane_seed = <[u8; 8]>::try_from(plane_seed).unwrap_or_default();

    let directory = Arc::new(Directory::build(&file.spec)?);
    let calls = &settings.file.calls;
    let config = Config {
        realm: settings.file.sip.realm.clone(),
        hosts: settings.file.sip.hosts.clone(),
        listeners: sockets.listeners().to_vec(),
        advertised: settings.file.sip.advertise,
        clock: switchboard_transport::wall_clock(utc_offset()),
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
        on_dismissal: match calls.on_dismissal {
            OnDismissal::Continue => RunningCalls::Continue,
            OnDismissal::End => RunningCalls::End,
        },
        seed: pbx_seed,
    };
    let silence = settings.file.rtp.silence;
    let plane = Plane::new(PlaneConfig {
        max_legs: settings.rtp.pairs(),
        rtp_timeout: (silence > 0).then(|| Duration::from_secs(silence)),
        seed: u64::from_le_bytes(plane_seed),
        ..PlaneConfig::default()
    });
    let media = settings.sip.first().map_or(std::net::Ipv4Addr::LOCALHOST.into(), |sip| sip.ip());
    let driver = DriverConfig {
        media,
        rtp: settings.rtp,
        streams: settings.file.tcp.limits(),
        shutdown: SHUTDOWN,
    };
    let (driver, handle) = Driver::new(driver, sockets, Pbx::new(config, directory), plane);
    handle.send(Input::Secrets(Arc::new(secrets(&file.passwords))));
    for registration in folder.store.registrations(folder::now())? {
        handle.send(Input::Restore(Box::new(binding(registration))));
    }
    Ok((driver, handle))
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

fn utc_offset() -> i32 {
    jiff::tz::TimeZone::system().to_offset(jiff::Timestamp::now()).seconds()
}

/// Ctrl-C and SIGTERM begin an orderly end. Returns only when signals cannot be had.
async fn stop_on_signal(handle: Handle) -> std::io::Error {
    let signals =
        signal(SignalKind::interrupt()).and_then(|i| Ok((i, signal(SignalKind::terminate())?)));
    let (mut interrupt, mut terminate) = match signals {
        Ok(signals) => signals,
        Err(error) => return error,
    };
    loop {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        handle.shut_down();
    }
}
