//! Credential plugins (R21): run off the UI, without a terminal, within 30 s, and again before their token expires.

use std::process::Stdio;
use std::time::Duration;

use jiff::Timestamp;
use kube::config::{Cluster, ExecConfig, ExecInteractiveMode};
use serde::Deserialize;
use tokio::process::Command;
use tokio::sync::Mutex;

use crate::model::fault::{Fault, Reason};

/// Longest a plugin may take.
pub const LIMIT: Duration = Duration::from_secs(30);

/// A token is renewed this long before it expires.
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
}

impl Credential {
    fn is_fresh(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|end| now + MARGIN < end)
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
    info: String,
    limit: Duration,
    current: Mutex<Option<Credential>>,
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
    /// The plugin of a context's user.
    pub fn new(context: &str, config: ExecConfig, cluster: &Cluster) -> Self {
        let info = exec_info(&config, cluster, false);
        Self { context: context.to_owned(), config, info, limit: LIMIT, current: Mutex::new(None) }
    }

    /// With another time limit.
    #[must_use]
    pub fn within(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// What the plugin gave last, while it is fresh; else what it gives now.
    ///
    /// # Errors
    /// When the plugin cannot be run, fails, gives nothing that can be used, or needs a terminal.
    pub async fn credential(&self) -> Result<Credential, Fault> {
        let mut current = self.current.lock().await;
        if let Some(credential) = current.as_ref().filter(|c| c.is_fresh(Timestamp::now())) {
            return Ok(credential.clone());
        }
        let credential = self.run().await?;
        *current = Some(credential.clone());
        Ok(credential)
    }

    /// The bearer token, when the plugin gives one.
    ///
    /// # Errors
    /// As [`Self::credential`].
    pub async fn token(&self) -> Result<Option<String>, PluginError> {
        Ok(self.credential().await.map_err(PluginError)?.token)
    }

    /// The server refused it: ask the plugin again.
    pub async fn forget(&self) {
        *self.current.lock().await = None;
    }

    /// Takes a credential that was got in another way: by the plugin in the foreground.
    pub async fn learn(&self, credential: Credential) {
        *self.current.lock().await = Some(credential);
    }

    fn name(&self) -> &str {
        self.config.command.as_deref().unwrap_or("?")
    }

    fn command(&self) -> Result<Command, Fault> {
        let Some(program) = &self.config.command else {
            return Err(self.fault(
                "the kubeconfig names no command for its credential plugin",
                "Name one under users[].user.exec.command.",
            ));
        };
        let mut command = Command::new(program);
        command
            .args(self.config.args.iter().flatten())
            .env("KUBERNETES_EXEC_INFO", &self.info)
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
        let mut command = self.command()?;
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

    /// Runs the plugin with the terminal as its own. The caller gives the terminal back first.
    ///
    /// # Errors
    /// As [`Self::credential`].
    pub async fn run_in_terminal(&self) -> Result<Credential, Fault> {
        let mut command = self.command()?;
        let interactive = self.info.replace("\"interactive\":false", "\"interactive\":true");
        command.env("KUBERNETES_EXEC_INFO", interactive);
        command.stdin(Stdio::inherit()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let output = command
            .spawn()
            .map_err(|e| self.not_started(&e))?
            .wait_with_output()
            .await
            .map_err(|e| self.not_started(&e))?;
        if !output.status.success() {
            return Err(self.fault(
                format!("the credential plugin `{}` failed ({})", self.name(), output.status),
                "Log in again.",
            ));
        }
        let credential = self.read(&output.stdout)?;
        self.learn(credential.clone()).await;
        Ok(credential)
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
        Ok(Credential { token: status.token, certificate, expires: status.expiration_timestamp })
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
