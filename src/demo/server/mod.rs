//! The API server: a tower service from requests to answers, which a `kube::Client` is put on.

mod body;
mod delete;
mod discovery;
mod logs;
mod patch;
mod read;
mod request;
mod reviews;
mod scale;
mod twice;
mod upgrade;
mod usage;
mod watch;
mod write;

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::{Stream, StreamExt};
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use kube::client::Body;
use serde::ser::{Serialize, SerializeMap, SerializeSeq, SerializeStruct, Serializer};
use serde_json::Value;
use tower::{BoxError, Service};

use super::cluster::SimulatedCluster;
use super::envoy;
use super::proxy::{Inside, answer_of};
use super::rights::{Deed, User, allowed, refusal};
use super::state::State;
use super::status::Status;
use super::store::{Key, Object};
use request::{Ask, Target};

/// The body of an answer.
pub type Reply = UnsyncBoxBody<Bytes, BoxError>;

/// What is sent back.
enum Answer {
    Object {
        code: u16,
        object: Object,
        warnings: Vec<String>,
    },
    List(List),
    Text {
        code: u16,
        text: String,
    },
    /// What a pod's port answered.
    OfPod(envoy::Answer),
    /// Something in a format of its own.
    Typed(&'static str, Value),
    /// A log that ends.
    Log(String),
    /// 204.
    Nothing,
    /// Lines that come as they are written.
    Lines(Pin<Box<dyn Stream<Item = Bytes> + Send>>),
    /// A watch.
    Events(Pin<Box<dyn Stream<Item = Bytes> + Send>>),
    /// A port-forward.
    Upgrade(Vec<u16>, Inside),
}

struct List {
    kind: String,
    version: String,
    metadata: Value,
    items: Vec<Object>,
    /// Without kind and version in each item.
    bare: bool,
}

impl Answer {
    fn object(code: u16, object: Object) -> Self {
        Self::Object { code, object, warnings: Vec::new() }
    }

    fn value(code: u16, value: Value) -> Self {
        Self::object(code, value.into())
    }

    fn text(code: u16, text: &str) -> Self {
        Self::Text { code, text: text.to_owned() }
    }

    fn list(kind: String, version: String, metadata: Value, items: Vec<Object>, bare: bool) -> Self {
        Self::List(List { kind, version, metadata, items, bare })
    }

    fn warning(self, more: &[String]) -> Self {
        match self {
            Self::Object { code, object, warnings } => {
                Self::Object { code, object, warnings: [warnings, more.to_vec()].concat() }
            }
            other => other,
        }
    }
}

/// A way to a simulated cluster, as its user.
#[derive(Clone, Debug)]
pub struct Server {
    cluster: SimulatedCluster,
}

impl Server {
    /// The server of a cluster.
    pub fn new(cluster: SimulatedCluster) -> Self {
        Self { cluster }
    }

    async fn serve(self, request: Request<Body>) -> Result<Response<Reply>, BoxError> {
        let (parts, body) = request.into_parts();
        let upgrades = upgrade::is_asked(&Request::from_parts(parts.clone(), ()));
        let body = body.collect().await?.to_bytes();
        self.cluster.ready().await;
        let cluster = &self.cluster;
        let accept =
            parts.headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
        let answer = cluster.with(|state| match request::read(&parts, &state.resources, cluster.user()) {
            Ok(Target::Resource(ask)) => {
                permitted(state, &ask).and_then(|()| answer(state, cluster, &ask, &body, upgrades))
            }
            Ok(Target::Missing { what, served, user, method }) => {
                missing(state, &what, served, &user, &method)
            }
            Ok(Target::Other { path, user }) => path_permitted(state, &user, &parts.method, &path)
                .and_then(|()| discovery::answer(&path, &accept, &state.resources)),
            Err(refused) => Err(refused),
        });
        match answer {
            Ok(Answer::Upgrade(ports, inside)) => {
                upgrade::answer(Request::from_parts(parts, Body::empty()), ports, inside).await
            }
            answer if parts.method == Method::HEAD => response(answer).map(|r| r.map(|_| whole(Vec::new()))),
            answer => response(answer),
        }
    }
}

impl Service<Request<Body>> for Server {
    type Response = Response<Reply>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(self.clone().serve(request))
    }
}

fn permitted(state: &State, ask: &Ask) -> Result<(), Status> {
    let resource = &ask.resource;
    let what = if ask.sub.is_empty() {
        resource.plural.to_string()
    } else {
        format!("{}/{}", resource.plural, ask.sub)
    };
    // Who may do something with one object by name may select it by name too.
    let selected = ask.query.get("fieldSelector").filter(|_| ask.name.is_empty());
    let selected = selected.and_then(|f| f.strip_prefix("metadata.name=")).filter(|n| !n.contains(','));
    let named = selected.unwrap_or(&ask.name).to_owned();
    let deed = Deed::Resource {
        verb: ask.verb(),
        group: &resource.group,
        resource: &what,
        namespace: if &*resource.kind == "Namespace" { &ask.name } else { &ask.namespace },
        name: &named,
    };
    if allowed(state, &ask.user, &deed).is_none() {
        return Err(refusal(&ask.user, resource, &deed));
    }
    // By a WebSocket it is a GET, and does as much as a POST: who may only get is refused without a word.
    let Deed::Resource { group, namespace, name, .. } = deed else { return Ok(()) };
    let creates = Deed::Resource { verb: "create", group, resource: &what, namespace, name };
    if ask.sub == "portforward" && allowed(state, &ask.user, &creates).is_none() {
        return Err(Status::new(403, "Forbidden", ""));
    }
    Ok(())
}

/// What is asked of a resource that is not served.
fn missing(
    state: &State,
    what: &request::Missing,
    served: bool,
    user: &User,
    method: &Method,
) -> Result<Answer, Status> {
    let one = !what.name.is_empty();
    let deed = Deed::Resource {
        verb: match (method, one) {
            (&Method::POST, _) => "create",
            (&Method::PUT, _) => "update",
            (&Method::PATCH, _) => "patch",
            (&Method::DELETE, true) => "delete",
            (&Method::DELETE, false) => "deletecollection",
            (_, true) => "get",
            (_, false) => "list",
        },
        group: &what.group,
        resource: &what.resource,
        namespace: &what.namespace,
        name: &what.name,
    };
    if allowed(state, user, &deed).is_none() {
        let plural = what.resource.split('/').next().unwrap_or_default();
        let unknown = super::resources::Resource::unknown(&what.group, plural);
        return Err(refusal(user, &unknown, &deed));
    }
    Err(if served { Status::nowhere() } else { Status::new(404, "", "404 page not found\n") })
}

fn path_permitted(state: &State, user: &User, method: &Method, path: &str) -> Result<(), Status> {
    let verb = method.as_str().to_lowercase();
    if allowed(state, user, &Deed::Path { verb: &verb, path }).is_some() {
        return Ok(());
    }
    let message = format!("forbidden: User {:?} cannot {verb} path {path:?}", user.name);
    let mut refused = Status::new(403, "Forbidden", message);
    refused.details = serde_json::json!({});
    Err(refused)
}

/// Subresources of pods that are not parts of the object.
const IN_PODS: &[&str] = &["log", "portforward", "proxy"];

fn answer(
    state: &mut State,
    cluster: &SimulatedCluster,
    ask: &Ask,
    body: &Bytes,
    upgrades: bool,
) -> Result<Answer, Status> {
    let (one, method) = (!ask.name.is_empty(), &ask.method);
    let resource = ask.resource.clone();
    let is_review = resource.verbs.len() == 1;
    let known = match ask.sub.as_str() {
        "" => true,
        "status" => resource.status,
        "scale" => resource.scale.is_some(),
        sub => &*resource.kind == "Pod" && IN_PODS.contains(&sub),
    };
    if !known && resource.custom && ask.sub == "status" {
        return Err(Status::not_found(&resource, &ask.name));
    }
    if !known || (is_review && one) {
        return Err(Status::nowhere());
    }
    if &*resource.group == usage::GROUP {
        return usage::answer(state, ask);
    }
    match (ask.sub.as_str(), method, one) {
        ("", &Method::POST, false) if is_review => write::review(state, ask, body),
        ("log", &Method::GET, _) => logs::open(state, cluster, ask),
        ("portforward", &Method::GET | &Method::POST, _) => port_forward(state, cluster, ask, upgrades),
        ("proxy", _, _) => proxied(state, cluster, ask),
        (_, &Method::HEAD, _) => Err(Status::method_not_allowed()),
        ("", &Method::GET, _) if ask.query.is("watch") && !is_review => {
            let watch = watch::Watch::open(state, cluster, ask)?;
            Ok(Answer::Events(Box::pin(watch.stream())))
        }
        ("", &Method::GET, false) if !is_review => read::list(state, ask),
        ("scale", &Method::GET, _) => {
            let key = Key::new(&resource.id, &ask.namespace, &ask.name);
            let object = state.store.get(&key).ok_or_else(|| Status::not_found(&resource, &ask.name))?;
            let replicas = resource.scale.as_ref().map(|s| s.spec.clone()).unwrap_or_default();
            if resource.custom && object.pointer(&replicas).is_none() {
                let path = replicas.replace('/', ".");
                let why =
                    format!("Internal error occurred: the spec replicas field \"{path}\" does not exist");
                let mut failed = Status::new(500, "InternalError", why.clone());
                let cause = why.trim_start_matches("Internal error occurred: ").to_owned();
                failed.details = serde_json::json!({"causes": [{"message": cause}]});
                return Err(failed);
            }
            Ok(Answer::value(200, scale::scale_of(&resource, object)))
        }
        ("" | "status", &Method::GET, true) => read::get(state, ask),
        ("", &Method::POST, false) => write::create(state, ask, body),
        ("" | "status" | "scale", &Method::PUT, true) => write::replace(state, ask, body),
        ("" | "status" | "scale", &Method::PATCH, true) => patch::patch(state, ask, body),
        ("", &Method::DELETE, true) => delete::delete(state, ask, body),
        ("", &Method::DELETE, false) if resource.verbs.contains(&"deletecollection") => {
            delete::delete_all(state, ask, body)
        }
        _ => Err(Status::method_not_allowed()),
    }
}

/// A pod that something is to be carried to: one with a node.
fn inside(state: &State, cluster: &SimulatedCluster, ask: &Ask, name: &str) -> Result<Inside, Status> {
    let key = Key::new("pods", &ask.namespace, name);
    let pod = state.store.get(&key).ok_or_else(|| Status::not_found(&ask.resource, name))?;
    if pod["spec"]["nodeName"].as_str().is_none_or(str::is_empty) {
        return Err(Status::bad_request(format!("pod {name} does not have a host assigned")));
    }
    Ok(Inside { cluster: cluster.clone(), key })
}

fn port_forward(
    state: &State,
    cluster: &SimulatedCluster,
    ask: &Ask,
    upgrades: bool,
) -> Result<Answer, Status> {
    let inside = inside(state, cluster, ask, &ask.name)?;
    if !upgrades {
        return Err(Status::bad_request("Upgrade request required"));
    }
    Ok(Answer::Upgrade(upgrade::ports(ask)?, inside))
}

/// `pods/NAME:PORT/proxy/…`.
fn proxied(state: &mut State, cluster: &SimulatedCluster, ask: &Ask) -> Result<Answer, Status> {
    let parts: Vec<&str> = ask.name.split(':').collect();
    let (name, port) = match &*parts {
        [name] => (*name, "80"),
        [name, port] | [_, name, port] => (*name, *port),
        _ => return Err(Status::bad_request(format!("invalid pod request {:?}", ask.name))),
    };
    let key = Key::new("pods", &ask.namespace, name);
    let pod = state.store.get(&key).ok_or_else(|| Status::not_found(&ask.resource, name))?;
    if pod["status"]["podIP"].as_str().is_none_or(str::is_empty) {
        return Err(Status::bad_request("address not allowed"));
    }
    let inside = inside(state, cluster, ask, name)?;
    let port: u16 = port.parse().map_err(|_| Status::bad_request(format!("invalid port {port:?}")))?;
    let pod = state.store.get(&inside.key).cloned().unwrap_or_default();
    let path = ask.query.beside(&format!("/{}", ask.rest));
    let ip = pod["status"]["podIP"].as_str().unwrap_or_default().to_owned();
    let asked = envoy::Request { port, posts: ask.method == Method::POST, path: &path };
    match answer_of(state, &pod, asked) {
        Some(answer) => Ok(Answer::OfPod(answer)),
        None => {
            let message =
                format!("error trying to reach service: dial tcp {ip}:{port}: connect: connection refused");
            Err(Status::new(503, "ServiceUnavailable", message))
        }
    }
}

fn response(answer: Result<Answer, Status>) -> Result<Response<Reply>, BoxError> {
    let (code, content, warnings, body) = match answer {
        Ok(Answer::Object { code, object, warnings }) => {
            (code, "application/json", warnings, whole(serde_json::to_vec(&*object)?))
        }
        Ok(Answer::List(list)) => (200, "application/json", Vec::new(), whole(serde_json::to_vec(&list)?)),
        Ok(Answer::Text { code, text }) => {
            (code, "text/plain; charset=utf-8", Vec::new(), whole(text.into_bytes()))
        }
        Ok(Answer::OfPod(answer)) => (answer.code, answer.kind, Vec::new(), whole(answer.text.into_bytes())),
        Ok(Answer::Typed(format, value)) => (200, format, Vec::new(), whole(serde_json::to_vec(&value)?)),
        Ok(Answer::Log(text)) => (200, "text/plain", Vec::new(), whole(text.into_bytes())),
        Ok(Answer::Nothing) => (204, "", Vec::new(), whole(Vec::new())),
        Ok(Answer::Lines(lines)) => (200, "text/plain", Vec::new(), streamed(lines)),
        Ok(Answer::Events(lines)) => (200, "application/json", Vec::new(), streamed(lines)),
        Ok(Answer::Upgrade(..)) => (500, "text/plain", Vec::new(), whole(Vec::new())),
        // A path that nothing is served under has no Status.
        Err(status) if status.code == 404 && status.reason.is_empty() => {
            (status.code, "text/plain; charset=utf-8", Vec::new(), whole(status.message.into_bytes()))
        }
        Err(status) => {
            (status.code, "application/json", Vec::new(), whole(serde_json::to_vec(&status.to_value())?))
        }
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(code)?;
    if !content.is_empty() {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content));
    }
    for warning in warnings {
        let text = format!("299 - {}", Value::from(warning));
        response.headers_mut().append(header::WARNING, HeaderValue::from_str(&text)?);
    }
    Ok(response)
}

fn streamed(lines: Pin<Box<dyn Stream<Item = Bytes> + Send>>) -> Reply {
    StreamBody::new(lines.map(|line| Ok::<_, BoxError>(Frame::data(line)))).boxed_unsync()
}

fn whole(bytes: Vec<u8>) -> Reply {
    Full::new(Bytes::from(bytes)).map_err(|never| match never {}).boxed_unsync()
}

impl Serialize for List {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_struct("List", 4)?;
        list.serialize_field("kind", &self.kind)?;
        list.serialize_field("apiVersion", &self.version)?;
        list.serialize_field("metadata", &self.metadata)?;
        list.serialize_field("items", &Items(&self.items, self.bare))?;
        list.end()
    }
}

/// Items of a list; the flag: without kind and version.
struct Items<'a>(&'a [Object], bool);

impl Serialize for Items<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut items = serializer.serialize_seq(Some(self.0.len()))?;
        for object in self.0 {
            if self.1 {
                items.serialize_element(&Bare(object))?;
            } else {
                items.serialize_element(&**object)?;
            }
        }
        items.end()
    }
}

/// An object without kind and version.
struct Bare<'a>(&'a Value);

impl Serialize for Bare<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.0.as_object().into_iter().flatten() {
            if name != "kind" && name != "apiVersion" {
                map.serialize_entry(name, value)?;
            }
        }
        map.end()
    }
}
