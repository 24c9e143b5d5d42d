//! Runs cases on both servers.

use std::any::Any;
use std::fmt::Write as _;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU32, Ordering};

use futures::future::BoxFuture;
use futures::{FutureExt as _, StreamExt as _};

use super::compare::differences;
use super::normal::normal;
use super::run::{Run, Step};
use super::server::{Server, real, simulated};

/// One case.
#[derive(Clone, Copy)]
pub(super) struct Case {
    /// A sentence.
    pub(super) name: &'static str,
    pub(super) run: fn(Run) -> BoxFuture<'static, ()>,
}

/// A case: `case!("a name", |r| { … })`.
macro_rules! case {
    ($name:literal, |$run:ident| $body:block) => {
        $crate::demo::table::Case { name: $name, run: |$run| Box::pin(async move $body) }
    };
}
pub(super) use case;

/// How many cases run on the real server at a time.
const AT_ONCE: usize = 4;

/// Runs the cases of a topic on both servers.
///
/// # Panics
/// When one fails, or when the servers differ; says all that is wrong.
pub(super) async fn check(topic: &str, cases: &[Case]) {
    let real = real().await;
    let only = std::env::var("EGRET_TEST_CASE").unwrap_or_default();
    let checked =
        cases.iter().filter(|case| case.name.contains(&only)).map(|case| one(topic, *case, real.clone()));
    let wrong: Vec<Option<String>> = futures::stream::iter(checked).buffered(AT_ONCE).collect().await;
    let wrong: Vec<String> = wrong.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{} of {} cases\n\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

/// What is wrong with a case, twice in a row: controllers of a real cluster race each other, and on a busy machine one
/// may be late in a way that no case waits for. What is wrong with the simulator is wrong each time.
async fn one(topic: &str, case: Case, real: Server) -> Option<String> {
    let first = once(topic, case, real.clone()).await?;
    let again = once(topic, case, real).await?;
    Some(format!("{again}and the first time:\n{first}"))
}

/// What is wrong with a case.
async fn once(topic: &str, case: Case, real: Server) -> Option<String> {
    let mut wrong = String::new();
    let mut transcripts = Vec::new();
    for server in std::iter::once(real).chain(simulated()) {
        let name = server.name;
        let (steps, failed) = played(&case, server).await;
        write_down(topic, case.name, name, &steps);
        if let Some(why) = failed {
            let last = steps.last().map_or("", |step| &step.asked);
            let _ = writeln!(wrong, "{name}, after {last}: {why}");
        }
        transcripts.push(steps);
    }
    if let [real, simulated] = &*transcripts {
        wrong.extend(differences(case.name, real, simulated));
    }
    (!wrong.is_empty()).then(|| format!("— {}\n{wrong}", case.name))
}

/// The transcript of a case, and how it failed.
async fn played(case: &Case, server: Server) -> (Vec<Step>, Option<String>) {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    // Always of one length, and nothing that a message would say of itself.
    let ns = format!("conf-{:06x}-{:03}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let run = Run::new(server, ns.clone()).await;
    let ended = AssertUnwindSafe((case.run)(run.clone())).catch_unwind().await;
    (normal(&run.transcript(), &ns), ended.err().map(|panic| said(&*panic)))
}

/// What a panic said.
fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked").to_owned()
}

fn write_down(topic: &str, case: &str, server: &str, steps: &[Step]) {
    let Some(dir) = std::env::var_os("EGRET_TEST_TRANSCRIPTS") else { return };
    let dir = std::path::Path::new(&dir).join(topic);
    std::fs::create_dir_all(&dir).unwrap();
    let mut text = format!("# {case}\n");
    for step in steps {
        let _ = write!(text, "\n>>> {}\n{:#}\n", step.asked, step.answered);
    }
    let file = case.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    std::fs::write(dir.join(format!("{file}.{server}.txt")), text).unwrap();
}
