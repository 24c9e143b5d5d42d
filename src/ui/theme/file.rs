//! One theme file: read tolerantly, every oddity told with its key.

use std::collections::BTreeMap;
use std::str::FromStr;

use ratatui::style::{Color, Modifier, Style};
use toml::{Table, Value};

use super::color::{self, Depth};
use super::{Role, Warning};

/// A theme file as written.
#[derive(Debug, Default)]
pub(super) struct File {
    /// What warnings call it.
    pub(super) label: String,
    /// The theme that stands in for what this one lacks.
    pub(super) inherits: Option<String>,
    /// The background it was made for.
    pub(super) background: Option<String>,
    /// Names for colours.
    pub(super) palette: BTreeMap<String, Color>,
    /// Looks.
    pub(super) roles: Vec<(Role, Raw)>,
}

/// A look as written: names of colours are not looked up yet, because an heir may change the palette.
#[derive(Debug, Default)]
pub(super) struct Raw {
    fg: Option<String>,
    bg: Option<String>,
    modifiers: Modifier,
}

/// Attributes by the names they have in theme files. No blinking: it is never calm and often not shown.
const MODIFIERS: &[(&str, Modifier)] = &[
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underline", Modifier::UNDERLINED),
    ("reverse", Modifier::REVERSED),
];

impl File {
    /// Reads a file; what cannot be read is told and left out.
    pub(super) fn read(label: &str, text: &str) -> (Self, Vec<Warning>) {
        let mut file = Self { label: label.to_owned(), ..Self::default() };
        let mut told = Told { label, warnings: Vec::new() };
        match text.parse::<Table>() {
            Ok(table) => file.fill(table, &mut told),
            Err(error) => told.push(String::new(), error.message()),
        }
        (file, told.warnings)
    }

    fn fill(&mut self, table: Table, told: &mut Told<'_>) {
        for (key, value) in table {
            match (key.as_str(), value) {
                ("inherits", Value::String(name)) => self.inherits = Some(name),
                ("background", Value::String(name)) => self.background = Some(name),
                ("palette", Value::Table(colors)) => self.fill_palette(colors, told),
                ("roles", Value::Table(roles)) => self.fill_roles(roles, told),
                ("inherits" | "background", _) => told.push(key, "a text is needed"),
                ("palette" | "roles", _) => told.push(key, "a table is needed"),
                _ => told.push(key, "unknown; there are inherits, background, palette, roles"),
            }
        }
    }

    fn fill_palette(&mut self, colors: Table, told: &mut Told<'_>) {
        for (name, value) in colors {
            match value.as_str().and_then(color::parse) {
                Some(color) => drop(self.palette.insert(name, color)),
                None => told.push(format!("palette.{name}"), &no_color(&value)),
            }
        }
    }

    fn fill_roles(&mut self, roles: Table, told: &mut Told<'_>) {
        for (name, value) in roles {
            let key = format!("roles.\"{name}\"");
            match Role::from_str(&name) {
                Ok(role) => self.roles.push((role, Raw::read(value, &key, told))),
                Err(_) => told.push(key, "nothing has this role"),
            }
        }
    }
}

fn no_color(value: &Value) -> String {
    format!(
        "{value} is no colour: write #rrggbb, a number from 0 to 255, `red`, `bright-red`, …, or `default`"
    )
}

impl Raw {
    fn read(value: Value, key: &str, told: &mut Told<'_>) -> Self {
        let mut raw = Self::default();
        let fields = match value {
            Value::String(fg) => return Self { fg: Some(fg), ..raw },
            Value::Table(fields) => fields,
            _ => {
                told.push(key.to_owned(), "a colour, or a table of fg, bg, modifiers is needed");
                return raw;
            }
        };
        for (field, value) in fields {
            match (field.as_str(), value) {
                ("fg", Value::String(name)) => raw.fg = Some(name),
                ("bg", Value::String(name)) => raw.bg = Some(name),
                ("modifiers", Value::Array(names)) => {
                    for name in names {
                        let known = MODIFIERS.iter().find(|(n, _)| name.as_str() == Some(n));
                        match known {
                            Some((_, modifier)) => raw.modifiers |= *modifier,
                            None => told.push(
                                format!("{key}.modifiers"),
                                &format!(
                                    "{name} is unknown; there are bold, dim, italic, underline, reverse"
                                ),
                            ),
                        }
                    }
                }
                ("fg" | "bg", _) => told.push(format!("{key}.{field}"), "a colour is needed"),
                ("modifiers", _) => told.push(format!("{key}.{field}"), "a list is needed"),
                _ => told.push(format!("{key}.{field}"), "unknown; there are fg, bg, modifiers"),
            }
        }
        raw
    }

    /// The look with this palette on this terminal, and what of it cannot be used.
    pub(super) fn style(&self, palette: &BTreeMap<&str, Color>, depth: Depth) -> (Style, Vec<String>) {
        let mut told = Vec::new();
        let mut look_up = |name: &Option<String>| {
            let name = name.as_deref()?;
            let found = palette.get(name).copied().or_else(|| color::parse(name));
            if found.is_none() {
                told.push(format!("`{name}` is neither in the palette nor a colour"));
            }
            found.map(|c| depth.nearest(c))
        };
        let (fg, bg) = (look_up(&self.fg), look_up(&self.bg));
        (Style { fg, bg, ..Style::new() }.add_modifier(self.modifiers), told)
    }
}

/// Warnings about one file.
struct Told<'a> {
    label: &'a str,
    warnings: Vec<Warning>,
}

impl Told<'_> {
    fn push(&mut self, key: String, what: &str) {
        self.warnings.push(Warning { file: self.label.to_owned(), key, what: what.to_owned() });
    }
}
