//! The config file and the person's own themes while the screens run: read again when they change, and written.
//!
//! One thread does both, so that what this process writes is not news to it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use super::effects::tell;
use super::looping::Inbox;
use super::watch::{self, Watch};
use crate::app::Msg;
use crate::app::rereading::{Broken, ConfigNews, OwnTheme, Reread, Saved};
use crate::config::edit::Change;
use crate::config::load::store::{self, Unsaved};
use crate::config::{self, Source};
use crate::model::clean::clean;
use crate::model::fault::{Fault, Reason};
use crate::setup::{Again, Setup, VOCABULARY};
use crate::ui;

/// Most themes of a person's own, and the longest of them: more is no theme directory.
const MOST: usize = 200;
const LONGEST: u64 = 1024 * 1024;

/// What is wished of the thread.
enum Wish {
    Save(Vec<Change>),
    LookAgain,
}

/// The way to the thread.
#[derive(Debug)]
pub struct Keeper {
    wishes: Sender<Wish>,
    _watch: Option<Watch>,
}

impl Keeper {
    /// Begins to watch. `writes`: whether the config file may be written.
    pub fn start(setup: &Setup, writes: bool, tell: impl Fn(Msg) + Send + 'static) -> Option<Self> {
        let again = setup.again.clone()?;
        let path = setup.place.path.clone()?;
        let themes = themes_dir(&path);
        let own = own_themes(setup);
        let known = Known {
            again,
            path: path.clone(),
            config: setup.settings.clone(),
            found: setup.place.found,
            themes: own,
        };
        let (wishes, wished) = channel();
        let again = wishes.clone();
        let watch = watch::watch(vec![path, themes], move || drop(again.send(Wish::LookAgain)));
        let watch = watch.inspect_err(|error| tracing::warn!("the config is not watched: {error}")).ok();
        let run = move || known.run(&wished, writes, &tell);
        if let Err(error) = thread::Builder::new().name("settings".into()).spawn(run) {
            tracing::error!("the config is not watched: {error}");
        }
        Some(Self { wishes, _watch: watch })
    }

    /// Writes changes to the config file; the answer comes as a message.
    pub fn save(&self, changes: Vec<Change>) {
        // The thread ends only with the program.
        let _ = self.wishes.send(Wish::Save(changes));
    }
}

/// Writes changes to the config file, where there is a place for one.
pub(super) fn save(keeper: Option<&Keeper>, changes: Vec<Change>, inbox: &Inbox) {
    match keeper {
        Some(keeper) => keeper.save(changes),
        None => {
            let why =
                format!("{} was not saved: there is no home directory for a config file", names(&changes));
            let fault = Fault::new(Reason::Missing, why, "--config names one.");
            tell(inbox, Msg::Config(Box::new(ConfigNews::NotSaved(fault))));
        }
    }
}

/// What was read last.
struct Known {
    again: Again,
    path: PathBuf,
    config: config::Settings,
    found: bool,
    themes: BTreeMap<String, OwnTheme>,
}

impl Known {
    fn run(mut self, wishes: &Receiver<Wish>, writes: bool, tell: &impl Fn(Msg)) {
        let mut told = None;
        while let Ok(wish) = wishes.recv() {
            match wish {
                Wish::LookAgain => {
                    self.look_at_themes(tell);
                    self.look_at_config(&mut told, &[], tell);
                }
                Wish::Save(changes) if !writes => {
                    let what = names(&changes);
                    tell(Msg::Config(Box::new(ConfigNews::NotSaved(Fault::new(
                        Reason::ReadOnly,
                        format!("{what} was not saved: nothing of a demo or a replay is written"),
                        "It holds until egret ends.",
                    )))));
                }
                Wish::Save(changes) => {
                    let news = match store::save(&self.path, &changes, &VOCABULARY) {
                        Ok(()) => {
                            self.look_at_config(&mut told, &changes, tell);
                            ConfigNews::Saved(Saved {
                                what: names(&changes),
                                file: self.file(),
                                over: self.over(&changes),
                            })
                        }
                        Err(why) => ConfigNews::NotSaved(self.not_saved(&changes, &why)),
                    };
                    tell(Msg::Config(Box::new(news)));
                }
            }
        }
    }

    /// Reads the config again. A fault is told once, not with each event.
    fn look_at_config(&mut self, told: &mut Option<String>, own: &[Change], tell: &impl Fn(Msg)) {
        let broken = |why: String, told: &mut Option<String>| {
            if told.as_ref() != Some(&why) {
                *told = Some(why.clone());
                tell(Msg::Config(Box::new(ConfigNews::Broken(Broken { why }))));
            }
        };
        match self.again.read() {
            Ok(setup) if self.found && !setup.place.found => {
                broken(format!("{} is not there any more", self.file()), told);
            }
            Ok(setup) => {
                self.found = setup.place.found;
                let was_broken = told.take().is_some();
                if setup.settings != self.config || was_broken {
                    let before = std::mem::replace(&mut self.config, setup.settings.clone());
                    let reread = Reread {
                        file: self.file(),
                        before,
                        now: setup.settings,
                        keymap: setup.keymap,
                        own: own.iter().map(Change::name).collect(),
                        mended: was_broken,
                    };
                    tell(Msg::Config(Box::new(ConfigNews::Reread(Box::new(reread)))));
                }
            }
            Err(why) => broken(self.first(&why), told),
        }
    }

    fn look_at_themes(&mut self, tell: &impl Fn(Msg)) {
        let now = read_themes(&themes_dir(&self.path));
        if now != self.themes {
            self.themes = now.clone();
            tell(Msg::Themes(now.into_values().collect()));
        }
    }

    /// The file as a person knows it.
    fn file(&self) -> String {
        let name = self.path.file_name().map(|name| name.to_string_lossy().into_owned());
        clean(&name.unwrap_or_else(|| self.path.display().to_string())).into_owned()
    }

    /// The first of several things that are wrong, and how many there are.
    fn first(&self, why: &str) -> String {
        let short = why.replace(&self.path.display().to_string(), &self.file());
        let mut lines = short.lines();
        let first = lines.next().unwrap_or_default();
        let first = clean(first).into_owned();
        match lines.count() {
            0 => first,
            more => format!("{first} (and {more} more)"),
        }
    }

    fn not_saved(&self, changes: &[Change], why: &Unsaved) -> Fault {
        let (reason, hint) = match why {
            Unsaved::Invalid(_) => (Reason::Invalid, "Mend it there, then save again."),
            Unsaved::Io { .. } => {
                (Reason::Denied, "Look who may write there, or name another file with --config.")
            }
        };
        Fault::new(
            reason,
            format!("{} was not saved: {}", names(changes), self.first(&why.to_string())),
            hint,
        )
    }

    /// What is said over the file of what was saved.
    fn over(&self, changes: &[Change]) -> Option<String> {
        let sources = changes.iter().filter_map(|change| config::source_of(&self.config, &change.name()));
        let mut over = sources.filter(|source| matches!(source, Source::Flag(_) | Source::Variable(_)));
        over.next().map(|source| source.to_string())
    }
}

fn names(changes: &[Change]) -> String {
    clean(&changes.iter().map(Change::name).collect::<Vec<_>>().join(", ")).into_owned()
}

/// Where a person's own themes are: beside the config file.
fn themes_dir(config: &Path) -> PathBuf {
    config.parent().unwrap_or(Path::new(".")).join("themes")
}

/// The person's own themes as they are now.
pub(super) fn own_themes(setup: &Setup) -> BTreeMap<String, OwnTheme> {
    setup.place.path.as_deref().map(|path| read_themes(&themes_dir(path))).unwrap_or_default()
}

fn read_themes(dir: &Path) -> BTreeMap<String, OwnTheme> {
    let Ok(entries) = fs::read_dir(dir) else { return BTreeMap::new() };
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "toml"));
    files.sort();
    let read = |path: PathBuf| {
        let name = path.file_stem()?.to_string_lossy().into_owned();
        if name.is_empty() || name.starts_with('.') {
            return None;
        }
        let file = clean(&format!("{name}.toml")).into_owned();
        let text = match fs::metadata(&path) {
            Ok(meta) if meta.len() > LONGEST => Err("it is longer than 1 MiB".to_owned()),
            Ok(meta) if !meta.is_file() => Err("it is no file".to_owned()),
            _ => fs::read_to_string(&path).map_err(|error| error.to_string()),
        };
        let name = clean(&name).into_owned();
        Some((name.clone(), OwnTheme { name, file, text }))
    };
    files.into_iter().filter_map(read).take(MOST).collect()
}

/// The themes of egret and the person's own.
pub(super) fn library(own: impl IntoIterator<Item = OwnTheme>) -> ui::Library {
    let mut library = ui::Library::default();
    for theme in own {
        match theme.text {
            Ok(text) => library.add(theme.name, theme.file, text),
            Err(why) => library.add_unreadable(theme.name, theme.file, why),
        }
    }
    library
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::cli::Globals;

    struct Stand {
        home: tempfile::TempDir,
        keeper: Keeper,
        told: Receiver<Msg>,
    }

    fn stand(text: Option<&str>, writes: bool, globals: Globals) -> Stand {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("config.toml");
        // A file that is asked for must be there.
        fs::write(&file, text.unwrap_or_default()).unwrap();
        let setup = crate::setup::setup(&Globals { config: Some(file), ..globals }).unwrap();
        let (tell, told) = channel();
        let keeper = Keeper::start(&setup, writes, move |msg| {
            // The test may be over.
            let _ = tell.send(msg);
        });
        Stand { home, keeper: keeper.unwrap(), told }
    }

    impl Stand {
        fn write(&self, name: &str, text: &str) {
            // At once, as editors do: what is half written is read as it is.
            let file = self.home.path().join(name);
            fs::write(file.with_extension("new"), text).unwrap();
            fs::rename(file.with_extension("new"), file).unwrap();
        }

        fn text(&self) -> String {
            fs::read_to_string(self.home.path().join("config.toml")).unwrap()
        }

        fn msg(&self) -> Msg {
            self.told.recv_timeout(Duration::from_secs(20)).unwrap()
        }

        fn news(&self) -> ConfigNews {
            let Msg::Config(news) = self.msg() else { panic!("other news") };
            *news
        }
    }

    #[test]
    fn a_file_that_changes_breaks_and_is_mended_is_told_each_time() {
        let stand = stand(Some("theme = 'nord'\n"), true, Globals::default());
        stand.write("config.toml", "theme = 'light'\n");
        let ConfigNews::Reread(reread) = stand.news() else { panic!("not read again") };
        assert_eq!((reread.before.theme.value.as_str(), reread.now.theme.value.as_str()), ("nord", "light"));
        stand.write("config.toml", "theme = 'light'\ncolor = 'pink'\nthem = 1\n");
        let ConfigNews::Broken(Broken { why }) = stand.news() else { panic!("not broken") };
        assert!(why.starts_with("config.toml:2: `color`: unknown value `pink`"), "{why}");
        assert!(why.ends_with("(and 1 more)"), "{why}");
        stand.write("config.toml", "theme = 'light'\n");
        let ConfigNews::Reread(reread) = stand.news() else { panic!("not read again") };
        assert!(reread.mended && reread.before == reread.now);
    }

    #[test]
    fn what_is_saved_is_in_the_file_and_answered_and_a_flag_still_wins() {
        let stand =
            stand(Some("# mine\n"), true, Globals { theme: Some("light".into()), ..Globals::default() });
        stand.keeper.save(vec![Change::set("theme", "nord")]);
        // The settings in force are the same: the flag wins.
        let ConfigNews::Saved(saved) = stand.news() else { panic!("not saved") };
        assert_eq!((saved.what.as_str(), saved.file.as_str()), ("theme", "config.toml"));
        assert_eq!(saved.over.as_deref(), Some("--theme"));
        assert!(stand.text().contains("# mine\n") && stand.text().contains("theme = \"nord\"\n"));
    }

    #[test]
    fn a_broken_file_is_not_written_over_and_a_demo_writes_nothing() {
        let broken = stand(Some("bell = true\n"), true, Globals::default());
        broken.write("config.toml", "bell = 1\n");
        let ConfigNews::Broken(_) = broken.news() else { panic!("not broken") };
        broken.keeper.save(vec![Change::set("theme", "nord")]);
        let ConfigNews::NotSaved(fault) = broken.news() else { panic!("saved") };
        assert!(fault.summary.starts_with("theme was not saved: config.toml:1: `bell`: "), "{fault:?}");
        assert_eq!(broken.text(), "bell = 1\n");
        let demo = stand(None, false, Globals::default());
        demo.keeper.save(vec![Change::set("theme", "nord")]);
        let ConfigNews::NotSaved(fault) = demo.news() else { panic!("saved") };
        assert!(fault.summary.contains("nothing of a demo"), "{fault:?}");
        assert_eq!(demo.text(), "");
    }

    #[test]
    fn themes_that_come_change_and_break_are_told_with_what_is_wrong() {
        let stand = stand(None, true, Globals::default());
        fs::create_dir(stand.home.path().join("themes")).unwrap();
        stand.write("themes/mine.toml", "inherits = 'nord'\n");
        let mut own = Vec::new();
        while own.is_empty() || own.iter().any(|t: &OwnTheme| t.text.as_deref() == Ok("")) {
            let Msg::Themes(now) = stand.msg() else { panic!("other news") };
            own = now;
        }
        assert_eq!(own[0].name, "mine");
        let library = library(own);
        assert!(library.names().contains(&"mine".to_owned()));
        stand.write("themes/mine.toml", "[palette]\nnight = 'pink'\n");
        let mut faults = BTreeMap::new();
        while faults.is_empty() {
            let Msg::Themes(now) = stand.msg() else { panic!("other news") };
            let (look, _) =
                ui::Look::new(super::library(now), "default", ui::Depth::True, ui::Glyphs::Unicode);
            faults = look.theme_faults();
        }
        assert!(faults["mine"].starts_with("mine.toml: palette.night: \"pink\" is no colour"), "{faults:?}");
    }
}
