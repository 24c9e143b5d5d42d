//! Credential plugins (R21): run off the UI, without a terminal, within 30 s, and again before their token expires.

mod process;
mod reply;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use kube::config::{Cluster, ExecConfig, ExecInteractiveMode};
use tokio::process::Command;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::model::fault::{Fault, Reason};
use process::Outcome;

/// Longest a plugin may take.
pub const LIMIT: Duration = Duration::from_secs(30);

/// A token is renewed this long before it expires, but not before a fifth of its time is left.
const MARGIN: Duration = Duration::from_secs(60);

/// What a plugin gave is used for at least this long, even if it says that it has ended: a plugin with a wrong clock
/// must not run without end.
const AT_LEAST: Duration = Duration::from_secs(10);

/// A plugin that failed is not run again within this time: the many requests that wait for it fail together.
const FAILED_FOR: Duration = Duration::from_secs(1);

/// What a plugin gave.
#[derive(Clone)]
pub struct Credential {
    /// Bearer token.
    pub token: Option<String>,
    /// Client certificate and key, PEM.
    pub certificate: Option<(String, String)>,
    /// Which run of the plugin gave it.
    number: u64,
    /// When it is to be renewed; `None`: when it is refused.
    renew: Option<Timestamp>,
}

impl Credential {
    /// What was given at a moment.
    fn new(reply: reply::Reply, number: u64, now: Timestamp) -> Self {
        let renew = reply.expires.map(|end| {
            let left = Duration::try_from(end.duration_since(now)).unwrap_or_default();
            now + (left - MARGIN.min(left / 5)).max(AT_LEAST)
        });
        Self { token: reply.token, certificate: reply.certificate.zip(reply.key), number, renew }
    }

    fn is_fresh(&self, now: Timestamp) -> bool {
        self.renew.is_none_or(|at| now < at)
    }

    /// Waits until it is to be renewed.
    pub(super) async fn ages(&self) {
        let Some(at) = self.renew else { return std::future::pending().await };
        let left = Duration::try_from(at.duration_since(Timestamp::now())).unwrap_or_default();
        tokio::time::sleep(left).await;
    }
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credential").field("renew", &self.renew).finish_non_exhaustive()
    }
}

/// A plugin and what it gave last. It runs on a task of its own: who asks may go away, and whoever asks meanwhile
/// waits for the same run. Dropping it ends the run.
#[derive(Debug)]
pub struct Plugin(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    context: String,
    config: ExecConfig,
    cluster: Cluster,
    limit: Duration,
    state: Mutex<State>,
    /// Counts what the plugin gave.
    given: watch::Sender<u64>,
}

/// How a run ended; `None`: it has not.
type Run = Option<Result<Credential, Fault>>;

#[derive(Debug, Default)]
struct State {
    current: Option<Credential>,
    failed: Option<(Instant, Fault)>,
    running: Option<(watch::Receiver<Run>, AbortHandle)>,
}

impl Drop for Plugin {
    fn drop(&mut self) {
        if let Some((_, run)) = self.0.lock().running.take() {
            run.abort();
        }
    }
}

/// A plugin's failure on its way through the client's layers.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.summary)]
pub struct PluginError(pub Fault);

impl Plugin {
    /// The plugin of a context's user. Reads and runs nothing yet.
    pub fn new(context: &str, config: ExecConfig, cluster: &Cluster) -> Self {
        Self::with(context.to_owned(), config, cluster.clone(), LIMIT)
    }

    /// With another time limit.
    #[must_use]
    pub fn within(self, limit: Duration) -> Self {
        Self::with(self.0.context.clone(), self.0.config.clone(), self.0.cluster.clone(), limit)
    }

    fn with(context: String, config: ExecConfig, cluster: Cluster, limit: Duration) -> Self {
        let (state, given) = (Mutex::default(), watch::Sender::new(0));
        Self(Arc::new(Inner { context, config, cluster, limit, state, given }))
    }

    /// Whether this is the same plugin for the same cluster: then what it gave still holds.
    pub fn is_same(&self, other: &Self) -> bool {
        let text = |p: &Self| serde_json::to_string(&(&p.0.config, &p.0.cluster)).ok();
        self.0.context == other.0.context && text(self) == text(other)
    }

    /// What the plugin gave last, while it is fresh; else what it gives now.
    ///
    /// # Errors
    /// When the plugin cannot be run, fails, gives nothing that can be used, or needs a terminal.
    pub async fn credential(&self) -> Result<Credential, Fault> {
        loop {
            let mut run = {
                let mut state = self.0.lock();
                if let Some(credential) = state.current.as_ref().filter(|c| c.is_fresh(Timestamp::now())) {
                    return Ok(credential.clone());
                }
                if let Some((_, fault)) = state.failed.as_ref().filter(|(at, _)| at.elapsed() < FAILED_FOR) {
                    return Err(fault.clone());
                }
                state.running.get_or_insert_with(|| self.0.clone().start()).0.clone()
            };
            let ended = run.wait_for(Option::is_some).await.ok().and_then(|ended| (*ended).clone());
            match ended {
                Some(ended) => return ended,
                // The runtime that it ran on is gone: run it on this one.
                None => self.0.lock().running = None,
            }
        }
    }

    /// The server refused this credential: the plugin is asked for another, unless it has given one meanwhile.
    pub fn refused(&self, credential: &Credential) {
        let current = &mut self.0.lock().current;
        if current.as_ref().is_some_and(|c| c.number == credential.number) {
            *current = None;
        }
    }

    /// Waits until the plugin has given something else than this.
    pub(super) async fn replaced(&self, credential: &Credential) {
        // The sender is the plugin's own: it cannot be gone.
        let _ = self.0.given.subscribe().wait_for(|number| *number != credential.number).await;
    }

    /// Runs the plugin with the terminal as its own, for as long as it takes. The caller gives the terminal back first.
    ///
    /// # Errors
    /// As [`Self::credential`].
    pub async fn run_in_terminal(&self) -> Result<Credential, Fault> {
        let plugin = &self.0;
        let command = plugin.command(true).await?;
        let (status, stdout) = process::run_in_front(command).await.map_err(|e| plugin.not_started(&e))?;
        if !status.success() {
            let summary = format!("the credential plugin `{}` failed ({status})", plugin.name());
            return Err(plugin.fault(summary, "Log in again."));
        }
        Ok(plugin.learn(plugin.read(&stdout)?))
    }
}

impl Inner {
    /// Held for a few instructions, never over a wait.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs the plugin on a task of its own.
    fn start(self: Arc<Self>) -> (watch::Receiver<Run>, AbortHandle) {
        let (tell, ended) = watch::channel(None);
        let task = tokio::spawn(async move {
            let got = self.run().await;
            let got = got.map(|reply| self.learn(reply));
            {
                let mut state = self.lock();
                state.running = None;
                state.failed = got.as_ref().err().map(|fault| (Instant::now(), fault.clone()));
            }
            tell.send_replace(Some(got));
        });
        (ended, task.abort_handle())
    }

    fn learn(&self, reply: reply::Reply) -> Credential {
        let mut state = self.lock();
        let number = *self.given.borrow() + 1;
        let credential = Credential::new(reply, number, Timestamp::now());
        (state.current, state.failed) = (Some(credential.clone()), None);
        self.given.send_replace(number);
        credential
    }

    fn name(&self) -> &str {
        self.config.command.as_deref().unwrap_or("?")
    }

    async fn command(&self, interactive: bool) -> Result<Command, Fault> {
        let Some(program) = &self.config.command else {
            return Err(self.fault(
                "the kubeconfig names no command for its credential plugin",
                "Name one under users[].user.exec.command.",
            ));
        };
        let (config, cluster) = (self.config.clone(), self.cluster.clone());
        let info = tokio::task::spawn_blocking(move || process::exec_info(&config, &cluster, interactive));
        let info = info.await.map_err(|e| self.fault(e.to_string(), ""))?;
        let mut command = Command::new(program);
        command.args(self.config.args.iter().flatten()).env("KUBERNETES_EXEC_INFO", info);
        for pair in self.config.env.iter().flatten() {
            if let (Some(name), Some(value)) = (pair.get("name"), pair.get("value")) {
                command.env(name, value);
            }
        }
        Ok(command)
    }

    async fn run(&self) -> Result<reply::Reply, Fault> {
        if self.config.interactive_mode == Some(ExecInteractiveMode::Always) {
            return Err(self.needs_terminal("it says that it always does"));
        }
        let outcome = process::run(self.command(false).await?, self.limit).await;
        match outcome.map_err(|e| self.not_started(&e))? {
            Outcome::Ended { status, stdout, .. } if status.success() => self.read(&stdout),
            Outcome::Ended { status, said, .. } => {
                let said = said.unwrap_or_else(|| "it said nothing".to_owned());
                if process::asks_for_terminal(&said) {
                    return Err(self.needs_terminal(&said));
                }
                Err(self.fault(
                    format!("the credential plugin `{}` failed ({status}): {said}", self.name()),
                    "Run it in a shell to see more, or log in again.",
                ))
            }
            Outcome::Endless => {
                let summary = format!("the credential plugin `{}` prints without end", self.name());
                Err(self.fault(summary, "It must print an ExecCredential."))
            }
            Outcome::Late(said) => {
                let (name, seconds) = (self.name(), self.limit.as_secs_f32());
                let said = said.map(|said| format!(": {said}")).unwrap_or_default();
                Err(self.fault(
                    format!("the credential plugin `{name}` did not end within {seconds} s{said}"),
                    "It may be waiting for a person: `x` on Clusters runs it in this terminal.",
                ))
            }
        }
    }

    fn read(&self, stdout: &[u8]) -> Result<reply::Reply, Fault> {
        reply::Reply::read(stdout).map_err(|why| {
            let summary = format!("the credential plugin `{}` {why}", self.name());
            self.fault(summary, "It must print an ExecCredential.")
        })
    }

    fn not_started(&self, error: &std::io::Error) -> Fault {
        let hint = self.config.install_hint.clone();
        let hint =
            hint.unwrap_or_else(|| "Install it, or mend users[].user.exec in the kubeconfig.".to_owned());
        self.fault(format!("the credential plugin `{}` could not be run: {error}", self.name()), hint)
    }

    fn needs_terminal(&self, why: &str) -> Fault {
        let summary =
            format!("{}: the credential plugin `{}` needs a terminal: {why}", self.context, self.name());
        Fault::new(Reason::NeedsTerminal, summary, "`x` on Clusters runs it in this terminal.")
    }

    fn fault(&self, summary: impl std::fmt::Display, hint: impl Into<String>) -> Fault {
        Fault::new(Reason::Credentials, format!("{}: {summary}", self.context), hint)
    }
}

#[cfg(test)]
mod tests;
