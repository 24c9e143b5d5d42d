//! `egret install`: shows what it would do, asks, and does it.

use std::io;

use super::confirm::{Answer, ask};
use super::mesh::{self, Mesh};
use super::{Outcome, Streams, forecast, render};
use crate::cli::{Form, Globals, Install, Manifests};
use crate::cluster::connect::Connection;
use crate::cluster::read_only::ReadOnly;
use crate::config::Settings;
use crate::materialize::compare::Difference;
use crate::materialize::install::{Plan, What, Wish};
use crate::model::clean::clean;
use crate::model::fault::{Fault, Reason};
use crate::reconcile::{Keeper, Report, install, kubeconfigs, survey};

/// Fields that are shown of one object: the rest is counted.
const SHOWN: usize = 20;

/// What was found out before anything is asked.
struct Before {
    home: Connection,
    namespace: String,
    plan: Plan,
    gateways: Vec<(String, Report)>,
}

/// Installs egret into the one chosen cluster.
pub fn run(
    verb: &Install,
    settings: &Settings,
    globals: &Globals,
    streams: &mut Streams<'_>,
) -> io::Result<Outcome> {
    if settings.read_only.value && !verb.dry_run {
        streams.complain("installing writes, and read-only is set: --dry-run shows what would be done")?;
        return Ok(Outcome::Usage);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let Before { home, namespace, plan, gateways } = match runtime.block_on(look(verb, settings, globals)) {
        Ok(before) => before,
        Err(fault) => return streams.fails(&fault),
    };
    if verb.output == Some(Manifests::Yaml) {
        render::print(&plan.manifests(), Form::Yaml, streams.out)?;
        return Ok(Outcome::Done);
    }
    for line in told(&home, &namespace, &plan) {
        writeln!(streams.out, "{}", clean(&line))?;
    }
    for line in forecast::lines(&home, &namespace, &gateways) {
        writeln!(streams.out, "{line}")?;
    }
    if verb.dry_run {
        return Ok(Outcome::Done);
    }
    if plan.is_done() {
        writeln!(streams.out, "Nothing is to be done.")?;
        return Ok(Outcome::Done);
    }
    if !verb.yes {
        let question = format!("This installs egret into {}.", home.cluster);
        match ask(&question, "yes", streams)? {
            Answer::Given => {}
            Answer::Refused => {
                streams.complain("nothing was installed")?;
                return Ok(Outcome::Failed);
            }
            Answer::Nobody => {
                streams.complain(
                    "nothing was installed: there is no terminal to ask on; --yes says it beforehand",
                )?;
                return Ok(Outcome::Usage);
            }
        }
    }
    // What is about to be done is read before it is, not after.
    streams.out.flush()?;
    home.read_only.set(false);
    match runtime.block_on(install::install(&home, &plan)) {
        Ok(()) => {
            writeln!(
                streams.out,
                "{}: egret keeps the gateways of {namespace} once its controller runs.",
                home.cluster
            )?;
            Ok(Outcome::Done)
        }
        Err(fault) => streams.fails(&fault),
    }
}

/// Looks at everything. The connection is read-only until somebody has agreed.
async fn look(verb: &Install, settings: &Settings, globals: &Globals) -> Result<Before, Fault> {
    let guard = if verb.dry_run { ReadOnly::demanded() } else { ReadOnly::new(true) };
    let opened = mesh::open(verb.cluster_id.as_deref(), settings, globals, ("install", guard)).await?;
    let Mesh { clusters, clock, namespace } = opened;
    let home = clusters.home.clone();
    if !verb.dry_run && settings.read_only_in(home.cluster.as_str()) {
        let summary = format!("{}: installing writes, and this context is read-only", home.cluster);
        return Err(Fault::new(Reason::ReadOnly, summary, "--dry-run shows what would be done."));
    }
    let wish = Wish {
        namespace: namespace.clone(),
        image: Some(verb.image.clone()),
        cluster_id: verb.cluster_id.clone(),
    };
    let plan = install::plan(&home, &wish).await?;
    let keeper = Keeper::new(clusters.clone(), clock);
    let gateways =
        kubeconfigs::beside(clusters, namespace.clone(), Box::pin(survey(&keeper, &namespace))).await?;
    Ok(Before { home, namespace, plan, gateways })
}

/// The plan in lines.
fn told(home: &Connection, namespace: &str, plan: &Plan) -> Vec<String> {
    let mut lines = vec![format!("context {} ({}), namespace {namespace}", home.cluster, home.server)];
    for object in &plan.objects {
        lines.push(format!("{:<10} {}", object.what.word(), object.in_words()));
        if let What::Change(fields) = &object.what {
            lines.extend(fields.iter().take(SHOWN).map(field));
            if fields.len() > SHOWN {
                lines.push(format!("             and {} more fields", fields.len() - SHOWN));
            }
        }
    }
    lines.extend(plan.notes.iter().map(|note| format!("note: {note}")));
    lines
}

/// One field in a line that fits; lists of rules and schemas would fill the screen.
fn field(difference: &Difference) -> String {
    const LONGEST: usize = 160;
    let words = difference.in_words();
    let short: String = words.chars().take(LONGEST).collect();
    let more = if short.len() < words.len() { "…" } else { "" };
    format!("             {short}{more}")
}
