//! Tiles of all gateways of all clusters, for a screen that is looked at from afar.

use std::sync::Arc;

use crate::app::geometry::Area;
use crate::model::brief::Brief;
use crate::model::columns::{Symbol, of_health};
use crate::model::gateway::{GatewayId, GatewayRow};
use crate::model::health::HealthState;
use crate::model::table::{Item, Subject, Tone};

/// Least cells of a tile, the air on its right included.
pub const WIDTH: u16 = 26;
/// Rows of a tile, the air below it included.
pub const HEIGHT: u16 = 5;

/// What tiles are ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, strum::Display)]
#[strum(serialize_all = "kebab-case")]
pub enum Order {
    /// The worst first.
    #[default]
    #[strum(serialize = "worst first")]
    Worst,
    /// By cluster, namespace and name: each has its place.
    #[strum(serialize = "by cluster")]
    Cluster,
}

/// One gateway.
#[derive(Clone, Debug)]
pub struct Tile {
    /// Which.
    pub id: GatewayId,
    /// Its cluster no longer answers.
    pub stale: bool,
    /// Symbol of how it is.
    pub symbol: Symbol,
    /// How bad that is.
    pub tone: Tone,
    /// How it is, in a word or two.
    pub word: String,
    /// Why, in a sentence.
    pub why: String,
    /// Its traffic; none: it is not read.
    pub live: Option<Arc<Brief>>,
    /// Requests a second of the last minutes, oldest first, as many as a tile has cells; made for tiles in sight.
    pub spark: Vec<Option<f32>>,
    /// Pods that run; none: it cannot be known.
    pub pods: Option<usize>,
    /// The last change of it, while it is new: when and what.
    pub change: Option<String>,
}

impl Tile {
    /// The tile of a gateway; none: the item is no gateway.
    pub fn of(item: &Item) -> Option<Self> {
        let Subject::Gateway(row) = &item.subject else { return None };
        let (symbol, tone, word, why) = state(row, item.live.as_deref());
        let (id, live) = (row.id.clone(), item.live.clone());
        let running = row.pods.iter().filter(|pod| &*pod.phase == "Running").count();
        let pods = (!row.pods_unknown()).then_some(running);
        Some(Self {
            id,
            stale: item.stale,
            symbol,
            tone,
            word,
            why,
            live,
            spark: Vec::new(),
            pods,
            change: None,
        })
    }

    /// Whether somebody must look at it.
    pub fn is_bad(&self) -> bool {
        self.tone == Tone::Bad
    }

    /// What tiles are ordered by where the worst stands first.
    fn rank(&self) -> u8 {
        match self.tone {
            Tone::Bad => 0,
            Tone::Warn => 1,
            Tone::Busy => 2,
            _ if self.stale => 3,
            _ => 4,
        }
    }
}

/// How a gateway is: what is worse of its pods and its traffic. A state that says more than that it serves stays.
fn state(row: &GatewayRow, live: Option<&Brief>) -> (Symbol, Tone, String, String) {
    let (symbol, tone) = of_health(row.health.state);
    let verdict = live.map(|live| &live.verdict).filter(|verdict| !verdict.words.is_empty());
    let worse = |of: Tone| match of {
        Tone::Bad => 2,
        Tone::Warn => 1,
        _ => 0,
    };
    match verdict {
        Some(verdict) if worse(verdict.tone) > worse(tone) || row.health.state == HealthState::Running => {
            let (symbol, word) = match verdict.tone {
                Tone::Bad => (Symbol::Error, "Failing"),
                _ => (Symbol::Degraded, "Ailing"),
            };
            let since = verdict.since.map(crate::model::columns::clock);
            let since = since.map(|at| format!(" since {at}")).unwrap_or_default();
            (symbol, verdict.tone, word.to_owned(), format!("{}{since}", verdict.words))
        }
        _ => (symbol, tone, row.health.state.to_string(), row.health.reason.clone()),
    }
}

/// What the line above the tiles sums up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sums {
    /// Gateways.
    pub all: usize,
    /// Those that are bad.
    pub bad: usize,
    /// Those to look at.
    pub warn: usize,
    /// Requests a second of those that are read; none: none is.
    pub requests: Option<f64>,
    /// How many are read.
    pub read: usize,
}

/// State of the screen.
#[derive(Debug, Default)]
pub struct FleetScreen {
    /// All tiles, in their order.
    pub tiles: Vec<Tile>,
    /// What they are ordered by.
    pub order: Order,
    /// The tile of the cursor.
    pub cursor: usize,
    /// What the cursor is on; it stays there while tiles move.
    pub selected: Option<GatewayId>,
    /// The tiles must be made anew.
    pub stale: bool,
    /// First tile on the screen.
    pub offset: usize,
    /// Columns and rows of tiles.
    pub grid: (usize, usize),
    /// Cells of a tile.
    pub width: u16,
    /// Sums of all.
    pub sums: Sums,
}

impl FleetScreen {
    /// An empty screen, to be filled before the first frame.
    pub fn new() -> Self {
        Self { stale: true, grid: (1, 1), width: WIDTH, ..Self::default() }
    }

    /// Takes the gateways as they are now.
    pub fn set(&mut self, items: &[Item]) {
        self.stale = false;
        self.tiles = items.iter().filter_map(Tile::of).collect();
        self.sums = sums(&self.tiles);
        self.sort();
    }

    /// Orders by what comes next.
    pub fn next_order(&mut self) {
        self.order = match self.order {
            Order::Worst => Order::Cluster,
            Order::Cluster => Order::Worst,
        };
        self.sort();
    }

    fn sort(&mut self) {
        match self.order {
            Order::Cluster => self.tiles.sort_by(|a, b| a.id.cmp(&b.id)),
            // Among those that are equally bad, each keeps its place: what moves with every scrape cannot be read.
            Order::Worst => self.tiles.sort_by(|a, b| (a.rank(), &a.id).cmp(&(b.rank(), &b.id))),
        }
        if let Some(id) = &self.selected
            && let Some(at) = self.tiles.iter().position(|tile| tile.id == *id)
        {
            self.cursor = at;
        }
        self.cursor = self.cursor.min(self.tiles.len().saturating_sub(1));
    }

    /// The tile of the cursor.
    pub fn tile(&self) -> Option<&Tile> {
        self.tiles.get(self.cursor)
    }

    /// Gives the tiles on the screen their lines and their last changes.
    pub fn fill(
        &mut self,
        line: impl Fn(&Tile) -> Vec<Option<f32>>,
        change: impl Fn(&GatewayId) -> Option<String>,
    ) {
        let (from, many) = (self.offset, self.grid.0 * self.grid.1);
        for tile in self.tiles.iter_mut().skip(from).take(many) {
            if tile.spark.is_empty() {
                tile.spark = line(tile);
            }
            tile.change = change(&tile.id);
        }
    }

    /// The tiles on the screen.
    pub fn visible(&self) -> &[Tile] {
        let end = (self.offset + self.grid.0 * self.grid.1).min(self.tiles.len());
        self.tiles.get(self.offset..end).unwrap_or_default()
    }

    /// Page of the screen and how many there are, counted from 1.
    pub fn page(&self) -> (usize, usize) {
        let many = (self.grid.0 * self.grid.1).max(1);
        (self.offset / many + 1, self.tiles.len().div_ceil(many).max(1))
    }

    /// Moves the cursor by tiles.
    pub fn step(&mut self, by: isize) {
        self.to(self.cursor.saturating_add_signed(by));
    }

    /// Moves by rows of tiles; over the edge it stays in the last row.
    pub fn step_row(&mut self, by: isize) {
        let to = self.cursor.saturating_add_signed(by * self.grid.0 as isize);
        if by < 0 && self.cursor < self.grid.0 {
            return;
        }
        let last = self.tiles.len().saturating_sub(1);
        let is_last_row = self.cursor / self.grid.0 == last / self.grid.0;
        if to <= last || !is_last_row {
            self.to(to);
        }
    }

    /// Moves by pages.
    pub fn step_page(&mut self, by: isize) {
        self.step(by * (self.grid.0 * self.grid.1) as isize);
    }

    /// To one of the ends.
    pub fn jump(&mut self, to_end: bool) {
        self.to(if to_end { usize::MAX } else { 0 });
    }

    fn to(&mut self, at: usize) {
        self.cursor = at.min(self.tiles.len().saturating_sub(1));
        self.selected = self.tile().map(|tile| tile.id.clone());
        self.turn();
    }

    /// Puts the cursor on the tile at a cell below the line of sums, if there is one.
    pub fn point(&mut self, x: u16, y: u16) -> Option<GatewayId> {
        let (column, row) = (usize::from(x / self.width.max(1)), usize::from(y / HEIGHT));
        let at = row * self.grid.0 + column;
        if column >= self.grid.0 || at >= self.visible().len() {
            return None;
        }
        self.to(self.offset + at);
        self.selected.clone()
    }

    /// Lays the tiles out in an area whose first row is the line of sums.
    pub fn settle(&mut self, area: Area) {
        let columns = (area.width / WIDTH).max(1);
        // The air below the last row of tiles may go.
        let rows = ((area.height + 1) / HEIGHT).max(1);
        self.grid = (columns.into(), rows.into());
        self.width = area.width / columns;
        self.turn();
    }

    /// To the page of the cursor.
    fn turn(&mut self) {
        let many = (self.grid.0 * self.grid.1).max(1);
        self.offset = self.cursor / many * many;
    }
}

fn sums(tiles: &[Tile]) -> Sums {
    let requests = |tile: &Tile| tile.live.as_ref().filter(|live| !live.is_tcp)?.requests.number();
    let read: Vec<f64> = tiles.iter().filter_map(requests).collect();
    let of = |tone| tiles.iter().filter(|tile| tile.tone == tone).count();
    Sums {
        all: tiles.len(),
        bad: of(Tone::Bad),
        warn: of(Tone::Warn),
        requests: (!read.is_empty()).then(|| read.iter().sum()),
        read: read.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::brief::Verdict;
    use crate::model::gateway::Origin;
    use crate::model::reading::Reading;

    fn item(cluster: &str, name: &str, state: HealthState, verdict: Option<Tone>) -> Item {
        let id = GatewayId { cluster: cluster.into(), namespace: "ns".into(), name: name.into() };
        let mut row = GatewayRow::new(id, Origin::Manifest);
        row.health = state.because("because");
        let words = |tone| if tone == Tone::Plain { "" } else { "success 80 % is below 95 %" };
        let live = verdict.map(|tone| {
            let verdict = Verdict { tone, words: words(tone).into(), ..Verdict::default() };
            Arc::new(Brief { requests: Reading::Value(10.0), verdict, ..Brief::default() })
        });
        Item {
            cluster: cluster.into(),
            stale: false,
            subject: Subject::Gateway(Arc::new(row)),
            live,
            beside: None,
        }
    }

    fn names(fleet: &FleetScreen) -> Vec<&str> {
        fleet.tiles.iter().map(|tile| &*tile.id.name).collect()
    }

    fn of(many: usize) -> FleetScreen {
        let mut fleet = FleetScreen::new();
        let items: Vec<Item> =
            (0..many).map(|n| item("eu", &format!("g{n:02}"), HealthState::Running, None)).collect();
        fleet.set(&items);
        // Three columns of two rows.
        fleet.settle(Area { x: 0, y: 1, width: 80, height: 10 });
        fleet
    }

    #[test]
    fn what_is_worse_of_pods_and_traffic_is_the_state_of_a_tile() {
        let state = |state, verdict| {
            let tile = Tile::of(&item("eu", "a", state, verdict)).unwrap();
            (tile.symbol, tile.tone, tile.word)
        };
        let cases = [
            (HealthState::Running, None, Symbol::Good, Tone::Good, "Running"),
            (HealthState::Running, Some(Tone::Plain), Symbol::Good, Tone::Good, "Running"),
            (HealthState::Running, Some(Tone::Warn), Symbol::Degraded, Tone::Warn, "Ailing"),
            (HealthState::Running, Some(Tone::Bad), Symbol::Error, Tone::Bad, "Failing"),
            (HealthState::Degraded, Some(Tone::Warn), Symbol::Degraded, Tone::Warn, "Degraded"),
            (HealthState::Degraded, Some(Tone::Bad), Symbol::Error, Tone::Bad, "Failing"),
            (HealthState::Error, Some(Tone::Bad), Symbol::Error, Tone::Bad, "Error"),
            (HealthState::Progressing, Some(Tone::Bad), Symbol::Error, Tone::Bad, "Failing"),
        ];
        for (health, verdict, symbol, tone, word) in cases {
            assert_eq!(state(health, verdict), (symbol, tone, word.to_owned()), "{health:?} {verdict:?}");
        }
    }

    #[test]
    fn the_worst_stands_first_or_each_in_its_place_and_the_cursor_stays_on_its_tile() {
        let mut fleet = FleetScreen::new();
        let mut items = vec![
            item("eu", "a", HealthState::Running, Some(Tone::Plain)),
            item("us", "b", HealthState::Running, None),
            item("us", "c", HealthState::Error, None),
        ];
        fleet.set(&items);
        assert_eq!(names(&fleet), ["c", "a", "b"]);
        assert_eq!(
            (fleet.sums.all, fleet.sums.bad, fleet.sums.requests, fleet.sums.read),
            (3, 1, Some(10.0), 1)
        );
        fleet.step(2);
        items[1] = item("us", "b", HealthState::Running, Some(Tone::Bad));
        fleet.set(&items);
        assert_eq!((names(&fleet), fleet.cursor), (vec!["b", "c", "a"], 0));
        fleet.next_order();
        assert_eq!((names(&fleet), fleet.cursor), (vec!["a", "b", "c"], 1));
    }

    #[test]
    fn arrows_move_by_tiles_and_rows_and_turn_pages() {
        let mut fleet = of(14);
        assert_eq!((fleet.grid, fleet.page(), fleet.visible().len()), ((3, 2), (1, 3), 6));
        fleet.step_row(1);
        assert_eq!(fleet.cursor, 3);
        fleet.step_row(1);
        assert_eq!((fleet.cursor, fleet.page()), (6, (2, 3)));
        fleet.step_row(-1);
        fleet.step_row(-1);
        fleet.step_row(-1);
        assert_eq!(fleet.cursor, 0, "there is no row above the first");
        fleet.jump(true);
        assert_eq!((fleet.cursor, fleet.page(), fleet.visible().len()), (13, (3, 3), 2));
        fleet.step_row(1);
        assert_eq!(fleet.cursor, 13, "there is no row below the last");
        fleet.step(-3);
        fleet.step_row(1);
        assert_eq!(fleet.cursor, 13);
        fleet.step_page(-1);
        assert_eq!(fleet.cursor, 7);
    }

    #[test]
    fn a_row_down_over_a_shorter_last_row_ends_at_the_last_tile() {
        let mut fleet = of(4);
        fleet.step(2);
        fleet.step_row(1);
        assert_eq!(fleet.cursor, 3);
        assert_eq!(of(0).tile().map(|tile| tile.pods), None);
    }
}
