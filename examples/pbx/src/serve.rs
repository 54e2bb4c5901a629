//! `serve`: opens everything, runs the drive loop, closes everything.

use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use serde::Serialize;
use switchboard_store::admin::Admin;
use switchboard_store::{CallRecordStore, DirectoryFile, DirectoryStore, RegistrationStore};
use switchboard_transport::{Handle, SipSockets, Stopped};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;

use crate::banner::Banner;
use crate::cli::LogFormat;
use crate::control::Control;
use crate::desk::Desk;
use crate::doors::{Doors, bound, self_signed};
use crate::failure::Failure;
use crate::folder::{self, Folder};
use crate::listen::ListenAt;
use crate::requests::Requests;
use crate::screen::Screen;
use crate::settings::Settings;
use crate::show::Show;
use crate::watch::{utc_offset, watch};
use crate::{demo, engine};

/// Runs the PBX until it is told to stop.
pub(crate) fn serve(data: &Path, settings: &Settings) -> Result<(), Failure> {
    raise_open_files();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = tokio::task::LocalSet::new();
    runtime.block_on(local.run_until(run(data, settings)))
}

/// Each call has up to four sockets, and many systems begin with 1,024 open files for all of a program.
fn raise_open_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        tracing::debug!(%error, "the limit of open files stays");
    }
}

async fn run(data: &Path, settings: &Settings) -> Result<(), Failure> {
    let folder = Folder::open(data)?;
    let Doors { listen, trunks, certificates } = Doors::open(settings, folder.path())?;
    let sockets = SipSockets::bind(&listen)?;
    let _lock = folder.lock()?;
    let control = Control::open(folder.path())
        .map_err(|source| Failure::Folder { path: data.to_owned(), source })?;
    let admin = folder.admin();
    let lost_calls = wake(&folder, &admin)?;

    let directory = admin.export()?;
    let sip = bound(&settings.sip, sockets.listeners());
    let clock = switchboard_transport::wall_clock(utc_offset());
    let (mut driver, handle) =
        engine::build(&folder, settings, (sockets, trunks), &directory, clock)?;
    let screen = Arc::new(Screen::new());
    let show = Show::new(settings.log);
    announce(&screen, &show, settings, &sip, &folder, &directory, lost_calls);

    let mut desk = Desk::new(Arc::clone(&folder.store), folder.path(), Arc::clone(&screen), show);
    let changed = Rc::new(Notify::new());
    let watching = watch(admin.clone(), handle.clone(), Rc::clone(&changed), clock);
    let requests =
        Requests::new(admin, handle.clone(), (desk.originations(), desk.written()), changed);
    let stopped = tokio::select! {
        stopped = driver.run(&mut desk) => stopped,
        () = control.serve(move |request| requests.clone().answer(request)) => unreachable!("it never ends"),
        () = watching => unreachable!("it never ends"),
        error = certificates.keep() => return Err(error.into()),
        error = stop_on_signal(handle) => return Err(error.into()),
    };
    if stopped == Stopped::TimedOut {
        tracing::warn!("a phone did not acknowledge the end of its call");
    }
    screen.line(match settings.log {
        LogFormat::Json => desk.show().json(&Ended { event: "stopped" }),
        LogFormat::Text => "Stopped: every call is over, nothing is left behind.".to_owned(),
    });
    Ok(())
}

/// What a start does to the store: the demo company for a new one, the end of what a killed PBX left open.
/// Says how many calls that were.
fn wake(folder: &Folder, admin: &Admin) -> Result<usize, Failure> {
    let now = folder::now();
    if folder.store.revision()?.is_new() {
        demo::seed(admin, now).map_err(|error| Failure::Refused(error.to_string()))?;
    }
    folder.store.expire_registrations(now)?;
    Ok(folder.store.close_lost_calls(now)?)
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

fn announce(
    screen: &Screen,
    show: &Show,
    settings: &Settings,
    sip: &[ListenAt],
    folder: &Folder,
    directory: &DirectoryFile,
    lost_calls: usize,
) {
    let rtp = settings.rtp.to_string();
    match show.format() {
        LogFormat::Json => {
            let sip = sip.iter().map(ToString::to_string).collect();
            screen.line(show.json(&Started { event: "started", sip, rtp, lost_calls }));
        }
        LogFormat::Text => {
            let data = folder.path().display().to_string();
            let advertised = settings.advertised();
            let own = settings.file.tls.certificates.is_empty()
                && sip.iter().any(|at| at.speaks.is_encrypted());
            let self_signed =
                own.then(|| self_signed(folder.path()).certificate.display().to_string());
            screen.line(Banner { sip, advertised, self_signed, rtp, data, directory }.text());
            if lost_calls > 0 {
                screen.line(format!(
                    "{lost_calls} calls of the last run were not over; their records say `lost`"
                ));
            }
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_company_comes_at_the_first_start_and_never_again() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        let admin = folder.admin();
        wake(&folder, &admin).unwrap();
        assert_eq!(admin.export().unwrap().spec.users.len(), 3);
        admin.import("", folder::now()).unwrap();
        wake(&folder, &admin).unwrap();
        let spec = admin.export().unwrap().spec;
        assert_eq!(spec, switchboard_routing::DirectorySpec::default(), "emptied, and it stays so");
    }

    #[test]
    fn a_directory_that_was_imported_before_the_first_start_stays() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        let admin = folder.admin();
        let text = "[[users]]\nlogin = \"zoe\"\nname = \"Zoe\"\n";
        admin.import(text, folder::now()).unwrap();
        wake(&folder, &admin).unwrap();
        assert_eq!(admin.export().unwrap().spec.users.len(), 1);
    }
}
