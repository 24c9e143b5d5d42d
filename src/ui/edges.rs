//! The edges of the screen: header, tabs, prompt, explanation, hints.

use ratatui::layout::Position;
use ratatui::style::Style;

use super::canvas::{Canvas, Cut, width};
use super::theme::Role;
use crate::app::App;
use crate::app::command::{Command, Spec};
use crate::app::geometry::Area;
use crate::app::keymap::Chord;
use crate::app::screen::{Screen, Table, facts};
use crate::app::tabs::Tabs;
use crate::model::columns::Symbol;
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

/// What stands side by side in a line.
type Part = Vec<(String, Style)>;

/// Cells of a part, and of the air before it.
fn need(part: &Part) -> u16 {
    part.iter().map(|(text, _)| width(text)).sum::<u16>() + 3
}

/// What the header says of a cluster that is marked as production.
const PRODUCTION: &str = "PROD";

/// The right side, from the edge inwards. What is new and who keeps gateways give way to the crumbs, nothing else does: which clusters
/// are complete and what may be written is always told. Tells where it begins.
fn status(app: &App, canvas: &mut Canvas<'_>, area: Area) -> u16 {
    let muted = canvas.style(Role::Header);
    let rights = app.rights();
    let role = if rights == "RO" { Role::HeaderRightsReadOnly } else { Role::HeaderRightsWrite };
    let mut x = area.x + area.width.saturating_sub(width(rights) + 1);
    canvas.text(x, area.y, area.width, rights, canvas.style(role), Cut::End);
    if app.acts_on_production() {
        x = x.saturating_sub(width(PRODUCTION) + 1);
        canvas.text(x, area.y, area.width, PRODUCTION, canvas.style(Role::HeaderRightsProduction), Cut::End);
    }
    let mut parts = vec![clusters(app, canvas)];
    let bad = app.bad_gateways();
    if bad > 0 {
        let text = format!("{} {bad} bad", canvas.glyphs.symbol(Symbol::Degraded));
        parts.push(vec![(text, canvas.style(Role::ToneBad))]);
    }
    if let Some(held) = app.held_words() {
        parts.push(vec![(held, canvas.style(Role::ToneWarn))]);
    }
    // What is open on this machine is never forgotten.
    match app.forwards.len() {
        0 => {}
        1 => parts.push(vec![("1 forward".to_owned(), canvas.style(Role::ToneWarn))]),
        n => parts.push(vec![(format!("{n} forwards"), canvas.style(Role::ToneWarn))]),
    }
    let new = app.notices.unread();
    let new = vec![(format!("{new} new"), canvas.style(Role::ToneWarn))];
    let taken: u16 = parts.iter().map(need).sum::<u16>() + need(&new) + length(&app.crumbs(), canvas) + 1;
    if app.notices.unread() > 0 && taken <= x.saturating_sub(area.x) {
        parts.push(new);
    }
    let words = app.acting_on().map(|s| app.keeper_words(s)).into_iter().flatten();
    let mut keepers = words.filter(|words| !words.is_empty()).map(|words| vec![(words, muted)]);
    let fits = |keeper: &Part| {
        let taken = parts.iter().map(need).sum::<u16>() + need(keeper) + length(&app.crumbs(), canvas) + 1;
        taken <= x.saturating_sub(area.x)
    };
    let keeper = keepers.find(fits);
    parts.extend(keeper);
    if let Some(words) = app.replay_words() {
        let fits = |words: &String| {
            let taken: u16 = parts.iter().map(need).sum::<u16>() + length(&app.crumbs(), canvas) + 1;
            taken + width(words) + 3 <= x.saturating_sub(area.x)
        };
        let words = words.iter().find(|words| fits(words)).unwrap_or(&words[1]).clone();
        parts.push(vec![(words, canvas.style(Role::ToneWarn))]);
    }
    if let Some(faults) = app.demo.as_ref().map(|d| d.faults.join(" ")).filter(|f| !f.is_empty()) {
        let faults = vec![(format!("fault {faults}"), canvas.style(Role::ToneWarn))];
        let taken: u16 =
            parts.iter().map(need).sum::<u16>() + need(&faults) + length(&app.crumbs(), canvas) + 1;
        if taken <= x.saturating_sub(area.x) {
            parts.push(faults);
        }
    }
    for part in parts.iter().rev() {
        x = x.saturating_sub(need(part));
        let mut at = x;
        for (text, style) in part {
            at = canvas.text(at, area.y, area.width, text, *style, Cut::End);
        }
    }
    x
}

/// How many clusters are complete; how the others are, while there are such.
fn clusters(app: &App, canvas: &Canvas<'_>) -> Part {
    let counts = app.cluster_counts();
    let glyphs = canvas.glyphs;
    let mut part = vec![(format!("{}/{} clusters", counts.complete, counts.all), canvas.style(Role::Header))];
    if counts.complete < counts.all {
        let states = [
            (counts.complete, glyphs.good(), Role::ToneGood),
            (counts.loading, glyphs.busy(), Role::ToneBusy),
            (counts.trouble, glyphs.bad(), Role::ToneBad),
        ];
        for (count, glyph, role) in states.into_iter().filter(|(count, ..)| *count > 0) {
            let gap = if part.len() == 1 { "  " } else { " " };
            part.push((format!("{gap}{glyph} {count}"), canvas.style(role)));
        }
    }
    part
}

/// Cells of crumbs in a line.
fn length<S: AsRef<str>>(crumbs: &[S], canvas: &Canvas<'_>) -> u16 {
    let between = width(canvas.glyphs.crumb());
    crumbs.iter().map(|c| width(c.as_ref()) + between).sum::<u16>().saturating_sub(between)
}

/// Least cells that a cut crumb still tells something in.
const LEAST_CRUMB: u16 = 8;

/// The crumbs in `room` cells: the middle ones give way first, then the first. The last two stay longest: of an
/// object, its cluster and its name. Tells where they end.
fn crumbs(app: &App, canvas: &mut Canvas<'_>, area: Area, room: u16) -> u16 {
    let all = app.crumbs();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let ellipsis = canvas.glyphs.ellipsis().to_string();
    let (first, last_two) = (all.first().copied(), &all[all.len().saturating_sub(2)..]);
    let short: Vec<&str> =
        first.into_iter().chain([ellipsis.as_str()]).chain(last_two.iter().copied()).collect();
    let fits = |crumbs: &[&str], canvas: &Canvas<'_>| length(crumbs, canvas) <= room;
    let shown = if fits(&all, canvas) {
        all.as_slice()
    } else if fits(&short, canvas) {
        short.as_slice()
    } else if last_two.first().is_some_and(|c| width(c) + LEAST_CRUMB <= room) {
        last_two
    } else {
        &all[all.len().saturating_sub(1)..]
    };
    let Some((last, path)) = shown.split_last() else { return area.x };
    let between = canvas.glyphs.crumb();
    let (muted, place) = (canvas.style(Role::Header), canvas.style(Role::HeaderPlace));
    let mut x = area.x + 1;
    let end = x + room;
    for part in path {
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
    let tabs = Tabs::of(details, area.width);
    let mut x = area.x;
    for place in &tabs.places {
        let style = if place.is_open { open } else { plain };
        x = canvas.text(area.x + place.x + 1, area.y, area.width, &place.text, style, Cut::End);
        if place.is_open {
            canvas.char(area.x + place.x, area.y, left, style);
            canvas.char(x, area.y, right, style);
        }
    }
    let at = (area.x + area.width).saturating_sub(width(&tabs.through) + 1);
    if at > x {
        canvas.text(at, area.y, area.width, &tabs.through, plain, Cut::End);
    }
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
    let hidden =
        before.char_indices().find(|(at, _)| width(&before[..*at]) >= over).map_or(byte, |(at, _)| at);
    let at = canvas.text(x, y, room, &before[hidden..], style, Cut::End);
    canvas.text(at, y, (x + room).saturating_sub(at), after, style, Cut::End);
    Some(Position::new(at, y))
}

/// What the selected row means; a notice stands in its place until the next key.
pub(super) fn explanation(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    let room = area.width.saturating_sub(2);
    let (style, rows) = match &app.notice {
        Some(notice) => (canvas.style(notice.tone.into()), facts::wrap(&notice.text, usize::from(room))),
        None => (canvas.style(Role::Explanation), fill(app, app.explanation(), room, area.height)),
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

/// Lets one long sentence use both lines. The second tells why, and the row tells who it is itself: where the reason
/// is long, it takes the place of both.
fn fill(app: &App, [first, second]: [String; 2], room: u16, lines: u16) -> Vec<String> {
    if lines > 2 {
        // Of traffic, what is wrong and why goes before what to do next.
        let most = if app.looks_at_traffic() { 1 } else { 2 };
        return share(&first, &second, room, usize::from(lines), most);
    }
    let wide = |text: &str| lines > 1 && width(text) > room;
    let reason = if second.is_empty() { &first } else { &second };
    if wide(reason) { facts::wrap(reason, usize::from(room)) } else { vec![first, second] }
}

/// Both sentences in so many lines: the second has at most so many of them, and where the first needs fewer, more; the
/// first has the others.
fn share(first: &str, second: &str, room: u16, lines: usize, most: usize) -> Vec<String> {
    let rows = |text: &str, most: usize| -> Vec<String> {
        let mut rows = facts::wrap(text, usize::from(room));
        if rows.len() > most {
            let rest = rows.split_off(most.saturating_sub(1)).join(" ");
            rows.push(rest);
        }
        rows
    };
    let left = lines.saturating_sub(facts::wrap(first, usize::from(room)).len());
    let second = if second.is_empty() { Vec::new() } else { rows(second, most.max(left.min(2))) };
    let mut all = rows(first, lines - second.len());
    all.extend(second);
    all
}

/// Keys and their words, as the config names keys.
pub(super) type Keys = &'static [(&'static str, &'static str)];

/// What works while a line is typed.
const TYPING: Keys = &[("enter", "keep"), ("esc", "clear"), ("up", ""), ("down", "move")];
/// What a filter understands, said while one is typed.
const GRAMMAR: &str = "word  column:value  label:k=v  !not  /regex/";

/// What works on a screen that stands still.
const HELD: [(Command, &str); 4] = [
    (Command::Hold, "go on"),
    (Command::ScreenDump, "write it to a file"),
    (Command::CopyName, "copy the name"),
    (Command::Quit, "quit"),
];

/// Keys that work here. Those for commands and help always stay; others are dropped from the end.
pub(super) fn hints(app: &App, canvas: &mut Canvas<'_>, area: Area) {
    // What stands in front has its keys in its frame; the tour leads through it.
    if area.height == 0 || app.overlay.is_some() && app.tour_step().is_none() {
        return;
    }
    let area = Area { x: area.x + 1, width: area.width.saturating_sub(1), ..area };
    if app.held.is_some() {
        let ascii = canvas.glyphs.is_ascii();
        let key = |command| app.keys_of(command).next().map(|c| c.hint(ascii)).unwrap_or_default();
        let hints = HELD.map(|(command, word)| (key(command), word));
        draw_hints(canvas, area, &hints);
        return;
    }
    if let Screen::Editor(editor) = app.screen()
        && !editor.front_keys().is_empty()
    {
        draw_hints(canvas, area, &in_hints(editor.front_keys(), canvas.glyphs));
        return;
    }
    if app.prompt().is_some_and(|p| p.cursor.is_some()) {
        let x = draw_hints(canvas, area, &in_hints(TYPING, canvas.glyphs));
        if app.active_table().is_some() {
            let style = canvas.style(Role::Hint);
            canvas.text(x + 1, area.y, (area.x + area.width).saturating_sub(x + 2), GRAMMAR, style, Cut::End);
        }
        return;
    }
    if let Some((at, all, text)) = app.tour_step() {
        let x = canvas.text(
            area.x,
            area.y,
            area.width,
            &format!("tour {at}/{all}"),
            canvas.style(Role::HintKey),
            Cut::End,
        );
        let style = canvas.style(Role::Hint);
        canvas.text(x + 2, area.y, (area.x + area.width).saturating_sub(x + 2), &text, style, Cut::End);
        return;
    }
    let ascii = canvas.glyphs.is_ascii();
    let key = |spec: &Spec| app.keys_of(spec.command).next().map(|c| c.hint(ascii)).unwrap_or_default();
    let is_kept = |spec: &&Spec| matches!(spec.command, Command::Palette | Command::Help);
    let (kept, mut others): (Vec<&Spec>, Vec<&Spec>) = app.hints().into_iter().partition(is_kept);
    // Whoever is new to the demo sees this first.
    others.sort_by_key(|spec| spec.command != Command::Tour);
    let hints = |specs: Vec<&Spec>| -> Hints {
        specs.into_iter().map(|s| (key(s), s.hint)).filter(|(key, _)| !key.is_empty()).collect()
    };
    let (mut kept, mut others) = (hints(kept), hints(others));
    if cells(&others) + cells(&kept) > area.width {
        // Where not all find room, the two that stay are their keys alone.
        kept.iter_mut().for_each(|(_, word)| *word = "");
        while cells(&others) + cells(&kept) > area.width && others.pop().is_some() {}
    }
    let x = draw_hints(canvas, area, &others);
    let left = (area.x + area.width).saturating_sub(x);
    draw_hints(canvas, Area { x, width: left, ..area }, &kept);
}

/// Keys with their words.
type Hints = Vec<(String, &'static str)>;

/// Keys as the hint bar writes them.
pub(super) fn in_hints(keys: Keys, glyphs: super::Glyphs) -> Hints {
    let key = |name: &str| name.parse::<Chord>().map(|c| c.hint(glyphs.is_ascii())).unwrap_or_default();
    keys.iter().map(|(name, word)| (key(name), *word)).collect()
}

/// Cells that hints need; a key without a word belongs to the one behind it.
pub(super) fn cells(hints: &[(String, &'static str)]) -> u16 {
    hints.iter().map(|(key, word)| width(key) + if word.is_empty() { 1 } else { width(word) + 3 }).sum()
}

/// Draws hints one after the other; tells the column behind them and their air.
pub(super) fn draw_hints(canvas: &mut Canvas<'_>, area: Area, hints: &[(String, &'static str)]) -> u16 {
    let (bold, plain) = (canvas.style(Role::HintKey), canvas.style(Role::Hint));
    let end = area.x + area.width;
    let mut x = area.x;
    for (key, word) in hints {
        x = canvas.text(x, area.y, end.saturating_sub(x), key, bold, Cut::End) + 1;
        if !word.is_empty() {
            x = canvas.text(x, area.y, end.saturating_sub(x), word, plain, Cut::End) + 2;
        }
    }
    x
}
