//! Tiles: name, state, numbers and a sparkline of each gateway; above them what they sum up to.

use ratatui::style::Style;

use super::canvas::{Canvas, Cut, width};
use super::theme::Role;
use crate::app::App;
use crate::app::geometry::{Area, below};
use crate::app::screen::FleetScreen;
use crate::app::screen::fleet::{HEIGHT, Tile};
use crate::model::columns::{Symbol, spark};
use crate::model::reading::{Reading, Unit};
use crate::model::table::Tone;

/// Draws the tiles.
pub(super) fn draw(app: &App, fleet: &FleetScreen, canvas: &mut Canvas<'_>, area: Area) {
    if let Some((tone, text, hint)) = app.why_no_tiles() {
        let (style, muted) = (canvas.style(tone.into()), canvas.style(Role::ToneMuted));
        let room = area.width.saturating_sub(4);
        for ((text, style), y) in [(text, style), (hint, muted)].iter().zip(area.y + 1..area.y + area.height)
        {
            canvas.text(area.x + 2, y, room, text, *style, Cut::End);
        }
        return;
    }
    sums(fleet, canvas, area);
    let area = below(area, 1);
    let columns = fleet.grid.0.max(1);
    for (n, one) in fleet.visible().iter().enumerate() {
        let (column, row) = ((n % columns) as u16, (n / columns) as u16);
        let place = Area {
            x: area.x + column * fleet.width,
            y: area.y + row * HEIGHT,
            width: fleet.width.saturating_sub(1),
            height: HEIGHT.min(area.height.saturating_sub(row * HEIGHT)),
        };
        let is_selected = fleet.offset + n == fleet.cursor;
        tile(one, is_selected, canvas, place);
    }
}

/// `12 gateways   ✕ 1 bad   ▲ 2 to look at   1.2k requests/s   worst first   page 1 of 2`.
fn sums(fleet: &FleetScreen, canvas: &mut Canvas<'_>, area: Area) {
    if area.height == 0 {
        return;
    }
    let sums = &fleet.sums;
    let plural = if sums.all == 1 { "" } else { "s" };
    let mut parts = vec![(format!("{} gateway{plural}", sums.all), Role::TextTitle)];
    for (count, symbol, word, tone) in
        [(sums.bad, Symbol::Error, "bad", Tone::Bad), (sums.warn, Symbol::Degraded, "to look at", Tone::Warn)]
    {
        if count > 0 {
            parts.push((format!("{} {count} {word}", canvas.glyphs.symbol(symbol)), tone.into()));
        }
    }
    let requests = sums.requests.map_or(Reading::Unknown, Reading::Value);
    let part = if sums.read > 0 && sums.read < sums.all {
        format!(" of {} that are read", sums.read)
    } else {
        String::new()
    };
    parts.push((format!("{} requests/s{part}", requests.text(Unit::PerSecond)), Role::Text));
    parts.push((fleet.order.to_string(), Role::ToneMuted));
    let (page, pages) = fleet.page();
    if pages > 1 {
        parts.push((format!("page {page} of {pages}"), Role::ToneMuted));
    }
    let end = area.x + area.width;
    let mut x = area.x + 1;
    for (text, role) in parts {
        let style = canvas.style(role);
        x = canvas.text(x, area.y, end.saturating_sub(x), &text, style, Cut::End) + 3;
    }
}

fn tile(tile: &Tile, is_selected: bool, canvas: &mut Canvas<'_>, area: Area) {
    let over = is_selected.then(|| canvas.style(Role::TableRowSelected));
    let stale = tile.stale.then(|| canvas.style(Role::TableRowStale));
    let look = |style: Style| {
        let style = stale.map_or(style, |stale| style.patch(stale));
        over.map_or(style, |over| style.patch(over))
    };
    let (text, muted) = (look(canvas.style(Role::Text)), look(canvas.style(Role::ToneMuted)));
    let (title, tone) = (look(canvas.style(Role::TextTitle)), look(canvas.style(tile.tone.into())));
    canvas.tint(Area { height: area.height.min(HEIGHT - 1), ..area }, text);
    if is_selected {
        canvas.char(area.x, area.y, canvas.glyphs.cursor(), text);
    }
    let end = area.x + area.width;
    let (x, room) = (area.x + 1, area.width.saturating_sub(2));
    let mut rows = area.y..area.y + area.height;
    if let Some(y) = rows.next() {
        let behind = canvas.text(x, y, 2, canvas.glyphs.symbol(tile.symbol), tone, Cut::End) + 1;
        canvas.text(behind, y, end.saturating_sub(behind + 1), &tile.id.name, title, Cut::Middle);
    }
    if let Some(y) = rows.next() {
        let word = if tile.stale { format!("stale, {}", tile.word) } else { tile.word.clone() };
        let behind = canvas.text(x, y, room, &word, tone, Cut::End) + 1;
        let cluster = tile.id.cluster.as_str();
        let left = end.saturating_sub(behind + 1);
        let lead = left.saturating_sub(width(cluster));
        canvas.text(behind + lead, y, left - lead, cluster, muted, Cut::Middle);
    }
    if let Some(y) = rows.next() {
        canvas.text(x, y, room, &numbers(tile), text, Cut::End);
    }
    if let (Some(y), false) = (rows.next(), tile.spark.is_empty()) {
        let style = look(canvas.style(Role::ToneGood));
        let line = spark(&tile.spark, room.into());
        canvas.text(x, y, room, &line, style, Cut::End);
    }
    if let (true, Some(change)) = (area.height == HEIGHT, &tile.change) {
        let style = canvas.style(Role::ToneBusy);
        let y = area.y + HEIGHT - 1;
        let x = canvas.char(x, y, canvas.glyphs.change(), style) + 1;
        canvas.text(x, y, room.saturating_sub(2), change, style, Cut::End);
    }
}

/// `412/s 99.97% p99 38ms`.
fn numbers(tile: &Tile) -> String {
    match tile.pods {
        None => return "pods not known".to_owned(),
        Some(0) => return "no pod runs".to_owned(),
        Some(_) => {}
    }
    let Some(live) = &tile.live else { return "not read yet".to_owned() };
    if !live.trouble.is_empty() {
        return "not read".to_owned();
    }
    if live.requests == Reading::Unknown {
        return "reading …".to_owned();
    }
    if matches!(live.requests, Reading::NotCollected) {
        return "n/c: not collected".to_owned();
    }
    let with = |reading: Reading, unit, sign: &str| {
        let text = reading.text(unit);
        if reading.number().is_some() { format!("{text}{sign}") } else { text.into_owned() }
    };
    let requests = with(live.requests, Unit::PerSecond, if live.is_tcp { " conn/s" } else { "/s" });
    if live.is_tcp {
        return format!("{requests} {} open", live.active.text(Unit::Count));
    }
    let success = with(live.success, Unit::Percent, "%");
    format!("{requests} {success} p99 {}", live.p99.text(Unit::Milliseconds))
}
