//! Picking a parameter in the overview of a gateway, to change it there.

use super::command::Command;
use super::model::App;
use super::paint::{Line, Look};
use super::screen::{Details, DetailsOf, Screen, Tab};
use crate::model::parameters::parameters;

impl App {
    /// The lines that tell parameters which can be changed: those of an `IstioGateway`.
    pub(super) fn picks_of(&self, details: &Details, lines: &[Line]) -> Vec<(usize, &'static str)> {
        let (DetailsOf::Gateway(id), Tab::Overview) = (&details.of, details.tab) else { return Vec::new() };
        let Some(row) = self.gateway(id) else { return Vec::new() };
        let Some(cr) = &row.cr else { return Vec::new() };
        let label = |line: &Line| {
            let first = line.first().filter(|piece| piece.look == Look::Label)?;
            Some(first.text.trim().to_owned()).filter(|label| !label.is_empty())
        };
        // They stand in their order, behind what the state of the gateway tells under names of its own.
        let start = lines.iter().position(|line| {
            line.first().is_some_and(|piece| piece.look == Look::Title && piece.text == "Basic")
        });
        let mut at = start.unwrap_or(lines.len());
        let mut picks = Vec::new();
        for parameter in parameters(&cr.gateway, row.cluster_id.as_deref()) {
            let found = (at..lines.len()).find(|n| label(&lines[*n]).as_deref() == Some(parameter.name));
            if let Some(line) = found {
                picks.push((line, parameter.path));
                at = line + 1;
            }
        }
        picks
    }

    /// The field of the picked parameter.
    pub(super) fn picked(&self) -> Option<&'static str> {
        let Screen::Details(details) = self.screen() else { return None };
        let line = details.text.picked?;
        details.picks.iter().find(|(at, _)| *at == line).map(|(_, path)| *path)
    }

    /// Begins to pick, at the first parameter on the screen; `false` where there is none.
    pub(super) fn begin_to_pick(&mut self) -> bool {
        let Screen::Details(details) = self.screen_mut() else { return false };
        let top = details.text.top();
        let first = details.picks.iter().find(|(line, _)| *line >= top).or(details.picks.first());
        let Some((line, _)) = first.copied() else { return false };
        details.text.pick(Some(line));
        true
    }

    /// Moves to another parameter, when one is picked; `false` when none is.
    pub(super) fn pick_step(&mut self, command: Command) -> bool {
        let Screen::Details(details) = self.screen_mut() else { return false };
        let Some(line) = details.text.picked else { return false };
        let Some(at) = details.picks.iter().position(|(picked, _)| *picked == line) else { return false };
        let last = details.picks.len().saturating_sub(1);
        let to = match command {
            Command::Up => at.saturating_sub(1),
            Command::Down => (at + 1).min(last),
            Command::PageUp => at.saturating_sub(10),
            Command::PageDown => (at + 10).min(last),
            Command::Top => 0,
            Command::Bottom => last,
            _ => return false,
        };
        let line = details.picks[to].0;
        details.text.pick(Some(line));
        true
    }
}
