//! The plain settings, as one table: the file, the environment and `egret config` all read it.

use strum::VariantNames;

use super::problem::{list, unknown};
use super::{Color, Contexts, Glyphs, Namespaces, PrintOnExit, Problem, Settings, Source, Value};

/// What a setting is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// `true` or `false`.
    Switch,
    /// A string.
    Word,
    /// A list of strings; separated by commas in the environment.
    Words,
}

impl Shape {
    /// What may be written, in words.
    pub(super) fn expected(self) -> &'static str {
        match self {
            Self::Switch => "true or false",
            Self::Word => "a string",
            Self::Words => "a list of strings",
        }
    }
}

/// A value as it was written, of the right shape and not yet judged.
#[derive(Clone, Debug)]
pub(super) enum Raw {
    /// `true` or `false`.
    Switch(bool),
    /// A string.
    Word(String),
    /// A list of strings.
    Words(Vec<String>),
}

/// One setting.
pub(super) struct Key {
    /// Name in the file.
    pub(super) name: &'static str,
    /// Name in the environment.
    pub(super) variable: &'static str,
    /// How it is written.
    pub(super) shape: Shape,
    /// Judges a value and keeps it; the error says what is allowed.
    pub(super) set: fn(&mut Settings, Raw, Source) -> Result<(), String>,
    /// The value as TOML, and its source.
    pub(super) get: fn(&Settings) -> (toml::Value, Source),
}

/// A setting that is on or off.
macro_rules! on_or_off {
    ($name:literal, $variable:literal, $field:ident) => {
        Key {
            name: $name,
            variable: $variable,
            shape: Shape::Switch,
            set: |s, raw, source| {
                s.$field = Value::new(switch(raw)?, source);
                Ok(())
            },
            get: |s| (s.$field.value.into(), s.$field.source),
        }
    };
}

/// All plain settings, in the order `egret config` prints them.
pub(super) const KEYS: &[Key] = &[
    Key {
        name: "contexts",
        variable: "EGRET_CONTEXTS",
        shape: Shape::Words,
        set: |s, raw, source| {
            let value = match words(raw)? {
                all if all == ["*"] => Contexts::All,
                none if none.is_empty() => Contexts::Current,
                named => Contexts::Named(named),
            };
            s.contexts = Value::new(value, source);
            Ok(())
        },
        get: |s| match &s.contexts.value {
            Contexts::Current => (strings(&[]), s.contexts.source),
            Contexts::All => (strings(&["*".into()]), s.contexts.source),
            Contexts::Named(names) => (strings(names), s.contexts.source),
        },
    },
    Key {
        name: "namespaces",
        variable: "EGRET_NAMESPACES",
        shape: Shape::Words,
        set: |s, raw, source| {
            let value = match words(raw)? {
                all if all == ["*"] => Namespaces::All,
                none if none.is_empty() => return Err("at least one is needed; `*` alone is all".into()),
                named => Namespaces::Named(named),
            };
            s.namespaces = Value::new(value, source);
            Ok(())
        },
        get: |s| match &s.namespaces.value {
            Namespaces::All => (strings(&["*".into()]), s.namespaces.source),
            Namespaces::Named(names) => (strings(names), s.namespaces.source),
        },
    },
    on_or_off!("read-only", "EGRET_READ_ONLY", read_only),
    on_or_off!("show-ingress", "EGRET_SHOW_INGRESS", show_ingress),
    on_or_off!("reconcile", "EGRET_RECONCILE", reconcile),
    Key {
        name: "theme",
        variable: "EGRET_THEME",
        shape: Shape::Word,
        set: |s, raw, source| {
            let name = word(raw)?;
            if name.is_empty() {
                return Err("the name of a theme is needed, or `auto`".into());
            }
            s.theme = Value::new(name, source);
            Ok(())
        },
        get: |s| (s.theme.value.clone().into(), s.theme.source),
    },
    Key {
        name: "color",
        variable: "EGRET_COLOR",
        shape: Shape::Word,
        set: |s, raw, source| {
            s.color = Value::new(one_of::<Color>(raw)?, source);
            Ok(())
        },
        get: |s| (s.color.value.to_string().into(), s.color.source),
    },
    Key {
        name: "glyphs",
        variable: "EGRET_GLYPHS",
        shape: Shape::Word,
        set: |s, raw, source| {
            s.glyphs = Value::new(one_of::<Glyphs>(raw)?, source);
            Ok(())
        },
        get: |s| (s.glyphs.value.to_string().into(), s.glyphs.source),
    },
    on_or_off!("mouse", "EGRET_MOUSE", mouse),
    on_or_off!("restore", "EGRET_RESTORE", restore),
    Key {
        name: "print-on-exit",
        variable: "EGRET_PRINT_ON_EXIT",
        shape: Shape::Word,
        set: |s, raw, source| {
            s.print_on_exit = Value::new(one_of::<PrintOnExit>(raw)?, source);
            Ok(())
        },
        get: |s| (s.print_on_exit.value.to_string().into(), s.print_on_exit.source),
    },
    on_or_off!("bell", "EGRET_BELL", bell),
    on_or_off!("title", "EGRET_TITLE", title),
];

/// The environment variables that settings are read from, with the setting each one sets.
pub fn variables() -> impl Iterator<Item = (&'static str, &'static str)> {
    KEYS.iter().map(|k| (k.variable, k.name))
}

/// Takes settings from the environment. `variable` looks one up; an empty one counts as not set.
///
/// Other variables that begin with `EGRET_` are nobody's mistake: Kubernetes itself sets
/// `EGRET_SERVICE_HOST` in every pod beside a Service of that name.
pub fn environment(
    mut settings: Settings,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Settings, Vec<Problem>> {
    let mut problems = Vec::new();
    for key in KEYS {
        let Some(text) = variable(key.variable).filter(|t| !t.is_empty()) else { continue };
        let source = Source::Variable(key.variable);
        let set = from_text(key.shape, &text).and_then(|raw| (key.set)(&mut settings, raw, source));
        if let Err(why) = set {
            let message = format!("environment variable {}: {why}", key.variable);
            problems.push(Problem { line: None, message });
        }
    }
    if problems.is_empty() { Ok(settings) } else { Err(problems) }
}

/// Reads a value as the environment holds it.
fn from_text(shape: Shape, text: &str) -> Result<Raw, String> {
    match shape {
        Shape::Word => Ok(Raw::Word(text.into())),
        Shape::Words => {
            Ok(Raw::Words(text.split(',').map(str::trim).filter(|w| !w.is_empty()).map(Into::into).collect()))
        }
        Shape::Switch => match text {
            "true" | "1" => Ok(Raw::Switch(true)),
            "false" | "0" => Ok(Raw::Switch(false)),
            other => Err(format!("expected true, false, 1 or 0, not `{other}`")),
        },
    }
}

fn switch(raw: Raw) -> Result<bool, String> {
    if let Raw::Switch(value) = raw { Ok(value) } else { Err(misshapen(Shape::Switch)) }
}

fn word(raw: Raw) -> Result<String, String> {
    if let Raw::Word(value) = raw { Ok(value) } else { Err(misshapen(Shape::Word)) }
}

fn words(raw: Raw) -> Result<Vec<String>, String> {
    let Raw::Words(value) = raw else { return Err(misshapen(Shape::Words)) };
    match value.as_slice() {
        [_, _, ..] if value.iter().any(|w| w == "*") => Err("`*` stands alone or not at all".into()),
        all if all.iter().any(String::is_empty) => Err("an empty name names nothing".into()),
        _ => Ok(value),
    }
}

fn one_of<T: std::str::FromStr + VariantNames>(raw: Raw) -> Result<T, String> {
    let text = word(raw)?;
    text.parse().map_err(|_| match super::closest(&text, T::VARIANTS.iter().copied()) {
        Some(_) => unknown("value", &text, T::VARIANTS.iter().copied()),
        None => format!("unknown value `{text}`; allowed: {}", list(T::VARIANTS.iter().copied())),
    })
}

fn misshapen(shape: Shape) -> String {
    format!("expected {}", shape.expected())
}

fn strings(words: &[String]) -> toml::Value {
    words.to_vec().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(pairs: &[(&str, &str)]) -> Result<Settings, Vec<Problem>> {
        environment(Settings::default(), |name| {
            pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_string())
        })
    }

    #[test]
    fn the_environment_sets_what_it_names_and_nothing_else() {
        let s =
            from(&[("EGRET_CONTEXTS", "a, b,"), ("EGRET_READ_ONLY", "1"), ("EGRET_COLOR", "16")]).unwrap();
        let wanted = Settings {
            contexts: Value::new(
                Contexts::Named(vec!["a".into(), "b".into()]),
                Source::Variable("EGRET_CONTEXTS"),
            ),
            read_only: Value::new(true, Source::Variable("EGRET_READ_ONLY")),
            color: Value::new(Color::Ansi, Source::Variable("EGRET_COLOR")),
            ..Settings::default()
        };
        assert_eq!(s, wanted);
    }

    #[test]
    fn a_variable_of_someone_else_and_an_empty_one_are_left_alone() {
        let s = from(&[("EGRET_SERVICE_HOST", "10.0.0.1"), ("EGRET_THEME", "")]).unwrap();
        assert_eq!(s, Settings::default());
    }

    #[test]
    fn every_wrong_variable_is_named_with_what_is_allowed() {
        let problems = from(&[("EGRET_READ_ONLY", "maybe"), ("EGRET_GLYPHS", "runes")]).unwrap_err();
        let messages: Vec<_> = problems.iter().map(|p| p.message.as_str()).collect();
        assert_eq!(
            messages,
            [
                "environment variable EGRET_READ_ONLY: expected true, false, 1 or 0, not `maybe`",
                "environment variable EGRET_GLYPHS: unknown value `runes`; allowed: auto, braille, block, ascii",
            ]
        );
    }
}
