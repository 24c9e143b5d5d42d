//! The process that owns the servers of this test process (`tests/control-plane/supervisor`).
//!
//! It ends them when its stdin closes, and the kernel closes that whatever happens to this process.
//! The conversation runs on threads of its own, so it outlives the runtime of any one test.

use super::{Error, Result, While, parts};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use tokio::sync::{oneshot, watch};

/// The conversation with the supervisor process.
pub(super) struct Supervisor {
    pid: u32,
    stdin: Mutex<ChildStdin>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    last_id: u64,
    waiting: HashMap<u64, oneshot::Sender<Answer>>,
    exits: HashMap<String, watch::Sender<Option<String>>>,
    ended: bool,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    id: u64,
    #[serde(default)]
    pid: u32,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    exit: Option<String>,
    #[serde(default)]
    how: String,
}

/// A server that was started.
pub(super) struct Server {
    name: String,
    pid: u32,
    exited: watch::Receiver<Option<String>>,
}

/// What a server is started with.
pub(super) struct Start<'a> {
    pub name: &'a str,
    pub program: &'a Path,
    pub args: &'a [String],
    pub log: &'a Path,
}

/// The supervisor of this process, started when first asked for. Blocks while the parts are built.
pub(super) fn supervisor() -> Result<&'static Supervisor> {
    static ONE: OnceLock<Result<Supervisor>> = OnceLock::new();
    ONE.get_or_init(Supervisor::spawn).as_ref().map_err(Clone::clone)
}

impl Supervisor {
    fn spawn() -> Result<Self> {
        let program = parts::ready()?.program("supervisor")?;
        let mut child = Command::new(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Ctrl-C in the terminal is for this process; the servers end in order after it.
            .process_group(0)
            .spawn()
            .while_doing("starting the supervisor of the servers")?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Error("the supervisor has no pipes".to_owned()));
        };
        let state = Arc::new(Mutex::new(State::default()));
        let heard = Arc::clone(&state);
        std::thread::spawn(move || listen(stdout, &heard));
        Ok(Self { pid: child.id(), stdin: Mutex::new(stdin), state })
    }

    /// The id of the supervisor's own process.
    pub(super) fn pid(&self) -> u32 {
        self.pid
    }

    /// Starts a server; its output goes to the log file.
    pub(super) async fn start(&self, start: &Start<'_>) -> Result<Server> {
        let (exit, exited) = watch::channel(None);
        hold(&self.state).exits.insert(start.name.to_owned(), exit);
        let answer = self
            .ask(json!({
                "op": "start", "name": start.name, "path": start.program, "args": start.args, "log": start.log,
            }))
            .await?;
        Ok(Server { name: start.name.to_owned(), pid: answer.pid, exited })
    }

    /// Sends `stop` or `cont` to a server.
    pub(super) async fn signal(&self, server: &Server, signal: &str) -> Result<()> {
        self.ask(json!({"op": "signal", "name": server.name, "signal": signal})).await.map(drop)
    }

    /// Ends a server, kindly at first, and waits until it is gone.
    pub(super) async fn stop(&self, server: &mut Server, patience_ms: u32) -> Result<()> {
        self.ask(json!({"op": "stop", "name": server.name, "millis": patience_ms})).await?;
        server.exit().await;
        Ok(())
    }

    /// Removes a directory when everything ends.
    pub(super) async fn own(&self, dir: &Path) -> Result<()> {
        self.ask(json!({"op": "own", "dir": dir})).await.map(drop)
    }

    /// Kills the servers whose names begin so and removes their directory; does not wait.
    pub(super) fn release(&self, prefix: &str, dir: &Path) {
        // When the supervisor is gone, so are the servers.
        let _ = self.send(json!({"op": "release", "name": prefix, "dir": dir}), None);
    }

    /// The same, and waits until it is done.
    pub(super) async fn release_now(&self, prefix: &str, dir: &Path) -> Result<()> {
        self.ask(json!({"op": "release", "name": prefix, "dir": dir})).await.map(drop)
    }

    async fn ask(&self, request: Value) -> Result<Answer> {
        let (sender, answer) = oneshot::channel();
        self.send(request, Some(sender))?;
        let answer = answer.await.map_err(|_| Error("the supervisor of the servers has ended".to_owned()))?;
        match answer.error {
            Some(why) => Err(Error(why)),
            None => Ok(answer),
        }
    }

    fn send(&self, mut request: Value, waiting: Option<oneshot::Sender<Answer>>) -> Result<()> {
        {
            let mut state = hold(&self.state);
            if state.ended {
                return Err(Error("the supervisor of the servers has ended".to_owned()));
            }
            state.last_id += 1;
            let id = state.last_id;
            request["id"] = json!(id);
            if let Some(waiting) = waiting {
                state.waiting.insert(id, waiting);
            }
        }
        let line = format!("{request}\n");
        hold(&self.stdin).write_all(line.as_bytes()).while_doing("speaking to the supervisor of the servers")
    }
}

impl Server {
    /// The process id.
    pub(super) fn pid(&self) -> u32 {
        self.pid
    }

    /// How the server ended, if it has.
    pub(super) fn ended(&self) -> Option<String> {
        self.exited.borrow().clone()
    }

    /// Waits until the server has ended; how it did.
    pub(super) async fn exit(&mut self) -> String {
        match self.exited.wait_for(Option::is_some).await {
            Ok(how) => how.clone().unwrap_or_default(),
            Err(_) => "the supervisor has ended".to_owned(),
        }
    }
}

fn listen(stdout: ChildStdout, state: &Mutex<State>) {
    for line in BufReader::new(stdout).lines() {
        let Ok(line) = line else { break };
        let Ok(answer) = serde_json::from_str::<Answer>(&line) else { continue };
        let mut state = hold(state);
        if let Some(name) = &answer.exit {
            if let Some(exit) = state.exits.remove(name) {
                let _ = exit.send(Some(answer.how));
            }
        } else if let Some(waiting) = state.waiting.remove(&answer.id) {
            let _ = waiting.send(answer);
        }
    }
    let mut state = hold(state);
    state.ended = true;
    state.waiting.clear();
    state.exits.clear();
}

fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
