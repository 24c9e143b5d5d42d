//! The log: one file in the state directory, rotated once. It never holds bodies of answers: kube's own targets
//! speak at error only, for kube logs whole bodies when decoding fails (R27).

use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;

use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::EnvFilter;

use crate::setup::state_dir;

/// What is logged. kube and the HTTP stack below it are held to errors.
const FILTER: &str = "warn,egret=info,kube=error,kube_client=error,kube_core=error,kube_runtime=error,hyper=error,hyper_util=error,rustls=error,tower=error,h2=error";

/// Size in bytes above which the file is put aside at the next start.
const ROTATE: u64 = 1 << 20;

/// Starts logging to `file`, or to `egret.log` in the state directory. Hold what is returned: dropping it ends it.
///
/// # Errors
/// When the file cannot be made.
pub fn start(file: Option<&Path>) -> io::Result<Option<WorkerGuard>> {
    let path = match (file, state_dir()) {
        (Some(file), _) => file.to_owned(),
        (None, Some(dir)) => dir.join("egret.log"),
        (None, None) => return Ok(None),
    };
    if let Some(dir) = path.parent().filter(|d| !d.as_os_str().is_empty()) {
        fs::create_dir_all(dir)?;
    }
    if fs::metadata(&path).is_ok_and(|m| m.len() > ROTATE) {
        fs::rename(&path, path.with_extension("log.1"))?;
    }
    let file = OpenOptions::new().create(true).append(true).open(path)?;
    let (writer, guard) = tracing_appender::non_blocking(file);
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(FILTER))
        .with_writer(writer)
        .with_ansi(false)
        .init();
    Ok(Some(guard))
}
