//! Verbs on the demo's clusters, in this process.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser as _;
use egret::cli::{Cli, Metrics, Verb};
use egret::config::Settings;
use egret::demo::world::World;
use egret::headless::metrics::{print, record};
use egret::headless::{Outcome, Streams};
use egret::recording::Past;
use egret::runtime::demo::contexts;

/// What was printed, and how it ended.
#[derive(Debug)]
pub(super) struct End {
    pub(super) out: String,
    pub(super) err: String,
    pub(super) outcome: Outcome,
}

fn read(line: &str) -> (Metrics, Settings) {
    let cli = Cli::try_parse_from(format!("egret metrics {line}").split_whitespace()).unwrap();
    let settings = cli.globals.over(Settings::default());
    let Some(Verb::Metrics(metrics)) = cli.verb else { panic!("{line}") };
    (metrics, settings)
}

/// `egret metrics LINE`, ended after so long as by ctrl-c. The time of the world must run.
pub(super) async fn metrics(world: &World, line: &str, redraw: bool, ends: Duration) -> End {
    let (wish, settings) = read(line);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut streams = Streams { out: &mut out, err: &mut err };
    let (stop, contexts) = (tokio::time::sleep(ends), contexts(world));
    let driving = world.clone();
    let driving = tokio::spawn(async move { driving.drive().await });
    let outcome = match &wish.record {
        Some(file) => record::record(&wish, file, &settings, contexts, stop, &mut streams).await,
        None => print(&wish, &settings, contexts, (redraw, stop), &mut streams).await,
    };
    driving.abort();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    End { outcome: outcome.unwrap(), out: text(out), err: text(err) }
}

/// A day: longer than any of it lasts.
pub(super) const NEVER: Duration = Duration::from_secs(86_400);

/// Records for so many seconds.
pub(super) async fn recorded(world: &World, line: &str, seconds: u64, file: &Path) -> (Arc<Past>, End) {
    let line = format!("{line} --for {seconds}s --record {}", file.display());
    let end = metrics(world, &line, false, NEVER).await;
    let past = Past::read(&std::fs::read(file).unwrap()).unwrap();
    (Arc::new(past), end)
}
