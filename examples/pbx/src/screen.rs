//! Standard output, behind a thread of its own: a terminal that is stopped must not stop the audio.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};

use crate::clerk::{Clerk, gather};

/// Lines that wait for a slow terminal; more are dropped and counted.
const WAITING: usize = 8192;

/// Prints lines in their order. Dropping it prints what is left, and waits for it.
pub(crate) struct Screen {
    /// Before the clerk, who ends when it is closed.
    lines: SyncSender<String>,
    dropped: Arc<AtomicU64>,
    _clerk: Clerk,
}

impl Screen {
    pub(crate) fn new() -> Self {
        let (lines, queue) = sync_channel::<String>(WAITING);
        let dropped = Arc::new(AtomicU64::new(0));
        let lost = Arc::clone(&dropped);
        let clerk = Clerk::new(move || {
            let mut out = io::stdout().lock();
            while let Ok(first) = queue.recv() {
                let mut text = String::new();
                for line in gather(first, &queue) {
                    text.push_str(&line);
                    text.push('\n');
                }
                let lost = lost.swap(0, Ordering::Relaxed);
                if lost > 0 {
                    tracing::warn!(lost, "lines were not printed: the terminal is too slow");
                }
                // Nobody reads: the PBX goes on, and the records are in the store.
                _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
            }
        });
        Self { lines, dropped, _clerk: clerk }
    }

    /// Prints a line, or drops it when the terminal is far behind.
    pub(crate) fn line(&self, line: String) {
        if self.lines.try_send(line).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}
