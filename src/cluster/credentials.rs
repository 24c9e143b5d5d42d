//! Credential plugins (R21): run off the UI, without a terminal, within 30 s, and again before their token expires.

mod process;
mod reply;

use std::time::{Duration, Instant};

use jiff::Timestamp;
use kube::config::{Cluster, ExecConfig, ExecInteractiveMode};
use tokio::process::Command;
use tokio::sync::Mutex;

use crate::model::fault::{Fault, Reason};
use process::Outcome;

/// Longest a plugin may take.
pub const LIMIT: Duration = Duration::from_secs(30);

/// A token is renewed this long before it expires, but not before a fifth of its time is left.
const MARGIN: Duration = Duration::from_secs(60);

/// What a plugin gave.
#[derive(Clone)]
pub struct Credential {
    /// Bearer token.
    pub token: Option<String>,
    /// Client certificate and key, PEM.
    pub certificate: Option<(String, String)>,
    /// When it ends; `None`: egret asks again when it is refused.
    pub expires: Option<Timestamp>,
    /// When it is to be renewed.
    pub renew: Option<Timestamp>,
}

impl Credential {
    /// What was given at a moment, and when it is to be renewed.
    fn new(reply: reply::Reply, now: Timestamp) -> Self {
        let renew = reply.expires.map(|end| {
            let left = Duration::try_from(end.duration_since(now)).unwrap_or_default();
            end - MARGIN.min(left / 5)
        });
        let certificate = reply.certificate.zip(reply.key);
        Self { token: reply.token, certificate, expires: reply.expires, renew }
    }

    fn is_fresh(&self, now: Timestamp) -> bool {
        self.renew.is_none_or(|at| now < at)
    }
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credential").field("expires", &self.expires).finish_non_exhaustive()
    }
}

/// A plugin and what it gave last.
#[derive(Debug)]
pub struct Plugin {
    context: String,
    config: ExecConfig,
    cluster: Cluster,
    limit: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    current: Option<Credential>,
    /// The last failure, and when it was: whoever waited for that run is told the same, not made to run it again.
    failed: Option<(Instant, Fault)>,
}

/// A plugin's failure on its way through the client's layers.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.summary)]
pub struct PluginError(pub Fault);

impl Plugin {
    /// The plugin of a context's user.
    pub fn new(context: &str, config: ExecConfig, cluster: Cluster) -> Self {
        Self { context: context.to_owned(), config, cluster, limit: LIMIT, state: Mutex::default() }
    }

    /// With another time limit.
    #[must_use]
    pub fn within(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Whether this is the same plugin for the same cluster: then what it gave still holds.
    pub fn is_same(&self, other: &Self) -> bool {
        let text = |p: &Self| serde_json::to_string(&(&p.config, &p.cluster)).ok();
        self.context == other.context && text(self) == text(other)
    }

    /// What the plugin gave last, while it is fresh; else what it gives now.
    ///
    /// # Errors
    /// When the plugin cannot be run, fails, gives nothing that can be used, or needs a terminal.
    pub async fn credential(&self) -> Result<Credential, Fault> {
        let asked = Instant::now();
        let mut state = self.state.lock().await;
        if let Some(credential) = state.current.as_ref().filter(|c| c.is_fresh(Timestamp::now())) {
            return Ok(credential.clone());
        }
        if let Some((_, fault)) = state.failed.as_ref().filter(|(at, _)| *at >= asked) {
            return Err(fault.clone());
        }
        match self.run().await {
            Ok(credential) => {
                *state = State { current: Some(credential.clone()), failed: None };
                Ok(credential)
            }
            Err(fault) => {
                state.failed = Some((Instant::now(), fault.clone()));
                Err(fault)
            }
        }
    }

    /// The bearer token, when the plugin gives one.
    ///
    /// # Errors
    /// As [`Self::credential`].
    pub async fn token(&self) -> Result<Option<String>, Fault> {
        Ok(self.credential().await?.token)
    }

    /// The server refused a token: the plugin is asked for another, unless it has given one meanwhile.
    pub async fn refused(&self, token: Option<&str>) {
        let mut state = self.state.lock().await;
        if state.current.as_ref().is_some_and(|c| c.token.as_deref() == token) {
            state.current = None;
        }
    }

    /// Takes a credential that was got in another way: by the plugin in the foreground.
    async fn learn(&self, credential: Credential) {
        *self.state.lock().await = State { current: Some(credential), failed: None };
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

    async fn run(&self) -> Result<Credential, Fault> {
        if self.config.interactive_mode == Some(ExecInteractiveMode::Always) {
            return Err(self.needs_terminal("it says that it always does"));
        }
        let outcome = process::run(self.command(false).await?, self.limit).await;
        match outcome.map_err(|e| self.not_started(&e))? {
            Outcome::Ended { status, stdout, .. } if status.success() => self.read(&stdout),
            Outcome::Ended { status, said, .. } => {
                if process::asks_for_terminal(&said) {
                    return Err(self.needs_terminal(&said));
                }
                Err(self.fault(
                    format!("the credential plugin `{}` failed ({status}): {said}", self.name()),
                    "Run it in a shell to see more, or log in again.",
                ))
            }
            Outcome::Late(said) => {
                let (name, seconds) = (self.name(), self.limit.as_secs_f32());
                Err(self.fault(
                    format!("the credential plugin `{name}` did not end within {seconds} s: {said}"),
                    "It may be waiting for a person: `x` on Clusters runs it in this terminal.",
                ))
            }
        }
    }

    /// Runs the plugin with the terminal as its own, for as long as it takes. The caller gives the terminal back first.
    ///
    /// # Errors
    /// As [`Self::credential`].
    pub async fn run_in_terminal(&self) -> Result<Credential, Fault> {
        let command = self.command(true).await?;
        let (status, stdout) = process::run_in_front(command).await.map_err(|e| self.not_started(&e))?;
        if !status.success() {
            let summary = format!("the credential plugin `{}` failed ({status})", self.name());
            return Err(self.fault(summary, "Log in again."));
        }
        let credential = self.read(&stdout)?;
        self.learn(credential.clone()).await;
        Ok(credential)
    }

    fn read(&self, stdout: &[u8]) -> Result<Credential, Fault> {
        let reply = reply::Reply::read(stdout).map_err(|why| {
            let summary = format!("the credential plugin `{}` {why}", self.name());
            self.fault(summary, "It must print an ExecCredential.")
        })?;
        Ok(Credential::new(reply, Timestamp::now()))
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
