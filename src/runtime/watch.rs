//! Files that change: whoever wants to know of some is called when one of them may have.
//!
//! Directories are watched, not files: editors put a new file in the place of the old one. Nothing is polled, and what
//! comes in a burst is told once.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _};

/// How long it must be quiet before a change is told.
const QUIET: Duration = Duration::from_millis(100);

/// How long a burst may last before it is told all the same.
const LONGEST: Duration = Duration::from_secs(1);

/// Watches as long as it lives.
#[derive(Debug)]
pub struct Watch {
    end: Sender<Heard>,
}

enum Heard {
    Event(Event),
    End,
}

impl Drop for Watch {
    fn drop(&mut self) {
        // Its thread may have ended by itself.
        let _ = self.end.send(Heard::End);
    }
}

/// Calls `on_change` from a thread of its own, once now and then whenever one of `paths` may have changed: files and
/// directories, those that are not there yet too.
///
/// # Errors
/// The system cannot watch.
pub fn watch(paths: Vec<PathBuf>, on_change: impl FnMut() + Send + 'static) -> notify::Result<Watch> {
    // Relative ones would be told by other names than these.
    let paths: Vec<PathBuf> = paths.iter().filter_map(|path| std::path::absolute(path).ok()).collect();
    let (end, heard) = channel();
    let events = end.clone();
    let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        if let Ok(event) = event.inspect_err(|error| tracing::warn!("watching files: {error}")) {
            // Nobody listens any more when the watch ends.
            let _ = events.send(Heard::Event(event));
        }
    })?;
    let mut watched = Watched { watcher, paths, dirs: BTreeSet::new() };
    watched.arm();
    thread::Builder::new().name("files".into()).spawn(move || watched.run(&heard, on_change))?;
    Ok(Watch { end })
}

struct Watched {
    watcher: RecommendedWatcher,
    paths: Vec<PathBuf>,
    /// The directories that are watched.
    dirs: BTreeSet<PathBuf>,
}

impl Watched {
    fn run(mut self, heard: &Receiver<Heard>, mut on_change: impl FnMut()) {
        // What changed before the first directory was watched was told to nobody.
        on_change();
        while let Ok(Heard::Event(event)) = heard.recv() {
            if !self.concerns(&event) {
                continue;
            }
            if !self.wait_for_quiet(heard) {
                return;
            }
            self.arm();
            on_change();
        }
    }

    /// Waits for the end of a burst; `false`: it is all over.
    fn wait_for_quiet(&self, heard: &Receiver<Heard>) -> bool {
        let (began, mut last) = (Instant::now(), Instant::now());
        loop {
            let left = QUIET.saturating_sub(last.elapsed());
            if left.is_zero() || began.elapsed() > LONGEST {
                return true;
            }
            match heard.recv_timeout(left) {
                Ok(Heard::Event(event)) if self.concerns(&event) => last = Instant::now(),
                Ok(Heard::Event(_)) => {}
                Err(RecvTimeoutError::Timeout) => return true,
                Ok(Heard::End) | Err(RecvTimeoutError::Disconnected) => return false,
            }
        }
    }

    /// Watches the directories in which something can happen to the paths now.
    fn arm(&mut self) {
        let wanted: BTreeSet<PathBuf> = self.paths.iter().flat_map(|path| places(path)).collect();
        for dir in self.dirs.difference(&wanted) {
            // One that is gone is not watched already.
            let _ = self.watcher.unwatch(dir);
        }
        let mut armed = BTreeSet::new();
        for dir in wanted {
            // One that was made anew has the name of the one before, and is another: it is watched again.
            match self.watcher.watch(&dir, RecursiveMode::NonRecursive) {
                Ok(()) => drop(armed.insert(dir)),
                Err(error) => tracing::warn!("{} cannot be watched: {error}", dir.display()),
            }
        }
        self.dirs = armed;
    }

    /// Whether it may have changed one of the paths. Reading is no change.
    fn concerns(&self, event: &Event) -> bool {
        let changes = match event.kind {
            EventKind::Access(kind) => kind == AccessKind::Close(AccessMode::Write),
            _ => true,
        };
        let of = |at: &Path| self.paths.iter().any(|path| is_about(at, path));
        changes && (event.need_rescan() || event.paths.is_empty() || event.paths.iter().any(|at| of(at)))
    }
}

/// Whether something that happened at a place can have changed a path: it is the path, lies in it, or above it; or it is
/// what the path leads to.
fn is_about(at: &Path, path: &Path) -> bool {
    // Kubernetes turns a link of such a name around to change all files of a volume at once.
    let turned = at.file_name().is_some_and(|name| name.to_string_lossy().starts_with(".."))
        && at.parent() == path.parent();
    let real = path.canonicalize();
    turned
        || path.starts_with(at)
        || at.starts_with(path)
        || real.is_ok_and(|real| real.starts_with(at) || at.starts_with(&real))
}

/// The directories in which something can happen to a path: the nearest above it that is there, that of the file that it
/// leads to, and itself.
fn places(path: &Path) -> Vec<PathBuf> {
    let above =
        path.ancestors().skip(1).map(|dir| if dir.as_os_str().is_empty() { Path::new(".") } else { dir });
    let nearest = above.clone().find(|dir| dir.is_dir()).map(Path::to_owned);
    let real = path.canonicalize().ok();
    let beside = real.as_deref().and_then(Path::parent).map(Path::to_owned);
    let itself = Some(path.to_owned()).filter(|path| path.is_dir());
    [nearest, beside, itself].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Longest that a change may take to be told, on a busy machine.
    const SOON: Duration = Duration::from_secs(20);

    fn watched(paths: Vec<PathBuf>) -> (Watch, Receiver<()>) {
        let (told, telling) = channel();
        let watch = watch(paths, move || {
            // The test may be over.
            let _ = told.send(());
        })
        .unwrap();
        telling.recv_timeout(SOON).unwrap();
        (watch, telling)
    }

    #[test]
    fn a_file_that_is_written_replaced_made_or_removed_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config.toml");
        let (_watch, told) = watched(vec![file.clone()]);
        fs::write(&file, "a").unwrap();
        told.recv_timeout(SOON).unwrap();
        fs::write(dir.path().join("new"), "b").unwrap();
        fs::rename(dir.path().join("new"), &file).unwrap();
        told.recv_timeout(SOON).unwrap();
        fs::remove_file(&file).unwrap();
        told.recv_timeout(SOON).unwrap();
    }

    #[test]
    fn a_file_in_a_directory_that_is_made_later_is_told() {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("egret");
        let file = dir.join("config.toml");
        let (_watch, told) = watched(vec![file.clone(), dir.join("themes")]);
        fs::create_dir(&dir).unwrap();
        told.recv_timeout(SOON).unwrap();
        fs::write(&file, "a").unwrap();
        told.recv_timeout(SOON).unwrap();
        fs::create_dir(dir.join("themes")).unwrap();
        told.recv_timeout(SOON).unwrap();
        fs::write(dir.join("themes/mine.toml"), "a").unwrap();
        told.recv_timeout(SOON).unwrap();
    }

    #[test]
    fn a_file_that_a_link_leads_to_is_told_where_it_is() {
        let (dir, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (link, real) = (dir.path().join("config.toml"), elsewhere.path().join("dotfile"));
        fs::write(&real, "a").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        let (_watch, told) = watched(vec![link]);
        fs::write(&real, "b").unwrap();
        told.recv_timeout(SOON).unwrap();
    }

    #[test]
    fn what_happens_beside_a_file_is_not_about_it_and_reading_it_is_no_change() {
        let path = Path::new("/h/.config/egret/config.toml");
        for (at, wanted) in [
            ("/h/.config/egret/config.toml", true),
            ("/h/.config/egret", true),
            ("/h/.config/egret/config.toml.swp", false),
            ("/h/.config/other", false),
            ("/h/.config/egret/..data", true),
        ] {
            assert_eq!(is_about(Path::new(at), path), wanted, "{at}");
        }
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
        std::os::unix::fs::symlink(at("one").join("config"), &link).unwrap();
        let (_watch, told) = watched(vec![link.clone()]);
        fs::write(at("one").join("config"), "changed").unwrap();
        told.recv_timeout(SOON).expect("where it leads");
        std::os::unix::fs::symlink(at("two").join("config"), at("here").join("next")).unwrap();
        fs::rename(at("here").join("next"), &link).unwrap();
        told.recv_timeout(SOON).expect("the link");
        // What belongs to the same change may come a little later.
        while told.recv_timeout(QUIET * 4).is_ok() {}
        fs::write(at("two").join("config"), "changed").unwrap();
        told.recv_timeout(SOON).expect("where it leads now");
    }

    #[test]
    fn no_thread_stays_once_it_is_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let (watch, told) = watched(vec![dir.path().join("config")]);
        drop(watch);
        // The callback, and the sender in it, end with the thread.
        assert_eq!(told.recv_timeout(SOON), Err(RecvTimeoutError::Disconnected));
    }
}
