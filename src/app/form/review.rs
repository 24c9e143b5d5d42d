//! The last step: what would be made, where, who would act, and what is wrong.

use super::page::{Row, sentence, trouble};
use super::{Form, Purpose};
use crate::model::clean::clean;
use crate::model::istio_gateway::names;
use crate::model::table::Tone;

impl Form {
    pub(super) fn review_rows(&self, width: u16, beside: bool) -> Vec<Row> {
        let name = clean(self.object["metadata"]["name"].as_str().unwrap_or_default()).into_owned();
        let namespace = clean(self.object["metadata"]["namespace"].as_str().unwrap_or_default()).into_owned();
        let mut rows = Vec::new();
        let verb = match self.purpose {
            Purpose::New => "Makes",
            _ => "Changes",
        };
        let what = if name.is_empty() {
            "a gateway without a name".to_owned()
        } else {
            format!("IstioGateway {namespace}/{name}")
        };
        rows.extend(sentence(
            &format!("{verb} {what} in {}.", clean(self.cluster.as_str())),
            Tone::Plain,
            1,
            width,
        ));
        let ids =
            self.at("spec.clusterIds").and_then(|v| v.as_array()).map(Vec::as_slice).unwrap_or_default();
        let ids: Vec<String> =
            ids.iter().filter_map(|id| id.as_str()).map(|id| clean(id).into_owned()).collect();
        let service = if name.is_empty() {
            String::new()
        } else {
            format!(" behind Service {}", names::generated(&name))
        };
        let runs = match ids.as_slice() {
            [] => format!("It runs there: {}{service}.", self.pods()),
            ids => format!("It runs in {}: {} in each{service}.", ids.join(", "), self.pods()),
        };
        rows.extend(sentence(&runs, Tone::Plain, 1, width));
        if let Some(holding) = self.known.of(&self.cluster) {
            rows.extend(sentence(&holding.acts.1, holding.acts.0, 1, width));
            if holding.read_only {
                rows.extend(sentence(
                    "egret is read-only here: nothing can be written.",
                    Tone::Warn,
                    1,
                    width,
                ));
            }
        }
        rows.push(Row::default());
        for (n, placed) in self.problems.iter().enumerate() {
            let tone = if placed.problem.is_error() { Tone::Bad } else { Tone::Warn };
            let text = format!("{}: {}", placed.problem.path, placed.sentence());
            let mut lines = trouble(&text, tone, 2, width);
            for row in &mut lines {
                row.here = n == self.line;
            }
            rows.extend(lines);
        }
        let done = self.line >= self.problems.len();
        let text = if self.blocks().is_empty() {
            "Nothing keeps it from being written: enter shows what the server would make of it."
        } else {
            "These come first: enter leads to the field."
        };
        let mut last = sentence(text, Tone::Good, 2, width);
        if !self.blocks().is_empty() {
            last.iter_mut().flat_map(|row| &mut row.cells).for_each(|cell| cell.tone = Tone::Muted);
        }
        for row in &mut last {
            row.here = done;
        }
        rows.extend(last);
        if !beside {
            rows.push(Row::default());
            rows.extend(self.manifest().into_iter().map(|line| Row { line: Some(line), ..Row::default() }));
        }
        rows
    }

    fn pods(&self) -> String {
        let Some(gateway) = &self.gateway else { return "?".to_owned() };
        let c = &gateway.spec.configuration;
        if c.autoscales() {
            let most = c.max_replicas.map_or_else(|| "?".to_owned(), |most| most.to_string());
            return format!("{} to {most} pods", c.min_replicas.unwrap_or(1));
        }
        match c.replica_count.unwrap_or(1) {
            1 => "1 pod".to_owned(),
            count => format!("{count} pods"),
        }
    }

    pub(super) fn explain_review(&self) -> [String; 2] {
        let errors = self.blocks().len();
        let notes = self.problems.iter().filter(|p| !p.problem.is_error()).count();
        let said = match (errors, notes) {
            (0, 0) => "Nothing is wrong with it.".to_owned(),
            (0, notes) => format!("{notes} to know, nothing wrong."),
            (errors, notes) => format!("{errors} wrong, {notes} to know."),
        };
        [said, "Nothing is written before the difference was shown and said yes to.".to_owned()]
    }
}
