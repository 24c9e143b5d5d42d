//! The edges of the screen: header, tabs, prompt, explanation, hints.

use ratatui::layout::Position;
use ratatui::style::Style;

use super::canvas::{Canvas, Cut, width};
use super::theme::Role;
use crate::app::command::{Command, Spec};
use crate::app::geometry::Area;
use crate::app::keymap::Chord;
use crate::app::screen::{Details, Screen, Tab, Table, facts};
use crate::app::{App, Command as C};
use crate::model::snapshot::Keeper;
use crate::model::table::TableKind;

/// Where am I, how are the clusters, who keeps the gateways, may I write.
pub(super) fn header(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    let muted = canvas.style(Role::Header);
    let start = status(app, canvas, area);
    let room = start.saturating_sub(area.x + 2);
    let x = crumbs(app, canvas, area, room);
    let left = start.saturating_sub(x + 4);
    let scope = scope(app);
    if width(&scope) <= left {
        canvas.text(x + 2, area.y, left, &scope, muted, Cut::End);
    }
}

/// The right side, from the edge inwards; what is left out first stands last in the list. Tells where it begins.
fn status(app: &App, canvas: &mut Canvas<'_>, area: Area) -> u16 {
    let muted = canvas.style(Role::Header);
    let rights = app.rights();
    let role = if rights == "RO" { Role::HeaderRightsReadOnly } else { Role::HeaderRightsWrite };
    let mut x = area.x + area.width.saturating_sub(width(rights) + 1);
    canvas.text(x, area.y, area.width, rights, canvas.style(role), Cut::End);
    let counts = app.cluster_counts();
    let glyphs = canvas.glyphs;
    let mut parts: Vec<Vec<(String, Style)>> = Vec::new();
    let mut clusters = vec![(format!("{}/{} clusters", counts.complete, counts.all), muted)];
    if counts.complete < counts.all {
        let states = [
            (counts.complete, glyphs.good(), Role::ToneGood),
            (counts.loading, glyphs.busy(), Role::ToneBusy),
            (counts.trouble, glyphs.bad(), Role::ToneBad),
        ];
        for (n, (count, glyph, role)) in states.into_iter().filter(|(count, ..)| *count > 0).enumerate() {
            let gap = if n == 0 { "  " } else { " " };
            clusters.push((format!("{gap}{glyph} {count}"), canvas.style(role)));
        }
    }
    if let Some(keeper) = app.acting_on().map(|s| s.facts.keeper) {
        parts.push(vec![(keeper_words(keeper), muted)]);
    }
    parts.insert(0, clusters);
    // The clusters go nearest to the crumbs; the keeper may give way to them.
    let need = |part: &Vec<(String, Style)>| part.iter().map(|(text, _)| width(text)).sum::<u16>() + 3;
    let room = x.saturating_sub(area.x + area.width / 3);
    while parts.iter().map(need).sum::<u16>() > room && parts.len() > 1 {
        parts.pop();
    }
    for part in parts.iter().rev() {
        let mut at = x.saturating_sub(need(part));
        x = at;
        for (text, style) in part {
            at = canvas.text(at, area.y, area.width, text, *style, Cut::End);
        }
    }
    x
}

fn keeper_words(keeper: Keeper) -> String {
    match keeper {
        Keeper::Unknown => String::new(),
        Keeper::Nobody => "nobody keeps".to_owned(),
        Keeper::Other => "another keeps".to_owned(),
        known => format!("{known} keeps"),
    }
}

/// The crumbs in `room` cells: the middle ones give way first, then the last is cut. Tells where they end.
fn crumbs(app: &App, canvas: &mut Canvas<'_>, area: Area, room: u16) -> u16 {
    let crumbs = app.crumbs();
    let between = canvas.glyphs.crumb();
    let (muted, place) = (canvas.style(Role::Header), canvas.style(Role::HeaderPlace));
    let Some((last, path)) = crumbs.split_last() else { return area.x };
    let length = |parts: &[&str]| parts.iter().map(|p| width(p) + width(between)).sum::<u16>() + width(last) + 1;
    let ellipsis = canvas.glyphs.ellipsis().to_string();
    let mut shown: Vec<&str> = path.iter().map(String::as_str).collect();
    // The outermost crumb is the program's name: it says least, but keeps the line in place.
    while length(&shown) > room && shown.len() > 1 {
        if shown.get(1).is_some_and(|s| *s == ellipsis) {
            if shown.len() == 2 {
                break;
            }
            shown.remove(2);
        } else {
            shown[1] = &ellipsis;
        }
    }
    if length(&shown) > room {
        shown.clear();
    }
    let mut x = area.x + 1;
    let end = area.x + 1 + room;
    for part in shown {
        x = canvas.text(x, area.y, end.saturating_sub(x), part, muted, Cut::Middle);
        x = canvas.text(x, area.y, end.saturating_sub(x), between, muted, Cut::End);
    }
    canvas.text(x, area.y, end.saturating_sub(x), last, place, Cut::Middle)
}

/// Which part of what there is the screen shows: the row of the cursor, all rows, the watched namespaces.
fn scope(app: &App) -> String {
    let Some(table) = app.active_table() else { return String::new() };
    let (at, all) = (table.cursor + 1, table.visible.len());
    let place = if all == 0 { "0".to_owned() } else { format!("{at}/{all}") };
    let namespaces = match app.settings.namespaces.as_slice() {
        _ if !matches!(app.screen(), Screen::Table(Table { kind, .. }) if *kind != TableKind::Clusters) => {
            return place;
        }
        [] => "all namespaces".to_owned(),
        [one] => one.clone(),
        [first, rest @ ..] => format!("{first} and {} more", rest.len()),
    };
    format!("{place} in {namespaces}")
}

/// The tabs of a details screen, and on the right how far through the text the screen is.
pub(super) fn tabs(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    let Screen::Details(details) = app.screen() else { return };
    if area.height == 0 {
        return;
    }
    let (plain, open) = (canvas.style(Role::Tabs), canvas.style(Role::TabsCurrent));
    let (left, right) = canvas.glyphs.open_tab();
    let mut x = area.x;
    for (n, tab) in details.of.tabs().iter().enumerate() {
        let text = format!("{} {tab}", n + 1);
        let is_open = *tab == details.tab;
        let style = if is_open { open } else { plain };
        x = canvas.char(x, area.y, if is_open { left } else { ' ' }, style);
        x = canvas.text(x, area.y, area.width, &text, style, Cut::End);
        x = canvas.char(x, area.y, if is_open { right } else { ' ' }, style);
    }
    let place = place(details);
    let at = (area.x + area.width).saturating_sub(width(&place) + 1);
    if at > x {
        canvas.text(at, area.y, area.width, &place, plain, Cut::End);
    }
}

fn place(details: &Details) -> String {
    let (first, last, all) = details.text.place();
    if details.tab == Tab::Pods || (first == 1 && last == all) {
        return String::new();
    }
    format!("{first}–{last} of {all}")
}

/// The line that is typed; tells where its cursor is.
pub(super) fn prompt(app: &App, canvas: &mut Canvas<'_>, area: Area) -> Option<Position> {
    let prompt = app.prompt().filter(|_| area.height > 0)?;
    let label = canvas.style(Role::PromptLabel);
    let role = if prompt.good { Role::PromptOutcome } else { Role::ToneBad };
    let outcome = canvas.style(role);
    let x = canvas.text(area.x + 1, area.y, area.width, prompt.label, label, Cut::End);
    let x = canvas.text(x, area.y, 2, ": ", label, Cut::End);
    // The right end is fixed, so that nothing moves while one types.
    let outcome_room = width(&prompt.outcome).min(area.width / 2);
    let end = (area.x + area.width).saturating_sub(outcome_room + 1);
    canvas.text(end, area.y, outcome_room, &prompt.outcome, outcome, Cut::End);
    let room = end.saturating_sub(x + 2);
    input(canvas, (x, area.y), room, &prompt.text, prompt.cursor)
}

/// A line that is typed, moved so that its cursor is in sight; tells where that is.
pub(super) fn input(
    canvas: &mut Canvas<'_>,
    (x, y): (u16, u16),
    room: u16,
    text: &str,
    cursor: Option<usize>,
) -> Option<Position> {
    let style = canvas.style(Role::Prompt);
    let Some(cursor) = cursor else {
        canvas.text(x, y, room, text, style, Cut::End);
        return None;
    };
    let byte = text.char_indices().nth(cursor).map_or(text.len(), |(at, _)| at);
    let (before, after) = text.split_at(byte);
    // The cursor needs a cell of its own behind the last character.
    let over = (width(before) + 1).saturating_sub(room);
    let hidden = before.char_indices().find(|(at, _)| width(&before[..*at]) >= over).map_or(byte, |(at, _)| at);
    let at = canvas.text(x, y, room, &before[hidden..], style, Cut::End);
    canvas.text(at, y, (x + room).saturating_sub(at), after, style, Cut::End);
    Some(Position::new(at, y))
}

/// What the selected row means; a notice stands in its place until the next key.
pub(super) fn explanation(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    let room = area.width.saturating_sub(2);
    let (style, rows) = match &app.notice {
        Some(notice) => {
            (canvas.style(notice.tone.into()), facts::wrap(&notice.text, usize::from(room)))
        }
        None => (canvas.style(Role::Explanation), fill(app.explanation(), room, area.height)),
    };
    let last = usize::from(area.height).saturating_sub(1);
    for (n, y) in (0..rows.len()).zip(area.y..area.y + area.height) {
        // What is too much for the lines there are goes into the last one, and is cut there.
        let rest;
        let text = if n == last && rows.len() > last + 1 {
            rest = rows[n..].join(" ");
            &rest
        } else {
            &rows[n]
        };
        canvas.text(area.x + 1, y, room, text, style, Cut::End);
    }
}

/// Lets one long sentence use both lines.
fn fill([first, second]: [String; 2], room: u16, lines: u16) -> Vec<String> {
    let wide = |text: &str| width(text) > room;
    match (first.is_empty(), second.is_empty()) {
        (_, true) if lines > 1 && wide(&first) => facts::wrap(&first, usize::from(room)),
        (true, false) if lines > 1 && wide(&second) => facts::wrap(&second, usize::from(room)),
        _ => vec![first, second],
    }
}

/// What works while a line is typed.
const TYPING: &[(&str, &str)] = &[("enter", "keep"), ("esc", "clear"), ("up", ""), ("down", "move")];
/// What a filter understands, said while one is typed.
const GRAMMAR: &str = "word  column:value  label:k=v  !not  /regex/";

/// Keys that work here. Those for commands and help always stay; others are dropped from the end.
pub(super) fn hints(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    if area.height == 0 {
        return;
    }
    let ascii = canvas.glyphs.is_ascii();
    let end = area.x + area.width;
    if app.prompt().is_some_and(|p| p.cursor.is_some()) {
        let mut x = area.x + 1;
        for (key, word) in TYPING {
            let key = key.parse::<Chord>().map(|c| c.hint(ascii)).unwrap_or_default();
            x = hint(canvas, x, area.y, end, &key, word) + if word.is_empty() { 0 } else { 2 };
        }
        if app.active_table().is_some() {
            let style = canvas.style(Role::Hint);
            canvas.text(x, area.y, end.saturating_sub(x + 1), GRAMMAR, style, Cut::End);
        }
        return;
    }
    let hints = app.hints();
    let key = |spec: &Spec| app.keymap.keys(spec.command).first().map(|c| c.hint(ascii)).unwrap_or_default();
    let is_kept = |command: Command| matches!(command, C::Palette | C::Help);
    let need = |(key, word): &(String, &str)| width(key) + width(word) + 3;
    let (kept, others): (Vec<&Spec>, Vec<&Spec>) = hints.into_iter().partition(|s| is_kept(s.command));
    let words = |spec: &&Spec| (key(spec), spec.hint);
    let others: Vec<_> = others.iter().map(words).filter(|(k, _)| !k.is_empty()).collect();
    let kept: Vec<_> = kept.iter().map(words).filter(|(k, _)| !k.is_empty()).collect();
    let all = |list: &[(String, &str)]| list.iter().map(need).sum::<u16>();
    // Where all words find no room, the two that stay are their keys alone.
    let short = all(&others) + all(&kept) > area.width;
    let tail = if short { kept.iter().map(|(k, _)| width(k) + 2).sum() } else { all(&kept) };
    let mut x = area.x + 1;
    for (key, word) in &others {
        if x + need(&(key.clone(), word)) + tail > end + 1 {
            break;
        }
        x = hint(canvas, x, area.y, end, key, word) + 2;
    }
    for (key, word) in &kept {
        x = hint(canvas, x, area.y, end, key, if short { "" } else { word }) + if short { 1 } else { 2 };
    }
}

/// A key and its word; tells the column behind them.
pub(super) fn hint(canvas: &mut Canvas<'_>, x: u16, y: u16, end: u16, key: &str, word: &str) -> u16 {
    let (bold, plain) = (canvas.style(Role::HintKey), canvas.style(Role::Hint));
    let x = canvas.text(x, y, end.saturating_sub(x), key, bold, Cut::End);
    if word.is_empty() {
        return x;
    }
    canvas.text(x + 1, y, end.saturating_sub(x + 1), word, plain, Cut::End)
}
