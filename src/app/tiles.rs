//! The screen of tiles: how it is opened, what its keys do, what the selected tile means.

use jiff::SignedDuration;

use super::command::Command;
use super::effect::Effect;
use super::model::App;
use super::open::tickets;
use super::screen::fleet::{FleetScreen, Tile};
use super::screen::{Details, DetailsOf, Screen, Tab};
use super::traffic::plot::{resampled, span};
use crate::metrics::view::{Of, Quantity, Window};
use crate::model::clean::clean;
use crate::model::columns::clock;
use crate::model::gateway::GatewayId;
use crate::model::reading::Unit;
use crate::model::table::{TableKind, Tone};

/// How long a change is told on a tile.
const NEW: SignedDuration = SignedDuration::from_mins(10);

impl App {
    /// Goes to the tiles of all gateways.
    pub(super) fn show_fleet(&mut self) -> Vec<Effect> {
        let closing = self.stack.iter().flat_map(tickets).map(Effect::Close).collect();
        self.stack = vec![Screen::Fleet(FleetScreen::new())];
        closing
    }

    /// Makes the tiles, when something they tell of changed.
    pub(super) fn make_fleet(&mut self) {
        let Screen::Fleet(fleet) = self.screen() else { return };
        if !fleet.stale {
            return;
        }
        let items = self.items(TableKind::Gateways);
        if let Screen::Fleet(fleet) = self.screen_mut() {
            fleet.set(&items);
        }
    }

    /// Makes the lines of the tiles in sight. What they show stands still until the next value comes.
    pub(super) fn make_lines(&mut self) {
        let (traffic, now) = (&self.traffic, self.now);
        let Some(Screen::Fleet(fleet)) = self.stack.last_mut() else { return };
        let cells = usize::from(fleet.width).saturating_sub(3).max(1);
        let change = |id: &GatewayId| {
            let last = traffic.markers.of(id).last()?;
            let is_new = now.duration_since(last.at) < NEW;
            is_new.then(|| format!("{} {}", clock(last.at), last.text))
        };
        let line = |tile: &Tile| {
            let Some(live) = &tile.live else { return Vec::new() };
            let quantity = if live.is_tcp { Quantity::Connections } else { Quantity::Requests };
            let pods = traffic.pods(&tile.id);
            let line = traffic.store.line(&pods, &Of::All, quantity, Window::FiveMinutes, now, cells);
            resampled(&line, span(&line), cells)
        };
        fleet.fill(line, change);
    }

    /// What the keys of the tiles do.
    pub(super) fn fleet_motion(&mut self, command: Command) {
        use Command as C;
        let Screen::Fleet(fleet) = self.screen_mut() else { return };
        match command {
            C::Up => fleet.step_row(-1),
            C::Down => fleet.step_row(1),
            C::Left => fleet.step(-1),
            C::Right => fleet.step(1),
            C::PageUp => fleet.step_page(-1),
            C::PageDown => fleet.step_page(1),
            C::Top => fleet.jump(false),
            C::Bottom => fleet.jump(true),
            _ => fleet.next_order(),
        }
    }

    /// The tile of the cursor.
    pub(super) fn tile(&self) -> Option<&Tile> {
        match self.screen() {
            Screen::Fleet(fleet) => fleet.tile(),
            _ => None,
        }
    }

    /// From a tile to the traffic of its gateway.
    pub(super) fn open_tile(&mut self) -> Vec<Effect> {
        let Some(id) = self.tile().map(|tile| tile.id.clone()) else { return Vec::new() };
        self.push(Screen::Details(Details::new(DetailsOf::Gateway(id), Tab::Traffic)))
    }

    /// What the selected tile means.
    pub(super) fn explain_tile(&self) -> [String; 2] {
        let Some(tile) = self.tile() else { return Default::default() };
        let (id, why) = (&tile.id, tile.why.trim_end_matches('.'));
        let why = if why.is_empty() { String::new() } else { format!(": {why}") };
        let stale = if tile.stale { " Stale: this is how it was last seen." } else { "" };
        let first = format!("{} · {} · {} · {}{why}.{stale}", id.name, id.cluster, id.namespace, tile.word);
        let second = match &tile.live {
            _ if tile.pods.is_none() => "Its pods are not known, nor what goes through them.".to_owned(),
            Some(live) if !live.trouble.is_empty() && tile.pods != Some(0) => {
                format!("Its traffic is not read: {}.", live.trouble)
            }
            Some(live) => format!(
                "{} {}, success {}, p99 {}, {} open.",
                live.requests.words(Unit::PerSecond),
                if live.is_tcp { "connections" } else { "requests" },
                live.success.words(Unit::Percent),
                live.p99.words(Unit::Milliseconds),
                live.active.words(Unit::Count)
            ),
            None if tile.pods == Some(0) => "No pod of it runs: nothing goes through it.".to_owned(),
            None => "Its traffic is not read yet.".to_owned(),
        };
        let second = match &tile.change {
            Some(change) => format!("{second} Changed {change}."),
            None => second,
        };
        [clean(&first).into_owned(), clean(&second).into_owned()]
    }

    /// Why there is no tile, and what to do next; none: there is one.
    pub fn why_no_tiles(&self) -> Option<(Tone, String, String)> {
        let Screen::Fleet(fleet) = self.screen() else { return None };
        if !fleet.tiles.is_empty() {
            return None;
        }
        self.why_empty(&super::screen::Table::new(TableKind::Gateways))
    }
}
