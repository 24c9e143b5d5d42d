//! What the demo costs: its start, its memory, and what it writes while its time stands still.

use std::time::{Duration, Instant};

use crate::Bench;
use crate::program::{Program, SIZE};
use crate::pty::Pty;
use crate::session::Window;

/// What the demo may take to show all it has before it is given up.
const LIMIT: Duration = Duration::from_secs(60);

/// Figures of the demo.
#[derive(Debug, Default)]
pub(crate) struct Demo {
    /// Until anything is on the screen.
    pub paint: Vec<Duration>,
    /// Until the first gateway is.
    pub rows: Vec<Duration>,
    /// Until all clusters are as complete as they become.
    pub complete: Vec<Duration>,
    /// A while in which its time stands still.
    pub still: Option<Window>,
    /// A while in which it passes as ours does.
    pub passing: Option<Window>,
    /// Peak resident memory, in bytes: after the starts and these whiles.
    pub memory: u64,
}

/// Starts it several times, then lets it be.
pub(crate) fn measure(bench: &Bench) -> Demo {
    let mut demo = Demo::default();
    // The first start reads the program from disk.
    run(bench, "1");
    for _ in 0..bench.repeats() * 2 {
        let Some((pty, [paint, rows, complete])) = run(bench, "1") else { continue };
        demo.paint.push(paint);
        demo.rows.push(rows);
        demo.complete.push(complete);
        demo.memory = demo.memory.max(pty.peak_memory());
    }
    for (speed, window) in [("0", &mut demo.still), ("1", &mut demo.passing)] {
        bench.say(&format!("the demo at speed {speed}"));
        let Some((pty, _)) = run(bench, speed) else { continue };
        // What a start leaves behind is not what idling costs.
        std::thread::sleep(Duration::from_secs(3));
        let (begin, cpu, bytes) = (Instant::now(), pty.cpu(), pty.bytes());
        std::thread::sleep(bench.quiet());
        *window = Some(Window { took: begin.elapsed(), cpu: pty.cpu() - cpu, bytes: pty.bytes() - bytes });
        demo.memory = demo.memory.max(pty.peak_memory());
    }
    demo
}

/// One start: until the first screen, the first gateway, and four of five clusters, for the fifth cannot be reached.
fn run(bench: &Bench, speed: &str) -> Option<(Pty, [Duration; 3])> {
    let mut command = Program::egret().bare(bench.home.path());
    command.args(["demo", "--speed", speed]);
    let pty = Pty::start(command, SIZE).ok()?;
    let until = |holds: fn(&str) -> bool| match pty.look_until(LIMIT, holds) {
        Ok(at) => Some(at.saturating_duration_since(pty.started())),
        Err(screen) => {
            bench.say(&format!("the demo did not come so far within {LIMIT:?}:\n{screen}"));
            None
        }
    };
    let paint = until(|screen| !screen.trim().is_empty())?;
    let rows = until(|screen| screen.contains("egress-pci"))?;
    let complete = until(|screen| screen.contains("4/5 clusters") && screen.contains("✕ 1"))?;
    Some((pty, [paint, rows, complete]))
}
