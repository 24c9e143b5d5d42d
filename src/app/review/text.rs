//! What a review says.

use std::sync::Arc;

use super::clashes::clashes;
use super::{Item, Review, Stage};
use crate::app::confirm;
use crate::app::content::highlighted;
use crate::app::model::App;
use crate::app::paint::{Line, Look, piece};
use crate::app::screen::{Screen, facts};
use crate::materialize::change::{Checked, Made};
use crate::model::clean::clean;
use crate::model::edit::diff::{Changed, visible};
use crate::model::edit::{Change, Target};
use crate::model::facts::{Fact, Section};
use crate::model::gateway::GatewayRow;
use crate::model::health::HealthState;
use crate::model::snapshot::Keeper;
use crate::model::table::Tone;
use crate::model::yaml;

impl Item {
    /// Whether what becomes of it is followed on the screen: a gateway, until it runs.
    pub(super) fn follows(&self) -> bool {
        self.wish.target.kind == "IstioGateway" && !matches!(self.wish.change, Change::Delete { .. })
    }
}

impl App {
    /// Makes the text of the review in front.
    pub(in crate::app) fn make_review(&mut self, width: u16) {
        let Screen::Review(review) = self.screen() else { return };
        let lines = self.review_lines(review, width.saturating_sub(2));
        if let Screen::Review(review) = self.screen_mut() {
            review.lines = lines;
        }
    }

    fn review_lines(&self, review: &Review, width: u16) -> Vec<Line> {
        let Some(item) = review.item() else { return Vec::new() };
        let mut lines = Vec::new();
        if review.items.len() > 1 {
            lines.extend(facts::lines(&[self.all(review)], width));
            lines.push(Line::new());
        }
        lines.extend(facts::lines(&[self.place(item)], width));
        lines.push(Line::new());
        if let Stage::Choosing(checked, chosen, cursor) = &item.stage {
            lines.extend(clashes(checked, chosen, *cursor, width));
        } else {
            lines.extend(facts::lines(&self.said(item, review.draft.is_some()), width));
            if let (Change::Create { object }, Some(checked)) = (&item.wish.change, item.stage.checked()) {
                let shown = checked.stored.as_ref().unwrap_or(object);
                lines.push(Line::new());
                lines.push(vec![piece("What is made, as the server would store it", Look::Title)]);
                lines.extend(
                    yaml::to_yaml(&visible(shown), false).map(|text| highlighted(&text)).unwrap_or_default(),
                );
            }
        }
        lines
    }

    /// All changes of a review, each in a line.
    fn all(&self, review: &Review) -> Section {
        let line = |(n, item): (usize, &Item)| {
            let mark = if n == review.at { "▸" } else { " " };
            let mut words = item.stage.word().to_owned();
            if let Some(checked) = item.stage.checked().filter(|checked| !checked.is_idle()) {
                let changed = checked.changed.iter().map(Changed::in_words);
                let changed: Vec<String> = changed.take(2).collect();
                if !changed.is_empty() && !matches!(item.wish.change, Change::Create { .. }) {
                    words = format!("{words}: {}", changed.join(", "));
                }
            }
            let label = format!("{mark}{} {}", item.wish.target.cluster, item.wish.target.name);
            Fact::new(label, words).tone(tone(&item.stage))
        };
        let rest = if review.stops {
            "the first failure stops the rest"
        } else {
            "a failure does not stop the rest"
        };
        let title = format!("{} of {} changes; {rest}", review.at + 1, review.items.len());
        Section::new(title, review.items.iter().enumerate().map(line).collect())
    }

    /// Which object, in which cluster: never a doubt.
    fn place(&self, item: &Item) -> Section {
        let Target { cluster, .. } = &item.wish.target;
        let server = self.cluster(cluster).map(|s| s.facts.server.to_string()).unwrap_or_default();
        let server = if server.is_empty() { String::new() } else { format!(" ({server})") };
        let verb = match &item.wish.change {
            Change::Create { .. } => "Create",
            Change::Delete { .. } if self.is_restart() => "Restart, by deleting it:",
            Change::Delete { .. } => "DELETE",
            _ => "Change",
        };
        let mut facts =
            vec![Fact::new("", format!("{verb} {} in {cluster}{server}.", item.wish.target.short()))];
        if self.is_production(cluster) {
            facts.push(Fact::new("", format!("{cluster} is marked as production.")).tone(Tone::Bad));
        }
        Section::new("", facts)
    }

    fn said(&self, item: &Item, typed: bool) -> Vec<Section> {
        let saying = |tone, text: String, hint: &str| {
            let mut facts = vec![Fact::new("", text).tone(tone)];
            if !hint.is_empty() {
                facts.push(Fact::new("", hint));
            }
            Section::new("", facts)
        };
        match &item.stage {
            Stage::Checking => vec![saying(Tone::Busy, "Asking the server what this would do …".into(), "")],
            Stage::Refused(refusal) => {
                let mut facts = vec![Fact::new("", sentence(&refusal.fault.summary)).tone(Tone::Bad)];
                let fields = refusal.fields.iter();
                facts.extend(
                    fields.map(|(path, why)| Fact::new(path.to_string(), clean(why)).tone(Tone::Bad)),
                );
                if !refusal.fault.hint.is_empty() {
                    facts.push(Fact::new("", refusal.fault.hint.clone()));
                }
                let back = "Nothing was written. esc goes back to where it was typed: all of it is there.";
                facts.push(Fact::new("", if typed { back } else { "Nothing was written." }));
                vec![Section::new("Refused", facts)]
            }
            Stage::Failed(checked, fault) => {
                let said = format!("It failed: {}", sentence(&fault.summary));
                let mut sections = vec![saying(Tone::Bad, said, &fault.hint)];
                sections.extend(self.checked(item, checked));
                sections
            }
            Stage::Making(checked) | Stage::Queued(checked) => {
                let mut sections = vec![saying(Tone::Busy, "Being made …".into(), "")];
                sections.extend(self.checked(item, checked));
                sections
            }
            Stage::Asking(checked) | Stage::Choosing(checked, ..) => self.checked(item, checked),
            Stage::Made(made) => self.made(item, made),
        }
    }

    fn checked(&self, item: &Item, checked: &Arc<Checked>) -> Vec<Section> {
        let mut sections = Vec::new();
        if let Some(kept) = &checked.kept {
            sections
                .push(Section::new("Who keeps it", vec![Fact::new("", kept.in_words()).tone(Tone::Warn)]));
        }
        if checked.is_idle() {
            let text = "Nothing would change: the object is like this already.";
            sections.push(Section::new("", vec![Fact::new("", text)]));
        }
        if !checked.changed.is_empty() && !matches!(checked.change, Change::Create { .. }) {
            sections.push(Section::new("What changes", checked.changed.iter().map(changed).collect()));
        }
        if !checked.meanwhile.is_empty() {
            let facts = checked.meanwhile.iter().map(changed).collect();
            sections.push(Section::new("What others changed meanwhile, and is kept", facts));
        }
        let restart = self.is_restart().then(|| self.restart_facts(item)).flatten();
        if let Some(restart) = restart {
            sections.push(restart);
            sections.push(Section::new("", vec![verdict(checked)]));
            return sections;
        }
        let mut notes: Vec<Fact> =
            checked.notes.iter().map(|note| Fact::new("", sentence(&note.text)).tone(note.tone)).collect();
        notes.extend(self.goes_through(item));
        notes.extend(self.who_acts(item));
        if !notes.is_empty() {
            let title = if matches!(checked.change, Change::Delete { .. }) {
                "What is lost"
            } else {
                "What this does"
            };
            sections.push(Section::new(title, notes));
        }
        sections.extend(self.undoing(item));
        sections.push(Section::new("", vec![verdict(checked)]));
        sections
    }

    /// Who acts on a gateway's change, where that is not a matter of course (R4).
    fn who_acts(&self, item: &Item) -> Option<Fact> {
        if item.wish.target.kind != "IstioGateway" {
            return None;
        }
        let cluster = &item.wish.target.cluster;
        let snapshot = self.cluster(cluster)?;
        let [words, _] = self.keeper_words(snapshot);
        let nobody = snapshot.facts.keeper == Keeper::Egret
            && !matches!(snapshot.facts.holder, crate::model::holder::Holder::Held(_))
            && !self.keeps(cluster);
        Some(match snapshot.facts.keeper {
            Keeper::Egret if nobody => Fact::new(
                "",
                format!("Nobody acts on it: no egret keeps the gateways of {cluster} now. `K` on Clusters keeps them from this screen, `egret install` by a controller."),
            )
            .tone(Tone::Warn),
            Keeper::Asm => Fact::new("", format!("ASM acts on it in {cluster}; what it makes of it may differ in detail.")),
            Keeper::Other => Fact::new("", format!("Somebody else keeps the gateways of {cluster} and acts on it.")),
            _ => Fact::new("", format!("{words} the gateways of {cluster} and acts on it.")).tone(Tone::Muted),
        })
    }

    /// Whether the review in front is one of restarts.
    fn is_restart(&self) -> bool {
        matches!(self.screen(), Screen::Review(review) if review.restarts)
    }

    /// What undoing a deletion cannot bring back.
    fn undoing(&self, item: &Item) -> Option<Section> {
        let deleted = match &item.wish.change {
            Change::Delete { .. } => true,
            _ => return None,
        };
        let text = "Undo makes it anew from its spec: a cluster IP, and the address of a load balancer, are new then.";
        deleted.then(|| Section::new("", vec![Fact::new("", text).tone(Tone::Muted)]))
    }

    /// The gateways that a target became, one a cluster.
    pub(super) fn made_rows(&self, target: &Target) -> Vec<Arc<GatewayRow>> {
        let is_it = |row: &&Arc<GatewayRow>| {
            let cr = row.cr.as_ref().map(|cr| (&*cr.meta.namespace, &*cr.meta.name));
            self.home_of(row) == target.cluster && cr == Some((&*target.namespace, &*target.name))
        };
        self.fleet().iter().filter(is_it).cloned().collect()
    }

    /// What became of it: for a gateway a list that is ticked off as it comes to run.
    fn made(&self, item: &Item, made: &Made) -> Vec<Section> {
        let mut sections = vec![Section::new("", vec![Fact::new("", made.said.clone()).tone(Tone::Good)])];
        if !item.follows() {
            return sections;
        }
        let rows = self.made_rows(&item.wish.target);
        if rows.is_empty() {
            let text = "It is not in the table yet …";
            sections.push(Section::new("On its way", vec![Fact::new("", text).tone(Tone::Busy)]));
        }
        for row in rows {
            let title = match &row.cluster_id {
                Some(id) => format!("On its way in cluster {id} ({})", row.id.cluster),
                None => "On its way".to_owned(),
            };
            sections.push(Section::new(title, checklist(&row)));
            sections.push(Section::new("", self.who_acts(item).into_iter().collect()));
        }
        sections
    }
}

/// What a gateway needs until it runs, each ticked off.
fn checklist(row: &GatewayRow) -> Vec<Fact> {
    let tick = |done: bool, label: &'static str, value: String| {
        let (mark, tone) = if done { ("✓", Tone::Good) } else { ("…", Tone::Busy) };
        Fact::new(label, format!("{mark} {value}")).tone(tone)
    };
    let accepted = row.cr.as_ref().and_then(|cr| {
        let status = cr.gateway.status.as_ref()?;
        status
            .value
            .conditions
            .iter()
            .flatten()
            .find(|c| c.type_ == "Accepted")
            .map(|c| (c.status == "True", c.message.clone()))
    });
    let mut facts = Vec::new();
    match accepted {
        Some((true, _)) => facts.push(tick(true, "accepted", "by whoever keeps it".into())),
        Some((false, why)) => {
            facts.push(Fact::new("accepted", format!("✕ no: {}", clean(&why))).tone(Tone::Bad));
        }
        // What is made of it already was accepted by somebody.
        None if row.workload.is_some() => facts.push(tick(true, "accepted", "it is being made".into())),
        None => facts.push(tick(false, "accepted", "no word of its keeper yet".into())),
    }
    let workload = row.workload.as_ref().map(|w| w.meta.name.to_string());
    facts.push(tick(workload.is_some(), "Deployment", workload.unwrap_or_else(|| "not there yet".into())));
    let (ready, wanted) = row.ready.unwrap_or_default();
    facts.push(tick(wanted > 0 && ready >= wanted, "pods", format!("{ready}/{wanted} ready")));
    let address = if row.address.is_empty() { "not known yet".to_owned() } else { row.address.to_string() };
    facts.push(tick(!row.address.is_empty(), "address", address));
    let state = row.health.state;
    let tone = match state {
        HealthState::Running => Tone::Good,
        HealthState::Progressing | HealthState::Pending => Tone::Busy,
        HealthState::Unknown | HealthState::Deleting => Tone::Warn,
        HealthState::Degraded | HealthState::Error => Tone::Bad,
    };
    facts.push(Fact::new("state", format!("{state}: {}", row.health.reason)).tone(tone));
    facts
}

fn verdict(checked: &Checked) -> Fact {
    let since =
        if checked.meanwhile.is_empty() { "" } else { " Others changed it since it was opened: see above." };
    match (&checked.unchecked, &checked.stored, &checked.change) {
        (Some(why), _, _) => {
            Fact::new("", format!("NOT checked by the server: {}{since}", sentence(why))).tone(Tone::Warn)
        }
        (None, Some(_), _) => {
            Fact::new("", format!("Checked by the server (dry run): accepted.{since}")).tone(Tone::Good)
        }
        (None, None, Change::Delete { object }) => {
            let uid = object["metadata"]["uid"].as_str().unwrap_or_default();
            Fact::new("", format!("Only this very object is deleted (uid {uid}).")).tone(Tone::Muted)
        }
        _ => Fact::new("", ""),
    }
}

pub(super) fn changed(changed: &Changed) -> Fact {
    let words = changed.in_words();
    match words.split_once(": ") {
        Some((path, rest)) if path.len() <= 60 => Fact::new(path.to_owned(), rest.to_owned()),
        _ => Fact::new("", words),
    }
}

fn tone(stage: &Stage) -> Tone {
    match stage {
        Stage::Checking | Stage::Making(_) | Stage::Queued(_) => Tone::Busy,
        Stage::Refused(_) | Stage::Failed(..) => Tone::Bad,
        Stage::Choosing(..) => Tone::Warn,
        Stage::Asking(_) => Tone::Plain,
        Stage::Made(_) => Tone::Good,
    }
}

fn sentence(text: &str) -> String {
    confirm::sentence(&clean(text))
}
