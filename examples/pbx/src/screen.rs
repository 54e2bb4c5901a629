//! Standard output, behind a thread of its own: a terminal that is stopped must not stop the audio.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Lines that wait for a slow terminal; more are dropped and counted.
const WAITING: usize = 8192;

/// Lines that come within this time are printed in one go.
const GATHER: Duration = Duration::from_millis(10);

/// Prints lines in their order.
pub(crate) struct Screen {
    lines: Option<SyncSender<String>>,
    dropped: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl Screen {
    pub(crate) fn new() -> Self {
        let (lines, queue) = sync_channel::<String>(WAITING);
        let dropped = Arc::new(AtomicU64::new(0));
        let lost = Arc::clone(&dropped);
        let thread = std::thread::spawn(move || {
            let mut out = io::stdout().lock();
            while let Ok(mut text) = queue.recv() {
                std::thread::park_timeout(GATHER);
                for line in queue.try_iter() {
                    text.push('\n');
                    text.push_str(&line);
                }
                let lost = lost.swap(0, Ordering::Relaxed);
                if lost > 0 {
                    tracing::warn!(lost, "lines were not printed: the terminal is too slow");
                }
                text.push('\n');
                // Nobody reads: the PBX goes on, and the records are in the store.
                _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
            }
        });
        Self { lines: Some(lines), dropped, thread: Some(thread) }
    }

    /// Prints a line, or drops it when the terminal is far behind.
    pub(crate) fn line(&self, line: String) {
        if let Some(lines) = &self.lines
            && lines.try_send(line).is_err()
        {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.lines = None;
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            _ = thread.join();
        }
    }
}
