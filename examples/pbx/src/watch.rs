//! What changes outside while calls run: where the trunks' host names lead, and the wall clock.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use switchboard_pbx::{Input, WallClock};
use switchboard_store::admin::Admin;
use switchboard_transport::Handle;
use tokio::net::lookup_host;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

/// How often names are looked up and the clock is looked at.
const PERIOD: Duration = Duration::from_secs(60);
/// How long one name may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// A wall clock that went a different way by more than this was set.
const STEP: Duration = Duration::from_millis(500);

/// Tells the PBX of both, every minute and whenever the directory changed; never ends.
pub(crate) async fn watch(admin: Admin, handle: Handle, changed: Rc<Notify>, clock: WallClock) {
    let mut clock = clock;
    loop {
        for host in hosts(&admin).await {
            if let Some(addresses) = look_up(&host).await {
                handle.send(Input::HostAddresses { host, addresses });
            }
        }
        let reading = switchboard_transport::wall_clock(utc_offset());
        if differs(&clock, &reading) {
            tracing::info!("the wall clock was set");
            clock = reading;
            handle.send(Input::Clock(clock));
        }
        tokio::select! {
            () = sleep(PERIOD) => {}
            () = changed.notified() => {}
        }
    }
}

/// How far local time is ahead of UTC now, in seconds.
pub(crate) fn utc_offset() -> i32 {
    jiff::tz::TimeZone::system().to_offset(jiff::Timestamp::now()).seconds()
}

fn differs(known: &WallClock, reading: &WallClock) -> bool {
    known.utc_offset != reading.utc_offset || known.unix(reading.at).abs_diff(reading.unix) > STEP
}

/// The host names of the trunks, each once.
async fn hosts(admin: &Admin) -> BTreeSet<String> {
    let admin = admin.clone();
    let Ok(Ok(file)) = tokio::task::spawn_blocking(move || admin.export()).await else {
        return BTreeSet::new();
    };
    let hosts = file.spec.trunks.into_iter().map(|trunk| trunk.host);
    hosts.filter(|host| host.trim_matches(['[', ']']).parse::<IpAddr>().is_err()).collect()
}

/// The addresses of a host. Without an answer what was known stays: a name server that is down ends no trunk.
async fn look_up(host: &str) -> Option<Vec<IpAddr>> {
    match timeout(PATIENCE, lookup_host((host, 0))).await {
        Ok(Ok(found)) => Some(found.map(|address| address.ip()).collect()),
        Ok(Err(error)) => {
            tracing::warn!(host, %error, "no address");
            None
        }
        Err(_) => {
            tracing::warn!(host, "the name server does not answer");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h44_a_clock_that_was_set_is_noticed_and_one_that_runs_is_not() {
        let known = switchboard_transport::wall_clock(3600);
        let later = |by: u64, wall: u64| WallClock {
            at: known.at + Duration::from_secs(by),
            unix: known.unix + Duration::from_secs(wall),
            utc_offset: 3600,
        };
        assert!(!differs(&known, &later(3600, 3600)));
        assert!(differs(&known, &later(3600, 3602)));
        assert!(differs(&known, &later(3600, 0)));
        assert!(
            differs(&known, &WallClock { utc_offset: 7200, ..later(60, 60) }),
            "daylight saving"
        );
    }
}
