//! What the demo knows of the built-in kinds is what a real server says of them.

use std::path::Path;

use serde_json::Value;

use crate::support::openapi::{KINDS, trimmed};
use crate::support::plane::shared;

#[tokio::test]
async fn the_structure_of_the_built_in_kinds_is_that_of_the_real_server() {
    let client = shared().await.admin().await;
    let mut documents = Vec::new();
    for (path, _, _) in KINDS {
        let request = http::Request::get(format!("/openapi/v3/{path}")).body(Vec::new()).unwrap();
        documents.push(client.request::<Value>(request).await.unwrap());
    }
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo/schema.json");
    let kept = std::fs::read_to_string(kept).unwrap();
    let [kept, real]: [Value; 2] =
        [kept, trimmed(&documents)].map(|text| serde_json::from_str(&text).unwrap());
    let types = |of: &Value| of["types"].as_object().unwrap().clone();
    for (name, of) in types(&real) {
        assert_eq!(kept["types"][&name], of, "{name}: `cargo run --example schema` takes it anew");
    }
    assert_eq!(types(&kept).len(), types(&real).len());
    assert_eq!(kept["kinds"], real["kinds"]);
}
