//! What live traffic costs on the way to the terminal: the table of gateways, and an open gateway's chart.

use std::time::{Duration, Instant};

use crate::Bench;
use crate::program::Program;
use crate::pty::Pty;
use crate::session::Window;

/// The size that the aim is for.
const SIZE: (u16, u16) = (80, 24);

/// What may pass until numbers are on the screen.
const LIMIT: Duration = Duration::from_secs(60);

/// Figures of live screens.
#[derive(Debug, Default)]
pub(crate) struct Live {
    /// The table of gateways, its rows read every 5 s.
    pub table: Option<Window>,
    /// The Traffic tab of its first row.
    pub tab: Option<Window>,
}

/// Looks at the table, then at the traffic of one gateway.
pub(crate) fn measure(bench: &Bench) -> Live {
    let mut live = Live::default();
    let mut command = Program::egret().bare(bench.home.path());
    command.args(["demo", "--speed", "1"]);
    let Ok(pty) = Pty::start(command, SIZE) else { return live };
    let comes = |what: fn(&str) -> bool| match pty.look_until(LIMIT, what) {
        Ok(_) => true,
        Err(screen) => {
            bench.say(&format!("no live numbers within {LIMIT:?}:\n{screen}"));
            false
        }
    };
    // What carries traffic stands at the top then, and the cursor on the first of it.
    if comes(|screen| screen.contains("RPS")) {
        pty.type_in("Wgg");
    }
    // A block stands in a row whose gateway was read twice.
    if comes(|screen| screen.lines().any(|row| row.ends_with('█'))) {
        live.table = Some(window(bench, &pty));
    }
    pty.type_in("t");
    if comes(|screen| screen.contains("HOST ")) {
        live.tab = Some(window(bench, &pty));
    }
    live
}

fn window(bench: &Bench, pty: &Pty) -> Window {
    // What is drawn once is not what goes on.
    std::thread::sleep(Duration::from_secs(12));
    let (begin, cpu, bytes) = (Instant::now(), pty.cpu(), pty.bytes());
    std::thread::sleep(bench.minute());
    Window { took: begin.elapsed(), cpu: pty.cpu() - cpu, bytes: pty.bytes() - bytes }
}
