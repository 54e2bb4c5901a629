//! Recordings: WAV files in the data folder, written by a thread of their own so that audio never waits for a disk.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::BufWriter;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use switchboard_media::{Recorded, RecordingFile, RecordingId};

/// Blocks that wait for the disk: 20 s of ten recordings. More are left out, and are silence in the file.
const WAITING: usize = 10_000;

/// The recordings that go on.
pub(crate) struct Tapes {
    jobs: Option<SyncSender<Job>>,
    writer: Option<JoinHandle<()>>,
    left_out: u64,
}

enum Job {
    Block(Recorded),
    Over(RecordingId),
}

impl Tapes {
    /// Files go to `recordings/` in this folder; it is made with the first one.
    pub(crate) fn new(folder: &Path) -> Self {
        let (jobs, receiver) = sync_channel(WAITING);
        let folder = folder.join("recordings");
        let writer = std::thread::Builder::new()
            .name("recordings".to_owned())
            .spawn(move || write(&folder, &receiver))
            .inspect_err(|error| tracing::error!(%error, "nothing is recorded"))
            .ok();
        Self { jobs: Some(jobs), writer, left_out: 0 }
    }

    pub(crate) fn block(&mut self, block: Recorded) {
        self.give(Job::Block(block));
    }

    pub(crate) fn over(&mut self, recording: RecordingId) {
        self.give(Job::Over(recording));
    }

    fn give(&mut self, job: Job) {
        let Some(jobs) = &self.jobs else { return };
        if let Err(TrySendError::Full(_)) = jobs.try_send(job) {
            if self.left_out == 0 {
                tracing::error!("the disk is too slow: recordings have holes");
            }
            self.left_out += 1;
        }
    }
}

impl Drop for Tapes {
    /// Waits until what was said is written.
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(writer) = self.writer.take() {
            _ = writer.join();
        }
    }
}

/// A file, or none any more: its disk is full.
type Tape = Option<RecordingFile<BufWriter<File>>>;

fn write(folder: &Path, jobs: &Receiver<Job>) {
    let mut tapes: BTreeMap<RecordingId, Tape> = BTreeMap::new();
    for job in jobs {
        match job {
            Job::Block(block) => {
                let id = block.recording;
                let tape = tapes.entry(id).or_insert_with(|| open(folder, id));
                let written = tape.as_mut().map(|tape| tape.write(&block));
                if let Some(Err(error)) = written {
                    tracing::error!(recording = %id, %error, "a recording ends early; its call goes on");
                    *tape = None;
                }
            }
            Job::Over(id) => finish(id, tapes.remove(&id).flatten()),
        }
    }
    tapes.into_iter().for_each(|(id, tape)| finish(id, tape));
}

fn finish(id: RecordingId, tape: Tape) {
    if let Some(Err(error)) = tape.map(RecordingFile::finish) {
        tracing::error!(recording = %id, %error, "a recording lacks its end");
    }
}

/// A new file that nobody else reads. Its name is ours alone, the call's; one that is there already, a link too,
/// is never written to.
fn open(folder: &Path, id: RecordingId) -> Tape {
    let path: PathBuf = folder.join(format!("{id}.wav"));
    let file = std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .and_then(|()| OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path));
    match file {
        Ok(file) => RecordingFile::new(BufWriter::new(file))
            .inspect_err(|error| tracing::error!(path = %path.display(), %error, "not recorded"))
            .ok(),
        Err(error) => {
            tracing::error!(path = %path.display(), %error, "not recorded; the call goes on");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn block(id: u128, n: u64) -> Recorded {
        let samples = vec![1; 640].into();
        Recorded { recording: RecordingId(id), at: Duration::from_millis(20 * n), samples }
    }

    #[test]
    fn each_call_has_a_file_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let mut tapes = Tapes::new(folder.path());
        for n in 1..=50 {
            tapes.block(block(1, n));
            tapes.block(block(2, n));
        }
        tapes.over(RecordingId(1));
        drop(tapes);
        for id in [1, 2] {
            let path = folder.path().join(format!("recordings/{id:032x}.wav"));
            assert_eq!(std::fs::metadata(path).unwrap().len(), 44 + 50 * 640);
        }
    }

    /// Nothing that is there already is written to, and no link is followed.
    #[test]
    fn h41_a_link_in_the_folder_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let recordings = folder.path().join("recordings");
        std::fs::create_dir(&recordings).unwrap();
        let victim = folder.path().join("victim");
        std::fs::write(&victim, "precious").unwrap();
        std::os::unix::fs::symlink(&victim, recordings.join(format!("{:032x}.wav", 7))).unwrap();
        let mut tapes = Tapes::new(folder.path());
        tapes.block(block(7, 1));
        drop(tapes);
        assert_eq!(std::fs::read_to_string(victim).unwrap(), "precious");
    }

    /// A folder that cannot be made: nothing is recorded, and nothing else happens.
    #[test]
    fn h44_without_a_folder_the_call_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("recordings"), "in the way").unwrap();
        let mut tapes = Tapes::new(folder.path());
        tapes.block(block(1, 1));
        tapes.over(RecordingId(1));
    }
}
