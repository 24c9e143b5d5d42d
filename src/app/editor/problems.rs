//! What is wrong with a text, and where: what cannot be read, what egret knows to be wrong, what the schema and the
//! server say.

use serde_json::Value;

use super::Editor;
use super::schemas::Schemas;
use crate::app::text::buffer::Place;
use crate::materialize::validate;
use crate::model::edit::{Path, Target};
use crate::model::istio_gateway::IstioGateway;
use crate::model::name::ClusterName;
use crate::model::table::Tone;
use crate::model::yaml::outline::Outline;
use crate::model::yaml::read::{Spot, read_documents};

/// Lines up to which a text is checked with every change, which takes some two milliseconds; longer ones are checked when
/// the cursor leaves a line.
const AT_ONCE: usize = 1_000;

/// Something wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    /// Where.
    pub at: Place,
    /// How bad it is.
    pub tone: Tone,
    /// What, in a sentence without its stop.
    pub why: String,
}

/// What a server complained about.
#[derive(Debug)]
struct Complaint {
    document: usize,
    path: Path,
    why: String,
    /// The line it speaks of, as it was then.
    line: String,
}

/// What is known of a text.
#[derive(Debug, Default)]
pub(super) struct Problems {
    /// In the order of the text.
    pub all: Vec<Problem>,
    /// Where its fields are.
    pub outline: Outline,
    /// What its documents are.
    pub documents: Vec<Result<Value, Spot>>,
    /// The text this is true of.
    checked: Option<u64>,
    complaints: Vec<Complaint>,
}

/// The object that is edited, and the cluster.
struct Known<'a> {
    cluster: &'a ClusterName,
    before: Option<&'a Value>,
    schemas: &'a Schemas,
}

impl Editor {
    /// Checks the text where it changed and may be checked now.
    pub(super) fn check_if_due(&mut self, line_left: bool) {
        let is_short = self.buffer.lines().len() <= AT_ONCE;
        if self.problems.checked != Some(self.buffer.revision())
            && (is_short || line_left || self.problems.checked.is_none())
        {
            self.check();
        }
    }

    /// Checks the text.
    pub(super) fn check(&mut self) {
        if self.outside.is_some() {
            return;
        }
        let text = self.buffer.text();
        let problems = &mut self.problems;
        problems.checked = Some(self.buffer.revision());
        problems.outline = Outline::of(&text);
        problems.documents = read_documents(&text);
        let lines = self.buffer.lines();
        problems.complaints.retain(|complaint| {
            let at = problems.outline.line_of(complaint.document, &complaint.path);
            at.and_then(|at| lines.get(at)).is_some_and(|line| *line == complaint.line)
        });
        let known =
            Known { cluster: &self.cluster, before: self.draft.before.as_ref(), schemas: &self.schemas };
        let mut all = Vec::new();
        for (document, read) in problems.documents.iter().enumerate() {
            let place = |path: &Path| {
                let span = problems.outline.span_of(document, path);
                span.map_or(Place::default(), |(line, key, _)| Place::new(line, key.start))
            };
            match read {
                Err(spot) => all.push(Problem {
                    at: Place::new(spot.line - 1, spot.column - 1),
                    tone: Tone::Bad,
                    why: spot.why.clone(),
                }),
                Ok(Value::Null) => {}
                Ok(value) => {
                    all.extend(of_document(value, &known).into_iter().map(|(path, tone, why)| Problem {
                        at: place(&path),
                        tone,
                        why: if path.0.is_empty() { why } else { format!("{path}: {why}") },
                    }))
                }
            }
            let theirs = problems.complaints.iter().filter(|c| c.document == document);
            all.extend(theirs.map(|c| Problem {
                at: place(&c.path),
                tone: Tone::Bad,
                why: format!("the server: {}: {}", c.path, c.why),
            }));
        }
        all.sort_by_key(|problem| problem.at);
        all.dedup();
        problems.all = all;
        if self.draft.before.is_none() {
            self.draft.of = self.names();
        }
    }

    /// What a dry run complained about, of the document that became that wish: shown until that line changes.
    pub fn server_problems(&mut self, wish: usize, complaints: Vec<(Path, String)>) {
        self.check();
        let written =
            |(at, read): (usize, &Result<Value, Spot>)| (!matches!(read, Ok(Value::Null))).then_some(at);
        let document = self.problems.documents.iter().enumerate().filter_map(written).nth(wish).unwrap_or(0);
        for (path, why) in complaints {
            let at = self.problems.outline.line_of(document, &path).unwrap_or(0);
            let (line, why) =
                (self.buffer.line(at).to_owned(), crate::model::clean::clean(&why).into_owned());
            self.problems.complaints.push(Complaint { document, path, why, line });
        }
        self.check();
        if let Some(first) =
            self.problems.all.iter().find(|p| p.why.starts_with("the server: ")).map(|p| p.at)
        {
            self.leap(first);
        }
    }

    /// Goes to a field.
    pub fn jump_to(&mut self, path: &Path) {
        self.check();
        if let Some((line, key, value)) = self.problems.outline.span_of(0, path) {
            let column = if value.is_empty() { key.start } else { value.start };
            self.leap(Place::new(line, column));
        }
    }

    /// Goes to the next or the previous problem, round the ends.
    pub(super) fn problem_step(&mut self, forward: bool) {
        self.check();
        let at = self.buffer.cursor();
        let all = self.problems.all.iter().map(|problem| problem.at);
        let to = match forward {
            true => all.clone().find(|p| *p > at).or_else(|| all.clone().next()),
            false => all.clone().rev().find(|p| *p < at).or_else(|| all.clone().next_back()),
        };
        match to {
            Some(to) => self.leap(to),
            None => self.say("There is no problem."),
        }
    }

    /// How bad what is wrong with lines is.
    pub(super) fn worst(&self, first: usize, last: usize) -> Option<Tone> {
        let from = self.problems.all.partition_point(|p| p.at.line < first);
        let within = self.problems.all[from..].iter().take_while(|p| p.at.line <= last);
        within.map(|p| p.tone).max_by_key(|tone| *tone == Tone::Bad)
    }

    /// The problem at the cursor's line, the nearest to it; else the next one.
    pub(super) fn problem_here(&self) -> Option<&Problem> {
        let at = self.buffer.cursor();
        let here = self.problems.all.iter().filter(|p| p.at.line == at.line);
        let nearest = here.min_by_key(|p| (p.tone != Tone::Bad, p.at.column.abs_diff(at.column)));
        nearest.or_else(|| self.problems.all.iter().find(|p| p.at.line > at.line))
    }

    /// The status line: place, what is selected, whether it changed, what is wrong, and the field.
    pub(super) fn status(&self) -> Vec<(Tone, String)> {
        if self.outside.is_some() {
            return vec![self.state()];
        }
        let at = self.buffer.cursor();
        let mut parts = vec![(Tone::Plain, format!("{}:{}", at.line + 1, at.column + 1))];
        if let Some((start, end)) = self.buffer.selection() {
            let lines = end.line - start.line + 1;
            parts.push((
                Tone::Muted,
                format!("{lines} {} selected", if lines == 1 { "line" } else { "lines" }),
            ));
        }
        parts.push(self.state());
        match self.problems.all.len() {
            0 => parts.push((Tone::Good, "no problem".to_owned())),
            1 => parts.push((Tone::Bad, "1 problem".to_owned())),
            n => parts.push((Tone::Bad, format!("{n} problems"))),
        }
        if parts.last().is_some_and(|(tone, _)| *tone == Tone::Bad)
            && self.problems.all.iter().all(|p| p.tone != Tone::Bad)
            && let Some(last) = parts.last_mut()
        {
            last.0 = Tone::Warn;
        }
        let (_, path) = self.problems.outline.path_at(at.line, at.column);
        parts.push((Tone::Muted, crate::model::clean::clean(&path.to_string()).into_owned()));
        parts
    }

    fn state(&self) -> (Tone, String) {
        match (self.is_changed(), self.is_secret) {
            (_, true) => (Tone::Warn, "a Secret: not kept".to_owned()),
            (true, _) => (Tone::Warn, "modified".to_owned()),
            (false, _) => (Tone::Muted, "unchanged".to_owned()),
        }
    }

    /// The lines below the text: what is wrong here or next, else what the field is.
    pub fn explain(&self) -> [String; 2] {
        let Some(problem) = self.problem_here().filter(|_| self.completion.is_none()) else {
            return self.help_here().unwrap_or_default();
        };
        let here = problem.at.line == self.buffer.cursor().line;
        let place = if here { String::new() } else { format!("line {}: ", problem.at.line + 1) };
        [format!("{place}{}.", problem.why.trim_end_matches('.')), String::new()]
    }
}

/// What is wrong with a document that can be read.
fn of_document(value: &Value, known: &Known<'_>) -> Vec<(Path, Tone, String)> {
    if let Some((path, why)) = refusal(value, known.cluster, known.before) {
        return vec![(path, Tone::Bad, why)];
    }
    let mut found = Vec::new();
    if value["kind"] == "IstioGateway"
        && let Ok(gateway) = IstioGateway::read(value)
    {
        for problem in validate(&gateway) {
            let tone = if problem.is_error() { Tone::Bad } else { Tone::Warn };
            let example =
                if problem.example.is_empty() { String::new() } else { format!(" ({})", problem.example) };
            let why = crate::model::clean::clean(&format!("{}{example}", problem.why)).into_owned();
            found.push((problem.path.parse().unwrap_or_default(), tone, why));
        }
    }
    for (path, why) in known.schemas.check(known.cluster, value) {
        // What egret says of a field says more than what its type says.
        if !found.iter().any(|(other, ..)| *other == path) {
            found.push((path, Tone::Bad, why));
        }
    }
    found
}

/// Why a document cannot be applied whatever the server says.
pub(super) fn refusal(
    value: &Value,
    cluster: &ClusterName,
    before: Option<&Value>,
) -> Option<(Path, String)> {
    let top = Path::default();
    if !value.is_object() {
        return Some((top, "this is no object of Kubernetes: it has no fields".to_owned()));
    }
    let target = Target::of(cluster, value);
    let metadata = top.field("metadata");
    let missing = [
        (&target.api_version, top.field("apiVersion"), "apiVersion is missing, as in `apiVersion: v1`"),
        (&target.kind, top.field("kind"), "kind is missing, as in `kind: Service`"),
    ];
    for (text, path, why) in missing {
        if text.is_empty() {
            return Some((path, why.to_owned()));
        }
    }
    if target.kind == "Secret" {
        let why = "a Secret is not written by egret, nor kept as a draft: use kubectl".to_owned();
        return Some((top.field("kind"), why));
    }
    if target.kind == "List" {
        return Some((
            top.field("kind"),
            "a List is not taken: write its items as documents, with --- between".to_owned(),
        ));
    }
    if target.name.is_empty() {
        return Some((metadata.field("name"), "metadata.name is missing".to_owned()));
    }
    let was = Target::of(cluster, before?);
    let changed = [
        (was.kind != target.kind, top.field("kind"), "kind", &was.kind),
        (was.name != target.name, metadata.field("name"), "name", &was.name),
        (was.namespace != target.namespace, metadata.field("namespace"), "namespace", &was.namespace),
    ];
    changed.into_iter().find(|(is, ..)| *is).map(|(_, path, what, was)| {
        let why = format!("with another {what} than {was} it would be another object: clone it instead");
        (path, crate::model::clean::clean(&why).into_owned())
    })
}
