//! A small file of the state directory, changed as a whole: by several at once, and whole whatever happens.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::{FlockOperation, flock};

/// Names in the directory.
pub(super) struct Names {
    /// The file.
    pub(super) whole: &'static str,
    /// It while it is being written.
    pub(super) half: &'static str,
    /// What is held while it is changed.
    pub(super) lock: &'static str,
}

/// Writes what `make` makes of the file as it is now, and returns what else it made. Nobody else changes it meanwhile.
/// Blocks on files; the directory need not be there.
///
/// # Errors
/// Those of `make`, and when the directory cannot be written to.
pub(super) fn change<T>(
    dir: &Path,
    names: &Names,
    make: impl FnOnce(&Path) -> io::Result<(Vec<u8>, T)>,
) -> io::Result<T> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    let mut to = OpenOptions::new();
    to.write(true).create(true).truncate(false).mode(0o600);
    // Held until the end: another egret may be about to do the same.
    let lock = to.open(dir.join(names.lock))?;
    flock(&lock, FlockOperation::LockExclusive)?;
    let (half, whole) = (dir.join(names.half), dir.join(names.whole));
    let (text, made) = make(&whole)?;
    let mut file = to.truncate(true).open(&half)?;
    file.write_all(&text)?;
    file.sync_all()?;
    fs::rename(&half, &whole)?;
    File::open(dir)?.sync_all()?;
    Ok(made)
}
