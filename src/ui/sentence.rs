//! What a terminal says that is too small for a screen: how things are, in words, and the size that is needed.

use strum::IntoEnumIterator;

use super::canvas::{Canvas, Cut};
use super::theme::Role;
use crate::app::App;
use crate::app::command::Command;
use crate::app::geometry::{Area, SMALLEST};
use crate::app::overlay::Overlay;
use crate::app::screen::{Details, Screen, Table, facts};
use crate::model::clean::clean;
use crate::model::health::HealthState;
use crate::model::table::{Subject, TableKind};

/// Draws the sentence, wrapped; what finds no room is left out.
pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    if area.width == 0 || area.height == 0 {
        return;
    }
    let times = canvas.glyphs.times();
    let size = format!(
        "egret needs {}{times}{}, this is {}{times}{}.",
        SMALLEST.0, SMALLEST.1, area.width, area.height
    );
    let asked = match &app.overlay {
        Some(Overlay::Confirm(confirm)) => format!("Asked: {}? esc says no.", confirm.deed.in_words()),
        Some(Overlay::Views(_)) => "Views that are kept are in front. esc closes them.".to_owned(),
        Some(Overlay::Notices(list)) => {
            let all = app.listed_notices(list);
            let newest = all.first().map(|h| format!(" The newest: {}", h.text)).unwrap_or_default();
            format!("{} notices, esc closes them.{newest}", all.len())
        }
        Some(Overlay::Contexts(_)) => "The list of contexts is in front. esc closes it.".to_owned(),
        Some(Overlay::Forwards(_)) => "The list of port-forwards is in front. esc closes it.".to_owned(),
        Some(Overlay::Output(output)) => {
            let key = if output.runs() { "esc ends it" } else { "esc closes it" };
            format!("What was run {} is in front. {key}.", clean(&format!("in {}", output.run.place())))
        }
        _ => String::new(),
    };
    // Where the line of notices is not there.
    let said = app.notice.as_ref().map_or_else(String::new, |notice| notice.text.clone());
    let begun = app.begun().map_or_else(String::new, |(keys, on)| {
        let next: Vec<String> = on.iter().map(|(key, spec)| format!("{key} {}", spec.command)).collect();
        format!("{keys} …: {}; esc back.", next.join(", "))
    });
    let held = app.held_words().map(|words| format!("{words}: {} goes on.", app.key_of(Command::Hold)));
    let new = match app.notices.unread() {
        0 => String::new(),
        n => format!("{n} new notices."),
    };
    let parts = [
        (Role::ToneWarn, held.unwrap_or_default()),
        (Role::ToneWarn, asked),
        (Role::ToneWarn, said),
        (Role::Text, begun),
        (Role::Text, what(app)),
        (Role::Text, clusters(app)),
        (Role::ToneWarn, new),
        (Role::ToneMuted, size),
    ];
    let parts = parts.into_iter().filter(|(_, text)| !text.is_empty());
    let mut y = area.y;
    for (role, text) in parts {
        let style = canvas.style(role);
        for row in facts::wrap(&text, usize::from(area.width)) {
            if y < area.y + area.height {
                canvas.text(area.x, y, area.width, &row, style, Cut::End);
            }
            y = y.saturating_add(1);
        }
    }
}

fn what(app: &App) -> String {
    match app.screen() {
        Screen::Table(table) => of_table(table),
        Screen::Details(Details { of, .. }) => format!("{} in {}.", of.name(), of.cluster()),
        Screen::Fleet(fleet) => {
            let sums = &fleet.sums;
            format!("{} gateways, {} bad, {} to look at.", sums.all, sums.bad, sums.warn)
        }
        Screen::Logs(logs) => format!("Logs of {}.", logs.title),
        Screen::Editor(editor) => {
            let kept = if editor.is_changed() { " What is typed is kept as a draft." } else { "" };
            format!("{} in {}.{kept}", editor.title(), editor.cluster)
        }
        Screen::Form(form) => format!("{} in {}.", form.title(), form.cluster),
        Screen::Review(review) => format!("{}.", review.title()),
    }
}

fn of_table(table: &Table) -> String {
    let shown = table.visible.iter().map(|at| &table.items[*at as usize]);
    let states: Vec<HealthState> = shown
        .filter_map(|item| match &item.subject {
            Subject::Gateway(row) => Some(row.health.state),
            _ => None,
        })
        .collect();
    let mut said = format!("{}: {}", table.kind, table.visible.len());
    if table.kind == TableKind::Gateways {
        // The worst comes first: it must survive where little fits.
        for state in HealthState::iter().rev() {
            let count = states.iter().filter(|s| **s == state).count();
            if count > 0 {
                said.push_str(&format!(", {count} {}", state.to_string().to_lowercase()));
            }
        }
    }
    if let Some(item) = table.item() {
        said.push_str(&format!(". Selected: {}", item.id().name));
        if let Subject::Gateway(row) = &item.subject {
            said.push_str(&format!(" in {}, {}", item.cluster, row.health.state.to_string().to_lowercase()));
        }
    }
    said.push('.');
    said
}

fn clusters(app: &App) -> String {
    let counts = app.cluster_counts();
    let mut said = format!("{} of {} clusters complete", counts.complete, counts.all);
    if counts.trouble > 0 {
        said.push_str(&format!(", {} in trouble", counts.trouble));
    }
    said.push('.');
    said
}
