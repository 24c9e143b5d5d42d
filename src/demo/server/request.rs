//! What a request asks for: path, verb, options.

use std::sync::Arc;

use http::request::Parts;
use http::{HeaderMap, Method};

use crate::demo::resources::{Resource, Resources};
use crate::demo::rights::User;
use crate::demo::status::Status;

/// The options of a request.
#[derive(Clone, Debug, Default)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    fn parse(text: &str) -> Self {
        Self(form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    /// One option; the first when it is there twice.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// A switch.
    pub(super) fn is(&self, name: &str) -> bool {
        self.get(name).is_some_and(|v| matches!(v, "1" | "true" | "True" | "TRUE" | "t"))
    }

    /// A number.
    ///
    /// # Errors
    /// In Go's words.
    pub(super) fn number(&self, name: &str) -> Result<Option<i64>, Status> {
        match self.get(name).filter(|v| !v.is_empty()) {
            None => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|_| {
                Status::bad_request(format!("strconv.ParseInt: parsing {text:?}: invalid syntax"))
            }),
        }
    }

    /// A path with all options behind it.
    pub(super) fn beside(&self, path: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&self.0);
        let query = query.finish();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }

    /// All values of an option, as they were sent.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// A request about a resource.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    pub(super) method: Method,
    pub(super) resource: Arc<Resource>,
    /// Empty: of the cluster, or of all namespaces.
    pub(super) namespace: String,
    /// Empty: the collection.
    pub(super) name: String,
    /// `status`, `log`, …; empty: the object itself.
    pub(super) sub: String,
    /// What follows `proxy`.
    pub(super) rest: String,
    pub(super) query: Query,
    pub(super) accept: Form,
    /// Whether the form that is wanted is that of one object.
    pub(super) single_form: bool,
    pub(super) content_type: String,
    /// Field manager: the one named, else what the client calls itself.
    pub(super) manager: String,
    pub(super) user: User,
}

/// How objects are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Whole,
    /// `PartialObjectMetadata`.
    Metadata,
}

/// Where a path leads.
#[derive(Debug)]
pub(super) enum Target {
    Resource(Box<Ask>),
    /// A resource that is not served; whether its group is.
    Missing {
        what: Missing,
        served: bool,
        user: User,
        method: Method,
    },
    /// Anything else, by its path.
    Other {
        path: String,
        user: User,
    },
}

/// What a path asks for that is not served: rights are looked at first.
#[derive(Debug)]
pub(super) struct Missing {
    pub(super) group: String,
    pub(super) resource: String,
    pub(super) namespace: String,
    pub(super) name: String,
}

impl Ask {
    /// As rights name it.
    pub(super) fn verb(&self) -> &'static str {
        let one = !self.name.is_empty();
        match self.method {
            Method::POST => "create",
            Method::PUT => "update",
            Method::PATCH => "patch",
            Method::DELETE if one => "delete",
            Method::DELETE => "deletecollection",
            _ if self.query.is("watch") => "watch",
            _ if one => "get",
            _ => "list",
        }
    }
}

/// Reads a request's head.
///
/// # Errors
/// A path that names no resource of a version that is served.
pub(super) fn read(parts: &Parts, resources: &Resources, user: &User) -> Result<Target, Status> {
    let user = acting(&parts.headers, user);
    let path = parts.uri.path();
    let mut steps: Vec<&str> = path.split('/').filter(|s| !s.is_empty()).collect();
    // The old way to ask for a watch.
    let place = if steps.first() == Some(&"api") { 2 } else { 3 };
    let watches = steps.get(place) == Some(&"watch");
    if watches {
        steps.remove(place);
    }
    let other = |user| Ok(Target::Other { path: path.to_owned(), user });
    let (group, version, rest) = match &*steps {
        ["api", version, rest @ ..] => ("", *version, rest),
        ["apis", group, version, rest @ ..] => (*group, *version, rest),
        _ => return other(user),
    };
    let (namespace, rest) = match rest {
        [] => return other(user),
        // A namespace itself, its status, or what is in it.
        ["namespaces"] | ["namespaces", _] | ["namespaces", _, "status" | "finalize"] => ("", rest),
        ["namespaces", namespace, rest @ ..] => (*namespace, rest),
        rest => ("", rest),
    };
    let (plural, name, sub, beyond) = match rest {
        [plural] => (*plural, "", "", &[][..]),
        [plural, name] => (*plural, *name, "", &[][..]),
        [plural, name, sub, beyond @ ..] => (*plural, *name, *sub, beyond),
        [] => return Err(Status::nowhere()),
    };
    // Of the built-in groups even what is not there has a Status.
    let served = group.is_empty()
        || resources.iter().any(|r| *r.group == *group && (!r.custom || *r.version == *version));
    let Some(resource) = resources.find(group, version, plural) else {
        let whole = if sub.is_empty() { plural.to_owned() } else { format!("{plural}/{sub}") };
        let what = Missing {
            group: group.to_owned(),
            resource: whole,
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        };
        return Ok(Target::Missing { what, served, user, method: parts.method.clone() });
    };
    // What is in namespaces is made and read there; all of it can only be listed.
    if resource.namespaced == namespace.is_empty() && !(namespace.is_empty() && name.is_empty()) {
        return Err(if resource.custom {
            Status::new(404, "", "404 page not found\n")
        } else {
            Status::nowhere()
        });
    }
    let mut query = Query::parse(parts.uri.query().unwrap_or_default());
    if watches {
        query.0.push(("watch".to_owned(), "1".to_owned()));
    }
    let header = |name: &str| parts.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let agent = header("user-agent").split('/').next().unwrap_or_default();
    let named = query.get("fieldManager").filter(|m| !m.is_empty());
    let manager = named.unwrap_or(if agent.is_empty() { "unknown" } else { agent }).to_owned();
    let content_type = header("content-type").split(';').next().unwrap_or_default().trim().to_owned();
    let accepts = header("accept");
    let partial = accepts.split(',').any(|a| a.contains("as=PartialObjectMetadata"));
    let single_form = partial && !accepts.contains("as=PartialObjectMetadataList");
    let readable = |a: &str| {
        ["application/json", "*/*", "application/*", "application/yaml", ""]
            .contains(&a.split(';').next().unwrap_or_default().trim())
    };
    if !accepts.split(',').any(readable) {
        return Err(Status::not_acceptable());
    }
    Ok(Target::Resource(Box::new(Ask {
        method: parts.method.clone(),
        resource,
        namespace: namespace.to_owned(),
        name: decoded(name),
        sub: sub.to_owned(),
        rest: beyond.join("/"),
        accept: if partial { Form::Metadata } else { Form::Whole },
        single_form,
        query,
        content_type,
        manager,
        user,
    })))
}

/// Who asks: the one whose connection it is, or whom that one speaks for.
fn acting(headers: &HeaderMap, user: &User) -> User {
    let text = |value: &http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
    match headers.get("impersonate-user") {
        None => user.clone(),
        Some(name) => {
            let mut groups: Vec<String> = headers.get_all("impersonate-group").iter().map(text).collect();
            groups.push("system:authenticated".to_owned());
            User { name: text(name), groups }
        }
    }
}

fn decoded(step: &str) -> String {
    // A path step is encoded as a form is, but for the plus.
    let step = step.replace('+', "%2B");
    form_urlencoded::parse(step.as_bytes()).next().map(|(name, _)| name.into_owned()).unwrap_or_default()
}
