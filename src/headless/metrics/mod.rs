//! `egret metrics`: what goes through a gateway, read from its proxies; printed once or again and again, or recorded.
//!
//! Two readings make a rate: the first line comes after the second one. A pod that cannot be read is told on the error
//! stream and costs no other; where none can be read the verb fails, and says which right is missing.

mod find;
mod form;
mod json;
mod prometheus;
pub mod record;
mod report;
mod session;
mod table;
#[cfg(test)]
mod tests;

use std::io::{self, IsTerminal as _};
use std::time::Duration;

use super::{Outcome, Streams};
use crate::cli::{Globals, Metrics};
use crate::cluster::kubeconfig::{self, Contexts};
use crate::config::Settings;
use crate::model::clean::clean;
use crate::model::fault::Fault;
use form::Printer;
use report::Report;
use session::Session;

/// Longest that is waited for a cluster that does not answer.
const LIMIT: Duration = Duration::from_secs(30);

/// How long after the second reading of the first pods is waited for those of the others.
const LATE: Duration = Duration::from_secs(10);

/// Reads proxies and prints or records what they say.
///
/// # Errors
/// When the output cannot be written.
pub fn run(
    wish: &Metrics,
    settings: &Settings,
    globals: &Globals,
    streams: &mut Streams<'_>,
) -> io::Result<Outcome> {
    if wish.record.is_none() && wish.gateways.len() > 1 {
        streams.complain("name one gateway; several at once are only recorded (--record FILE)")?;
        return Ok(Outcome::Usage);
    }
    let contexts = match kubeconfig::read(globals.kubeconfig.as_deref()) {
        Ok(contexts) => contexts,
        Err(fault) => return streams.fails(&fault),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let done = match &wish.record {
        Some(file) => {
            let recording = record::record(wish, file, settings, contexts, super::asked_to_stop(), streams);
            runtime.block_on(recording)
        }
        None => {
            let redraw = io::stdout().is_terminal();
            runtime.block_on(print(wish, settings, contexts, (redraw, super::asked_to_stop()), streams))
        }
    };
    // Requests to a cluster that does not answer are not waited for.
    runtime.shutdown_background();
    done
}

/// Prints what goes through one gateway, until it was printed often enough or `stop` ends. `redraw`: the output is a
/// terminal, on which a table is drawn again in its place.
///
/// # Errors
/// When the output cannot be written.
pub async fn print(
    wish: &Metrics,
    settings: &Settings,
    contexts: Contexts,
    (redraw, stop): (bool, impl Future<Output = ()>),
    streams: &mut Streams<'_>,
) -> io::Result<Outcome> {
    let mut session = match Session::open(wish, settings, contexts) {
        Ok(session) => session,
        Err(fault) => return streams.fails(&fault),
    };
    let mut outcome = Outcome::Done;
    let ended = tokio::select! {
        biased;
        () = stop => Ok(()),
        ended = printing(wish, &mut session, redraw, &mut outcome, streams) => ended,
    };
    ended.map(|()| outcome)
}

async fn printing(
    wish: &Metrics,
    session: &mut Session,
    redraw: bool,
    outcome: &mut Outcome,
    streams: &mut Streams<'_>,
) -> io::Result<()> {
    *outcome = Outcome::Failed;
    session.settle(LIMIT).await;
    let name = wish.gateways.first().map(String::as_str).unwrap_or_default();
    let id = match find::one(&session.fleet(), &session.states(), name) {
        Ok(gateway) => gateway.id.clone(),
        Err(why) => {
            for fault in session.faults() {
                say(&fault, streams)?;
            }
            return streams.complain(why);
        }
    };
    session.read(vec![id.clone()]);
    if session.pods(&id).is_empty() {
        for fault in session.faults() {
            say(&fault, streams)?;
        }
        let unknown = session.fleet().iter().any(|row| row.id == id && row.pods_unknown());
        let what = if unknown { "has no pods that are known" } else { "has no pods" };
        return streams.complain(format!("{} {what}", find::words(&id)));
    }
    streams
        .complain(format!("reading twice, {} apart: only then there are rates", seconds(wish.interval)))?;
    session.read_twice(LATE).await;
    let (mut told, mut printer) = (Vec::new(), Printer::new(wish.output, redraw, form::terminal));
    let times = match (wish.count, wish.watch) {
        (Some(count), _) => count,
        (None, true) => u64::MAX,
        (None, false) => 1,
    };
    for time in 1..=times {
        let report = Report::of(session, &id, wish);
        if warn(&report, &mut told, streams)? {
            printer.interrupted();
        }
        if report.pods.iter().all(|pod| pod.last.is_none()) && time == 1 {
            return Ok(());
        }
        printer.print(&report, streams.out)?;
        *outcome = judged(wish, &report, streams)?;
        if time < times {
            session.wait(wish.interval).await;
        }
    }
    Ok(())
}

/// What is told of the success that was asked for.
fn judged(wish: &Metrics, report: &Report, streams: &mut Streams<'_>) -> io::Result<Outcome> {
    let Some(floor) = wish.fail_under else { return Ok(Outcome::Done) };
    match report.totals.success.number() {
        Some(success) if success < floor.success => {
            let words = report.totals.success.words(crate::model::reading::Unit::Percent);
            streams.complain(format!("success is {words}, below {} %", floor.success * 100.0))?;
            Ok(Outcome::Under)
        }
        Some(_) => Ok(Outcome::Done),
        // Without requests none fails.
        None if report.totals.success == crate::model::reading::Reading::Nothing => Ok(Outcome::Done),
        None => {
            streams.complain("success is not known: the proxies do not collect it, or it was not read")?;
            Ok(Outcome::Failed)
        }
    }
}

/// Tells of pods that cannot be read, each fault once; whether there was something to tell.
fn warn(report: &Report, told: &mut Vec<(String, Fault)>, streams: &mut Streams<'_>) -> io::Result<bool> {
    let before = told.len();
    for pod in &report.pods {
        let Some(fault) = &pod.fault else { continue };
        let what = (pod.pod.name.to_string(), fault.clone());
        if !told.contains(&what) {
            say(fault, streams)?;
            told.push(what);
        }
    }
    Ok(told.len() > before)
}

/// What happened, and what to do.
fn say(fault: &Fault, streams: &mut Streams<'_>) -> io::Result<()> {
    streams.complain(clean(&fault.summary))?;
    if fault.hint.is_empty() { Ok(()) } else { writeln!(streams.err, "  {}", clean(&fault.hint)) }
}

fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs_f64())
}
