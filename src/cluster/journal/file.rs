//! The journal on disk: lines of JSON, a few files of limited size. Several egrets may write to them at once.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};

use super::{Entry, Told};
use crate::model::fault::{Fault, Reason};

/// Name of the newest file; older ones have a number behind it.
pub const NAME: &str = "journal.jsonl";

/// Size in bytes at which a file is put aside.
const LIMIT: u64 = 5 << 20;

/// Files that are kept beside the newest.
const KEPT: usize = 3;

/// Longest that the end of the program waits for the disk.
const PATIENCE: Duration = Duration::from_secs(2);

/// The files of a journal.
#[derive(Clone, Debug)]
pub struct Files {
    dir: PathBuf,
    limit: u64,
}

/// What could be read of a journal.
#[derive(Debug, Default)]
pub struct Kept {
    /// The writes, oldest first.
    pub entries: Vec<Entry>,
    /// Lines that are none.
    pub broken: usize,
}

impl Files {
    /// Those of a directory, which need not be there yet.
    pub fn new(dir: PathBuf) -> Self {
        Self { dir, limit: LIMIT }
    }

    /// The newest file.
    pub fn newest(&self) -> PathBuf {
        self.dir.join(NAME)
    }

    fn older(&self, number: usize) -> PathBuf {
        self.dir.join(format!("{NAME}.{number}"))
    }

    /// Adds a line.
    ///
    /// # Errors
    /// When the directory or the file cannot be written.
    pub fn append(&self, entry: &Entry) -> io::Result<()> {
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        DirBuilder::new().recursive(true).mode(0o700).create(&self.dir)?;
        let mut file = self.locked()?;
        if file.metadata()?.len() > self.limit {
            self.put_aside()?;
            file = self.locked()?;
        }
        // A line that a full disk cut short is not continued by this one.
        if !ends_a_line(&mut file)? {
            line.insert(0, b'\n');
        }
        file.write_all(&line)
    }

    /// The newest file, which nobody else writes to or puts aside until it is closed.
    fn locked(&self) -> io::Result<File> {
        let path = self.newest();
        loop {
            let file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(&path)?;
            flock(&file, FlockOperation::LockExclusive)?;
            let ours = file.metadata()?;
            // Another egret may have put it aside while this one waited.
            if fs::metadata(&path).is_ok_and(|now| (now.dev(), now.ino()) == (ours.dev(), ours.ino())) {
                if ours.mode() & 0o077 != 0 {
                    file.set_permissions(Permissions::from_mode(0o600))?;
                }
                return Ok(file);
            }
        }
    }

    fn put_aside(&self) -> io::Result<()> {
        for number in (1..KEPT).rev() {
            moved(&self.older(number), &self.older(number + 1))?;
        }
        moved(&self.newest(), &self.older(1))
    }

    /// Reads all there is, oldest first. Lines that are none are counted.
    ///
    /// # Errors
    /// When a file is there and cannot be read.
    pub fn read(&self) -> io::Result<Kept> {
        let mut kept = Kept::default();
        let paths = (1..=KEPT).rev().map(|number| self.older(number)).chain([self.newest()]);
        for path in paths {
            let bytes = match fs::read(&path) {
                Ok(bytes) => bytes,
                Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                Err(e) => return Err(io::Error::new(e.kind(), format!("{}: {e}", path.display()))),
            };
            for line in bytes.split(|b| *b == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
                match serde_json::from_slice(line) {
                    Ok(entry) => kept.entries.push(entry),
                    Err(_) => kept.broken += 1,
                }
            }
        }
        Ok(kept)
    }
}

/// A file that is not there is moved already.
fn moved(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}

fn ends_a_line(file: &mut File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last[0] == b'\n')
}

/// The writers of this process: what they were told is on disk before it ends.
static WRITERS: Mutex<Vec<Sender<Told>>> = Mutex::new(Vec::new());

/// Writes what is told, on a thread of its own.
pub(super) fn write_beside(
    files: Files,
    told: Receiver<Told>,
    writer: Option<Sender<Told>>,
    trouble: impl FnOnce(Fault) + Send + 'static,
) {
    WRITERS.lock().unwrap_or_else(PoisonError::into_inner).extend(writer);
    let mut trouble = Some(trouble);
    let at = files.newest();
    let mut tell = move |error: &io::Error| {
        if let Some(trouble) = trouble.take() {
            let summary = format!("the journal {} cannot be written: {error}", at.display());
            let hint =
                "Clusters are written to all the same; what is done is not recorded until this is mended.";
            trouble(Fault::new(Reason::Invalid, summary, hint));
        }
    };
    let write = move || {
        for what in told {
            match what {
                Told::Wrote(entry) => {
                    if let Err(error) = files.append(&entry) {
                        tell(&error);
                    }
                }
                // Whoever waited may have stopped waiting.
                Told::Flush(done) => drop(done.send(())),
            }
        }
    };
    if let Err(error) = thread::Builder::new().name("journal".into()).spawn(write) {
        tracing::error!("no journal is written: {error}");
    }
}

/// Waits until all that was told is on disk, for a moment at most. The end of the program calls it, and a panic.
pub fn flush() {
    // A panic on a thread that has it must not wait for itself.
    let Ok(writers) = WRITERS.try_lock() else { return };
    for writer in writers.iter() {
        let (done, wait) = channel();
        if writer.send(Told::Flush(done)).is_ok() {
            // A disk that hangs holds nobody up.
            let _ = wait.recv_timeout(PATIENCE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Journal, UNANSWERED};
    use super::*;

    fn entry(name: &str) -> Entry {
        let text = format!(
            r#"{{"time":"2026-05-03T11:52:00Z","context":"prod","verb":"change","kind":"IstioGateway","name":"{name}"}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    fn names(files: &Files) -> Vec<String> {
        files.read().unwrap().entries.into_iter().map(|entry| entry.name).collect()
    }

    #[test]
    fn lines_are_kept_in_order_and_for_their_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::new(dir.path().join("a/b"));
        assert!(names(&files).is_empty(), "nothing is there, which is no error");
        ["x", "y", "z"].iter().for_each(|name| files.append(&entry(name)).unwrap());
        assert_eq!(names(&files), ["x", "y", "z"]);
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
        assert_eq!((mode(&files.newest()), mode(&dir.path().join("a/b"))), (0o600, 0o700));
        fs::set_permissions(files.newest(), Permissions::from_mode(0o644)).unwrap();
        files.append(&entry("w")).unwrap();
        assert_eq!(mode(&files.newest()), 0o600, "one that others could read is closed");
    }

    #[test]
    fn a_full_file_is_put_aside_and_the_oldest_goes() {
        let dir = tempfile::tempdir().unwrap();
        // Each file holds two lines.
        let limit = serde_json::to_vec(&entry("00")).unwrap().len() as u64 + 2;
        let files = Files { dir: dir.path().to_owned(), limit };
        for n in 0..20 {
            files.append(&entry(&format!("{n:02}"))).unwrap();
        }
        assert_eq!(names(&files), ["12", "13", "14", "15", "16", "17", "18", "19"]);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1 + KEPT);
    }

    #[test]
    fn broken_lines_are_counted_and_cost_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::new(dir.path().to_owned());
        files.append(&entry("x")).unwrap();
        let mut file = OpenOptions::new().append(true).open(files.newest()).unwrap();
        file.write_all(b"\xff\xfe\n\n{\"time\":\"2026-05-03T11:5").unwrap();
        files.append(&entry("y")).unwrap();
        let kept = files.read().unwrap();
        assert_eq!(kept.broken, 2);
        assert_eq!(names(&files), ["x", "y"]);
    }

    #[test]
    fn several_who_write_at_once_lose_no_line() {
        let dir = tempfile::tempdir().unwrap();
        let limit = 40 * serde_json::to_vec(&entry("00-00")).unwrap().len() as u64;
        let files = Files { dir: dir.path().to_owned(), limit };
        thread::scope(|all| {
            for writer in 0..4 {
                let files = files.clone();
                all.spawn(move || {
                    (0..30).for_each(|n| files.append(&entry(&format!("{writer:02}-{n:02}"))).unwrap());
                });
            }
        });
        let mut all = names(&files);
        all.sort();
        all.dedup();
        assert_eq!((all.len(), files.read().unwrap().broken), (120, 0));
    }

    #[test]
    fn a_journal_that_cannot_be_written_is_told_once() {
        let dir = tempfile::tempdir().unwrap();
        let in_the_way = dir.path().join("file");
        fs::write(&in_the_way, "").unwrap();
        let (journal, told) = Journal::new("jane", "screen");
        let (say, said) = channel();
        write_beside(Files::new(in_the_way), told, None, move |fault| say.send(fault).unwrap());
        let to = journal.to.unwrap();
        (0..3).for_each(|_| to.send(Told::Wrote(Box::new(entry("x")))).unwrap());
        let (done, wait) = channel();
        to.send(Told::Flush(done)).unwrap();
        wait.recv().unwrap();
        drop(to);
        let faults: Vec<Fault> = said.iter().collect();
        assert_eq!(faults.len(), 1);
        assert!(faults[0].summary.contains("cannot be written"), "{}", faults[0].summary);
        assert!(UNANSWERED.contains("may have been done"));
    }
}
