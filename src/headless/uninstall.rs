//! `egret uninstall`: shows what goes and what stays, asks, and does it.

use std::io;

use tokio::sync::mpsc::unbounded_channel;

use super::confirm::{Answer, ask};
use super::mesh::{self, Mesh};
use super::{Outcome, Streams};
use crate::cli::{Globals, Uninstall};
use crate::cluster::read_only::ReadOnly;
use crate::config::Settings;
use crate::materialize::removal::{Fate, Removal};
use crate::model::clean::clean;
use crate::model::fault::{Fault, Reason};
use crate::reconcile::identity;
use crate::reconcile::{Keeper, kubeconfigs, uninstall};

/// Removes egret from the one chosen cluster.
pub fn run(
    verb: &Uninstall,
    settings: &Settings,
    globals: &Globals,
    streams: &mut Streams<'_>,
) -> io::Result<Outcome> {
    if settings.read_only.value && !verb.dry_run {
        streams.complain("uninstalling writes, and read-only is set: --dry-run shows what would be done")?;
        return Ok(Outcome::Usage);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let (mesh, removal) = match runtime.block_on(look(verb, settings, globals)) {
        Ok(found) => found,
        Err(fault) => return streams.fails(&fault),
    };
    let home = mesh.clusters.home.clone();
    writeln!(streams.out, "context {} ({}), namespace {}", home.cluster, home.server, mesh.namespace)?;
    for line in removal.in_words() {
        writeln!(streams.out, "{}", clean(&line))?;
    }
    for note in &removal.notes {
        writeln!(streams.out, "note: {}", clean(note))?;
    }
    if verb.dry_run {
        return Ok(Outcome::Done);
    }
    if removal.is_done() {
        writeln!(streams.out, "Nothing is to be done.")?;
        return Ok(Outcome::Done);
    }
    if let Some(outcome) = refused(verb, home.cluster.as_str(), streams)? {
        return Ok(outcome);
    }
    // What is about to be done is read before it is, not after.
    streams.out.flush()?;
    home.read_only.set(false);
    let Mesh { clusters, clock, namespace } = mesh;
    let keeper = Keeper::new(clusters.clone(), clock);
    let me = identity::me(false);
    let (say, mut said) = unbounded_channel::<String>();
    let tell = move |what: &str| drop(say.send(what.to_owned()));
    let work = async { uninstall::uninstall(&keeper, &removal, me, &tell).await };
    let work = kubeconfigs::beside(clusters, namespace, work);
    let done = runtime.block_on(async {
        tokio::pin!(work);
        loop {
            tokio::select! {
                biased;
                Some(what) = said.recv() => streams.complain(clean(&what))?,
                done = &mut work => break Ok::<_, io::Error>(done),
            }
        }
    })?;
    match done {
        Ok(left) => {
            for line in left {
                writeln!(streams.out, "{}", clean(&line))?;
            }
            writeln!(streams.out, "{}: egret is removed.", home.cluster)?;
            Ok(Outcome::Done)
        }
        Err(fault) => streams.fails(&fault),
    }
}

/// Looks at everything. The connections are read-only until somebody has agreed.
async fn look(verb: &Uninstall, settings: &Settings, globals: &Globals) -> Result<(Mesh, Removal), Fault> {
    let guard = if verb.dry_run { ReadOnly::demanded() } else { ReadOnly::new(true) };
    let mesh = mesh::open(verb.cluster_id.as_deref(), settings, globals, ("uninstall", guard)).await?;
    let home = &mesh.clusters.home;
    if !verb.dry_run && settings.read_only_in(home.cluster.as_str()) {
        let summary = format!("{}: uninstalling writes, and this context is read-only", home.cluster);
        return Err(Fault::new(Reason::ReadOnly, summary, "--dry-run shows what would be done."));
    }
    let fate = if verb.delete_gateways { Fate::Deleted } else { Fate::Kept };
    let keeper = Keeper::new(mesh.clusters.clone(), mesh.clock.clone());
    let removal = uninstall::plan(&keeper, &mesh.namespace, fate).await?;
    Ok((mesh, removal))
}

/// Asks; `None`: it may be done.
fn refused(verb: &Uninstall, context: &str, streams: &mut Streams<'_>) -> io::Result<Option<Outcome>> {
    let asked = match (verb.delete_gateways, &verb.confirm) {
        (false, _) if verb.yes => Answer::Given,
        (false, _) => ask(&format!("This removes egret from {context}; traffic goes on."), "yes", streams)?,
        (true, Some(name)) if name == context => Answer::Given,
        (true, Some(name)) => {
            streams.complain(format!(
                "nothing was removed: --confirm names {name}, and the context is {context}"
            ))?;
            return Ok(Some(Outcome::Usage));
        }
        (true, None) => {
            let question = format!("This DELETES THE GATEWAYS of {context} and ends their traffic.");
            ask(&question, context, streams)?
        }
    };
    let flag = if verb.delete_gateways { "--confirm CONTEXT says" } else { "--yes says" };
    Ok(match asked {
        Answer::Given => None,
        Answer::Refused => {
            streams.complain("nothing was removed")?;
            Some(Outcome::Failed)
        }
        Answer::Nobody => {
            streams.complain(format!(
                "nothing was removed: there is no terminal to ask on; {flag} it beforehand"
            ))?;
            Some(Outcome::Usage)
        }
    })
}
