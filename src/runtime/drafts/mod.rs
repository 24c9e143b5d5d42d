//! What was typed and not applied, kept on disk: by a thread of its own, a few times a second at most, and once more
//! when the program ends in whichever way it can still act.

mod disk;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use crate::app::msg::Msg;
use crate::model::clean::clean;
use crate::model::draft::Draft;
use crate::model::fault::{Fault, Reason};
use disk::{Disk, Found};

/// Shortest time between two writes of what is being typed.
const PAUSE: Duration = Duration::from_millis(250);

/// Longest that the end of the program waits for the disk.
const PATIENCE: Duration = Duration::from_secs(2);

/// Where messages go.
type Tell = Box<dyn Fn(Msg) + Send>;

/// The drafts of this process.
pub struct Drafts {
    kept: Arc<Kept>,
    wake: Sender<()>,
}

/// What is shared with the thread that writes, and with the end of the program.
struct Kept {
    /// What is to be written, by id; none: it is to go. Held for a moment only.
    pending: Mutex<BTreeMap<String, Option<Draft>>>,
    /// Held while something is written.
    disk: Mutex<Disk>,
}

/// The drafts of this process, for the end of it.
static ALL: Mutex<Vec<Weak<Kept>>> = Mutex::new(Vec::new());

impl Drafts {
    /// Keeps drafts below a directory, and tells of those that were left behind there.
    pub fn start(dir: PathBuf, tell: impl Fn(Msg) + Send + 'static) -> Self {
        let kept = Arc::new(Kept { pending: Mutex::default(), disk: Mutex::new(Disk::new(dir)) });
        held(&ALL).push(Arc::downgrade(&kept));
        let (wake, woken) = channel();
        let writer = Writer { kept: kept.clone(), tell: Box::new(tell), is_told: false };
        if let Err(error) = thread::Builder::new().name("drafts".into()).spawn(move || writer.write(&woken)) {
            tracing::error!("no draft is kept: {error}");
        }
        Self { kept, wake }
    }

    /// Keeps a draft as it is now. Waits for nothing.
    pub fn keep(&self, draft: Draft) {
        self.change(draft.id.clone(), Some(draft));
    }

    /// Forgets a draft.
    pub fn discard(&self, id: String) {
        self.change(id, None);
    }

    fn change(&self, id: String, draft: Option<Draft>) {
        held(&self.kept.pending).insert(id, draft);
        // The thread is gone only when it could not be begun.
        let _ = self.wake.send(());
    }
}

impl Kept {
    /// Writes what waits. What cannot be written is lost with the process, and said.
    fn write(&self, disk: &mut Disk) -> io::Result<()> {
        let pending = std::mem::take(&mut *held(&self.pending));
        let mut done = Ok(());
        for (id, draft) in pending {
            let written = match draft {
                Some(draft) => disk.keep(&draft),
                None => disk.discard(&id),
            };
            done = done.and(written);
        }
        done
    }
}

fn held<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes what waits, at once, on the thread that asks: when the program ends, and when it panics. A disk that hangs holds
/// nobody up for long.
pub fn flush() {
    let Ok(all) = ALL.try_lock() else { return };
    for kept in all.iter().filter_map(Weak::upgrade) {
        let begun = Instant::now();
        loop {
            match kept.disk.try_lock() {
                Ok(mut disk) => {
                    if let Err(error) = kept.write(&mut disk) {
                        tracing::error!("a draft was not kept: {error}");
                    }
                    break;
                }
                // It panicked in the middle of a file: the one before is whole.
                Err(std::sync::TryLockError::Poisoned(_)) => break,
                Err(std::sync::TryLockError::WouldBlock) if begun.elapsed() > PATIENCE => break,
                Err(std::sync::TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(1)),
            }
        }
    }
}

struct Writer {
    kept: Arc<Kept>,
    tell: Tell,
    /// That drafts cannot be kept was told.
    is_told: bool,
}

impl Writer {
    fn write(mut self, woken: &Receiver<()>) {
        let found = held(&self.kept.disk).take_over();
        match found {
            Ok(found) => self.found(found),
            Err(error) => self.trouble(&error),
        }
        while woken.recv().is_ok() {
            self.write_pending();
            // What is typed meanwhile is written together, at the end of the pause.
            let begun = Instant::now();
            let mut again = false;
            while let Some(left) = PAUSE.checked_sub(begun.elapsed()) {
                match woken.recv_timeout(left) {
                    Ok(()) => again = true,
                    Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
                }
            }
            if again {
                self.write_pending();
                thread::sleep(PAUSE);
            }
        }
        self.write_pending();
    }

    fn write_pending(&mut self) {
        let written = self.kept.write(&mut held(&self.kept.disk));
        if let Err(error) = written {
            self.trouble(&error);
        }
    }

    fn found(&self, found: Found) {
        if !found.drafts.is_empty() {
            (self.tell)(Msg::Drafts(found.drafts));
        }
        if !found.foreign.is_empty() {
            let names: Vec<String> = found.foreign.iter().map(|path| path.display().to_string()).collect();
            let summary = format!("among the drafts is what is none: {}", clean(&names.join(", ")));
            let hint = "It was left as it is; look at it, and remove it.";
            (self.tell)(Msg::Notice(Fault::new(Reason::Invalid, summary, hint)));
        }
    }

    fn trouble(&mut self, error: &io::Error) {
        if !std::mem::replace(&mut self.is_told, true) {
            let summary = format!("drafts cannot be kept on disk: {error}");
            let hint = "What is typed stays in egret until it ends.";
            (self.tell)(Msg::Notice(Fault::new(Reason::Invalid, summary, hint)));
        }
    }
}
