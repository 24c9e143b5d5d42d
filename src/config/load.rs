//! Where settings are read from: the file and the environment. The only part of the config that does I/O.

pub mod store;

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use etcetera::BaseStrategy as _;

use super::{Color, Settings, Source, Vocabulary, environment, parse};

/// The config file that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Path; `None` when there is no home directory to look in.
    pub path: Option<PathBuf>,
    /// Whether it was there.
    pub found: bool,
}

/// Why settings could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file exists, or was asked for, and cannot be read.
    #[error("config file {}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// Something in the file or the environment is wrong: one problem a line.
    #[error("{}", .0.join("\n"))]
    Invalid(Vec<String>),
}

/// Reads defaults, then the file, then the environment. Flags come last: `cli` lays them over.
///
/// `chosen` is `--config`. A file that was asked for must exist; one in the usual place need not.
pub fn load(chosen: Option<&Path>, known: &Vocabulary) -> Result<(Settings, Place), Error> {
    let (path, must_exist) = place(chosen);
    let text = match &path {
        Some(path) => match fs::read_to_string(path) {
            Ok(text) => Some(text),
            Err(e) if e.kind() == io::ErrorKind::NotFound && !must_exist => None,
            Err(error) => return Err(Error::Read { path: path.clone(), error }),
        },
        None => None,
    };
    let file = path.as_ref().map(|p| p.display().to_string()).unwrap_or_default();
    let mut settings = Settings::default();
    let mut wrong = Vec::new();
    if let Some(text) = &text {
        match parse(text, known, settings.clone()) {
            Ok(read) => settings = read,
            Err(problems) => wrong.extend(problems.iter().map(|p| p.in_file(&file).to_string())),
        }
    }
    match environment(settings.clone(), set) {
        Ok(read) => settings = read,
        Err(problems) => wrong.extend(problems.into_iter().map(|p| p.message)),
    }
    if !wrong.is_empty() {
        return Err(Error::Invalid(wrong));
    }
    Ok((settings, Place { found: text.is_some(), path }))
}

/// The config file that counts, and whether it was asked for. `chosen` is `--config`.
pub fn place(chosen: Option<&Path>) -> (Option<PathBuf>, bool) {
    let asked = chosen.map(Path::to_path_buf).or_else(|| set("EGRET_CONFIG").map(PathBuf::from));
    let must_exist = asked.is_some();
    (asked.or_else(usual_place), must_exist)
}

/// Settles what `auto` means once all sources were read: `NO_COLOR` takes the colours away unless someone
/// asked for them (see no-color.org: a config file and a flag are asked for, and win).
pub fn settle(mut settings: Settings) -> Settings {
    if settings.color.value == Color::Auto && set("NO_COLOR").is_some() {
        settings.color.value = Color::Never;
        settings.color.source = Source::Variable("NO_COLOR");
    }
    settings
}

/// `$XDG_CONFIG_HOME/egret/config.toml`, on macOS too.
fn usual_place() -> Option<PathBuf> {
    let home = etcetera::choose_base_strategy().ok()?;
    Some(home.config_dir().join("egret").join("config.toml"))
}

fn set(name: &str) -> Option<String> {
    env::var_os(name).map(|v| v.to_string_lossy().into_owned()).filter(|v| !v.is_empty())
}
