//! A panic: the terminal is given back, a report is written, and the program ends with the report's path.

use std::backtrace::Backtrace;
use std::fs;
use std::io::Write;
use std::panic::PanicHookInfo;
use std::path::PathBuf;
use std::process;
use std::sync::Once;

use super::{drafts, terminal};
use crate::cluster::journal;
use crate::setup;

/// Exit code after a panic.
const CODE: i32 = 101;

/// Makes a panic in any task or thread end the program in an orderly way: half a program on a production cluster
/// is worse than none.
pub fn on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|info| {
            terminal::give_back();
            let said = match write(info) {
                Some(path) => {
                    format!("egret ended by a fault of its own. The report is in {}\n", path.display())
                }
                None => format!("egret ended by a fault of its own: {info}\n"),
            };
            // Not `eprintln`: its lock may be held by the thread that panics.
            let _ = rustix::io::write(rustix::stdio::stderr(), said.as_bytes());
            // What was typed comes first: nobody can type it again as it was.
            drafts::flush();
            journal::file::flush();
            process::exit(CODE);
        }));
    });
}

fn write(info: &PanicHookInfo<'_>) -> Option<PathBuf> {
    let dir = setup::state_dir()?;
    fs::create_dir_all(&dir).ok()?;
    let path = dir.join(format!("panic-{}.txt", process::id()));
    let mut file = fs::File::create(&path).ok()?;
    let thread = std::thread::current().name().unwrap_or("unnamed").to_owned();
    writeln!(
        file,
        "egret {}\n{}\nthread {thread}: {info}\n\n{}",
        env!("CARGO_PKG_VERSION"),
        jiff::Timestamp::now(),
        Backtrace::force_capture()
    )
    .ok()?;
    Some(path)
}

/// In a build with debug assertions, and with `EGRET_TEST_PANIC` set to `ui` or `task`, F12 panics there: how the
/// program ends then can be tested in no other way.
#[cfg(debug_assertions)]
pub fn panic_for_a_test(event: &crossterm::event::Event) {
    use crossterm::event::{Event, KeyCode, KeyEvent};
    if !matches!(event, Event::Key(KeyEvent { code: KeyCode::F(12), .. })) {
        return;
    }
    match std::env::var("EGRET_TEST_PANIC").as_deref() {
        Ok("ui") => panic!("a panic on the UI thread, asked for by a test"),
        Ok("task") => drop(tokio::spawn(async { panic!("a panic in a task, asked for by a test") })),
        _ => {}
    }
}
