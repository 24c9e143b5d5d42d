//! The command line. The doc comments of these types are the help: what is written here is what people read.

mod about;
mod change;
mod keeping;
mod metrics;
mod screens;
pub mod version;

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use strum::VariantNames;

pub use about::{Doctor, Manual};
pub use change::{Agreement, Apply, Deletable, Delete, Journal, Report};
pub use keeping::{Controller, Form, Install, LogForm, Manifests, Uninstall};
pub use metrics::{Floor, From, Metrics, MetricsForm, Replay};
pub use screens::Screens;

use crate::config::{Color, Contexts, Glyphs, Namespaces, Settings, Source, Value};
use crate::model::table::TableKind;

/// Egress gateways of Kubernetes clusters, live in the terminal.
///
/// Without a verb, egret opens its screens on the clusters of your kubeconfig: those that --context names,
/// else its current context. With a verb it prints and ends.
#[derive(Debug, Parser)]
#[command(
    name = "egret",
    version,
    long_version = version::LONG.as_str(),
    disable_help_subcommand = true,
    after_help = EXIT_CODES,
    max_term_width = 100,
    subcommand_value_name = "VERB",
    subcommand_help_heading = "Verbs"
)]
pub struct Cli {
    /// What holds with and without a verb.
    #[command(flatten)]
    pub globals: Globals,

    /// Screen to start on.
    #[arg(long, value_name = "SCREEN", help_heading = SCREEN)]
    pub view: Option<TableKind>,

    /// Keep the gateways of the opened clusters where egret is their keeper, after showing what that would do.
    #[arg(long, help_heading = SCREEN)]
    pub reconcile: bool,

    /// How the screens begin and end.
    #[command(flatten)]
    pub screens: Screens,

    /// What to do instead of opening the screens.
    #[command(subcommand)]
    pub verb: Option<Verb>,
}

/// Exit codes, told at the end of the help.
const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  failed: a cluster or an object could not be read
  2  not tried: the command line, the environment or the config file is wrong";

const CLUSTERS: &str = "Clusters";
const SCREEN: &str = "Screen";

/// Flags of egret and of every verb.
#[derive(Args, Clone, Debug, Default)]
pub struct Globals {
    /// Kubeconfig to read, instead of those that KUBECONFIG lists or ~/.kube/config.
    #[arg(long, global = true, value_name = "FILE", help_heading = CLUSTERS)]
    pub kubeconfig: Option<PathBuf>,

    /// Context to open, by name or as a pattern with * and ?; may be repeated.
    #[arg(long, global = true, value_name = "CONTEXT", help_heading = CLUSTERS)]
    pub context: Vec<String>,

    /// Open every context of the kubeconfig.
    #[arg(long, global = true, conflicts_with = "context", help_heading = CLUSTERS)]
    pub all_contexts: bool,

    /// Namespace to look at; may be repeated, or name several with commas.
    #[arg(short, long, global = true, value_name = "NAMESPACE", value_delimiter = ',', help_heading = CLUSTERS)]
    pub namespace: Vec<String>,

    /// Look at all namespaces.
    #[arg(short = 'A', long, global = true, conflicts_with = "namespace", help_heading = CLUSTERS)]
    pub all_namespaces: bool,

    /// Write nothing to any cluster.
    #[arg(long, global = true, help_heading = CLUSTERS)]
    pub read_only: bool,

    /// Theme, by name.
    #[arg(long, global = true, value_name = "THEME", help_heading = SCREEN)]
    pub theme: Option<String>,

    /// Colours of the terminal.
    #[arg(long, global = true, value_name = "WHEN", value_parser = words::<Color>(), help_heading = SCREEN)]
    pub color: Option<Color>,

    /// Characters to draw charts and borders with.
    #[arg(long, global = true, value_name = "SET", value_parser = words::<Glyphs>(), help_heading = SCREEN)]
    pub glyphs: Option<Glyphs>,

    /// Config file to read, instead of ~/.config/egret/config.toml.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// File to write the log to.
    #[arg(long, global = true, value_name = "FILE", env = "EGRET_LOG_FILE", hide_env = true)]
    pub log_file: Option<PathBuf>,
}

/// What egret does without a screen.
#[derive(Clone, Debug, Subcommand)]
pub enum Verb {
    /// Open the screens on simulated clusters: no kubeconfig, no network, nothing that can break.
    Demo(Demo),
    /// Print clusters, gateways, services or pods.
    Get(Get),
    /// Print what goes through a gateway now, read from its proxies; or record it.
    Metrics(Metrics),
    /// Open the screens on a recording, as it was then.
    Replay(Replay),
    /// Print the objects that a gateway is made of.
    Render(Render),
    /// Keep the gateways of a cluster: make of each IstioGateway what it asks for.
    Controller(Controller),
    /// Make egret the keeper of a cluster's gateways: its CRD, and the controller.
    Install(Install),
    /// Remove the controller; gateways and what runs for them stay, unless told otherwise.
    Uninstall(Uninstall),
    /// Make what a file asks for: checked by the server and shown before anything is written.
    Apply(Apply),
    /// Delete a gateway; says first what is lost.
    Delete(Delete),
    /// Print what was written to clusters from here: when, by whom, to what, and what came of it.
    Journal(Journal),
    /// Print the configuration in force and where each value came from.
    Config(Config),
    /// Print the commands of the screens and their keys.
    Keys,
    /// Print a completion script for a shell; names of contexts and gateways are completed too.
    Completions(Completions),
    /// Print the manual, for `man`.
    Man(Manual),
    /// Print what egret sees of its terminal, files and clusters: a page for a report of a bug, without secrets.
    Doctor(Doctor),
}

/// Arguments of `demo`.
#[derive(Args, Clone, Debug)]
pub struct Demo {
    /// What its chances are drawn from: the same seed and the same keys show the same screens.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,

    /// How fast its time runs, as a factor; 0 lets it stand still.
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = speed)]
    pub speed: f64,

    /// Begin the guided tour.
    #[arg(long)]
    pub tour: bool,

    /// What goes wrong: latency=300ms, deny=delete:gateways, drop-watch=10s, outage=CLUSTER, error=500 or
    /// stale=CLUSTER; may be repeated.
    #[arg(long, value_name = "RULE")]
    pub fault: Vec<String>,
}

/// Fastest that the demo's time may run: a day in a minute and a half.
const FASTEST: f64 = 1000.0;

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if (0.0..=FASTEST).contains(&speed) => Ok(speed),
        _ => Err(format!("a number from 0 to {FASTEST}")),
    }
}

/// Arguments of `get`.
#[derive(Args, Clone, Debug)]
pub struct Get {
    /// What to print.
    #[arg(value_name = "WHAT")]
    pub what: TableKind,

    /// Only the one of this name, in whichever cluster and namespace it is.
    pub name: Option<String>,

    /// Form of the output.
    #[arg(short, long, value_name = "FORM", default_value = "table")]
    pub output: Output,

    /// Only lines that match: words, column:value, label:key=value, !not, /regex/.
    #[arg(long, value_name = "FILTER")]
    pub filter: Option<String>,

    /// Column to sort by; COLUMN:desc turns the order around.
    #[arg(long, value_name = "COLUMN")]
    pub sort: Option<String>,
}

/// Forms of the output of `get`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// Aligned columns
    Table,
    /// Aligned columns, all of them
    Wide,
    /// A JSON list of objects
    Json,
    /// The same as YAML
    Yaml,
    /// CLUSTER/NAMESPACE/NAME, one a line
    Name,
}

/// Arguments of `render`.
#[derive(Args, Clone, Debug)]
pub struct Render {
    /// File with one or several IstioGateways; - reads standard input.
    #[arg(short, long, value_name = "FILE")]
    pub file: PathBuf,

    /// Form of the output.
    #[arg(short, long, value_name = "FORM", default_value = "yaml")]
    pub output: Form,

    /// Id of the cluster to build for, whose override then holds.
    #[arg(long, value_name = "ID")]
    pub cluster_id: Option<String>,

    /// Tell how what is in the chosen cluster differs from it, instead of printing it.
    #[arg(long)]
    pub against_cluster: bool,

    /// Image of the proxy, where the objects must name it: for kernel parameters and on the host network.
    #[arg(long, value_name = "IMAGE")]
    pub proxy_image: Option<String>,
}

/// Arguments of `config`.
#[derive(Args, Clone, Copy, Debug)]
pub struct Config {
    /// Print a config file with every setting at its default instead.
    #[arg(long)]
    pub default: bool,

    /// Bring the config file up to this egret's version, and print what changed.
    #[arg(long, conflicts_with = "default")]
    pub migrate: bool,
}

/// Arguments of `completions`.
#[derive(Args, Clone, Copy, Debug)]
pub struct Completions {
    /// The shell.
    #[arg(value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

impl Cli {
    /// Reads the command line of the process; wrong usage ends it with exit code 2, help with 0.
    pub fn read() -> Self {
        let cli = Self::parse();
        match cli.check() {
            Ok(()) => cli,
            Err(wrong) => wrong.exit(),
        }
    }

    /// What clap cannot check by itself.
    fn check(&self) -> Result<(), clap::Error> {
        let opens = matches!(self.verb, Some(Verb::Demo(_) | Verb::Replay(_)));
        let verb = self.verb.is_some() && !opens;
        if self.reconcile && verb {
            let why = "--reconcile is of the screens; `egret controller` keeps gateways without one";
            return Err(Self::command().error(ErrorKind::ArgumentConflict, why));
        }
        if self.reconcile && matches!(self.verb, Some(Verb::Replay(_))) {
            let why = "--reconcile writes to clusters, and a recording has none";
            return Err(Self::command().error(ErrorKind::ArgumentConflict, why));
        }
        if let Some(why) = self.screens.misplaced(self.verb.is_some(), verb) {
            return Err(Self::command().error(ErrorKind::ArgumentConflict, why));
        }
        if self.view.is_some() && self.verb.is_some() {
            let why = "--view names a screen, and a verb opens none";
            return Err(Self::command().error(ErrorKind::ArgumentConflict, why));
        }
        Ok(())
    }
}

impl Globals {
    /// Lays the flags over what was read before them.
    pub fn over(&self, mut settings: Settings) -> Settings {
        fn lay<T>(place: &mut Value<T>, value: Option<T>, flag: &'static str) {
            if let Some(value) = value {
                *place = Value::new(value, Source::Flag(flag));
            }
        }
        let some = |names: &[String]| (!names.is_empty()).then(|| names.to_vec());
        let s = &mut settings;
        lay(&mut s.contexts, some(&self.context).map(Contexts::Named), "--context");
        lay(&mut s.contexts, self.all_contexts.then_some(Contexts::All), "--all-contexts");
        lay(&mut s.namespaces, some(&self.namespace).map(Namespaces::Named), "--namespace");
        lay(&mut s.namespaces, self.all_namespaces.then_some(Namespaces::All), "--all-namespaces");
        lay(&mut s.read_only, self.read_only.then_some(true), "--read-only");
        lay(&mut s.theme, self.theme.clone(), "--theme");
        lay(&mut s.color, self.color, "--color");
        lay(&mut s.glyphs, self.glyphs, "--glyphs");
        settings
    }
}

/// The words of an enum of the config, as values of a flag.
fn words<T>() -> impl TypedValueParser<Value = T>
where
    T: VariantNames + std::str::FromStr + Clone + Send + Sync + 'static,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    PossibleValuesParser::new(T::VARIANTS).try_map(|word| word.parse::<T>())
}

/// The tables as kubectl users type them.
impl ValueEnum for TableKind {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Clusters, Self::Gateways, Self::Services, Self::Pods]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let (name, aliases): (_, &[&str]) = match self {
            Self::Clusters => ("clusters", &["cluster", "contexts", "context"]),
            Self::Gateways => ("gateways", &["gateway", "gw"]),
            Self::Services => ("services", &["service", "svc"]),
            Self::Pods => ("pods", &["pod", "po"]),
        };
        Some(PossibleValue::new(name).aliases(aliases))
    }
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator as _;

    use super::*;

    fn read(line: &str) -> Cli {
        Cli::try_parse_from(line.split(' ')).unwrap()
    }

    #[test]
    fn the_definition_of_the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_table_can_be_named_as_the_rest_of_egret_names_it() {
        for table in TableKind::iter() {
            let value = table.to_possible_value().map(|v| v.get_name().to_string());
            assert_eq!(value, Some(table.to_string()));
            assert!(TableKind::value_variants().contains(&table));
        }
    }

    #[test]
    fn flags_win_over_what_was_read_before_and_say_so() {
        let before =
            Settings { theme: Value::new("mono".into(), Source::File { line: 1 }), ..Settings::default() };
        let line = "egret --context a --context b -n x,y -n z --read-only --color 16 --theme nord get pods";
        let s = read(line).globals.over(before);
        let named = |names: &[&str]| names.iter().map(|n| n.to_string()).collect::<Vec<_>>();
        assert_eq!(s.contexts, Value::new(Contexts::Named(named(&["a", "b"])), Source::Flag("--context")));
        assert_eq!(
            s.namespaces,
            Value::new(Namespaces::Named(named(&["x", "y", "z"])), Source::Flag("--namespace"))
        );
        assert_eq!(s.read_only, Value::new(true, Source::Flag("--read-only")));
        assert_eq!(s.color, Value::new(Color::Ansi, Source::Flag("--color")));
        assert_eq!(s.theme, Value::new("nord".into(), Source::Flag("--theme")));
        assert_eq!(s.glyphs, Value::preset(Glyphs::Auto));
    }

    #[test]
    fn all_contexts_and_all_namespaces_are_settings_too() {
        let s = read("egret get gw --all-contexts -A").globals.over(Settings::default());
        assert_eq!(s.contexts, Value::new(Contexts::All, Source::Flag("--all-contexts")));
        assert_eq!(s.namespaces, Value::new(Namespaces::All, Source::Flag("--all-namespaces")));
    }

    #[test]
    fn flags_stand_before_or_after_the_verb() {
        for line in ["egret --context a get pods", "egret get pods --context a"] {
            assert_eq!(read(line).globals.context, ["a"], "{line}");
        }
    }

    #[test]
    fn a_screen_and_a_verb_exclude_each_other() {
        assert!(read("egret --view pods get pods").check().is_err());
        assert!(read("egret --view pods").check().is_ok());
    }
}
