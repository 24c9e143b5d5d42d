//! A session of the demo in this process: all of egret but the terminal, on a time that stands until a test lets it
//! pass.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use egret::app::keymap::Keymap;
use egret::app::{Effect, Msg, update};
use egret::cluster::clock::Clock;
use egret::cluster::connect::{Patience, connect};
use egret::cluster::read_only::ReadOnly;
use egret::config::{Settings, load};
use egret::demo::fault::Rule;
use egret::demo::store::Key;
use egret::demo::story;
use egret::demo::world::World;
use egret::model::name::ClusterName;
use egret::model::table::TableKind;
use egret::reconcile::{self, Keeper};
use egret::runtime::demo::Options;
use egret::runtime::looping::Effects as _;
use egret::runtime::wired::{Wired, wire};
use egret::runtime::{Clusters, Simulated, Start, demo, replay};
use egret::setup::{Setup, chosen};
use egret::ui::{self, Look};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use serde_json::Value;

/// The demo, as somebody has it before them.
pub struct Session {
    wired: Wired,
    world: World,
    clock: Clock,
    look: Look,
    /// Whether it was quit.
    pub ended: bool,
}

/// Runs a session on a runtime of one thread whose time passes only when nothing else can happen.
pub fn run<T>(session: impl Future<Output = T>) -> T {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(session)
}

impl Session {
    /// Opens the demo of a seed at a size, with faults as they are typed, and waits until all is there.
    pub async fn open(seed: u64, size: (u16, u16), faults: &[&str]) -> Self {
        Self::of(story::world(seed, 0.0), seed, size, faults).await
    }

    /// Opens a world that has been made already.
    pub async fn of(world: World, seed: u64, size: (u16, u16), faults: &[&str]) -> Self {
        let faults: Vec<Rule> = faults.iter().map(|fault| fault.parse().unwrap()).collect();
        let options = Options { seed, speed: 0.0, tour: false, past: false, faults: faults.clone() };
        faults.into_iter().for_each(|rule| world.faults().add(rule));
        Self::start(Clusters::Demo(options), Simulated::World(world), size).await
    }

    /// Opens a recording, whose time stands when its speed is 0.
    pub async fn replay(options: replay::Options, size: (u16, u16)) -> Self {
        let stage = replay::Stage::new(&options);
        Self::start(Clusters::Replay(options), Simulated::Stage(stage), size).await
    }

    async fn start(clusters: Clusters, simulated: Simulated, size: (u16, u16)) -> Self {
        let world = simulated.world().clone();
        let contexts = demo::contexts(&world);
        let setup = Setup {
            settings: Settings::default(),
            place: load::Place { path: None, found: false },
            keymap: Keymap::default(),
            again: None,
        };
        let setup = match clusters {
            Clusters::Replay(_) => setup.for_recording(),
            _ => setup,
        };
        let chosen = chosen(&contexts, &setup.settings).unwrap();
        let start = Start { setup, clusters, view: TableKind::Gateways, log_file: None, state: None };
        let (clock, look) = (contexts.clock(), Look::default());
        let wired = wire(start, contexts, chosen, Some(simulated), &look);
        let mut session = Self { wired, world, clock, look, ended: false };
        session.wired.app.size = size;
        session.settle().await;
        session
    }

    /// Waits until nothing more happens by itself: what comes within seconds of waiting has come.
    pub async fn settle(&mut self) {
        for _ in 0..20 {
            // No real time passes: the runtime goes on to the next moment when every task waits.
            tokio::time::sleep(Duration::from_millis(100)).await;
            while let Ok(msg) = self.wired.inbox.try_recv() {
                self.take(msg);
            }
        }
    }

    fn take(&mut self, msg: Msg) {
        self.wired.app.now = self.clock.now();
        for effect in update(&mut self.wired.app, msg) {
            match effect {
                Effect::Quit => self.ended = true,
                Effect::Redraw | Effect::RunCredentialPlugin(_) | Effect::EditOutside(_) => {}
                effect => self.wired.live.start(effect),
            }
        }
        self.wired.app.settle();
    }

    /// Lets time pass in the clusters, and waits for what comes of it.
    pub async fn advance(&mut self, by: Duration) {
        self.world.advance(by);
        self.take(Msg::Minute);
        self.settle().await;
    }

    /// Presses keys: names as in the config, parted by spaces.
    pub async fn keys(&mut self, names: &str) -> &mut Self {
        for name in names.split_whitespace() {
            self.take(Msg::Key(key(name)));
            self.settle().await;
        }
        self
    }

    /// Types a text, letter by letter.
    pub async fn type_in(&mut self, text: &str) -> &mut Self {
        for letter in text.chars() {
            self.take(Msg::Key(KeyEvent::new(KeyCode::Char(letter), KeyModifiers::NONE)));
        }
        self.settle().await;
        self
    }

    /// Puts the cursor of the table in front on the row of a cluster or gateway.
    pub async fn go(&mut self, name: &str) -> &mut Self {
        self.keys("home").await;
        for _ in 0..80 {
            let gateway = self.wired.app.gateway_here().map(|row| row.id.name.to_string());
            let cluster = || self.wired.app.acting_on().map(|s| s.cluster.to_string());
            if gateway.or_else(cluster).as_deref() == Some(name) {
                return self;
            }
            self.take(Msg::Key(key("down")));
        }
        panic!("no {name} in\n{}", self.screen());
    }

    /// Lets something go wrong, or no longer, while something else is in front.
    pub fn fault(&self, rule: &str) {
        self.world.faults().toggle(&rule.parse().unwrap());
    }

    /// Runs a line of the palette.
    pub async fn command(&mut self, line: &str) -> &mut Self {
        self.keys(":").await.type_in(line).await.keys("enter").await
    }

    /// Changes the size.
    pub async fn resize(&mut self, size: (u16, u16)) -> &mut Self {
        self.take(Msg::Resize(size.0, size.1));
        self.settle().await;
        self
    }

    /// The cells as they are drawn now.
    pub fn buffer(&self) -> Buffer {
        let (columns, rows) = self.wired.app.size;
        let mut buffer = Buffer::empty(Rect::new(0, 0, columns, rows));
        ui::draw(&self.wired.app, &self.look, &mut buffer);
        buffer
    }

    /// Their text.
    pub fn screen(&self) -> String {
        let buffer = self.buffer();
        let width = usize::from(buffer.area.width).max(1);
        let rows = buffer
            .content
            .chunks(width)
            .map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>());
        rows.map(|row| row.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
    }

    /// Asserts that the screen shows a text.
    #[track_caller]
    pub fn sees(&self, text: &str) -> &Self {
        let screen = self.screen();
        assert!(screen.contains(text), "no {text:?} in\n{screen}");
        self
    }

    /// Asserts that the screen does not show a text.
    #[track_caller]
    pub fn sees_not(&self, text: &str) -> &Self {
        let screen = self.screen();
        assert!(!screen.contains(text), "{text:?} in\n{screen}");
        self
    }

    /// A controller of a cluster that knows nothing yet.
    pub async fn keeper(&self, cluster: &str) -> Keeper {
        let contexts = demo::contexts(&self.world);
        let name = ClusterName::from(cluster);
        let connection =
            connect(&contexts, &name, None, ReadOnly::new(false), Patience::default()).await.unwrap();
        Keeper::new(reconcile::Clusters::only(connection, cluster), self.clock.clone())
    }

    /// An object of `istio-system`, as it is stored.
    pub fn object(&self, cluster: &str, resource: &str, name: &str) -> Option<Value> {
        let cluster = self.world.cluster(cluster).unwrap();
        cluster.with(|state| state.shown(&Key::new(resource, "istio-system", name)))
    }

    /// Requests to a cluster so far.
    pub fn requests(&self, cluster: &str) -> u64 {
        self.world.faults().requests(cluster)
    }

    /// Changes an object of `istio-system`, as somebody else does.
    pub fn change(
        &self,
        cluster: &str,
        resource: &str,
        name: &str,
        change: impl FnOnce(&mut serde_json::Value),
    ) {
        let key = Key::new(resource, "istio-system", name);
        let cluster = self.world.cluster(cluster).unwrap();
        cluster.with(|state| state.change(&key, "somebody", change).map(drop)).unwrap();
    }

    /// The next step of the tour: its number, how many there are, what it says.
    pub fn tour(&self) -> Option<(usize, usize, String)> {
        self.wired.app.tour_step()
    }
}

const NAMED: &[(&str, KeyCode)] = &[
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("backspace", KeyCode::Backspace),
    ("space", KeyCode::Char(' ')),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
];

fn key(name: &str) -> KeyEvent {
    if let Some(letter) = name.strip_prefix("ctrl-") {
        let letter = letter.chars().next().unwrap();
        return KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL);
    }
    let named = NAMED.iter().find(|(n, _)| *n == name).map(|(_, code)| *code);
    let mut letters = name.chars();
    let code = named.unwrap_or_else(|| {
        let letter = letters.next().unwrap();
        assert!(letters.next().is_none(), "no key is called {name}");
        KeyCode::Char(letter)
    });
    KeyEvent::new(code, KeyModifiers::NONE)
}
