//! The config file written: always a whole one, never over what somebody else wrote meanwhile.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use super::super::edit::{Change, edit};
use super::super::migrate::{Migrated, VERSION, migrate};
use super::super::{Problem, Vocabulary};

/// Why a config file was not written.
#[derive(Debug, thiserror::Error)]
pub enum Unsaved {
    /// The system refused.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The file is broken, or a change would break it: one problem a line.
    #[error("{}", .0.join("\n"))]
    Invalid(Vec<String>),
}

/// Makes changes in a config file, as it is now; it and its directory are made where they are not there.
///
/// # Errors
/// The file is broken, cannot be read or cannot be written: then it is as it was.
pub fn save(path: &Path, changes: &[Change], known: &Vocabulary) -> Result<(), Unsaved> {
    rewrite(path, true, |text| {
        let new = text.is_none().then(|| format!("version = {VERSION}\n"));
        edit(text.or(new.as_deref()).unwrap_or_default(), changes, known)
    })
}

/// Brings a config file up to the version of now; returns what was changed.
///
/// # Errors
/// The file is broken, is not there, or cannot be written: then it is as it was.
pub fn bring_up_to_date(path: &Path, known: &Vocabulary) -> Result<Vec<String>, Unsaved> {
    let mut told = Vec::new();
    rewrite(path, false, |text| {
        let Migrated { text, told: changed } = migrate(text.unwrap_or_default(), known)?;
        told = changed;
        Ok(text)
    })?;
    Ok(told)
}

/// Reads, changes and writes while no other egret does. What `change` is given is the text, where there is one.
fn rewrite(
    path: &Path,
    make: bool,
    change: impl FnOnce(Option<&str>) -> Result<String, Vec<Problem>>,
) -> Result<(), Unsaved> {
    let refused = |error| Unsaved::Io { path: path.to_owned(), error };
    let target = target(path).map_err(refused)?;
    let dir = match target.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    };
    if make {
        DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(refused)?;
    }
    // The directory itself is what is locked: the file is another one after each write.
    let lock = File::open(dir).map_err(refused)?;
    flock(&lock, FlockOperation::LockExclusive).map_err(|e| refused(e.into()))?;
    let text = match fs::read_to_string(&target) {
        Ok(text) => Some(text),
        Err(e) if e.kind() == io::ErrorKind::NotFound && make => None,
        Err(error) => return Err(refused(error)),
    };
    let name = path.display().to_string();
    let told = |problems: Vec<Problem>| {
        Unsaved::Invalid(problems.iter().map(|p| p.in_file(&name).to_string()).collect())
    };
    let changed = change(text.as_deref()).map_err(told)?;
    if text.as_deref() == Some(changed.as_str()) {
        return Ok(());
    }
    replace(dir, &target, &changed).map_err(refused)?;
    // A rename that is not on disk yet is not lost: the file of before is.
    lock.sync_all().map_err(refused)
}

/// Where a file really is: a link is followed, also one that leads to nothing yet.
fn target(path: &Path) -> io::Result<PathBuf> {
    let mut at = path.to_owned();
    for _ in 0..40 {
        match fs::read_link(&at) {
            Ok(to) => at = at.parent().map_or(to.clone(), |dir| dir.join(&to)),
            Err(_) => return Ok(at),
        }
    }
    Err(io::Error::other("too many links"))
}

/// Puts a text in the place of a file, which keeps its mode.
fn replace(dir: &Path, target: &Path, text: &str) -> io::Result<()> {
    let mode = fs::metadata(target).map(|m| m.permissions().mode() & 0o7777).ok();
    let half = dir.join(format!(".config.toml.{}-{:08x}", std::process::id(), fastrand::u32(..)));
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&half)?;
        file.write_all(text.as_bytes())?;
        if let Some(mode) = mode {
            file.set_permissions(Permissions::from_mode(mode))?;
        }
        file.sync_all()?;
        fs::rename(&half, target)
    };
    write().inspect_err(|_| {
        // What is half written is of no use to anybody.
        let _ = fs::remove_file(&half);
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &Vocabulary = &Vocabulary::ANY;

    #[test]
    fn a_file_that_is_not_there_is_made_with_its_directory_and_its_version() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("a/b/config.toml");
        save(&path, &[Change::set("theme", "nord")], KNOWN).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "version = 2\ntheme = \"nord\"\n");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    }

    #[test]
    fn mode_and_link_stay_and_nothing_is_left_beside_the_file() {
        let home = tempfile::tempdir().unwrap();
        let (real, link) = (home.path().join("dotfiles.toml"), home.path().join("config.toml"));
        fs::write(&real, "# mine\ntheme = 'a'\n").unwrap();
        fs::set_permissions(&real, Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink("dotfiles.toml", &link).unwrap();
        save(&link, &[Change::set("theme", "b")], KNOWN).unwrap();
        assert_eq!(fs::read_to_string(&real).unwrap(), "# mine\ntheme = 'b'\n");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_broken_file_is_not_overwritten_and_its_line_is_told() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("config.toml");
        for text in ["a = 1\nthem = 'x'\n", "version = 9\n", "theme = \n"] {
            fs::write(&path, text).unwrap();
            let why = save(&path, &[Change::set("theme", "b")], KNOWN).unwrap_err().to_string();
            assert!(why.contains(&format!("{}:", path.display())), "{why}");
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
    }

    #[test]
    fn many_that_write_at_once_lose_nothing_of_each_other() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("config.toml");
        let keys = ["mouse", "restore", "bell", "title", "show-ingress", "reconcile"];
        std::thread::scope(|scope| {
            for key in keys {
                let path = &path;
                scope.spawn(move || save(path, &[Change::set(key, true)], KNOWN).unwrap());
            }
        });
        let text = fs::read_to_string(&path).unwrap();
        for key in keys {
            assert!(text.contains(&format!("{key} = true\n")), "{text}");
        }
    }

    #[test]
    fn a_file_is_brought_up_to_date_once() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("config.toml");
        assert!(bring_up_to_date(&path, KNOWN).is_err(), "there is none");
        fs::write(&path, "# a\n[thresholds]\nbell = true\n").unwrap();
        assert_eq!(bring_up_to_date(&path, KNOWN).unwrap().len(), 2);
        let after = fs::read_to_string(&path).unwrap();
        assert_eq!(bring_up_to_date(&path, KNOWN).unwrap(), Vec::<String>::new());
        assert_eq!(fs::read_to_string(&path).unwrap(), after);
    }
}
