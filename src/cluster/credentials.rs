//! Credential plugins (R21): run off the UI, without a terminal, within 30 s, and again before their token expires.

use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use kube::config::{Cluster, ExecConfig, ExecInteractiveMode};
use serde::Deserialize;
use tokio::process::Command;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::model::fault::{Fault, Reason};

/// Longest a plugin may take.
pub const LIMIT: Duration = Duration::from_secs(30);

/// A token is renewed this long before it expires.
const MARGIN: Duration = Duration::from_secs(60);

/// What a plugin gave is used for at least this long, even if it says that it has expired: a plugin with a wrong clock
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
    /// When it ends; `None`: egret asks again when it is refused.
    pub expires: Option<Timestamp>,
    /// Which run of the plugin gave it, and when.
    number: u64,
    got: Instant,
}

impl Credential {
    fn is_fresh(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|end| now + MARGIN < end) || self.got.elapsed() < AT_LEAST
    }
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credential").field("expires", &self.expires).finish_non_exhaustive()
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

#[derive(Deserialize)]
struct ExecCredential {
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    expiration_timestamp: Option<Timestamp>,
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
}

impl Plugin {
    /// The plugin of a context's user. Reads and runs nothing yet.
    pub fn new(context: &str, config: ExecConfig, cluster: &Cluster) -> Self {
        Self::with(context.to_owned(), config, cluster.clone(), LIMIT)
    }

    fn with(context: String, config: ExecConfig, cluster: Cluster, limit: Duration) -> Self {
        let (state, given) = (Mutex::default(), watch::Sender::new(0));
        Self(Arc::new(Inner { context, config, cluster, limit, state, given }))
    }

    /// With another time limit.
    #[must_use]
    pub fn within(self, limit: Duration) -> Self {
        Self::with(self.0.context.clone(), self.0.config.clone(), self.0.cluster.clone(), limit)
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
                let inner = &self.0;
                state.running.get_or_insert_with(|| inner.clone().start()).0.clone()
            };
            let ended = run.wait_for(Option::is_some).await.ok().and_then(|ended| (*ended).clone());
            match ended {
                Some(ended) => return ended,
                // The runtime that it ran on is gone: run it on this one.
                None => self.0.lock().running = None,
            }
        }
    }

    /// The server refused this credential: ask the plugin again, unless that has been done meanwhile.
    pub fn refused(&self, credential: &Credential) {
        let current = &mut self.0.lock().current;
        if current.as_ref().is_some_and(|c| c.number == credential.number) {
            *current = None;
        }
    }

    /// Waits until the plugin has given another certificate than this.
    pub async fn replaced(&self, certificate: &str) {
        let mut given = self.0.given.subscribe();
        loop {
            let current = self.0.lock().current.as_ref().and_then(|c| c.certificate.clone());
            if current.is_some_and(|(now, _)| now != certificate) {
                return;
            }
            // The sender is the plugin's own: it cannot be gone.
            let _ = given.changed().await;
        }
    }

    /// Runs the plugin with the terminal as its own. The caller gives the terminal back first.
    ///
    /// # Errors
    /// As [`Self::credential`].
    pub async fn run_in_terminal(&self) -> Result<Credential, Fault> {
        let plugin = &*self.0;
        let mut command = plugin.command(true)?;
        command.stdin(Stdio::inherit()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let output = command
            .spawn()
            .map_err(|e| plugin.not_started(&e))?
            .wait_with_output()
            .await
            .map_err(|e| plugin.not_started(&e))?;
        if !output.status.success() {
            return Err(plugin.fault(
                format!("the credential plugin `{}` failed ({})", plugin.name(), output.status),
                "Log in again.",
            ));
        }
        let credential = plugin.read(&output.stdout)?;
        plugin.learn(&Ok(credential.clone()));
        Ok(credential)
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
            self.learn(&got);
            tell.send_replace(Some(got));
        });
        (ended, task.abort_handle())
    }

    fn learn(&self, got: &Result<Credential, Fault>) {
        {
            let mut state = self.lock();
            state.running = None;
            match got {
                Ok(credential) => (state.current, state.failed) = (Some(credential.clone()), None),
                Err(fault) => state.failed = Some((Instant::now(), fault.clone())),
            }
        }
        if got.is_ok() {
            self.given.send_modify(|n| *n += 1);
        }
    }

    fn name(&self) -> &str {
        self.config.command.as_deref().unwrap_or("?")
    }

    fn command(&self, interactive: bool) -> Result<Command, Fault> {
        let Some(program) = &self.config.command else {
            return Err(self.fault(
                "the kubeconfig names no command for its credential plugin",
                "Name one under users[].user.exec.command.",
            ));
        };
        let mut command = Command::new(program);
        command
            .args(self.config.args.iter().flatten())
            .env("KUBERNETES_EXEC_INFO", exec_info(&self.config, &self.cluster, interactive))
            .kill_on_drop(true);
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
        let mut command = self.command(false)?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().map_err(|e| self.not_started(&e))?;
        let output = tokio::time::timeout(self.limit, child.wait_with_output())
            .await
            .map_err(|_| {
                let seconds = self.limit.as_secs();
                self.fault(
                    format!("the credential plugin `{}` did not end within {seconds} s", self.name()),
                    "It may be waiting for a person: `x` on Clusters runs it in this terminal.",
                )
            })?
            .map_err(|e| self.not_started(&e))?;
        let said = last_words(&output.stderr);
        if !output.status.success() {
            if asks_for_terminal(&said) {
                return Err(self.needs_terminal(&said));
            }
            return Err(self.fault(
                format!("the credential plugin `{}` failed ({}): {said}", self.name(), output.status),
                "Run it in a shell to see more, or log in again.",
            ));
        }
        self.read(&output.stdout)
    }

    fn read(&self, stdout: &[u8]) -> Result<Credential, Fault> {
        let unusable = |why: &str| {
            self.fault(
                format!("the credential plugin `{}` {why}", self.name()),
                "It must print an ExecCredential.",
            )
        };
        // kubectl reads YAML here, of which JSON is a part.
        let text = std::str::from_utf8(stdout).map_err(|_| unusable("printed something that is no text"))?;
        let parsed: ExecCredential = serde_yaml::from_str(text)
            .map_err(|_| unusable("printed something that is no ExecCredential"))?;
        let status = parsed.status.ok_or_else(|| unusable("printed an ExecCredential without a status"))?;
        let certificate = status.client_certificate_data.zip(status.client_key_data);
        if status.token.is_none() && certificate.is_none() {
            return Err(unusable("gave neither a token nor a certificate"));
        }
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        Ok(Credential {
            token: status.token,
            certificate,
            expires: status.expiration_timestamp,
            number: NUMBER.fetch_add(1, Ordering::Relaxed),
            got: Instant::now(),
        })
    }

    fn not_started(&self, error: &std::io::Error) -> Fault {
        let hint = self
            .config
            .install_hint
            .clone()
            .unwrap_or_else(|| "Install it, or mend users[].user.exec in the kubeconfig.".to_owned());
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

/// What a plugin is told: `KUBERNETES_EXEC_INFO`.
fn exec_info(config: &ExecConfig, cluster: &Cluster, interactive: bool) -> String {
    let mut spec = serde_json::json!({ "interactive": interactive });
    if config.provide_cluster_info {
        let data = cluster.certificate_authority_data.clone().or_else(|| {
            let path = cluster.certificate_authority.as_ref()?;
            use base64::Engine;
            std::fs::read(path).ok().map(|pem| base64::engine::general_purpose::STANDARD.encode(pem))
        });
        let mut about = serde_json::json!({ "server": cluster.server });
        let optional = [
            ("insecure-skip-tls-verify", cluster.insecure_skip_tls_verify.map(Into::into)),
            ("certificate-authority-data", data.map(Into::into)),
            ("proxy-url", cluster.proxy_url.clone().map(Into::into)),
            ("tls-server-name", cluster.tls_server_name.clone().map(Into::into)),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                let _: Option<serde_json::Value> =
                    about.as_object_mut().and_then(|o| o.insert(name.to_owned(), value));
            }
        }
        let extension =
            cluster.extensions.iter().flatten().find(|e| e.name == "client.authentication.k8s.io/exec");
        if let Some(extension) = extension {
            about["config"] = extension.extension.clone();
        }
        spec["cluster"] = about;
    }
    let version = config.api_version.as_deref().unwrap_or("client.authentication.k8s.io/v1");
    serde_json::json!({ "apiVersion": version, "kind": "ExecCredential", "spec": spec }).to_string()
}

/// The last line that says something: plugins print a banner first.
fn last_words(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let line = text.lines().rev().find(|l| !l.trim().is_empty()).unwrap_or("it said nothing");
    crate::model::clean::clean(line.trim()).chars().take(300).collect()
}

/// What plugins say when they find no terminal.
fn asks_for_terminal(said: &str) -> bool {
    const SIGNS: &[&str] = &[
        "not a terminal",
        "not a tty",
        "inappropriate ioctl",
        "no tty",
        "interactive",
        "requires a terminal",
    ];
    let said = said.to_lowercase();
    SIGNS.iter().any(|sign| said.contains(sign))
}
