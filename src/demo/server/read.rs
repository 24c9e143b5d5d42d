//! GET of one object and of many.

use base64::Engine as _;
use serde_json::{Value, json};

use super::Answer;
use super::request::{Ask, Form};
use crate::demo::resources::Resource;
use crate::demo::select::{Fields, Labels, Unreadable};
use crate::demo::state::State;
use crate::demo::state::write::shown_as;
use crate::demo::status::{Cause, Status};
use crate::demo::store::{Compacted, Key, Object};

/// Which objects are meant.
#[derive(Clone, Debug)]
pub(super) struct Selection {
    pub(super) labels: Labels,
    pub(super) fields: Fields,
}

impl Selection {
    /// Of a request.
    ///
    /// # Errors
    /// A selector that cannot be read.
    pub(super) fn of(ask: &Ask) -> Result<Self, Status> {
        let refused = |Unreadable(why)| Status::bad_request(why);
        let labels = Labels::parse(ask.query.get("labelSelector").unwrap_or_default()).map_err(refused)?;
        let fields = ask.query.get("fieldSelector").unwrap_or_default();
        let custom = ask.resource.custom;
        let mut fields = Fields::parse(fields, &ask.resource.id, custom).map_err(refused)?;
        // The watch of one object is asked for by its path, too.
        if !ask.name.is_empty() {
            let by_name = format!("metadata.name={}", ask.name);
            fields = Fields::parse(&by_name, &ask.resource.id, custom).map_err(refused)?;
        }
        Ok(Self { labels, fields })
    }

    pub(super) fn fits(&self, object: &Value) -> bool {
        self.labels.fit(object) && self.fields.fit(object)
    }
}

/// One object.
pub(super) fn get(state: &State, ask: &Ask) -> Result<Answer, Status> {
    version(ask, state)?;
    let key = Key::new(&ask.resource.id, &ask.namespace, &ask.name);
    let object = state.store.get(&key).ok_or_else(|| Status::not_found(&ask.resource, &ask.name))?;
    Ok(Answer::object(200, formed(&shown_as(&ask.resource, object), ask.accept)))
}

/// An object in the form that is wanted.
pub(super) fn formed(object: &Object, form: Form) -> Object {
    match form {
        Form::Whole => object.clone(),
        Form::Metadata => json!({
            "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"],
        })
        .into(),
    }
}

/// The `resourceVersion` of a request; none or 0: any.
pub(super) fn version(ask: &Ask, state: &State) -> Result<Option<u64>, Status> {
    let Some(text) = ask.query.get("resourceVersion").filter(|v| !v.is_empty() && *v != "0") else {
        return Ok(None);
    };
    let lists = ask.name.is_empty() && !ask.query.is("watch");
    let version: u64 = text.parse().map_err(|_| {
        let why = format!(
            "resourceVersion: Invalid value: {text:?}: strconv.ParseUint: parsing {text:?}: invalid syntax"
        );
        match lists {
            true => Status::bad_request(format!("invalid resource version: {why}")),
            false => Status::new(500, "", why),
        }
    })?;
    let current = state.store.revision();
    if version > current {
        let message = format!("Timeout: Too large resource version: {version}, current: {current}");
        let mut late = Status::new(504, "Timeout", message);
        late.details = json!({
            "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}],
            "retryAfterSeconds": 1,
        });
        return Err(late);
    }
    Ok(Some(version))
}

/// A part of a list: what is meant, where it goes on, and what is left.
struct Page {
    items: Vec<Object>,
    revision: u64,
    next: Option<String>,
    remaining: Option<usize>,
}

/// Refuses options of lists and watches that do not go together.
pub(super) fn check_options(ask: &Ask) -> Result<(), Status> {
    const FIELD: &str = "resourceVersionMatch";
    let watches = ask.query.is("watch");
    let (matching, version) = (ask.query.get(FIELD), ask.query.get("resourceVersion").unwrap_or_default());
    let initial = ask.query.get("sendInitialEvents").is_some();
    let mut causes = Vec::new();
    match matching {
        Some(_) if watches && !initial => {
            causes.push(Cause::forbidden(
                FIELD,
                "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
            ));
        }
        Some(_) if !watches && version.is_empty() => {
            causes.push(Cause::forbidden(
                FIELD,
                "resourceVersionMatch is forbidden unless resourceVersion is provided",
            ));
        }
        Some("Exact") if !watches && version == "0" => {
            let why = "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"";
            causes.push(Cause::forbidden(FIELD, why));
        }
        None if watches && ask.query.is("sendInitialEvents") => {
            let why = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
            causes.push(Cause::forbidden(FIELD, why));
        }
        _ => {}
    }
    let known: &[&str] = if watches { &["NotOlderThan"] } else { &["Exact", "NotOlderThan", ""] };
    if let Some(matching) = matching.filter(|m| !known.contains(m)) {
        causes.push(Cause::unsupported(FIELD, &json!(matching), known));
    }
    if !watches && initial {
        causes.push(Cause::forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"));
    }
    if causes.is_empty() { Ok(()) } else { Err(Status::wrong_options("ListOptions", "", &causes)) }
}

/// Many objects.
pub(super) fn list(state: &State, ask: &Ask) -> Result<Answer, Status> {
    check_options(ask)?;
    if ask.accept == Form::Metadata && ask.single_form {
        let message = format!(
            "you requested PartialObjectMetadata, but the requested object is a list (*core.{})",
            ask.resource.list_kind
        );
        return Err(Status::new(406, "NotAcceptable", message));
    }
    let selection = Selection::of(ask)?;
    let page = page(state, ask, &selection)?;
    let mut metadata = json!({"resourceVersion": page.revision.to_string()});
    match page.next {
        Some(next) => metadata["continue"] = next.into(),
        // Lists of custom kinds say that they do not go on.
        None if ask.resource.custom && ask.accept == Form::Whole => metadata["continue"] = "".into(),
        None => {}
    }
    if let Some(remaining) = page.remaining {
        metadata["remainingItemCount"] = remaining.into();
    }
    let resource = &ask.resource;
    let (kind, version) = match ask.accept {
        Form::Whole => (resource.list_kind.to_string(), resource.api_version()),
        Form::Metadata => ("PartialObjectMetadataList".to_owned(), "meta.k8s.io/v1".to_owned()),
    };
    Ok(Answer::list(
        kind,
        version,
        metadata,
        items(&page.items, resource, ask.accept),
        bare(resource, ask.accept),
    ))
}

/// Whether items of a list do without kind and version: those of built-in kinds do.
fn bare(resource: &Resource, form: Form) -> bool {
    !resource.custom && form == Form::Whole
}

fn items(objects: &[Object], resource: &Resource, form: Form) -> Vec<Object> {
    objects.iter().map(|object| formed(&shown_as(resource, object), form)).collect()
}

fn page(state: &State, ask: &Ask, selection: &Selection) -> Result<Page, Status> {
    let namespace = (!ask.namespace.is_empty()).then_some(ask.namespace.as_str());
    let id = &*ask.resource.id;
    let limit = ask.query.number("limit")?.filter(|n| *n > 0).and_then(|n| usize::try_from(n).ok());
    let token = ask.query.get("continue").filter(|t| !t.is_empty()).map(unpack).transpose()?;
    if token.is_some() && ask.query.get("resourceVersion").is_some_and(|v| !v.is_empty() && v != "0") {
        return Err(Status::bad_request("specifying resource version is not allowed when using continue"));
    }
    let matching = ask.query.get("resourceVersionMatch");
    let exactly = matching == Some("Exact") || (matching.is_none() && limit.is_some());
    let asked = if token.is_some() { None } else { version(ask, state)? };
    let at = match (&token, asked) {
        (Some((revision, _)), _) => Some(*revision),
        (None, Some(version)) if exactly => Some(version),
        _ => None,
    };
    let gone = |Compacted| {
        Status::expired(if token.is_some() {
            "The provided continue parameter is too old to display a consistent list result. You can start a new list \
             without the continue parameter, or use the continue token in this response to retrieve the remainder of the \
             results. Continuing with the provided token results in an inconsistent list - objects that were created, \
             modified, or deleted between the time the first chunk was returned and now may show up in the list."
        } else {
            "The resourceVersion for the provided list is too old."
        })
    };
    let past = match at.filter(|r| *r < state.store.revision()) {
        Some(revision) => Some(state.store.list_at(id, namespace, revision).map_err(gone)?),
        None => None,
    };
    let all: Vec<(&Key, &Object)> = match &past {
        Some(past) => past.iter().collect(),
        None => state.store.list(id, namespace).collect(),
    };
    let after = |key: &Key| {
        token.as_ref().is_none_or(|(_, last)| (&*key.namespace, &*key.name) > (&*last.0, &*last.1))
    };
    // A page that is full goes on if anything is behind it, whether it is meant or not: nobody has looked yet.
    let mut left = all.into_iter().filter(|(key, _)| after(key)).peekable();
    let mut taken: Vec<(&Key, &Object)> = Vec::new();
    while taken.len() < limit.unwrap_or(usize::MAX)
        && let Some(next) = left.next()
    {
        taken.extend(Some(next).filter(|(_, object)| selection.fits(object)));
    }
    let remaining = left.count();
    let revision = at.unwrap_or(state.store.revision());
    let next = taken.last().filter(|_| remaining > 0).map(|(key, _)| pack(revision, key));
    let selects = !selection.labels.is_empty() || selection.fields != Fields::default();
    Ok(Page {
        items: taken.into_iter().map(|(_, object)| object.clone()).collect(),
        revision,
        remaining: (next.is_some() && !selects).then_some(remaining),
        next,
    })
}

/// Where a list goes on, as the server writes it.
fn pack(revision: u64, last: &Key) -> String {
    let start = if last.namespace.is_empty() {
        format!("{}\0", last.name)
    } else {
        format!("{}/{}\0", last.namespace, last.name)
    };
    let token = json!({"v": "meta.k8s.io/v1", "rv": revision, "start": start});
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(token.to_string())
}

/// A revision, and namespace and name of the last item.
type Token = (u64, (String, String));

fn unpack(text: &str) -> Result<Token, Status> {
    let bad = || {
        let why = "continue key is not valid: invalid character 'i' looking for beginning of value";
        Status::bad_request(format!("invalid continue token: {why}"))
    };
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).map_err(|_| bad())?;
    let token: Value = serde_json::from_slice(&bytes).map_err(|error| match error.is_eof() {
        true => Status::bad_request(
            "invalid continue token: continue key is not valid: unexpected end of JSON input",
        ),
        false => bad(),
    })?;
    let start = token["start"].as_str().ok_or_else(bad)?.trim_end_matches('\0');
    let (namespace, name) = start.split_once('/').unwrap_or(("", start));
    Ok((token["rv"].as_u64().ok_or_else(bad)?, (namespace.to_owned(), name.to_owned())))
}
