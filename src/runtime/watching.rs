//! Files that are watched: whoever changes them, and however (written, replaced by rename, a link that leads elsewhere),
//! is heard once it is quiet again. Nothing is polled.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

/// How long it must be quiet before a change is told: editors write in several steps.
const QUIET: Duration = Duration::from_millis(100);

/// Longest that a change waits for that.
const LONGEST: Duration = Duration::from_secs(1);

/// Files that are watched, until this is dropped.
#[derive(Debug)]
pub struct Watching {
    wake: Sender<Wake>,
}

#[derive(Debug)]
enum Wake {
    Changed,
    Stop,
}

/// Everything whose change matters: the files, what links lead to, and the directories above them.
type Matters = Arc<Mutex<BTreeSet<PathBuf>>>;

/// Watches files, which need not be there, by their directories. `changed` is called on a thread of its own: once at the
/// start, for what happened before, and after each change.
///
/// # Errors
/// When the system has no more watches or threads to give.
pub fn watch(paths: &[PathBuf], changed: impl Fn() + Send + 'static) -> notify::Result<Watching> {
    let paths: Vec<PathBuf> = paths.iter().filter_map(|path| std::path::absolute(path).ok()).collect();
    let (wake, woken) = channel();
    let (matters, tell) = (Matters::default(), wake.clone());
    let known = matters.clone();
    let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        if event.is_ok_and(|event| is_change(&event, &known)) {
            // The thread is gone only when nobody wants to know any more.
            let _ = tell.send(Wake::Changed);
        }
    })?;
    let mut armed = Armed { paths, matters, watcher, watched: BTreeSet::new() };
    armed.arm()?;
    let told = thread::Builder::new().name("files".to_owned());
    told.spawn(move || tell_all(&mut armed, &woken, &changed)).map_err(notify::Error::io)?;
    Ok(Watching { wake })
}

impl Drop for Watching {
    fn drop(&mut self) {
        // The thread is gone when the other end is.
        let _ = self.wake.send(Wake::Stop);
    }
}

fn is_change(event: &Event, matters: &Matters) -> bool {
    match event.kind {
        // That somebody reads it is no change; egret itself does.
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => {}
        EventKind::Access(_) => return false,
        _ => {}
    }
    let matters = matters.lock().unwrap_or_else(PoisonError::into_inner);
    event.need_rescan() || event.paths.iter().any(|path| matters.contains(path))
}

fn tell_all(armed: &mut Armed, woken: &Receiver<Wake>, changed: &impl Fn()) {
    changed();
    while let Ok(Wake::Changed) = woken.recv() {
        let since = Instant::now();
        while since.elapsed() < LONGEST {
            match woken.recv_timeout(QUIET) {
                Ok(Wake::Changed) => {}
                Err(RecvTimeoutError::Timeout) => break,
                Ok(Wake::Stop) | Err(RecvTimeoutError::Disconnected) => return,
            }
        }
        // Directories may have come, and links may lead elsewhere. First watched, then read: nothing falls between.
        if let Err(error) = armed.arm() {
            tracing::warn!("files are watched no longer: {error}");
        }
        changed();
    }
}

/// What is watched.
struct Armed {
    paths: Vec<PathBuf>,
    matters: Matters,
    watcher: RecommendedWatcher,
    watched: BTreeSet<PathBuf>,
}

impl Armed {
    /// Watches the directories of the files as they are now; of one that is not there, the nearest above it.
    fn arm(&mut self) -> notify::Result<()> {
        let ends = self.paths.iter().filter_map(|path| path.canonicalize().ok());
        let all: BTreeSet<PathBuf> = self.paths.iter().cloned().chain(ends).collect();
        let matters = all.iter().flat_map(|path| path.ancestors().map(Path::to_owned)).collect();
        *self.matters.lock().unwrap_or_else(PoisonError::into_inner) = matters;
        let above = |path: &PathBuf| path.ancestors().skip(1).find(|dir| dir.is_dir()).map(Path::to_owned);
        let dirs: BTreeSet<PathBuf> = all.iter().filter_map(above).collect();
        for gone in self.watched.difference(&dirs) {
            // One that was removed is watched no longer anyway.
            let _ = self.watcher.unwatch(gone);
        }
        for dir in &dirs {
            // Again too: one that was removed and made again is another.
            self.watcher.watch(dir, RecursiveMode::NonRecursive)?;
        }
        self.watched = dirs;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    /// Longest that a change may take to be told on a machine that is busy.
    const SOON: Duration = Duration::from_secs(20);

    fn watched(paths: &[PathBuf]) -> (Watching, Receiver<()>) {
        let (tell, told) = channel();
        let watching = watch(paths, move || tell.send(()).unwrap_or_default()).unwrap();
        told.recv_timeout(SOON).expect("the start is told");
        (watching, told)
    }

    fn told(told: &Receiver<()>, what: &str) {
        told.recv_timeout(SOON).unwrap_or_else(|_| panic!("not told: {what}"));
        // What belongs to the same change may come a little later.
        while told.recv_timeout(QUIET * 4).is_ok() {}
    }

    #[test]
    fn a_file_that_is_made_written_replaced_and_removed_is_told_each_time() {
        let dir = tempfile::tempdir().unwrap();
        let (file, other) = (dir.path().join("config"), dir.path().join("other"));
        let (_watching, changes) = watched(std::slice::from_ref(&file));
        fs::write(&file, "a").unwrap();
        told(&changes, "made");
        fs::write(&file, "b").unwrap();
        told(&changes, "written");
        fs::write(&other, "c").unwrap();
        fs::rename(&other, &file).unwrap();
        told(&changes, "replaced");
        fs::remove_file(&file).unwrap();
        told(&changes, "removed");
    }

    #[test]
    fn what_lies_beside_it_and_who_reads_it_is_not_told() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config");
        fs::write(&file, "a").unwrap();
        let (_watching, changes) = watched(std::slice::from_ref(&file));
        fs::write(dir.path().join("beside"), "b").unwrap();
        fs::read(&file).unwrap();
        assert!(changes.recv_timeout(QUIET * 6).is_err());
    }

    #[test]
    fn a_link_is_followed_to_where_it_leads_and_then_to_where_it_leads_next() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        for name in ["one", "two", "here"] {
            fs::create_dir(at(name)).unwrap();
            fs::write(at(name).join("config"), name).unwrap();
        }
        let link = at("here").join("link");
        symlink(at("one").join("config"), &link).unwrap();
        let (_watching, changes) = watched(std::slice::from_ref(&link));
        fs::write(at("one").join("config"), "changed").unwrap();
        told(&changes, "where it leads");
        symlink(at("two").join("config"), at("here").join("next")).unwrap();
        fs::rename(at("here").join("next"), &link).unwrap();
        told(&changes, "the link");
        fs::write(at("two").join("config"), "changed").unwrap();
        told(&changes, "where it leads now");
    }

    #[test]
    fn a_directory_that_comes_later_is_watched_then() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("later/still/config");
        let (_watching, changes) = watched(std::slice::from_ref(&file));
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        told(&changes, "the directory");
        fs::write(&file, "a").unwrap();
        told(&changes, "the file");
    }

    #[test]
    fn nothing_is_told_and_no_thread_stays_once_it_is_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config");
        let (watching, changes) = watched(std::slice::from_ref(&file));
        drop(watching);
        // The callback, and the sender in it, end with the thread.
        assert_eq!(changes.recv_timeout(SOON), Err(RecvTimeoutError::Disconnected));
    }
}
