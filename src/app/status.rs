//! What the edges of the screen say: header, prompt, explanation, hints, and why a table is empty.

use std::sync::Arc;

use super::command::{COMMANDS, Command, Spec};
use super::keeping::State;
use super::model::App;
use super::overlay::Overlay;
use super::screen::details::Gone;
use super::screen::{Details, DetailsOf, Logs, Screen, Tab, Table};
use crate::model::brief::Brief;
use crate::model::columns;
use crate::model::holder::{Holder, keeps};
use crate::model::name::Kind;
use crate::model::snapshot::{Keeper, KindState, Link, Snapshot};
use crate::model::table::{Item, Subject, TableKind, Tone};

/// What is being typed, shown in a line of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// What it is for.
    pub label: &'static str,
    /// The text.
    pub text: String,
    /// Characters before the cursor; `None`: not being typed.
    pub cursor: Option<usize>,
    /// What comes of it: how many rows, or why it cannot be read.
    pub outcome: String,
    /// Whether it can be read.
    pub good: bool,
}

/// How many clusters are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClusterCounts {
    /// All.
    pub all: usize,
    /// Every initial list has ended and the cluster answers.
    pub complete: usize,
    /// Connecting, or lists under way.
    pub loading: usize,
    /// Not answering, or refusing.
    pub trouble: usize,
}

impl App {
    /// Where the person is, from the outermost in.
    pub fn crumbs(&self) -> Vec<String> {
        let program = match (&self.demo, &self.replay) {
            (Some(_), _) => "egret demo",
            (None, Some(_)) => "egret replay",
            (None, None) => "egret",
        };
        let mut crumbs = vec![program.to_owned()];
        // Whether the cluster was named already.
        let mut within = false;
        for screen in &self.stack {
            match screen {
                Screen::Table(table) => crumbs.push(table.kind.to_string()),
                Screen::Fleet(_) => crumbs.push("fleet".to_owned()),
                Screen::Details(details) => {
                    crumbs.push(details.of.cluster().to_string());
                    crumbs.push(details.of.name().to_owned());
                }
                Screen::Logs(logs) => {
                    if !within {
                        crumbs.push(logs.query.cluster.to_string());
                    }
                    crumbs.push(format!("logs {}", logs.title));
                }
                Screen::Editor(editor) => crumbs.push(editor.title()),
                Screen::Form(form) => {
                    if !within {
                        crumbs.push(form.cluster.to_string());
                    }
                    crumbs.push(form.title());
                }
                Screen::Review(review) => crumbs.push(review.title()),
            }
            within = !matches!(screen, Screen::Table(_) | Screen::Fleet(_));
        }
        crumbs
    }

    /// How many clusters are in which state.
    pub fn cluster_counts(&self) -> ClusterCounts {
        let mut counts = ClusterCounts { all: self.clusters.len(), ..ClusterCounts::default() };
        for s in &self.clusters {
            match &s.link {
                Link::Ready if s.complete() => counts.complete += 1,
                Link::Ready | Link::Connecting { .. } => counts.loading += 1,
                _ => counts.trouble += 1,
            }
        }
        counts
    }

    /// `RO`, `RW`, or `RW/RO` when it depends on the cluster.
    pub fn rights(&self) -> &'static str {
        let read_only = self.clusters.iter().filter(|s| self.is_read_only(&s.cluster)).count();
        match read_only {
            0 if !self.settings.read_only => "RW",
            n if n == self.clusters.len() || self.settings.read_only => "RO",
            _ => "RW/RO",
        }
    }

    /// Whether a key would act on a cluster that is marked as production; a yes acts on the one that is asked about.
    pub fn acts_on_production(&self) -> bool {
        let acting = match &self.overlay {
            Some(Overlay::Confirm(confirm)) => Some(&confirm.deed.cluster),
            _ => self.acting_on().map(|s| &s.cluster),
        };
        acting.is_some_and(|cluster| self.is_production(cluster))
    }

    /// The cluster that a key would act on.
    pub fn acting_on(&self) -> Option<&Snapshot> {
        let name = match self.screen() {
            Screen::Table(table) => table.item().map(|i| &i.cluster),
            Screen::Fleet(fleet) => fleet.tile().map(|tile| &tile.id.cluster),
            Screen::Details(details) => Some(details.of.cluster()),
            Screen::Logs(logs) => Some(&logs.query.cluster),
            Screen::Editor(editor) => Some(&editor.cluster),
            Screen::Form(form) => Some(&form.cluster),
            Screen::Review(review) => review.cluster(),
        };
        name.and_then(|name| self.cluster(name)).map(std::convert::AsRef::as_ref)
    }

    /// Who keeps the gateways of a cluster, for the header: as much as there is to say, and the same in less room.
    pub fn keeper_words(&self, s: &Snapshot) -> [String; 2] {
        let ours = self.keeping.get(&s.cluster).map(|keeping| &keeping.state);
        if let Some(State::Leading(_)) = ours {
            return ["this screen keeps".to_owned(), "kept here".to_owned()];
        }
        let short = match (s.facts.keeper, &s.facts.holder) {
            (Keeper::Egret, Holder::Held(_)) => "egret keeps",
            (Keeper::Egret, Holder::Nobody | Holder::Silent { .. }) => "nobody keeps",
            _ => "",
        };
        let words = keeps(&s.facts);
        let short = if short.is_empty() { words.clone() } else { short.to_owned() };
        [words, short]
    }

    /// What is being typed or in force: filter or search.
    pub fn prompt(&self) -> Option<Prompt> {
        if let Some(table) = self.active_table() {
            let line = &table.filter;
            if !line.editing && line.input.text().is_empty() {
                return None;
            }
            let outcome = line
                .error
                .clone()
                .unwrap_or_else(|| format!("{} of {}", table.visible.len(), table.items.len()));
            return Some(Prompt {
                label: "filter",
                text: line.input.text().to_owned(),
                cursor: line.editing.then(|| line.input.cursor()),
                outcome,
                good: line.error.is_none(),
            });
        }
        let find = match self.screen() {
            Screen::Details(details) => &details.text.find,
            Screen::Logs(logs) => &logs.find,
            Screen::Editor(editor) => return editor.prompt(),
            _ => return None,
        };
        if !find.editing && find.input.text().is_empty() {
            return None;
        }
        let lines = if find.hits == 1 { "line" } else { "lines" };
        Some(Prompt {
            label: "find",
            text: find.input.text().to_owned(),
            cursor: find.editing.then(|| find.input.cursor()),
            outcome: find.error.clone().unwrap_or_else(|| format!("in {} {lines}", find.hits)),
            good: find.error.is_none(),
        })
    }

    /// The lines below the body: what the selected row means; of a log, how it is read.
    pub fn explanation(&self) -> [String; 2] {
        if let Some(table) = self.active_table() {
            return match table.item() {
                Some(item) => {
                    let [first, mut second] = columns::explain(item, self.now);
                    if let Some(live) = &item.live {
                        let shows = match (live.verdict.tone, live.trouble.is_empty()) {
                            (Tone::Plain, true) => None,
                            (Tone::Plain, false) => Some("tells why"),
                            _ => Some("shows which host"),
                        };
                        let key = self.key_of(Command::Traffic);
                        second.extend(shows.map(|shows| format!(" {key} {shows}.")));
                    }
                    [first, self.marks_in_words().unwrap_or(second)]
                }
                None => [String::new(), String::new()],
            };
        }
        match self.screen() {
            Screen::Details(details) => self.explain_details(details),
            Screen::Logs(logs) => [explain_logs(logs), String::new()],
            Screen::Editor(editor) => editor.explain(),
            Screen::Form(form) => form.explain(),
            Screen::Fleet(_) => self.explain_tile(),
            Screen::Table(_) | Screen::Review(_) => Default::default(),
        }
    }

    /// How many rows are marked, and which of them the filter hides.
    fn marks_in_words(&self) -> Option<String> {
        let count = self.marked().len();
        if count == 0 {
            return None;
        }
        let hidden = self.hidden_marks();
        let hidden = match hidden.len() {
            0 => String::new(),
            n => format!(", {n} of them hidden by the filter: {}", hidden.join(", ")),
        };
        let key = self.key_of(Command::UnmarkAll);
        Some(format!(
            "{count} marked{hidden}. What changes objects is about these; {key} takes the marks away."
        ))
    }

    fn explain_details(&self, details: &Details) -> [String; 2] {
        if self.looks_at_traffic() {
            return details.traffic.shown.explain.clone();
        }
        let gone = match details.gone {
            Some(Gone::Deleted) => "It was deleted: this is how it was last seen. ".to_owned(),
            Some(Gone::Closed) => {
                format!("{} was closed: this is how it was last seen. ", details.of.cluster())
            }
            None => String::new(),
        };
        if gone.is_empty()
            && let Some(said) = self.explain_pane(details)
        {
            return said;
        }
        if let Some(path) = self.picked() {
            let [edit, form] = [Command::Edit, Command::EditForm].map(|command| self.key_of(command));
            return [
                format!("Set by {path}."),
                format!("{edit} changes it here, {form} opens the whole form."),
            ];
        }
        if details.tab != Tab::Yaml
            && gone.is_empty()
            && let Some(subject) = self.subject_of(&details.of)
        {
            let cluster = details.of.cluster().clone();
            let stale = self.cluster(&cluster).is_some_and(|s| !s.link.is_ready());
            return columns::explain(
                &Item { cluster, stale, subject, live: self.live_of(&details.of), beside: None },
                self.now,
            );
        }
        match (&details.of, details.tab) {
            (_, Tab::Yaml) => {
                let which =
                    details.objects.get(details.document).map(|o| o.key.to_string()).unwrap_or_default();
                let (at, all) = (details.document + 1, details.objects.len());
                let place = if all > 1 { format!("Object {at} of {all}. ") } else { String::new() };
                let fields = if details.managed_fields { "shown" } else { "hidden" };
                let key = self.key_of(Command::ManagedFields);
                [format!("{gone}{which}"), format!("{place}managedFields are {fields}: {key} changes that.")]
            }
            _ => [gone, String::new()],
        }
    }

    /// The traffic of what a details screen is about, in one line.
    fn live_of(&self, of: &DetailsOf) -> Option<Arc<Brief>> {
        match of {
            DetailsOf::Gateway(id) => self.traffic.brief(id),
            _ => None,
        }
    }

    /// The row of what a details screen is about.
    fn subject_of(&self, of: &DetailsOf) -> Option<Subject> {
        match of {
            DetailsOf::Gateway(id) => self.gateway(id).map(Subject::Gateway),
            DetailsOf::Pod(key) => self.pod(key).cloned().map(Subject::Pod),
            DetailsOf::Service(key) => self.service(key).cloned().map(Subject::Service),
            DetailsOf::Other(_) => None,
        }
    }

    /// The commands of the hint bar: only what works here, in the order of the table.
    pub fn hints(&self) -> Vec<&'static Spec> {
        let focus = self.focus();
        COMMANDS
            .iter()
            .filter(|s| {
                !s.hint.is_empty()
                    && s.scopes.iter().any(|x| focus.contains(x))
                    && self.applies(s.command).is_ok()
            })
            .collect()
    }

    /// Why a table shows no row, and what to do next. `None` when it shows some.
    pub fn why_empty(&self, table: &Table) -> Option<(Tone, String, String)> {
        if !table.visible.is_empty() {
            return None;
        }
        let kind = table.kind;
        if !table.items.is_empty() {
            let text = format!("The filter hides all {} {kind}.", table.items.len());
            return Some((Tone::Plain, text, format!("{} clears it.", self.key_of(Command::Back))));
        }
        if self.clusters.is_empty() {
            return Some((
                Tone::Plain,
                "No cluster is open.".to_owned(),
                ":open-context opens one.".to_owned(),
            ));
        }
        let counts = self.cluster_counts();
        if counts.loading > 0 {
            return Some((Tone::Busy, format!("Loading {kind} …"), String::new()));
        }
        if counts.trouble == counts.all {
            let retry = format!("{} tries again now.", self.key_of(Command::Retry));
            return Some((Tone::Bad, "No cluster answers.".to_owned(), retry));
        }
        if let Some(fault) = self.clusters.iter().find_map(|s| denied(s, kind)) {
            return Some((Tone::Warn, fault.summary.clone(), fault.hint.clone()));
        }
        let namespaces = match self.settings.namespaces.as_slice() {
            [] => "any namespace".to_owned(),
            some => some.join(", "),
        };
        let what = if kind == TableKind::Gateways && !self.settings.ingress { "egress gateways" } else { "" };
        let what = if what.is_empty() { kind.to_string() } else { what.to_owned() };
        let hint = match kind {
            TableKind::Gateways => {
                format!(
                    ":namespaces all looks everywhere, {} shows ingress gateways too.",
                    self.key_of(Command::Ingress)
                )
            }
            _ => ":namespaces all looks everywhere.".to_owned(),
        };
        Some((
            Tone::Plain,
            format!("No {what} in {namespaces} of {} of {} clusters.", counts.complete, counts.all),
            hint,
        ))
    }

    /// Lines below the rows: clusters that do not answer, kinds that are denied.
    pub fn troubles(&self, kind: TableKind) -> Vec<(Tone, String)> {
        if kind == TableKind::Clusters {
            return Vec::new();
        }
        let mut out = Vec::new();
        for s in &self.clusters {
            if let Some((tone, text)) = columns::link_words(&s.cluster, &s.link) {
                out.push((tone, format!("{} {text}", s.cluster)));
            } else if let Some(fault) = denied(s, kind) {
                let what = fault.summary.strip_prefix(&format!("{}: ", s.cluster)).unwrap_or(&fault.summary);
                let rest: Vec<&str> = refused(s, kind).skip(1).map(|k| k.resource().plural).collect();
                let also = if rest.is_empty() { String::new() } else { format!("; nor {}", rest.join(", ")) };
                out.push((Tone::Warn, format!("{}: {what}{also}", s.cluster)));
            }
        }
        out
    }
}

/// What is read, how, and how much of it is kept.
fn explain_logs(logs: &Logs) -> String {
    let mut said = Vec::new();
    said.push(if logs.follow { "following" } else { "held" }.to_owned());
    if logs.query.previous {
        said.push("before the last restart".to_owned());
    }
    if logs.query.pods.len() > 1 {
        said.push(format!("{} pods", logs.query.pods.len()));
    }
    said.push(logs.container_name().to_owned());
    if logs.x > 0 {
        said.push(format!("from column {}", logs.x + 1));
    }
    let lines = logs.lines.len();
    said.push(format!("{lines} {}", if lines == 1 { "line" } else { "lines" }));
    if logs.dropped > 0 {
        said.push(format!("{} older ones dropped", logs.dropped));
    }
    // A log without lines says its note in their place.
    said.extend(logs.note.clone().filter(|_| lines > 0));
    said.join(" · ")
}

/// The kinds whose denial a table must tell.
fn kinds_of(kind: TableKind) -> &'static [Kind] {
    match kind {
        TableKind::Clusters => &[],
        TableKind::Gateways => &[Kind::IstioGateway, Kind::Deployment, Kind::Pod, Kind::Service],
        TableKind::Services => &[Kind::Service],
        TableKind::Pods => &[Kind::Pod],
    }
}

/// Those of them that this cluster refuses.
fn refused(s: &Snapshot, kind: TableKind) -> impl Iterator<Item = &'static Kind> {
    let no = |k: &&Kind| matches!(s.kinds.get(k), Some(KindState::Denied(_) | KindState::Failed(_)));
    kinds_of(kind).iter().filter(no)
}

fn denied(s: &Snapshot, kind: TableKind) -> Option<&crate::model::fault::Fault> {
    refused(s, kind).find_map(|k| match s.kinds.get(k) {
        Some(KindState::Denied(fault) | KindState::Failed(fault)) => Some(fault),
        _ => None,
    })
}
