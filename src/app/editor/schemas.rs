//! What the API server says that objects are made of.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::Editor;
use crate::app::effect::{Effect, Ticket};
use crate::app::model::App;
use crate::app::screen::Screen;
use crate::model::edit::{Path, Target};
use crate::model::fault::Fault;
use crate::model::name::ClusterName;
use crate::model::schema::Schema;

/// Something that may stand at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What is written.
    pub text: String,
    /// What is written behind it: of a key, its colon.
    pub behind: &'static str,
    /// Its type, whether it must be there, and what it is when it is not.
    pub kind: String,
    /// What it means.
    pub about: String,
}

/// The kind of a document, as it names it.
type Named = (String, String);

/// A schema that was asked for.
#[derive(Debug)]
enum State {
    Asked(Ticket),
    Here(Arc<Schema>),
    /// There is none, or it could not be read: nothing is checked by it.
    None,
}

/// The schemas of the kinds in the text.
#[derive(Debug, Default)]
pub(super) struct Schemas {
    known: BTreeMap<Named, State>,
}

impl Schemas {
    fn of(&self, api_version: &str, kind: &str) -> Option<&Arc<Schema>> {
        match self.known.get(&(api_version.to_owned(), kind.to_owned()))? {
            State::Here(schema) => Some(schema),
            _ => None,
        }
    }

    /// What a document has that its kind has not, or otherwise.
    pub(super) fn check(&self, cluster: &ClusterName, value: &Value) -> Vec<(Path, String)> {
        let target = Target::of(cluster, value);
        self.of(&target.api_version, &target.kind).map(|schema| schema.check(value)).unwrap_or_default()
    }
}

/// A value at the beginning of a line: `kind: Pod`.
fn scalar<'t>(line: &'t str, key: &str) -> Option<&'t str> {
    let value = line.strip_prefix(key)?.strip_prefix(':')?;
    let value = value.split(" #").next()?.trim().trim_matches(['"', '\'']);
    (!value.is_empty()).then_some(value)
}

impl Editor {
    /// The kinds that the text names, found line by line: it may not parse. With the first line of each document.
    fn kinds(&self) -> Vec<(usize, Option<Named>)> {
        let mut documents = vec![(0, None, None)];
        for (at, line) in self.buffer.lines().iter().enumerate() {
            if line.starts_with("---") {
                documents.push((at, None, None));
            } else if let Some((_, version, kind)) = documents.last_mut() {
                *version = version.take().or_else(|| scalar(line, "apiVersion").map(str::to_owned));
                *kind = kind.take().or_else(|| scalar(line, "kind").map(str::to_owned));
            }
        }
        documents.into_iter().map(|(at, version, kind)| (at, version.zip(kind))).collect()
    }

    /// The schema of the document that a line is in.
    pub(super) fn schema_at(&self, line: usize) -> Option<&Arc<Schema>> {
        let kinds = self.kinds();
        let (_, named) = kinds.iter().rev().find(|(first, _)| *first <= line)?;
        let (version, kind) = named.as_ref()?;
        self.schemas.of(version, kind)
    }

    /// Kinds whose schema was not asked for yet.
    fn unknown(&self) -> Vec<Named> {
        let kinds = self.kinds().into_iter().filter_map(|(_, named)| named);
        let mut kinds: Vec<Named> = kinds.filter(|named| !self.schemas.known.contains_key(named)).collect();
        kinds.sort();
        kinds.dedup();
        kinds
    }
}

impl App {
    /// Asks for the schemas of kinds that the text names.
    pub(super) fn read_schemas(&mut self) -> Vec<Effect> {
        let Some(editor) = self.editor_mut() else { return Vec::new() };
        if !std::mem::take(&mut editor.asks_for_schemas) {
            return Vec::new();
        }
        let cluster = editor.cluster.clone();
        let mut effects = Vec::new();
        for named in editor.unknown() {
            let ticket = self.ticket();
            let Some(editor) = self.editor_mut() else { break };
            let (api_version, kind) = named.clone();
            editor.schemas.known.insert(named, State::Asked(ticket));
            let target = Target {
                cluster: cluster.clone(),
                api_version,
                kind,
                namespace: String::new(),
                name: String::new(),
            };
            effects.push(Effect::ReadSchema(ticket, target));
        }
        effects
    }

    /// A schema came.
    pub(in crate::app) fn on_schema(&mut self, ticket: Ticket, result: Result<Option<Arc<Schema>>, Fault>) {
        for screen in &mut self.stack {
            let Screen::Editor(editor) = screen else { continue };
            let asked = |state: &&mut State| matches!(state, State::Asked(t) if *t == ticket);
            if let Some(state) = editor.schemas.known.values_mut().find(asked) {
                // Without one nothing is checked by it; the server checks all the same.
                *state = result.ok().flatten().map_or(State::None, State::Here);
                editor.check();
                return;
            }
        }
    }
}
