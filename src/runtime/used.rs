//! When contexts were opened last, kept over runs: by several at once, and whole whatever happens.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::stored::{self, Names};

const NAMES: Names = Names { whole: "contexts.json", half: "contexts.json.half", lock: "contexts.lock" };

/// Contexts that are remembered, at most.
const MOST: usize = 1_000;

/// Where it is kept.
#[derive(Clone, Debug)]
pub(super) struct Used {
    dir: PathBuf,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Kept {
    #[serde(default)]
    contexts: BTreeMap<String, Timestamp>,
}

impl Used {
    /// In this directory, which need not be there.
    pub(super) fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    fn file(&self) -> PathBuf {
        self.dir.join(NAMES.whole)
    }

    /// When each was opened last. What cannot be read is not remembered. Blocks on files.
    pub(super) fn read(&self) -> BTreeMap<String, Timestamp> {
        let kept = fs::read(self.file()).ok().and_then(|text| serde_json::from_slice::<Kept>(&text).ok());
        kept.unwrap_or_default().contexts
    }

    /// These were opened now. Blocks on files.
    ///
    /// # Errors
    /// When the directory cannot be written to.
    pub(super) fn note(&self, names: &[String], now: Timestamp) -> io::Result<()> {
        stored::change(&self.dir, &NAMES, |_| {
            let mut contexts = self.read();
            for name in names {
                let at = contexts.entry(name.clone()).or_insert(now);
                *at = now.max(*at);
            }
            while contexts.len() > MOST
                && let Some(oldest) = contexts.iter().min_by_key(|(_, at)| **at).map(|(name, _)| name.clone())
            {
                contexts.remove(&oldest);
            }
            Ok((serde_json::to_vec_pretty(&Kept { contexts })?, ()))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn what_was_opened_is_read_again_and_the_newest_time_counts() {
        let dir = tempfile::tempdir().unwrap();
        let used = Used::new(&dir.path().join("a/b"));
        assert!(used.read().is_empty());
        used.note(&["one".into(), "two".into()], at(10)).unwrap();
        used.note(&["two".into()], at(20)).unwrap();
        used.note(&["one".into()], at(5)).unwrap();
        assert_eq!(used.read(), BTreeMap::from([("one".into(), at(10)), ("two".into(), at(20))]));
        let mode = fs::metadata(used.file()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn several_at_once_lose_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let used = Used::new(dir.path());
        std::thread::scope(|scope| {
            for n in 0..8 {
                let used = &used;
                scope.spawn(move || used.note(&[format!("c{n}")], at(n)).unwrap());
            }
        });
        assert_eq!(used.read().len(), 8);
    }

    #[test]
    fn a_file_that_is_broken_is_as_none_and_is_written_anew() {
        let dir = tempfile::tempdir().unwrap();
        let used = Used::new(dir.path());
        fs::write(used.file(), "{half").unwrap();
        assert!(used.read().is_empty());
        used.note(&["one".into()], at(1)).unwrap();
        assert_eq!(used.read().len(), 1);
    }

    #[test]
    fn the_oldest_are_forgotten_first() {
        let dir = tempfile::tempdir().unwrap();
        let used = Used::new(dir.path());
        used.note(&["old".into()], at(1)).unwrap();
        let many: Vec<String> = (0..MOST).map(|n| format!("c{n}")).collect();
        used.note(&many, at(2)).unwrap();
        assert!(used.read().len() == MOST && !used.read().contains_key("old"));
    }
}
