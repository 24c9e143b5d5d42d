//! A real Envoy, as it runs in the pod of a gateway.

use super::bootstrap::Bootstrap;
use super::cluster::free_ports;
use super::supervisor::{Server, Start, Supervisor, supervisor};
use super::{Error, Result, While, parts, unique, web};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long it may take to come up on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running Envoy. When it is dropped, and when this process ends in whatever way, it is killed and its directory goes.
pub struct Envoy {
    dir: PathBuf,
    prefix: String,
    admin: u16,
    port: u16,
    supervisor: &'static Supervisor,
    server: Option<Server>,
}

impl Envoy {
    /// Starts one and waits until it is live.
    pub async fn start(bootstrap: &Bootstrap) -> Result<Self> {
        let supervisor =
            tokio::task::spawn_blocking(supervisor).await.while_doing("preparing the servers")??;
        tokio::task::spawn_blocking(parts::envoy).await.while_doing("preparing Envoy")??;
        let dir = tempfile::Builder::new().prefix("egret-test-envoy-").tempdir();
        let dir = dir.while_doing("making the directory of a proxy")?.keep();
        supervisor.own(&dir).await?;
        let [admin, port] = free_ports()?;
        let mut envoy =
            Self { dir, prefix: format!("{}/", unique("envoy")), admin, port, supervisor, server: None };
        let text = bootstrap.json(admin, port, &envoy.dir)?.to_string();
        std::fs::write(envoy.dir.join("bootstrap.json"), text).while_doing("writing a bootstrap")?;
        envoy.launch().await?;
        Ok(envoy)
    }

    async fn launch(&mut self) -> Result<()> {
        let file = self.dir.join("bootstrap.json").display().to_string();
        let log = self.dir.join("envoy.log");
        let start = Start {
            name: &format!("{}envoy", self.prefix),
            program: parts::envoy()?.program("envoy")?,
            // Nothing is handed over from one to the next: without that, each would need a number of its own.
            args: &["-c", &file, "--disable-hot-restart", "--concurrency", "1", "--log-level", "warning"]
                .map(str::to_owned),
            log: &log,
        };
        let mut server = self.supervisor.start(&start).await?;
        let admin = self.admin;
        let live = async {
            while !web::get(admin, "/ready").await.is_ok_and(|answer| answer.starts_with("LIVE")) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let why = tokio::select! {
            live = tokio::time::timeout(PATIENCE, live) => live.err().map(|_| "is not live".to_owned()),
            how = server.exit() => Some(format!("ended: {how}")),
        };
        self.server = Some(server);
        match why {
            Some(why) => Err(Error(format!("Envoy {why}. Its log:\n{}", tail(&log)))),
            None => Ok(()),
        }
    }

    /// The port of its admin interface, where its statistics are too.
    pub fn admin(&self) -> u16 {
        self.admin
    }

    /// The port of the gateway's listener.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where its files are, until it ends.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// An answer of its admin interface.
    pub async fn get(&self, path: &str) -> Result<String> {
        web::get(self.admin, path).await
    }

    /// Kills it, as the kernel does when memory runs out.
    pub async fn kill(&mut self) -> Result<()> {
        let Some(mut server) = self.server.take() else { return Ok(()) };
        self.supervisor.signal(&server, "kill").await?;
        server.exit().await;
        Ok(())
    }

    /// Starts it again after [`Envoy::kill`], with the same configuration and ports; everything counts from zero.
    pub async fn start_again(&mut self) -> Result<()> {
        self.launch().await
    }
}

impl Drop for Envoy {
    fn drop(&mut self) {
        self.supervisor.release(&self.prefix, &self.dir);
    }
}

/// The last lines of a log.
pub(super) fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}
