//! Recordings: WAV files in the data folder, written by a thread of their own so that audio never waits for a disk.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::BufWriter;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;

use switchboard_media::{Recorded, RecordingFile, RecordingId};
use switchboard_store::{CallRecord, Step};

/// Blocks that wait for the disk: 20 s of ten recordings. More are left out, and are silence in the file.
const WAITING: usize = 10_000;

/// The recordings that go on. A record of a call that may be recorded passes through here when it is closed, so
/// that it tells whether there is a recording.
pub(crate) struct Tapes {
    jobs: Option<Arc<Sender<Job>>>,
    writer: Option<JoinHandle<()>>,
    /// Blocks on their way.
    waiting: Arc<AtomicUsize>,
    left_out: u64,
}

enum Job {
    Block(Recorded),
    Over(RecordingId),
    Close(RecordingId, Box<CallRecord>),
    /// Do this when what came before is done.
    Then(Box<dyn FnOnce() + Send>),
}

impl Tapes {
    /// Files go to `recordings/` in this folder; it is made with the first one. `keep` gets the records that were
    /// [closed](Self::close).
    pub(crate) fn new(folder: &Path, keep: impl FnMut(CallRecord) + Send + 'static) -> Self {
        let (jobs, receiver) = channel();
        let (folder, waiting) = (folder.join("recordings"), Arc::new(AtomicUsize::new(0)));
        let written = Arc::clone(&waiting);
        let writer = std::thread::spawn(move || write(&folder, &receiver, &written, keep));
        Self { jobs: Some(Arc::new(jobs)), writer: Some(writer), waiting, left_out: 0 }
    }

    pub(crate) fn block(&mut self, block: Recorded) {
        if self.waiting.load(Ordering::Relaxed) < WAITING {
            self.waiting.fetch_add(1, Ordering::Relaxed);
            return self.give(Job::Block(block));
        }
        if self.left_out == 0 {
            tracing::error!("the disk is too slow: recordings have holes");
        }
        self.left_out += 1;
    }

    pub(crate) fn over(&self, recording: RecordingId) {
        self.give(Job::Over(recording));
    }

    /// The call is over and its record complete, but for whether it was recorded.
    pub(crate) fn close(&self, recording: RecordingId, record: CallRecord) {
        self.give(Job::Close(recording, Box::new(record)));
    }

    /// Has something done when what was said until then is written. Nothing is done any more once this is dropped.
    pub(crate) fn afterwards(&self) -> impl Fn(Box<dyn FnOnce() + Send>) + use<> {
        let jobs = self.jobs.as_ref().map(Arc::downgrade);
        move |work| {
            if let Some(jobs) = jobs.as_ref().and_then(Weak::upgrade) {
                _ = jobs.send(Job::Then(work));
            }
        }
    }

    fn give(&self, job: Job) {
        if let Some(jobs) = &self.jobs
            && jobs.send(job).is_err()
        {
            tracing::error!("the thread that writes recordings has ended");
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

/// One recording until its call and its audio are both over.
struct Tape {
    /// None any more: finished, or the disk refused it.
    file: Option<RecordingFile<BufWriter<File>>>,
    has_failed: bool,
    /// Its audio is over.
    is_over: bool,
    /// Its call is over.
    is_closed: bool,
}

impl Tape {
    fn write(&mut self, block: &Recorded) {
        if let Some(Err(error)) = self.file.as_mut().map(|file| file.write(block)) {
            tracing::error!(recording = %block.recording, %error, "a recording ends early; its call goes on");
            (self.file, self.has_failed) = (None, true);
        }
    }

    fn finish(&mut self, id: RecordingId) {
        if let Some(Err(error)) = self.file.take().map(RecordingFile::finish) {
            tracing::error!(recording = %id, %error, "a recording lacks its end");
            self.has_failed = true;
        }
    }
}

fn write(
    folder: &Path,
    jobs: &Receiver<Job>,
    waiting: &AtomicUsize,
    mut keep: impl FnMut(CallRecord),
) {
    let mut tapes: BTreeMap<RecordingId, Tape> = BTreeMap::new();
    for job in jobs {
        let id = match job {
            Job::Then(work) => {
                work();
                continue;
            }
            Job::Block(block) => {
                waiting.fetch_sub(1, Ordering::Relaxed);
                let id = block.recording;
                tapes.entry(id).or_insert_with(|| open(folder, id)).write(&block);
                continue;
            }
            Job::Over(id) => {
                if let Some(tape) = tapes.get_mut(&id) {
                    tape.finish(id);
                    tape.is_over = true;
                }
                id
            }
            Job::Close(id, mut record) => {
                record.recorded = false;
                if let Some(tape) = tapes.get_mut(&id) {
                    tape.finish(id);
                    tape.is_closed = true;
                    record.recorded = !tape.has_failed;
                    if tape.has_failed {
                        let at_ms = record.steps.last().map_or(0, |step| step.at_ms);
                        record.steps.push(Step { at_ms, what: "recording failed".to_owned() });
                    }
                }
                keep(*record);
                id
            }
        };
        if tapes.get(&id).is_some_and(|tape| tape.is_over && tape.is_closed) {
            tapes.remove(&id);
        }
    }
    tapes.iter_mut().for_each(|(id, tape)| tape.finish(*id));
}

/// A new file that nobody else reads. Its name is ours alone, the call's; one that is there already, a link too,
/// is never written to.
fn open(folder: &Path, id: RecordingId) -> Tape {
    let path: PathBuf = folder.join(format!("{id}.wav"));
    let file = std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .and_then(|()| OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path))
        .inspect_err(|error| tracing::error!(path = %path.display(), %error, "not recorded; the call goes on"))
        .ok()
        .and_then(|file| {
            RecordingFile::new(BufWriter::new(file))
                .inspect_err(|error| tracing::error!(path = %path.display(), %error, "not recorded"))
                .ok()
        });
    Tape { has_failed: file.is_none(), file, is_over: false, is_closed: false }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use switchboard_store::{CallKind, Party, UnixMillis};

    use super::*;

    fn block(id: u128, n: u64) -> Recorded {
        let samples = vec![1; 640].into();
        Recorded { recording: RecordingId(id), at: Duration::from_millis(20 * n), samples }
    }

    fn record(id: u128) -> CallRecord {
        CallRecord {
            id: id.to_string(),
            kind: CallKind::Inbound,
            from: Party { user: None, number: "+4930123".to_owned() },
            dialled: "101".to_owned(),
            to: None,
            line: None,
            internal: false,
            recorded: true,
            started: UnixMillis::new(0),
            answered: None,
            ended: None,
            talk_ms: 0,
            cause: None,
            sip_status: None,
            digits: Vec::new(),
            steps: vec![Step { at_ms: 7, what: "ended: normal".to_owned() }],
            legs: Vec::new(),
        }
    }

    /// Recordings in a folder, and the records that come out.
    fn tapes(folder: &Path) -> (Tapes, Receiver<CallRecord>) {
        let (sender, receiver) = channel();
        (Tapes::new(folder, move |record| sender.send(record).unwrap()), receiver)
    }

    #[test]
    fn each_call_has_a_file_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let (mut tapes, _records) = tapes(folder.path());
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

    /// Whether a call has a recording is known when its file is whole, in whatever order both end.
    #[test]
    fn a_record_tells_whether_there_is_a_recording() {
        let folder = tempfile::tempdir().unwrap();
        let (mut tapes, records) = tapes(folder.path());
        for id in [1, 2] {
            tapes.block(block(id, 1));
        }
        tapes.over(RecordingId(1));
        tapes.close(RecordingId(1), record(1));
        tapes.close(RecordingId(2), record(2));
        tapes.block(block(2, 2));
        tapes.over(RecordingId(2));
        // Nobody answered this one: nothing was recorded, and nothing failed.
        tapes.close(RecordingId(3), record(3));
        drop(tapes);
        let told: Vec<_> =
            records.iter().map(|record| (record.recorded, record.steps.len())).collect();
        assert_eq!(told, [(true, 1), (true, 1), (false, 1)]);
        let path = folder.path().join(format!("recordings/{:032x}.wav", 2));
        assert_eq!(std::fs::metadata(path).unwrap().len(), 44 + 640);
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
        let (mut tapes, _records) = tapes(folder.path());
        tapes.block(block(7, 1));
        drop(tapes);
        assert_eq!(std::fs::read_to_string(victim).unwrap(), "precious");
    }

    /// A folder that cannot be made: nothing is recorded, the record says so, and nothing else happens.
    #[test]
    fn h44_without_a_folder_the_call_goes_on_and_its_record_tells() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("recordings"), "in the way").unwrap();
        let (mut tapes, records) = tapes(folder.path());
        tapes.block(block(1, 1));
        tapes.over(RecordingId(1));
        tapes.close(RecordingId(1), record(1));
        drop(tapes);
        let record = records.recv().unwrap();
        assert!(!record.recorded);
        assert_eq!(record.steps[1], Step { at_ms: 7, what: "recording failed".to_owned() });
    }
}
