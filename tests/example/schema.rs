//! Takes the structure of the built-in kinds from a real server: `cargo run --example schema > assets/demo/schema.json`.
//!
//! The server is that of the kubeconfig's current context; it should be of the version that the demo is true to.

#[path = "../it/support/openapi.rs"]
mod openapi;

use std::io::Write as _;

use kube::Client;
use serde_json::Value;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::try_default().await?;
    let mut documents = Vec::new();
    for (path, _, _) in openapi::KINDS {
        let request = http::Request::get(format!("/openapi/v3/{path}")).body(Vec::new())?;
        documents.push(client.request::<Value>(request).await?);
    }
    std::io::stdout().write_all(openapi::trimmed(&documents).as_bytes())?;
    Ok(())
}
