//! One case on one server: it asks, and everything is written down.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::answer::Answer;
use super::ask::{Ask, uri};
use super::server::{Server, whole};
use super::watch::{Events, PATIENCE, Watch};

/// One question and its answer, or something noted.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) asked: String,
    pub(super) answered: Value,
}

/// A run of a case. Clones are the same run.
#[derive(Clone)]
pub(super) struct Run {
    server: Server,
    pub(super) ns: Arc<str>,
    steps: Arc<Mutex<Vec<Step>>>,
    /// What controllers write is left out of the transcript.
    alone: bool,
}

impl Run {
    /// A run in a new namespace of this name.
    pub(super) async fn new(server: Server, ns: String) -> Self {
        let namespace = json!({"metadata": {"name": ns}});
        server.ask(&Ask::new("POST", "/api/v1/namespaces").json(&namespace), "").await.is(201);
        Self { server, ns: ns.into(), steps: Arc::default(), alone: false }
    }

    /// What was written down.
    pub(super) fn transcript(&self) -> Vec<Step> {
        self.steps.lock().unwrap().clone()
    }

    /// The same run, whose transcript leaves out what controllers write: they do so at any moment.
    pub(super) fn alone(self) -> Self {
        Self { alone: true, ..self }
    }

    /// Writes something down.
    pub(super) fn note(&self, what: &str, value: Value) {
        self.steps.lock().unwrap().push(Step { asked: what.to_owned(), answered: value });
    }

    /// Asks.
    pub(super) async fn ask(&self, ask: Ask) -> Answer {
        let mut answer = self.server.ask(&ask, &self.ns).await;
        if self.alone && answer.body["kind"] != "Status" {
            answer.body.as_object_mut().into_iter().for_each(without_controllers);
        }
        self.note(&ask.shown(), answer.shown());
        answer
    }

    /// Asks, and writes nothing down.
    pub(super) async fn hidden(&self, ask: Ask) -> Answer {
        self.server.ask(&ask, &self.ns).await
    }

    /// Asks for a path, and writes nothing down.
    pub(super) async fn look(&self, path: &str) -> Answer {
        self.server.ask(&Ask::get(path), &self.ns).await
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.ask(Ask::get(path)).await
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask(Ask::new("POST", path).json(&body)).await
    }

    pub(super) async fn put(&self, path: &str, body: Value) -> Answer {
        self.ask(Ask::new("PUT", path).json(&body)).await
    }

    pub(super) async fn delete(&self, path: &str) -> Answer {
        self.ask(Ask::new("DELETE", path)).await
    }

    /// With `DeleteOptions`.
    pub(super) async fn delete_with(&self, path: &str, options: Value) -> Answer {
        self.ask(Ask::new("DELETE", path).json(&options)).await
    }

    async fn patch(&self, path: &str, kind: &str, body: Value) -> Answer {
        self.ask(Ask::new("PATCH", path).text(kind, body.to_string())).await
    }

    pub(super) async fn merge(&self, path: &str, body: Value) -> Answer {
        self.patch(path, "application/merge-patch+json", body).await
    }

    pub(super) async fn json_patch(&self, path: &str, body: Value) -> Answer {
        self.patch(path, "application/json-patch+json", body).await
    }

    pub(super) async fn apply(&self, path: &str, body: Value) -> Answer {
        self.patch(path, "application/apply-patch+yaml", body).await
    }

    /// Opens a watch of which nothing is written down.
    pub(super) async fn peek(&self, path: &str) -> Events {
        let response = self.server.open(&Ask::get(path), &self.ns).await;
        Events::new(&self.server, response.into_body())
    }

    /// Opens a watch that has to open.
    pub(super) async fn watch(&self, path: &str) -> Watch {
        self.watch_as(Ask::get(path)).await
    }

    /// The same, asked in any way.
    pub(super) async fn watch_as(&self, ask: Ask) -> Watch {
        let response = self.server.open(&ask, &self.ns).await;
        let code = response.status().as_u16();
        if code != 200 {
            panic!("the watch did not open: {:?}", whole(response).await);
        }
        self.note(&ask.shown(), json!(code));
        Watch::new(self.clone(), Events::new(&self.server, response.into_body()))
    }

    /// Waits until what is at a path is as wished; writes nothing down. Time passes meanwhile; on the real server by
    /// watching the collection.
    pub(super) async fn until(&self, path: &str, wish: impl Fn(&Answer) -> bool) -> Answer {
        let waiting = async {
            loop {
                let version = self.look(&self.collection(path, "limit=1")).await.is(200).version();
                let answer = self.look(path).await;
                if wish(&answer) {
                    return answer;
                }
                let watched = self.collection(path, &format!("watch=1&resourceVersion={version}"));
                let response = self.server.open(&Ask::get(watched), &self.ns).await;
                Events::new(&self.server, response.into_body()).next().await;
            }
        };
        match tokio::time::timeout(PATIENCE, waiting).await {
            Ok(answer) => answer,
            Err(_) => panic!("{path} is not as wished: {}", self.look(path).await.body),
        }
    }

    /// The same, written down.
    pub(super) async fn get_when(&self, path: &str, wish: impl Fn(&Answer) -> bool) -> Answer {
        let answer = self.until(path, wish).await;
        self.note(&format!("GET {path} when it is so"), answer.shown());
        answer
    }

    /// Asks again and again until the answer is as wished: for what no watch tells. Writes nothing down.
    pub(super) async fn retry(&self, path: &str, wish: impl Fn(&Answer) -> bool) -> Answer {
        self.settle(Ask::get(path), wish).await
    }

    /// The same with a post, until it is answered with a code.
    pub(super) async fn retry_post(&self, path: &str, body: Value, code: u16) -> Answer {
        self.settle(Ask::new("POST", path).json(&body), |answer| answer.code == code).await
    }

    /// The same with any question.
    pub(super) async fn settle(&self, ask: Ask, wish: impl Fn(&Answer) -> bool) -> Answer {
        let asking = async {
            loop {
                let answer = self.server.ask(&ask, &self.ns).await;
                if wish(&answer) {
                    return answer;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        self.server.passing(asking).await
    }

    /// The collection that an object, or a list, is in.
    fn collection(&self, path: &str, query: &str) -> String {
        let whole = uri(path, &self.ns);
        let (path, of) = whole.split_once('?').unwrap_or((&whole, ""));
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        // `namespaces` is a resource too, of which objects come right after it.
        let start = if parts[0] == "api" { 2 } else { 3 };
        let namespaced = parts.get(start) == Some(&"namespaces") && parts.len() > start + 2;
        let plural = if namespaced { start + 2 } else { start };
        let mut text = format!("/{}?{query}", parts[..=plural].join("/"));
        match parts.get(plural + 1) {
            Some(name) => text.push_str(&format!("&fieldSelector=metadata.name={name}")),
            None if !of.is_empty() => text.push_str(&format!("&{of}")),
            None => {}
        }
        text
    }
}

/// Takes out what controllers write into an object.
fn without_controllers(object: &mut serde_json::Map<String, Value>) {
    object.remove("status");
    let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else { return };
    if let Some(managers) = metadata.get_mut("managedFields").and_then(Value::as_array_mut) {
        managers.retain(|m| m["manager"] != "kube-controller-manager");
    }
    if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
        annotations.remove("deployment.kubernetes.io/revision");
        if annotations.is_empty() {
            metadata.remove("annotations");
        }
    }
}
