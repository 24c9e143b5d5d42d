//! What a real Envoy says, kept for the tests of those who read it: `cargo run --example capture`.
//!
//! Writes `tests/data/envoy/bare` (a plain Envoy with `istio_requests_total`) and `tests/data/envoy/agent` (under
//! pilot-agent, configured by istiod). The numbers come from a known load, told in the README beside them; the rest
//! (ports, times, serial numbers) is new each time, so the tests that read values have to be read again after it.

#[path = "../../it/support/plane/mod.rs"]
mod plane;

mod bare;
mod mesh;

use plane::{Error, Result};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What is asked for the secrets.
const SECRETS: &str = "/config_dump?resource=dynamic_active_secrets";

/// Where the captures are.
struct Shelf {
    folder: PathBuf,
    /// A folder of this machine that is told otherwise; so is where Envoy is.
    hidden: String,
}

impl Shelf {
    fn new(name: &str, hidden: &Path) -> Result<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/envoy").join(name);
        fs::create_dir_all(&folder).map_err(|why| Error(why.to_string()))?;
        Ok(Self { folder, hidden: hidden.display().to_string() })
    }

    /// Keeps a text as it came.
    fn put(&self, file: &str, text: &str) -> Result<()> {
        let text = text.replace(&self.hidden, "/etc/gateway");
        let program = plane::parts::envoy()?.program("envoy")?.display().to_string();
        let text = text.replace(&program, "/usr/local/bin/envoy");
        fs::write(self.folder.join(file), text).map_err(|why| Error(format!("{file}: {why}")))
    }

    /// Keeps a JSON text without the lists of extensions that Envoy was built with, which are long and the same everywhere.
    fn put_json(&self, file: &str, text: &str) -> Result<()> {
        let mut value: Value = serde_json::from_str(text).map_err(|why| Error(format!("{file}: {why}")))?;
        shorten(&mut value);
        let text = serde_json::to_string_pretty(&value).map_err(|why| Error(format!("{file}: {why}")))?;
        self.put(file, &(text + "\n"))
    }
}

fn shorten(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::Array(extensions)) = fields.get_mut("extensions") {
                extensions.truncate(1);
            }
            fields.values_mut().for_each(shorten);
        }
        Value::Array(list) => list.iter_mut().for_each(shorten),
        _ => {}
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = async {
        bare::capture().await?;
        mesh::capture().await
    };
    match done.await {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("{why}\n").as_bytes());
            ExitCode::FAILURE
        }
    }
}
