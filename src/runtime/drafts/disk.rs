//! Drafts as files. Each process has a directory of its own, which it holds by a lock as long as it lives: what lies in
//! one that nobody holds was left behind, and is taken over.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use crate::model::draft::Draft;

/// Name of a lock file.
const LOCK: &str = "lock";
/// What the names of drafts end in.
const DRAFT: &str = ".draft.json";
/// What the names of drafts end in while they are being written.
const HALF: &str = ".half";

/// The drafts of this process on disk.
#[derive(Debug)]
pub(super) struct Disk {
    /// All drafts.
    root: PathBuf,
    /// Those of this process, once there is one.
    own: Option<Own>,
    /// Where each draft is.
    places: BTreeMap<String, PathBuf>,
}

#[derive(Debug)]
struct Own {
    dir: PathBuf,
    /// Held until it is dropped.
    _lock: File,
}

/// What was left behind.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Drafts, newest first.
    pub(super) drafts: Vec<Draft>,
    /// What is no draft, or cannot be read: it was left where it is.
    pub(super) foreign: Vec<PathBuf>,
}

impl Disk {
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root, own: None, places: BTreeMap::new() }
    }

    /// Takes over what processes that are no more have left.
    pub(super) fn take_over(&mut self) -> io::Result<Found> {
        let mut found = Found::default();
        if !self.root.exists() {
            return Ok(found);
        }
        let alone = self.alone()?;
        for entry in fs::read_dir(&self.root)? {
            let path = entry?.path();
            if !path.is_dir() {
                if !path.ends_with(LOCK) {
                    found.foreign.push(path);
                }
            } else if let Ok(_left) = lock(&path.join(LOCK), FlockOperation::NonBlockingLockExclusive) {
                self.empty(&path, &alone, &mut found)?;
            }
        }
        found.drafts.sort_by_key(|draft| std::cmp::Reverse(draft.changed));
        Ok(found)
    }

    /// Moves the drafts of a directory into the own one; one that is empty then goes.
    fn empty(&mut self, dir: &Path, alone: &File, found: &mut Found) -> io::Result<()> {
        for entry in fs::read_dir(dir)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name == LOCK {
                continue;
            }
            if name.ends_with(HALF) {
                // The whole one lies beside it, or nothing was typed yet.
                fs::remove_file(&path)?;
                continue;
            }
            match read(&path).filter(|draft| file_name(&draft.id) == name) {
                Some(draft) if draft.is_of_a_secret() => fs::remove_file(&path)?,
                // Two processes gave one id: neither text is lost.
                Some(draft) if self.places.contains_key(&draft.id) => {
                    let draft = Draft { id: format!("{}-{:08x}", draft.id, fastrand::u32(..)), ..draft };
                    self.own(alone)?;
                    self.keep(&draft)?;
                    fs::remove_file(&path)?;
                    found.drafts.push(draft);
                }
                Some(draft) => {
                    let place = self.own(alone)?.join(&name);
                    fs::rename(&path, &place)?;
                    self.places.insert(draft.id.clone(), place);
                    found.drafts.push(draft);
                }
                None => found.foreign.push(path),
            }
        }
        // One with something foreign in it stays.
        if fs::read_dir(dir)?.flatten().all(|entry| entry.file_name() == LOCK) {
            fs::remove_dir_all(dir)?;
        }
        Ok(())
    }

    /// While it is held no other egret makes a directory, or takes one over.
    fn alone(&self) -> io::Result<File> {
        lock(&self.root.join(LOCK), FlockOperation::LockExclusive)
    }

    /// The own directory. It is made and locked while nobody looks for what was left.
    fn own(&mut self, _alone: &File) -> io::Result<PathBuf> {
        if let Some(own) = &self.own {
            return Ok(own.dir.clone());
        }
        let dir = self.root.join(format!("{}-{:016x}", std::process::id(), fastrand::u64(..)));
        DirBuilder::new().mode(0o700).create(&dir)?;
        let lock = lock(&dir.join(LOCK), FlockOperation::NonBlockingLockExclusive)?;
        self.own = Some(Own { dir: dir.clone(), _lock: lock });
        Ok(dir)
    }

    /// Writes a draft so that there is always a whole one: the one before, or this one.
    pub(super) fn keep(&mut self, draft: &Draft) -> io::Result<()> {
        // A text that became one of a Secret takes what was kept before with it.
        if draft.is_of_a_secret() {
            return self.discard(&draft.id);
        }
        let dir = match &self.own {
            Some(own) => own.dir.clone(),
            None => {
                DirBuilder::new().recursive(true).mode(0o700).create(&self.root)?;
                let alone = self.alone()?;
                self.own(&alone)?
            }
        };
        let (half, whole) = (dir.join(HALF), dir.join(file_name(&draft.id)));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&half)?;
        file.write_all(&serde_json::to_vec(&draft.to_disk())?)?;
        file.sync_all()?;
        fs::rename(&half, &whole)?;
        File::open(&dir)?.sync_all()?;
        self.places.insert(draft.id.clone(), whole);
        Ok(())
    }

    /// Removes a draft, if it was ever kept.
    pub(super) fn discard(&mut self, id: &str) -> io::Result<()> {
        match self.places.remove(id).map(fs::remove_file) {
            Some(Err(error)) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // What could not be removed is found empty by the next egret, and removed then.
        if let Some(own) = self.own.take().filter(|_| self.places.is_empty()) {
            let _ = fs::remove_dir_all(&own.dir);
        }
    }
}

fn lock(path: &Path, how: FlockOperation) -> io::Result<File> {
    let file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
    flock(&file, how)?;
    Ok(file)
}

fn read(path: &Path) -> Option<Draft> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// The name of a draft's file: an id could lead elsewhere.
fn file_name(id: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let safe: String =
        id.chars().map(|c| if plain(c) { c.to_string() } else { format!("%{:x}%", u32::from(c)) }).collect();
    format!("{safe}{DRAFT}")
}
