//! Files of what a person keeps: views, and screens as they were. Written one after the other, beside the screen, and
//! waited for at the end.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ratatui::buffer::Buffer;
use tokio::task::{JoinHandle, spawn_blocking};

use super::cells;
use super::effects::{Live, tell};
use super::stored::{self, Names};
use crate::app::effect::Dump;
use crate::app::msg::Msg;
use crate::model::clean::clean;
use crate::model::fault::{Fault, Reason};
use crate::model::view::{ViewChange, Views};
use crate::ui::{still, svg};

/// Where views are.
const NAMES: Names = Names { whole: "views.json", half: ".views.half", lock: ".views.lock" };
/// Where screens are written to that the person did not name a file for.
const DUMPS: &str = "dumps";

/// Longest that the end of the program waits for the disk.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is kept, and what is being written of it.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// Where it is kept; none: nowhere, as in the demo.
    dir: Option<PathBuf>,
    /// The last that was begun; it waits for those before it.
    writing: Option<JoinHandle<()>>,
}

impl Live {
    /// The same, which keeps views below a directory, and tells of those that are there.
    #[must_use]
    pub fn with_views(mut self, dir: PathBuf) -> Self {
        self.kept.dir = Some(dir.clone());
        let inbox = self.inbox();
        self.after_the_last(move || tell(&inbox, told(&dir, read(&dir.join(NAMES.whole)))));
        self
    }

    /// Keeps a change of the views.
    pub(super) fn keep_view(&mut self, change: ViewChange) {
        let Some(dir) = self.kept.dir.clone() else { return };
        let inbox = self.inbox();
        self.after_the_last(move || tell(&inbox, told(&dir, make(&dir, change))));
    }

    /// Writes a screen to a file.
    pub(super) fn write_screen(&mut self, dump: Dump, screen: Buffer) {
        let (dir, inbox) = (self.kept.dir.clone(), self.inbox());
        self.after_the_last(move || {
            let said = match write(dir.as_deref(), &dump, &screen) {
                Ok(path) => Ok(format!("The screen is in {}.", clean(&path.display().to_string()))),
                Err((path, why)) => {
                    let summary = format!("the screen was not written to {}: {why}", clean(&path));
                    Err(Fault::new(Reason::Invalid, summary, "`:screen-dump FILE` writes it elsewhere."))
                }
            };
            tell(&inbox, Msg::Dumped(said));
        });
    }

    /// Does what the disk is needed for, when what was begun before is done.
    fn after_the_last(&mut self, what: impl FnOnce() + Send + 'static) {
        let before = self.kept.writing.take();
        self.kept.writing = Some(tokio::spawn(async move {
            if let Some(before) = before {
                drop(before.await);
            }
            if let Err(error) = spawn_blocking(what).await {
                tracing::error!("what was to be kept is not: {error}");
            }
        }));
    }

    /// Waits for what is being written, but not for long.
    pub(super) async fn finish_writing(&mut self) {
        if let Some(writing) = self.kept.writing.take()
            && tokio::time::timeout(PATIENCE, writing).await.is_err()
        {
            tracing::error!("the disk did not take what was to be kept within {PATIENCE:?}");
        }
    }
}

fn told(dir: &Path, views: io::Result<Views>) -> Msg {
    views.map_or_else(
        |error| {
            let place = dir.join(NAMES.whole);
            let summary = format!("views cannot be kept in {}: {error}", clean(&place.display().to_string()));
            let hint = "The file was left as it is: mend it, or move it away.";
            Msg::Notice(Fault::new(Reason::Invalid, summary, hint))
        },
        Msg::Views,
    )
}

/// What is kept; nothing, where there is no file yet.
fn read(file: &Path) -> io::Result<Views> {
    match fs::read(file) {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Views::default()),
        Err(error) => Err(error),
    }
}

/// Makes a change of what is on disk now, while no other egret makes one: of two, neither is lost.
fn make(dir: &Path, change: ViewChange) -> io::Result<Views> {
    stored::change(dir, &NAMES, |whole| {
        let mut views = read(whole)?;
        views.take(change);
        Ok((serde_json::to_vec_pretty(&views)?, views))
    })
}

/// Writes a screen, over nothing; tells where it is. An error tells where it should have been.
fn write(dir: Option<&Path>, dump: &Dump, screen: &Buffer) -> Result<PathBuf, (String, String)> {
    if let Some(name) = &dump.file {
        let path = of_person(name);
        return put(&path, screen).map(|()| full(path)).map_err(|why| (name.clone(), in_words(&why)));
    }
    let Some(dir) = dir.map(|dir| dir.join(DUMPS)) else {
        return Err(("the state directory".to_owned(), "there is none".to_owned()));
    };
    let wrong = |why: &io::Error| (dir.display().to_string(), in_words(why));
    DirBuilder::new().recursive(true).mode(0o700).create(&dir).map_err(|why| wrong(&why))?;
    let names = std::iter::once(format!("{}.txt", dump.name));
    let names = names.chain((2..1_000).map(|n| format!("{}-{n}.txt", dump.name)));
    for name in names {
        let path = dir.join(name);
        match put(&path, screen) {
            Ok(()) => return Ok(path),
            Err(why) if why.kind() == io::ErrorKind::AlreadyExists => {}
            Err(why) => return Err(wrong(&why)),
        }
    }
    Err((dir.display().to_string(), "there are a thousand of this second already".to_owned()))
}

fn in_words(why: &io::Error) -> String {
    match why.kind() {
        io::ErrorKind::AlreadyExists => "it is there already, and nothing is written over".to_owned(),
        _ => why.to_string(),
    }
}

/// A file as a person names it; `~/` is their home.
fn of_person(name: &str) -> PathBuf {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    match (name.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(name),
    }
}

fn full(path: PathBuf) -> PathBuf {
    std::path::absolute(&path).unwrap_or(path)
}

/// Writes a new file, in the form that its ending says.
fn put(path: &Path, screen: &Buffer) -> io::Result<()> {
    let bytes = match path.extension().and_then(|ending| ending.to_str()) {
        Some("svg") => svg::svg(screen).into_bytes(),
        Some("ans") => {
            let mut bytes = Vec::new();
            cells::rows(&mut bytes, still::rows(screen))?;
            bytes
        }
        _ => still::text(screen).into_bytes(),
    };
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(&bytes)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::model::view::View;

    fn view(screen: &str) -> View {
        View { screen: screen.to_owned(), ..View::default() }
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn of_two_that_keep_views_at_once_neither_loses_one() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().join("egret");
        std::thread::scope(|scope| {
            for who in ["a", "b"] {
                let dir = &dir;
                scope.spawn(move || {
                    for n in 0..20 {
                        make(dir, ViewChange::Keep(format!("{who}{n}"), view("pods"))).unwrap();
                    }
                });
            }
        });
        let kept = read(&dir.join(NAMES.whole)).unwrap();
        assert_eq!(kept.bookmarks.len(), 40);
        assert_eq!(mode(&dir.join(NAMES.whole)), 0o600);
    }

    #[test]
    fn a_file_that_is_none_of_views_is_told_of_and_left_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join(NAMES.whole);
        fs::write(&file, "mine").unwrap();
        let Msg::Notice(fault) = told(dir.path(), make(dir.path(), ViewChange::Last(view("pods")))) else {
            panic!("it was written over")
        };
        assert!(fault.summary.contains("views.json"), "{fault:?}");
        assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    }

    #[test]
    fn a_screen_is_written_over_nothing_and_in_the_form_of_its_ending() {
        let dir = tempfile::tempdir().unwrap();
        let screen = Buffer::with_lines(["a  ", "<b>"]);
        let to = |name: &str| {
            let file = dir.path().join(name).display().to_string();
            write(None, &Dump { file: Some(file), name: String::new() }, &screen)
        };
        let path = to("x.txt").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "a\n<b>\n");
        assert_eq!(mode(&path), 0o600);
        let (_, why) = to("x.txt").unwrap_err();
        assert!(why.contains("there already"), "{why}");
        assert!(fs::read_to_string(to("x.svg").unwrap()).unwrap().starts_with("<svg"));
        let unnamed = Dump { file: None, name: "egret-prod".to_owned() };
        for wanted in ["egret-prod.txt", "egret-prod-2.txt"] {
            let path = write(Some(dir.path()), &unnamed, &screen).unwrap();
            assert_eq!(path, dir.path().join(DUMPS).join(wanted));
        }
        assert_eq!(mode(&dir.path().join(DUMPS)), 0o700);
        assert!(write(None, &unnamed, &screen).is_err());
    }

    #[test]
    fn colours_are_written_where_the_ending_asks_for_them() {
        let mut screen = Buffer::with_lines(["ab"]);
        screen.content[0].fg = ratatui::style::Color::Red;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.ans");
        put(&path, &screen).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "\x1b[31ma\x1b[0mb\n");
    }
}
