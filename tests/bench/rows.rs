//! From measurements to lines of the table.

use std::time::Duration;

use crate::demo::Demo;
use crate::frame::Frames;
use crate::live::Live;
use crate::reconcile::Reconciled;
use crate::report::{Report, Row, Spread, mib, ms};
use crate::session::{Session, Window};
use crate::slow_line::Slow;
use crate::start::Start;
use crate::{Bench, Starts};

const NONE: &str = "–";

const LIST: &str = "Raw LIST: one `GET …/istio-system/pods` with the client that egret makes, connection included, body \
                    read and thrown away; a LIST and a start take turns, medians.";
const STARTS: &str = "Starts: from before the process is started until the bytes are read that make an emulated terminal \
                      show a pod (first rows), the count of complete clusters or pods (complete); medians.";
const QUIET: &str = "Nothing changes: CPU is utime and stime of the process (steps of 10 ms), bytes are what the \
                     pseudo-terminal gave, requests are the API server's audit log over both windows.";
const MEMORY: &str =
    "Memory: `VmHWM`, the highest over the starts and over the whole session of every measurement.";
const CHANGE: &str = "Change → screen: from before the request that creates a pod until the bytes are read that make \
                      its name stand on the screen; one at a time, at uneven intervals.";
const BUSY: &str =
    "Ten pods a second: the restarts of the ten pods at the top of the screen, one each tenth of a second.";
const SMALL: &str = "Small cluster: three pods on a control plane of their own; first paint is the first screen that is \
                     not empty, first table the first with a pod.";
const FRAME: &str = "One frame: in process, the cursor moves one row, 1,000 times: settle, draw and encode; and one pod \
                     changed: its snapshot is taken in as well.";

/// Lines of the starts with many pods.
pub(crate) fn start(report: &mut Report, bench: &Bench, starts: &Starts) {
    let pods = bench.load.pods();
    let list = Spread::of(starts.lists.iter().map(|(time, _)| *time).collect());
    let bytes = starts.lists.first().map_or(0, |(_, bytes)| *bytes) as f64 / 1e6;
    let spread = |of: fn(&Start) -> Option<Duration>| {
        starts.programs.iter().map(move |all| {
            let times: Vec<Duration> = all.iter().filter_map(of).collect();
            (!times.is_empty()).then(|| Spread::of(times))
        })
    };
    let range = |s: Spread| format!("{} ({}–{})", ms(s.median), ms(s.best), ms(s.worst));
    let mut same = vec![String::new(); report.programs.len()];
    if let Some(first) = same.first_mut() {
        *first = range(list);
    }
    let mut row = |what: String, aim: &str, figures: Vec<String>, how| {
        report.rows.push(Row { what, aim: aim.to_owned(), figures, how });
    };
    row(format!("raw LIST of {pods} pods, {bytes:.1} MB"), "", same, LIST);
    let rows = spread(|s| Some(s.rows)).map(|s| s.map_or(NONE.to_owned(), range));
    row("start → first rows".to_owned(), "≤ 50 ms", rows.collect(), STARTS);
    let complete = spread(|s| s.complete).map(|s| s.map_or(NONE.to_owned(), range));
    row("start → complete table".to_owned(), "", complete.collect(), STARTS);
    let times = spread(|s| s.complete).map(|s| {
        s.map_or(NONE.to_owned(), |s| format!("{:.2}", s.median.as_secs_f64() / list.median.as_secs_f64()))
    });
    row("the same, in raw LISTs".to_owned(), "≤ 1.2", times.collect(), STARTS);
    let memory =
        starts.programs.iter().map(|all| all.iter().map(|s| s.memory).max().map_or(NONE.to_owned(), mib));
    row("resident memory, peak until complete".to_owned(), "≤ 50 MiB", memory.collect(), MEMORY);
}

const DEMO: &str = "The demo's start: from before the process is started until the bytes are read that make an emulated \
                    terminal show anything, a gateway, and all clusters that can be reached; medians.";
const STILL: &str = "The demo while nobody presses a key: CPU of the process and bytes to the terminal.";

const LIVE: &str = "Live traffic: the demo at speed 1, nobody presses a key; bytes to a terminal of 80×24.";

/// Lines of live screens.
pub(crate) fn live(report: &mut Report, live: &Live) {
    let screens = [("the table of gateways", live.table), ("an open gateway's traffic", live.tab)];
    for (what, window) in screens {
        let figure =
            window.map_or(NONE.to_owned(), |w| format!("{:.0} B/s", w.bytes as f64 / w.took.as_secs_f64()));
        let mut row = |what: String, aim: &str, figure: String| {
            report.rows.push(Row { what, aim: aim.to_owned(), figures: vec![figure], how: LIVE });
        };
        row(format!("live at 80×24: {what}"), "≤ 2,048 B/s", figure);
        let share = |w: Window| format!("{:.2} %", 100.0 * w.cpu.as_secs_f64() / w.took.as_secs_f64());
        row(
            format!("– {what}: CPU of one core, the demo's servers included"),
            "",
            window.map_or(NONE.to_owned(), share),
        );
    }
}

const SLOW: &str = "The slow line: a pseudo-terminal whose bytes arrive 150 ms later each way, 10,000 a second towards the terminal, 80×24, the demo's traffic going on; from a key until the screen shows its answer, medians.";

/// Lines of the slow line.
pub(crate) fn slow(report: &mut Report, slow: &Slow) {
    let range = |all: &[Duration]| match all {
        [] => NONE.to_owned(),
        all => {
            let s = Spread::of(all.to_vec());
            format!("{} ({}–{})", ms(s.median), ms(s.best), ms(s.worst))
        }
    };
    let mut row = |what: &str, aim: &str, figure: String| {
        report.rows.push(Row {
            what: what.to_owned(),
            aim: aim.to_owned(),
            figures: vec![figure],
            how: SLOW,
        });
    };
    row("300 ms and 10 KB/s: the cursor moves", "≤ 400 ms", range(&slow.moves));
    row("300 ms and 10 KB/s: another screen begins", "≤ 400 ms", range(&slow.screens));
    row(
        "300 ms and 10 KB/s: the last of 38 screens asked for in a second",
        "",
        slow.held.map_or(NONE.to_owned(), ms),
    );
}

/// Lines of the demo.
pub(crate) fn demo(report: &mut Report, demo: &Demo) {
    let range = |all: &[Duration]| {
        let s = Spread::of(all.to_vec());
        format!("{} ({}–{})", ms(s.median), ms(s.best), ms(s.worst))
    };
    let mut row = |what: &str, aim: &str, figure: String, how| {
        report.rows.push(Row { what: what.to_owned(), aim: aim.to_owned(), figures: vec![figure], how });
    };
    row("start → first paint", "", range(&demo.paint), DEMO);
    row("start → first gateways", "≤ 100 ms", range(&demo.rows), DEMO);
    row("start → all clusters, 46 gateways", "", range(&demo.complete), DEMO);
    let whiles = [("its time stands still", "0", demo.still), ("its time passes", "", demo.passing)];
    for (what, aim, window) in whiles {
        let bytes = window.map_or(NONE.to_owned(), |w| format!("{} in {} s", w.bytes, w.took.as_secs()));
        row(&format!("{what}: bytes to the terminal"), aim, bytes, STILL);
        let cpu = window.map_or(NONE.to_owned(), |w| {
            let share = 100.0 * w.cpu.as_secs_f64() / w.took.as_secs_f64();
            format!("{share:.2} % ({} ms)", w.cpu.as_millis())
        });
        row(&format!("{what}: CPU of one core"), "", cpu, STILL);
    }
    row("resident memory, peak", "≤ 60 MiB", mib(demo.memory), MEMORY);
}

const MADE: &str = "Gateways made: one CR each, of which come five objects, a status and Events. The controller is timed from \
                    when it has the lease until its log has told of a pass over each; the bare client sends the same \
                    writes, made beforehand, 16 gateways at once as the controller does, half of them before it and half \
                    after. Requests are the API server's audit log, the lease excepted.";
const AGAIN: &str = "Unchanged gateways, each with a ready pod: a controller is started and has looked at all of them; CPU is \
                     utime and stime of the whole process, its start and lists included.";

/// Lines of the controller.
pub(crate) fn reconcile(report: &mut Report, r: &Reconciled) {
    let mut row = |what: String, aim: &str, figure: String, how| {
        report.rows.push(Row { what, aim: aim.to_owned(), figures: vec![figure], how });
    };
    let n = r.gateways;
    let seconds = |time: Duration| format!("{:.1} s", time.as_secs_f64());
    row(
        format!("{n} gateways made"),
        "",
        format!("{}, {} writes, {} reads", seconds(r.egret), r.writes.0, r.reads),
        MADE,
    );
    row(
        "the same writes by a bare client".to_owned(),
        "",
        format!("{}, {} writes", seconds(r.bare), r.writes.1),
        MADE,
    );
    row(
        "the first in the second".to_owned(),
        "≤ 1.3",
        format!("{:.2}", r.egret.as_secs_f64() / r.bare.as_secs_f64()),
        MADE,
    );
    row(
        format!("{n} unchanged gateways looked at again: writes"),
        "0",
        format!("{} (and {} reads)", r.again.0, r.again.1),
        AGAIN,
    );
    row(
        "the same: CPU".to_owned(),
        "< 1 s",
        format!("{:.2} s (in {})", r.cpu.as_secs_f64(), seconds(r.took)),
        AGAIN,
    );
    row("the same: resident memory, peak".to_owned(), "", mib(r.memory), AGAIN);
}

/// Lines of the sessions.
pub(crate) fn session(report: &mut Report, sessions: &[Option<Session>]) {
    let of = |figure: &dyn Fn(&Session) -> Option<String>| -> Vec<String> {
        sessions.iter().map(|s| s.as_ref().and_then(figure).unwrap_or(NONE.to_owned())).collect()
    };
    let mut row = |what: &str, aim: &str, figures: Vec<String>, how| {
        report.rows.push(Row { what: what.to_owned(), aim: aim.to_owned(), figures, how });
    };
    row("nothing changes: CPU of one core", "< 0.2 %", of(&|s| s.quiet.map(cpu)), QUIET);
    row("the same over a minute mark", "", of(&|s| s.minute.map(cpu)), QUIET);
    row("nothing changes: bytes to the terminal", "0", of(&|s| s.quiet.map(bytes)), QUIET);
    row("the same over a minute mark", "", of(&|s| s.minute.map(bytes)), QUIET);
    let requests =
        |s: &Session| s.requests.map(|(watches, others)| format!("{others} (and {watches} of watches)"));
    row("nothing changes: API requests but watches", "0", of(&requests), QUIET);
    row("resident memory, peak of the session", "≤ 50 MiB", of(&|s| Some(mib(s.memory))), MEMORY);
    let seen = |s: &Session| {
        let missed = if s.missed > 0 { format!(", {} never seen", s.missed) } else { String::new() };
        let n = s.seen.len();
        let spread = Spread::of(s.seen.clone());
        (n > 0).then(|| format!("{}, median {} of {n}{missed}", ms(spread.worst), ms(spread.median)))
    };
    row("change in the API server → on screen, worst", "≤ 100 ms", of(&seen), CHANGE);
    let rate = |s: &Session| s.busy.map(|w| format!("{:.0} /s", w.bytes as f64 / w.took.as_secs_f64()));
    row("ten pods a second change: bytes to the terminal", "", of(&rate), BUSY);
    row("ten pods a second change: CPU of one core", "", of(&|s| s.busy.map(cpu)), BUSY);
}

fn cpu(w: Window) -> String {
    let percent = w.cpu.as_secs_f64() / w.took.as_secs_f64() * 100.0;
    format!("{percent:.2} % ({} ms in {:.0} s)", w.cpu.as_millis(), w.took.as_secs_f64())
}

fn bytes(w: Window) -> String {
    format!("{} in {:.0} s", w.bytes, w.took.as_secs_f64())
}

/// Lines of the small cluster.
pub(crate) fn small(report: &mut Report, starts: &Starts) {
    let figures = |of: fn(&Start) -> Duration| -> Vec<String> {
        let each = starts.programs.iter().map(|all| {
            let spread = Spread::of(all.iter().map(of).collect());
            if all.is_empty() {
                NONE.to_owned()
            } else {
                format!("{} ({}–{})", ms(spread.median), ms(spread.best), ms(spread.worst))
            }
        });
        each.collect()
    };
    let memory =
        starts.programs.iter().map(|all| all.iter().map(|s| s.memory).max().map_or(NONE.to_owned(), mib));
    let mut row = |what: &str, aim: &str, figures| {
        report.rows.push(Row { what: what.to_owned(), aim: aim.to_owned(), figures, how: SMALL });
    };
    row("small cluster: first paint", "≤ 15 ms", figures(|s| s.paint));
    row("small cluster: first table", "≤ 50 ms", figures(|s| s.rows));
    row("small cluster: resident memory, peak", "≤ 20 MiB", memory.collect());
}

/// Lines of the frames.
pub(crate) fn frame(report: &mut Report, few: &Frames, many: &Frames) {
    let mut row = |what: &str, aim: &str, few: Spread, many: Spread| {
        let mut figures = vec![NONE.to_owned(); report.programs.len()];
        if let Some(first) = figures.first_mut() {
            *first = format!("{} (50 rows: {}; worst {})", ms(many.median), ms(few.median), ms(many.worst));
        }
        report.rows.push(Row { what: what.to_owned(), aim: aim.to_owned(), figures, how: FRAME });
    };
    row("one frame at 200×60, 5,000 rows", "< 1 ms, flat", few.moved, many.moved);
    row("a change among 5,000 rows, with its frame", "", few.changed, many.changed);
}
