//! A plugin as a process.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use kube::config::{Cluster, ExecConfig};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;

/// Most that is read of what a plugin prints.
const MOST: u64 = 1 << 20;

/// How a plugin ended.
pub(super) enum Outcome {
    /// By itself.
    Ended {
        status: ExitStatus,
        stdout: Vec<u8>,
        /// Its last words on stderr.
        said: Option<String>,
    },
    /// It did not in time, and was killed. What it had said until then.
    Late(Option<String>),
    /// It printed more than can be meant, and was killed.
    Endless,
}

/// Whatever happens, nothing of a plugin is left: it is killed with the processes it started.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(pid) = self.0 {
            // Usually all of it has ended.
            let _ = kill_process_group(pid, Signal::KILL);
        }
    }
}

/// Runs a plugin without a terminal, at most for `limit`.
pub(super) async fn run(mut command: Command, limit: Duration) -> io::Result<Outcome> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    away_from_terminal(&mut command);
    let mut child = command.kill_on_drop(true).spawn()?;
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    let group = Group(pid);
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let all = async { tokio::try_join!(child.wait(), read(out, &mut stdout), read(err, &mut stderr)) };
    let ended = tokio::time::timeout(limit, all).await;
    drop(group);
    let said = last_words(&stderr);
    Ok(match ended {
        Ok(Ok((status, (), ()))) => Outcome::Ended { status, stdout, said },
        Ok(Err(error)) if error.kind() == io::ErrorKind::FileTooLarge => Outcome::Endless,
        Ok(Err(error)) => return Err(error),
        Err(_) => Outcome::Late(said),
    })
}

/// Runs a plugin in the terminal, for as long as it takes.
pub(super) async fn run_in_front(mut command: Command) -> io::Result<(ExitStatus, Vec<u8>)> {
    command.stdin(Stdio::inherit()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let output = command.kill_on_drop(true).spawn()?.wait_with_output().await?;
    Ok((output.status, output.stdout))
}

/// A session of its own: a plugin that opens `/dev/tty` is refused, instead of taking keys from under the screen.
fn away_from_terminal(command: &mut Command) {
    // SAFETY: `setsid` is one system call; between fork and exec nothing else is done, and no memory is allocated.
    unsafe {
        command.pre_exec(|| rustix::process::setsid().map(drop).map_err(Into::into));
    }
}

async fn read(from: Option<impl AsyncRead + Unpin>, to: &mut Vec<u8>) -> io::Result<()> {
    let Some(from) = from else { return Ok(()) };
    from.take(MOST + 1).read_to_end(to).await?;
    if to.len() as u64 > MOST { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(()) }
}

/// The last line that says something: plugins print a banner first.
fn last_words(stderr: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(stderr);
    let line = text.lines().rev().find(|l| !l.trim().is_empty())?;
    Some(crate::model::clean::clean(line.trim()).chars().take(300).collect())
}

/// What plugins say when they find no terminal.
pub(super) fn asks_for_terminal(said: &str) -> bool {
    const SIGNS: &[&str] = &[
        "/dev/tty",
        "inappropriate ioctl",
        "interactive",
        "no tty",
        "not a terminal",
        "not a tty",
        "requires a terminal",
        "the handle is invalid",
    ];
    let said = said.to_lowercase();
    SIGNS.iter().any(|sign| said.contains(sign))
}

/// What a plugin is told: `KUBERNETES_EXEC_INFO`. Blocks on the file of the certificate authority.
pub(super) fn exec_info(config: &ExecConfig, cluster: &Cluster, interactive: bool) -> String {
    let mut spec = serde_json::json!({ "interactive": interactive });
    if config.provide_cluster_info {
        spec["cluster"] = about(cluster);
    }
    let version = config.api_version.as_deref().unwrap_or("client.authentication.k8s.io/v1");
    serde_json::json!({ "apiVersion": version, "kind": "ExecCredential", "spec": spec }).to_string()
}

fn about(cluster: &Cluster) -> serde_json::Value {
    let data = cluster.certificate_authority_data.clone().or_else(|| {
        use base64::Engine;
        let pem = std::fs::read(cluster.certificate_authority.as_ref()?).ok()?;
        Some(base64::engine::general_purpose::STANDARD.encode(pem))
    });
    let mut about = serde_json::json!({ "server": cluster.server });
    let optional: [(&str, Option<serde_json::Value>); 4] = [
        ("insecure-skip-tls-verify", cluster.insecure_skip_tls_verify.map(Into::into)),
        ("certificate-authority-data", data.map(Into::into)),
        ("proxy-url", cluster.proxy_url.clone().map(Into::into)),
        ("tls-server-name", cluster.tls_server_name.clone().map(Into::into)),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            about[name] = value;
        }
    }
    let mut extensions = cluster.extensions.iter().flatten();
    if let Some(own) = extensions.find(|e| e.name == "client.authentication.k8s.io/exec") {
        about["config"] = own.extension.clone();
    }
    about
}
