//! The guided tour of the demo: one step at a time in the hint bar, done when the person has done it.

use std::sync::Arc;

use super::command::Command;
use super::deed::{Named, What};
use super::effect::{Effect, Tampered};
use super::keeping::State;
use super::model::App;
use super::overlay::Overlay;
use super::screen::{Details, Screen, Tab};
use crate::materialize::names::PAUSED;
use crate::model::gateway::{GatewayRow, Origin};
use crate::model::health::HealthState;
use crate::model::name::ClusterName;
use crate::model::table::{Subject, TableKind, Tone};

/// The cluster whose gateways nobody keeps.
const SANDBOX: &str = "sandbox";

/// What the demo adds to the state.
#[derive(Clone, Debug, Default)]
pub struct Demo {
    /// The faults in force, as they are typed.
    pub faults: Vec<String>,
    /// The step of the tour that comes next; none: nobody takes it.
    pub tour: Option<usize>,
}

/// One step: what to do, and whether it is done. `{command}` stands for its key.
struct Step {
    say: &'static str,
    done: fn(&App) -> bool,
}

const fn step(say: &'static str, done: fn(&App) -> bool) -> Step {
    Step { say, done }
}

/// The tour. Each part of the product adds its own steps.
const STEPS: &[Step] = &[
    step("{down} and {up} move: put the cursor on a gateway that is not Running", |app| {
        selected(app).is_some_and(|state| state != HealthState::Running)
    }),
    step("the two lines above say why. {open} opens the gateway", |app| details(app).is_some()),
    step("{next-tab} goes from tab to tab: find its pods", |app| {
        details(app).is_some_and(|d| d.tab == Tab::Pods)
    }),
    step("{logs} follows what the pod under the cursor writes", |app| {
        matches!(app.screen(), Screen::Logs(_))
    }),
    step("{back} leads back: press it until you see all gateways again", |app| {
        is_table(app, TableKind::Gateways)
    }),
    step("{filter} filters: type status:error, then enter", |app| {
        is_table(app, TableKind::Gateways)
            && app.active_table().is_some_and(|t| t.is_filtered() && !t.filter.editing)
    }),
    step("{back} clears the filter", |app| app.active_table().is_some_and(|t| !t.is_filtered())),
    step("traffic: {worst-first} brings up what fails. Put the cursor on the first", |app| {
        selected_row(app).is_some_and(|row| fails(app, &row))
    }),
    step("{traffic} shows what goes through it now, host by host, the worst first", |app| {
        details(app).is_some_and(|d| d.tab == Tab::Traffic)
    }),
    step("above: what fails, since when, and why. {upstreams} shows where", |app| {
        details(app).is_some_and(|d| d.tab == Tab::Upstreams)
    }),
    step("{unfold} unfolds the host: which endpoint was put out? {back} leads back", |app| {
        is_table(app, TableKind::Gateways)
    }),
    step("{clusters} shows the clusters: one is down, in one you may only look", |app| {
        is_table(app, TableKind::Clusters)
    }),
    step("nobody keeps the gateways of sandbox: put the cursor on it", |app| {
        is_table(app, TableKind::Clusters) && app.acting_on().is_some_and(|s| is_sandbox(&s.cluster))
    }),
    step("{keep} asks whether this screen is to keep them", |app| {
        asks(app, |what| matches!(what, What::Keep)) || keeps(app)
    }),
    step("read what it would do; then y has it done", keeps),
    step("{open} shows its gateways: two are being made, and turn Running", |app| {
        is_table(app, TableKind::Gateways)
            && ["egress-preview", "egress-load-test"].iter().all(|name| runs(app, name))
    }),
    step("put the cursor on egress-preview: {pause}, then y pauses it", |app| {
        of_sandbox(app, "egress-preview").is_some_and(|row| is_paused(&row))
    }),
    step("{palette} tamper: somebody scales it, and nobody puts it back", |app| {
        of_sandbox(app, "egress-preview").is_some_and(|row| is_scaled(&row))
    }),
    step("{reconcile} shows the drift: which field, and who did it", |app| {
        details(app).is_some_and(|d| d.tab == Tab::Reconcile)
    }),
    step("{pause}, then y again: egret goes on, and puts it back", |app| {
        of_sandbox(app, "egress-preview").is_some_and(|row| !is_paused(&row) && !is_scaled(&row))
    }),
    step("{back}, then {adopt} on egress-shared, which Helm made", |app| {
        asks(app, |what| matches!(what, What::Adopt { .. }))
    }),
    step("its pods stay. Type its name, then enter: egret takes it over", |app| {
        of_sandbox(app, "egress-shared").is_some_and(|row| row.origin == Origin::IstioGateway)
            && runs(app, "egress-shared")
    }),
    step("{new} makes a gateway: type a name, {accept-form}, then y", |app| {
        app.past.iter().any(|made| made.before.is_none() && made.target.kind == "IstioGateway")
    }),
    step("{back}. {edit-yaml} on egress-preview: replicaCount: 4, then {edit-leave}", |app| {
        !app.drafts.is_empty() && is_table(app, TableKind::Gateways)
    }),
    step("the draft is kept. {palette} tamper gateway: somebody changes the same", |app| {
        let cr = of_sandbox(app, "egress-preview").and_then(|row| row.cr.clone());
        cr.is_some_and(|cr| drafted(app).is_some_and(|generation| cr.meta.generation > generation))
    }),
    step("{drafts}, enter, {edit-review}: it shows both. {mine}, enter, then y", |app| {
        app.drafts.is_empty() && app.past.iter().any(|made| made.before.is_some() && made.after.is_some())
    }),
    step("{back}, then {delete} on the gateway you made: what is lost? Then y", |app| {
        app.past.iter().any(|made| made.after.is_none())
    }),
    step("{undo}, enter, then y: it is made anew, with another address", |app| {
        let deleted = app.past.iter().position(|made| made.after.is_none());
        deleted.is_some_and(|at| app.past[at..].iter().any(|made| made.before.is_none()))
    }),
    step("{back}. Now break something: {palette} fault latency=300ms is a slow line", |app| {
        has_fault(app, "latency=")
    }),
    step("{palette} fault outage=frankfurt takes a cluster away: its rows turn stale", |app| {
        has_fault(app, "outage=")
    }),
    step("{palette} fault none mends all of it", |app| {
        app.demo.as_ref().is_some_and(|d| d.faults.is_empty())
    }),
    step("that was the tour. {help} lists all keys, {tour} ends it", |_| false),
];

fn is_sandbox(cluster: &ClusterName) -> bool {
    cluster.as_str() == SANDBOX
}

/// Whether a deed is asked about, and what it would do is known.
fn asks(app: &App, deed: fn(&What) -> bool) -> bool {
    matches!(&app.overlay, Some(Overlay::Confirm(confirm)) if confirm.waits() && deed(&confirm.deed.what))
}

/// Whether this screen keeps the gateways of the sandbox.
fn keeps(app: &App) -> bool {
    let keeping = app.keeping.iter().find(|(cluster, _)| is_sandbox(cluster));
    keeping.is_some_and(|(_, keeping)| matches!(keeping.state, State::Leading(_)))
}

/// A gateway of the sandbox.
fn of_sandbox(app: &App, name: &str) -> Option<Arc<GatewayRow>> {
    app.fleet().iter().find(|row| is_sandbox(&row.id.cluster) && &*row.id.name == name).cloned()
}

/// What the draft was begun from.
fn drafted(app: &App) -> Option<i64> {
    app.drafts.first()?.before.as_ref()?["metadata"]["generation"].as_i64()
}

fn runs(app: &App, name: &str) -> bool {
    of_sandbox(app, name).is_some_and(|row| row.health.state == HealthState::Running)
}

fn is_paused(row: &GatewayRow) -> bool {
    row.cr.as_ref().is_some_and(|cr| cr.gateway.annotation(PAUSED) == Some("true"))
}

/// Whether it has another number of replicas than it asks for.
fn is_scaled(row: &GatewayRow) -> bool {
    let asked = row.cr.as_ref().and_then(|cr| cr.gateway.spec.effective(None).replica_count);
    row.workload.as_ref().map(|workload| workload.wanted) != asked
}

fn selected(app: &App) -> Option<HealthState> {
    Some(selected_row(app)?.health.state)
}

fn selected_row(app: &App) -> Option<Arc<GatewayRow>> {
    match &app.active_table()?.item()?.subject {
        Subject::Gateway(gateway) => Some(gateway.clone()),
        _ => None,
    }
}

/// Whether its traffic fails, by the thresholds.
fn fails(app: &App, row: &GatewayRow) -> bool {
    app.traffic.brief(&row.id).is_some_and(|brief| brief.verdict.tone == Tone::Bad)
}

fn details(app: &App) -> Option<&Details> {
    match app.screen() {
        Screen::Details(details) => Some(details),
        _ => None,
    }
}

fn is_table(app: &App, kind: TableKind) -> bool {
    matches!(app.screen(), Screen::Table(table) if table.kind == kind)
}

fn has_fault(app: &App, start: &str) -> bool {
    app.demo.as_ref().is_some_and(|d| d.faults.iter().any(|f| f.starts_with(start)))
}

impl App {
    /// Somebody changes something by hand.
    pub(super) fn tamper(&mut self, argument: &str) -> Vec<Effect> {
        if argument == "gateway"
            && let Some(row) = self.gateway_here()
            && let Some(cr) = &row.cr
        {
            let (home, name) = (self.home_of(&row), cr.meta.name.clone());
            self.say(
                Tone::Plain,
                format!("Somebody has IstioGateway {name} in {home} ask for one pod more."),
            );
            let named = Named { namespace: cr.meta.namespace.clone(), name };
            return vec![Effect::Tamper(home, Tampered::Gateway(named))];
        }
        let Ok((cluster, deployment)) = self.deployment_here() else { return Vec::new() };
        let said = format!("Somebody scales Deployment {} in {cluster} by hand.", deployment.name);
        self.say(Tone::Plain, said);
        vec![Effect::Tamper(cluster, Tampered::Deployment(deployment))]
    }

    /// Begins the tour, or ends it.
    pub(super) fn toggle_tour(&mut self) {
        if let Some(demo) = &mut self.demo {
            demo.tour = if demo.tour.is_some() { None } else { Some(0) };
        }
        self.go_on_with_tour();
    }

    /// Goes on to the step that is not done yet. A step is looked at after the one before it was done, not before.
    pub(super) fn go_on_with_tour(&mut self) {
        let Some(at) = self.demo.as_ref().and_then(|d| d.tour) else { return };
        if STEPS.get(at).is_some_and(|step| (step.done)(self))
            && let Some(demo) = &mut self.demo
        {
            demo.tour = Some(at + 1);
        }
    }

    /// The next step of the tour: its number, how many there are, and what to do.
    pub fn tour_step(&self) -> Option<(usize, usize, String)> {
        let at = self.demo.as_ref()?.tour?;
        let mut text = STEPS.get(at)?.say.to_owned();
        while let Some((start, end)) = text.find('{').zip(text.find('}')) {
            let name = text[start + 1..end].to_owned();
            let key = name.parse::<Command>().map(|c| self.key_of(c)).unwrap_or(name);
            text.replace_range(start..=end, &key);
        }
        Some((at + 1, STEPS.len(), text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_names_commands_that_exist_and_fits_a_narrow_screen() {
        for Step { say, .. } in STEPS {
            for part in say.split('{').skip(1) {
                let name = part.split('}').next().unwrap_or_default();
                assert!(name.parse::<Command>().is_ok(), "{name} in {say}");
            }
            assert!(say.len() <= 76, "{say}");
        }
    }
}
