//! What the containers of a pod write.

use super::objects::apply;
use super::{Cluster, Error, Result, While};
use kube::Client;
use kube::api::{Api, LogParams};
use serde_json::json;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The log file of a container. KWOK serves it through the API server: the whole, its tail, since a time, with
/// timestamps, and followed.
///
/// What it cannot do: it does not split a log at a container's restart (the previous one is a file of its own, see
/// [`PodLogs::previous`]), it does not end a followed log when the container ends, and every line is of `stdout`.
#[derive(Debug, Clone)]
pub struct PodLogs {
    file: PathBuf,
    previous: PathBuf,
}

impl Cluster {
    /// The log that every container of every pod has, unless [`Cluster::logs_of`] gave its pod others.
    pub fn logs(&self) -> PodLogs {
        PodLogs { file: self.dir().join("pods.log"), previous: self.dir().join("pods-previous.log") }
    }

    /// Gives each of these containers of a pod a log of its own, empty at first. The pod has to run already.
    pub async fn logs_of(
        &self,
        client: &Client,
        ns: &str,
        pod: &str,
        containers: &[&str],
    ) -> Result<Vec<PodLogs>> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let mut logs = Vec::new();
        for _ in containers {
            let stem = format!("log-{}", COUNT.fetch_add(1, Ordering::Relaxed));
            let [file, previous] = ["log", "previous"].map(|end| self.dir().join(format!("{stem}.{end}")));
            for file in [&file, &previous] {
                File::create(file).while_doing("making a log file")?;
            }
            logs.push(PodLogs { file, previous });
        }
        let files = containers.iter().zip(&logs).map(|(container, PodLogs { file, previous })| {
            json!({"containers": [container], "logsFile": file, "previousLogsFile": previous, "follow": true})
        });
        let files: Vec<_> = files.collect();
        let told = json!({
            "apiVersion": "kwok.x-k8s.io/v1alpha1",
            "kind": "Logs",
            "metadata": {"name": pod, "namespace": ns},
            "spec": {"logs": files},
        });
        apply(client, told).await?;
        for (container, log) in containers.iter().zip(&logs) {
            log.await_served(client, ns, pod, container).await?;
        }
        Ok(logs)
    }
}

impl PodLogs {
    /// Appends a line, written at this moment.
    pub fn line(&self, text: &str) -> Result<()> {
        append(&self.file, &jiff::Timestamp::now(), text)
    }

    /// Appends a line, written at that time (`2026-01-01T00:00:00Z`).
    pub fn line_at(&self, time: &str, text: &str) -> Result<()> {
        append(&self.file, &time.parse().while_doing("reading a time")?, text)
    }

    /// Appends a line to the log of the container before its last restart (`--previous`).
    pub fn previous(&self, text: &str) -> Result<()> {
        append(&self.previous, &jiff::Timestamp::now(), text)
    }

    /// Waits until KWOK has learned whose log this is. It tells nobody: its answers are looked at until they hold a
    /// line that was written here for that, and the line is taken out again.
    async fn await_served(&self, client: &Client, ns: &str, pod: &str, container: &str) -> Result<()> {
        let sign = "is this the file?";
        self.line(sign)?;
        let api = Api::<k8s_openapi::api::core::v1::Pod>::namespaced(client.clone(), ns);
        let params = LogParams { container: Some(container.to_owned()), ..LogParams::default() };
        let served = async {
            while !api.logs(pod, &params).await.is_ok_and(|text| text.contains(sign)) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let served = tokio::time::timeout(Duration::from_secs(60), served).await;
        File::create(&self.file).while_doing("emptying a log file")?;
        served.map_err(|_| Error(format!("the log of {container} in {pod} is not served")))
    }
}

/// The format of container runtimes: time, stream, full or partial, text.
fn append(file: &Path, time: &jiff::Timestamp, text: &str) -> Result<()> {
    let what = format!("writing {}", file.display());
    let mut open = File::options().append(true).open(file).while_doing(&what)?;
    let lines: String = text.lines().map(|line| format!("{time:.9} stdout F {line}\n")).collect();
    open.write_all(lines.as_bytes()).while_doing(&what)
}
