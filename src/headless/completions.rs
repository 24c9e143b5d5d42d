//! `egret completions SHELL`: a script that asks egret itself what fits, names of contexts and gateways among it.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use clap::CommandFactory as _;
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use clap_complete::env::{CompleteEnv, Shells};

use super::{Outcome, get};
use crate::cli::{Cli, Globals};
use crate::cluster::kubeconfig;
use crate::model::fleet::fleet;
use crate::model::gateway::Direction;
use crate::setup::setup;
use crate::ui::Library;

/// Names the shell that asks.
const VARIABLE: &str = "EGRET_COMPLETE";

/// Longest that somebody waits at a prompt for the names of gateways.
const PATIENCE: Duration = Duration::from_secs(2);

/// Prints the completion script of a shell.
pub fn print(shell: clap_complete::Shell, out: &mut dyn Write) -> io::Result<Outcome> {
    let mut script = Vec::new();
    let shells = Shells::builtins();
    if let Some(shell) = shells.completer(&shell.to_string()) {
        shell.write_registration(VARIABLE, "egret", "egret", "egret", &mut script)?;
    }
    out.write_all(&script)?;
    Ok(Outcome::Done)
}

/// Answers a shell that asks what fits; does nothing, and tells so, where this is no such question.
///
/// # Errors
/// What the shell or its standard output has against it.
pub fn answer() -> clap::error::Result<bool> {
    let here = std::env::current_dir().ok();
    CompleteEnv::with_factory(command).var(VARIABLE).try_complete(std::env::args_os(), here.as_deref())
}

/// The command line, with what only the files and clusters of this person know.
fn command() -> clap::Command {
    let contexts = || ArgValueCompleter::new(|typed: &OsStr| fitting(typed, contexts()));
    let themes = || ArgValueCompleter::new(|typed: &OsStr| fitting(typed, Library::default().names()));
    let gateways = || ArgValueCompleter::new(|typed: &OsStr| fitting(typed, gateways()));
    let command = Cli::command()
        .mut_arg("context", |arg| arg.add(contexts()))
        .mut_arg("theme", |arg| arg.add(themes()));
    command
        .mut_subcommand("get", |verb| verb.mut_arg("name", |arg| arg.add(gateways())))
        .mut_subcommand("metrics", |verb| verb.mut_arg("gateways", |arg| arg.add(gateways())))
        .mut_subcommand("delete", |verb| verb.mut_arg("name", |arg| arg.add(gateways())))
}

fn fitting(typed: &OsStr, all: Vec<String>) -> Vec<CompletionCandidate> {
    let typed = typed.to_string_lossy();
    let fits = all.into_iter().filter(|name| name.starts_with(&*typed));
    // It is put into a line of a shell as it is: what would mean something there is not offered.
    let is_plain = |c: char| c.is_alphanumeric() || "._:/@+=,-".contains(c);
    fits.filter(|name| name.chars().all(is_plain)).map(CompletionCandidate::new).collect()
}

/// The flags that were typed before; what is wrong with them is not said at a prompt.
fn typed() -> Globals {
    let args: Vec<String> = std::env::args().collect();
    globals(&args)
}

fn globals(args: &[String]) -> Globals {
    let values = |names: &[&str]| {
        let mut found = Vec::new();
        for (at, arg) in args.iter().enumerate() {
            let (name, value) = match arg.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (arg.as_str(), args.get(at + 1).cloned()),
            };
            if names.contains(&name) {
                found.extend(value.filter(|value| !value.is_empty() && !value.starts_with('-')));
            }
        }
        found
    };
    let file = |name: &str| values(&[name]).pop().map(PathBuf::from);
    Globals {
        kubeconfig: file("--kubeconfig"),
        config: file("--config"),
        context: values(&["--context"]),
        namespace: values(&["--namespace", "-n"]),
        all_contexts: args.iter().any(|arg| arg == "--all-contexts"),
        all_namespaces: args.iter().any(|arg| arg == "--all-namespaces" || arg == "-A"),
        ..Globals::default()
    }
}

fn contexts() -> Vec<String> {
    let Ok(contexts) = kubeconfig::read(typed().kubeconfig.as_deref()) else { return Vec::new() };
    contexts.names.iter().map(ToString::to_string).collect()
}

/// The gateways of the clusters that the line names so far. A cluster that does not answer in time has none.
fn gateways() -> Vec<String> {
    let globals = typed();
    let Ok(setup) = setup(&globals) else { return Vec::new() };
    let Ok(contexts) = kubeconfig::read(globals.kubeconfig.as_deref()) else { return Vec::new() };
    let Ok(snapshots) = get::read(&setup.settings, contexts, PATIENCE) else { return Vec::new() };
    let shown = |direction| setup.settings.show_ingress.value || direction != Direction::Ingress;
    let all = fleet(&snapshots, &setup.settings.cluster_ids());
    let mut names: Vec<String> =
        all.iter().filter(|g| shown(g.direction)).map(|g| g.id.name.to_string()).collect();
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flags_before_the_word_are_read_in_both_forms() {
        let line = "egret --kubeconfig=a metrics --context one -n x --context= --namespace";
        let args: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let globals = globals(&args);
        assert_eq!(globals.kubeconfig, Some(PathBuf::from("a")));
        assert_eq!((globals.context, globals.namespace), (vec!["one".to_owned()], vec!["x".to_owned()]));
    }

    #[test]
    fn what_cannot_be_typed_is_not_offered() {
        let all = ["prod-eu", "prod us", "prod;$(x)", "prod\u{1b}[2J", "dev"].map(str::to_owned).to_vec();
        let offered = fitting(OsStr::new("pr"), all);
        let values: Vec<_> = offered.iter().map(|c| c.get_value().to_string_lossy().into_owned()).collect();
        assert_eq!(values, ["prod-eu"]);
    }

    #[test]
    fn the_line_that_is_completed_is_sound() {
        command().debug_assert();
    }
}
