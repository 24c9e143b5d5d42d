//! What a person can set: defaults, then the config file, then the environment, then flags.
//!
//! Every value knows its [`Source`], so that `egret config` can say where it came from and a message can
//! name the place to change. Reading is pure (text in, settings or problems out); only [`load`] touches
//! files and the environment.

pub mod columns;
pub mod edit;
mod glob;
mod groups;
mod key;
pub mod load;
pub mod migrate;
mod parse;
mod problem;
mod show;
mod thresholds;

use std::collections::BTreeMap;
use std::fmt;

use crate::model::columns::Choice;
use crate::model::fleet::ClusterIds;
use crate::model::gateway::{Direction, Directions};
use crate::model::table::TableKind;

pub use glob::Glob;
pub use key::{environment, variables};
pub use parse::{Vocabulary, parse};
pub use problem::{Problem, closest};
pub use show::show;
pub use thresholds::Limits;

/// The config file as it ships: every setting at its default, commented out.
pub const SAMPLE: &str = include_str!("../assets/config.toml");

/// The namespace Istio is installed in unless someone says otherwise.
const ISTIO_NAMESPACE: &str = "istio-system";

/// Everything that can be set, with the source of each value.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Version of the file; none: it says none.
    pub version: Value<Option<i64>>,
    /// Nothing is written to any cluster (R23).
    pub read_only: Value<bool>,
    /// Kubeconfig contexts to open.
    pub contexts: Value<Contexts>,
    /// Namespaces to look at.
    pub namespaces: Value<Namespaces>,
    /// Ingress gateways are shown too (R19).
    pub show_ingress: Value<bool>,
    /// The screens keep the gateways of their clusters, where egret is the keeper and after they have shown the plan.
    pub reconcile: Value<bool>,
    /// Name of the theme; `auto` chooses by the colours of the terminal. Not checked here: an unknown theme
    /// is a message on the screen, not a reason to stay away from a cluster at night.
    pub theme: Value<String>,
    /// Colours of the terminal.
    pub color: Value<Color>,
    /// Characters that charts and borders are drawn with.
    pub glyphs: Value<Glyphs>,
    /// The screens take the mouse from the terminal.
    pub mouse: Value<bool>,
    /// The screens begin where the last run left them.
    pub restore: Value<bool>,
    /// The last screen stays on the terminal when egret ends.
    pub print_on_exit: Value<PrintOnExit>,
    /// The terminal's bell rings for what is bad and comes by itself.
    pub bell: Value<bool>,
    /// The terminal's title says what is on the screen.
    pub title: Value<bool>,
    /// Keys of commands, by command name. An empty list takes a command's keys away.
    pub keys: BTreeMap<String, Value<Vec<String>>>,
    /// Columns of tables, in the order shown. A table that is not here has its usual columns.
    pub columns: BTreeMap<TableKind, Value<Vec<Choice>>>,
    /// Directions of gateways that carry no mark of it (R19), by `name` or `namespace/name`.
    pub directions: BTreeMap<String, Value<Direction>>,
    /// From where on traffic is told as wrong.
    pub thresholds: Limits,
    /// What holds for some contexts only, in the order of the file.
    pub rules: Vec<ContextRule>,
    /// Contexts under one name, in the order of the file.
    pub groups: Vec<Group>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            version: Value::preset(None),
            read_only: Value::preset(false),
            contexts: Value::preset(Contexts::Current),
            namespaces: Value::preset(Namespaces::Named(vec![ISTIO_NAMESPACE.into()])),
            show_ingress: Value::preset(false),
            reconcile: Value::preset(false),
            theme: Value::preset("auto".into()),
            color: Value::preset(Color::Auto),
            glyphs: Value::preset(Glyphs::Auto),
            mouse: Value::preset(false),
            restore: Value::preset(false),
            print_on_exit: Value::preset(PrintOnExit::No),
            bell: Value::preset(false),
            title: Value::preset(false),
            keys: BTreeMap::new(),
            columns: BTreeMap::new(),
            directions: BTreeMap::new(),
            thresholds: Limits::default(),
            rules: Vec::new(),
            groups: Vec::new(),
        }
    }
}

impl Settings {
    /// Whether nothing may be written to a context: everywhere when read-only is set as a whole, else as
    /// the last `[[context]]` that matches and says so. A rule cannot lift what was set as a whole.
    pub fn read_only_in(&self, context: &str) -> bool {
        let of_rules = || self.rules.iter().rev().filter(|r| r.pattern.matches(context));
        self.read_only.value || of_rules().find_map(|r| r.read_only).unwrap_or(false)
    }

    /// Whether a context is marked as production: as the last `[[context]]` that matches and says so.
    pub fn production_in(&self, context: &str) -> bool {
        let mut of_rules = self.rules.iter().rev().filter(|r| r.pattern.matches(context));
        of_rules.find_map(|r| r.production).unwrap_or(false)
    }

    /// The contexts that cluster ids of `spec.clusterIds` stand for (R2).
    pub fn cluster_ids(&self) -> ClusterIds {
        let mapped = |rule: &ContextRule| Some((rule.cluster_id.clone()?, rule.pattern.as_str().into()));
        self.rules.iter().filter_map(mapped).collect()
    }

    /// The directions that gateways were given (R19).
    pub fn gateway_directions(&self) -> Directions {
        self.directions.iter().map(|(name, given)| (name.as_str(), given.value)).collect()
    }

    /// The settings that differ between two, by the names of their keys and tables.
    fn differing(before: &Self, now: &Self) -> Vec<&'static str> {
        let (before, now) = (before.clone().without_sources(), now.clone().without_sources());
        let plain =
            key::KEYS.iter().filter(|key| (key.get)(&before).0 != (key.get)(&now).0).map(|key| key.name);
        let tables = [
            ("thresholds", before.thresholds != now.thresholds),
            ("keys", before.keys != now.keys),
            ("columns", before.columns != now.columns),
            ("directions", before.directions != now.directions),
            ("context", before.rules != now.rules),
            ("group", before.groups != now.groups),
        ];
        plain.chain(tables.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name)).collect()
    }

    /// The values without their sources, for comparing what was said, not where.
    pub fn without_sources(mut self) -> Self {
        fn forget<T>(value: &mut Value<T>) {
            value.source = Source::Default;
        }
        forget(&mut self.version);
        forget(&mut self.read_only);
        forget(&mut self.contexts);
        forget(&mut self.namespaces);
        forget(&mut self.show_ingress);
        forget(&mut self.reconcile);
        forget(&mut self.theme);
        forget(&mut self.color);
        forget(&mut self.glyphs);
        forget(&mut self.print_on_exit);
        for switch in [&mut self.mouse, &mut self.restore, &mut self.bell, &mut self.title] {
            forget(switch);
        }
        self.keys.values_mut().for_each(forget);
        self.columns.values_mut().for_each(forget);
        self.directions.values_mut().for_each(forget);
        self.thresholds.forget_sources();
        self.rules.iter_mut().for_each(|r| r.source = Source::Default);
        self.groups.iter_mut().for_each(|g| g.source = Source::Default);
        self
    }
}

/// The settings that changed, by the names of their keys and tables.
pub fn changed(before: &Settings, now: &Settings) -> Vec<&'static str> {
    Settings::differing(before, now)
}

/// Where the value of a plain setting came from.
pub fn source_of(settings: &Settings, key: &str) -> Option<Source> {
    key::KEYS.iter().find(|k| k.name == key).map(|k| (k.get)(settings).1)
}

/// A value and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value<T> {
    /// The value.
    pub value: T,
    /// Where it came from.
    pub source: Source,
}

impl<T> Value<T> {
    /// A value that nobody set.
    pub fn preset(value: T) -> Self {
        Self { value, source: Source::Default }
    }

    /// A value set somewhere.
    pub fn new(value: T, source: Source) -> Self {
        Self { value, source }
    }
}

/// Where a value came from; later ones win.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Nobody set it.
    Default,
    /// The config file.
    File {
        /// Line, from 1.
        line: usize,
    },
    /// An environment variable.
    Variable(&'static str),
    /// A flag.
    Flag(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { line } => write!(f, "file, line {line}"),
            Self::Variable(name) | Self::Flag(name) => f.write_str(name),
        }
    }
}

/// Which contexts of the kubeconfig are opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contexts {
    /// The kubeconfig's current one.
    Current,
    /// All of them.
    All,
    /// Those named, or matched by a [`Glob`].
    Named(Vec<String>),
}

/// Which namespaces are looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Namespaces {
    /// All of them.
    All,
    /// Those named; never empty.
    Named(Vec<String>),
}

/// Colours of the terminal.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, strum::Display, strum::EnumString, strum::VariantNames,
)]
#[strum(serialize_all = "kebab-case")]
pub enum Color {
    /// As the terminal says; none when `NO_COLOR` is set.
    #[default]
    Auto,
    /// None: bold, underline and reverse only.
    Never,
    /// The terminal's own 16.
    #[strum(serialize = "16")]
    Ansi,
    /// The 256 of xterm.
    #[strum(serialize = "256")]
    Indexed,
    /// 24 bits.
    Truecolor,
}

/// Characters that charts and borders are drawn with.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, strum::Display, strum::EnumString, strum::VariantNames,
)]
#[strum(serialize_all = "kebab-case")]
pub enum Glyphs {
    /// By locale and `TERM`.
    #[default]
    Auto,
    /// Braille: eight dots a cell.
    Braille,
    /// Block elements.
    Block,
    /// ASCII only.
    Ascii,
}

/// Whether the last screen stays on the terminal when the person quits, and as what.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, strum::Display, strum::EnumString, strum::VariantNames,
)]
#[strum(serialize_all = "kebab-case")]
pub enum PrintOnExit {
    /// It does not.
    #[default]
    No,
    /// As text.
    Text,
    /// As an SVG picture.
    Svg,
}

/// What holds for the contexts that match a pattern.
#[derive(Clone, Debug, PartialEq)]
pub struct ContextRule {
    /// Which contexts.
    pub pattern: Glob,
    /// Whether nothing may be written to them; `None` says nothing about it.
    pub read_only: Option<bool>,
    /// Whether they are marked as production: there every change is typed; `None` says nothing about it.
    pub production: Option<bool>,
    /// The cluster id that this one context stands for (R2); only with a pattern that is a plain name.
    pub cluster_id: Option<String>,
    /// Columns of tables that show rows of such contexts alone.
    pub columns: columns::Chosen,
    /// Where the rule stands.
    pub source: Source,
}

/// Contexts that are opened, closed and filtered by under one name.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// What it is called; no other group is.
    pub name: String,
    /// Which contexts; never empty.
    pub contexts: Vec<Glob>,
    /// Where it stands.
    pub source: Source,
}

impl Group {
    /// Whether a context belongs to it.
    pub fn holds(&self, context: &str) -> bool {
        self.contexts.iter().any(|pattern| pattern.matches(context))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> Settings {
        parse(text, &Vocabulary::ANY, Settings::default()).unwrap()
    }

    #[test]
    fn the_last_rule_that_matches_and_says_so_decides_whether_a_context_is_read_only() {
        let s = settings(
            "[[context]]\nmatch = '*'\nread-only = true\n\
             [[context]]\nmatch = 'dev-*'\nread-only = false\n\
             [[context]]\nmatch = 'dev-1'\ncluster-id = 'c1'\n",
        );
        for (context, wanted) in [("prod", true), ("dev-1", false), ("dev-2", false), ("a/dev-1", true)] {
            assert_eq!(s.read_only_in(context), wanted, "{context}");
        }
    }

    #[test]
    fn the_last_rule_that_matches_and_says_so_decides_whether_a_context_is_production() {
        let s = settings(
            "[[context]]\nmatch = '*prod*'\nproduction = true\n\
             [[context]]\nmatch = 'pre-prod'\nproduction = false\n\
             [[context]]\nmatch = 'prod-*'\nread-only = false\n",
        );
        for (context, wanted) in [("prod-eu", true), ("a/prod", true), ("pre-prod", false), ("dev", false)] {
            assert_eq!(s.production_in(context), wanted, "{context}");
        }
        assert!(!Settings::default().production_in("prod"), "no name alone makes a context production");
    }

    #[test]
    fn a_rule_does_not_lift_read_only_that_was_set_as_a_whole() {
        let s = settings("read-only = true\n[[context]]\nmatch = 'dev'\nread-only = false\n");
        assert!(s.read_only_in("dev"));
    }

    #[test]
    fn a_cluster_id_leads_to_its_context() {
        let s = settings("[[context]]\nmatch = 'dev-1'\ncluster-id = 'c1'\n[[context]]\nmatch = '*'\n");
        assert_eq!(s.cluster_ids().cluster("c1", &[]), Some("dev-1".into()));
        assert_eq!(s.cluster_ids().cluster("c2", &[]), None);
    }

    #[test]
    fn a_gateway_has_the_direction_it_was_given() {
        let s = settings("[directions]\ngw = 'egress'\n'edge/gw' = 'ingress'\n").gateway_directions();
        assert_eq!(s.get("istio-system", "gw"), Some(Direction::Egress));
        assert_eq!(s.get("edge", "gw"), Some(Direction::Ingress));
    }
}
