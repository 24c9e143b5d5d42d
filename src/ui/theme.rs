//! Themes: what each role looks like. Resolved once, for the colours the terminal has; drawing looks up an array.

mod color;
mod file;
mod role;

use std::collections::{BTreeMap, BTreeSet};

use ratatui::style::{Color, Style};
use strum::{EnumCount, IntoEnumIterator};

pub use color::Depth;
pub use role::Role;

use file::File;

/// Something in a theme that cannot be used; the default stands in for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The theme's file.
    pub file: String,
    /// Where in it; empty: the whole of it.
    pub key: String,
    /// What is wrong.
    pub what: String,
}

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.key.as_str() {
            "" => write!(f, "{}: {}", self.file, self.what),
            key => write!(f, "{}: {key}: {}", self.file, self.what),
        }
    }
}

/// The theme that stands in for whatever another lacks.
const DEFAULT: &str = "default";
/// The theme of a terminal without colours.
const MONO: &str = "mono";
/// A name that stands for the theme that suits the terminal.
const AUTO: &str = "auto";

/// Themes that egret brings along: name, file, text.
const EMBEDDED: &[(&str, &str, &str)] = &[
    ("ansi", "themes/ansi.toml", include_str!("../../themes/ansi.toml")),
    ("catppuccin-mocha", "themes/catppuccin-mocha.toml", include_str!("../../themes/catppuccin-mocha.toml")),
    (DEFAULT, "themes/default.toml", include_str!("../../themes/default.toml")),
    ("dracula", "themes/dracula.toml", include_str!("../../themes/dracula.toml")),
    ("gruvbox-dark", "themes/gruvbox-dark.toml", include_str!("../../themes/gruvbox-dark.toml")),
    ("high-contrast", "themes/high-contrast.toml", include_str!("../../themes/high-contrast.toml")),
    ("light", "themes/light.toml", include_str!("../../themes/light.toml")),
    (MONO, "themes/mono.toml", include_str!("../../themes/mono.toml")),
    ("nord", "themes/nord.toml", include_str!("../../themes/nord.toml")),
    ("okabe-ito", "themes/okabe-ito.toml", include_str!("../../themes/okabe-ito.toml")),
    ("tokyo-night", "themes/tokyo-night.toml", include_str!("../../themes/tokyo-night.toml")),
];

/// The themes there are, by name.
#[derive(Clone, Debug)]
pub struct Library {
    texts: BTreeMap<String, (String, String)>,
    /// The person's own.
    own: BTreeSet<String>,
    /// Files that cannot be read, and why.
    unreadable: BTreeMap<String, (String, String)>,
}

impl Default for Library {
    fn default() -> Self {
        let own = EMBEDDED
            .iter()
            .map(|(name, file, text)| ((*name).to_owned(), ((*file).to_owned(), (*text).to_owned())));
        Self { texts: own.collect(), own: BTreeSet::new(), unreadable: BTreeMap::new() }
    }
}

impl Library {
    /// Adds a person's own theme; it may replace one that egret brings along. `file` is what warnings call it.
    pub fn add(&mut self, name: impl Into<String>, file: impl Into<String>, text: impl Into<String>) {
        let name = name.into();
        self.own.insert(name.clone());
        self.texts.insert(name, (file.into(), text.into()));
    }

    /// Adds one whose file cannot be read: it is among the names, and why it cannot be used is told.
    pub fn add_unreadable(
        &mut self,
        name: impl Into<String>,
        file: impl Into<String>,
        why: impl Into<String>,
    ) {
        let name = name.into();
        self.own.insert(name.clone());
        self.unreadable.insert(name, (file.into(), why.into()));
    }

    /// The names of the person's own themes.
    pub fn own_names(&self) -> impl Iterator<Item = String> {
        self.own.iter().cloned()
    }

    /// The names that a person can choose from.
    pub fn names(&self) -> Vec<String> {
        let all: BTreeSet<&String> = self.texts.keys().chain(&self.own).collect();
        std::iter::once(AUTO.to_owned()).chain(all.into_iter().cloned()).collect()
    }
}

/// What each role looks like on this terminal.
#[derive(Clone, Debug, PartialEq)]
pub struct Theme {
    styles: [Style; Role::COUNT],
    background: Option<Color>,
}

impl Theme {
    /// The theme of this name on a terminal of so many colours. Never fails: what cannot be used is told, and the
    /// default stands in. Without colours it is always `mono`, which keeps selection and severity visible.
    pub fn load(library: &Library, name: &str, depth: Depth) -> (Self, Vec<Warning>) {
        let mut warnings = Vec::new();
        let name = match (name, depth) {
            (_, Depth::None) => MONO,
            (AUTO, Depth::Sixteen) => "ansi",
            (AUTO, _) => DEFAULT,
            (name, _) => name,
        };
        let files = lineage(library, name, &mut warnings);
        (resolve(&files, depth, &mut warnings), warnings)
    }

    /// What a role looks like. Fields that are not set leave what is below them.
    pub fn style(&self, role: Role) -> Style {
        self.styles[role as usize]
    }

    /// The background the theme was made for. It is painted only where a role says so: else the terminal's own shows.
    pub fn background(&self) -> Option<Color> {
        self.background
    }
}

impl Default for Theme {
    fn default() -> Self {
        Self::load(&Library::default(), DEFAULT, Depth::True).0
    }
}

/// The files that make a theme up, the theme's own first, then what it inherits from.
fn lineage(library: &Library, name: &str, warnings: &mut Vec<Warning>) -> Vec<File> {
    let mut files: Vec<File> = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    let mut next = Some(name.to_owned());
    while let Some(name) = next.take() {
        let (asker, key) = match files.last() {
            Some(child) => (child.label.clone(), "inherits".to_owned()),
            None => (name.clone(), String::new()),
        };
        let mut complain =
            |what: String| warnings.push(Warning { file: asker.clone(), key: key.clone(), what });
        if seen.contains(&name) {
            complain(format!(
                "{} inherits from itself",
                [seen.as_slice(), std::slice::from_ref(&name)].concat().join(" → ")
            ));
            break;
        }
        if let Some((file, why)) = library.unreadable.get(&name) {
            warnings.push(Warning { file: file.clone(), key: String::new(), what: why.clone() });
            break;
        }
        let Some((label, text)) = library.texts.get(&name) else {
            complain(format!("there is no theme `{name}`"));
            break;
        };
        let (file, told) = File::read(label, text);
        warnings.extend(told);
        next.clone_from(&file.inherits);
        seen.push(name);
        files.push(file);
    }
    if files.is_empty() && name != DEFAULT {
        // The default is tested to be whole: nothing is told of it here.
        return lineage(library, DEFAULT, &mut Vec::new());
    }
    files
}

/// Joins palettes and roles of `files`, the first wins, and looks each role up along its chain.
fn resolve(files: &[File], depth: Depth, warnings: &mut Vec<Warning>) -> Theme {
    let mut palette: BTreeMap<&str, Color> = BTreeMap::new();
    for file in files.iter().rev() {
        palette.extend(file.palette.iter().map(|(name, color)| (name.as_str(), *color)));
    }
    let mut given: BTreeMap<usize, Style> = BTreeMap::new();
    for file in files.iter().rev() {
        for (role, raw) in &file.roles {
            let (style, told) = raw.style(&palette, depth);
            let key = format!("roles.\"{role}\"");
            warnings.extend(told.into_iter().map(|what| Warning {
                file: file.label.clone(),
                key: key.clone(),
                what,
            }));
            given.insert(*role as usize, style);
        }
    }
    let mut styles = [Style::new(); Role::COUNT];
    for role in Role::iter() {
        let mut chain = std::iter::successors(Some(role), |r| r.broader());
        styles[role as usize] = chain.find_map(|r| given.get(&(r as usize)).copied()).unwrap_or_default();
    }
    let background = files.iter().find_map(|f| f.background.as_deref());
    let background = background.and_then(|name| palette.get(name).copied().or_else(|| color::parse(name)));
    Theme { styles, background }
}

#[cfg(test)]
mod contrast;
#[cfg(test)]
mod tests;
