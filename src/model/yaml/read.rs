//! What a text of YAML means: what the real API server makes of it, or a refusal that says where and why.
//!
//! The parser is the one below `serde_yaml` (serde-saphyr), which reads YAML 1.2 into types; what is wanted here is
//! YAML 1.1 in the way of Go, with the place of each mistake, so the events are put together by hand.

use std::collections::{HashMap, HashSet};

use granit_parser::{Event, Options, Parser, ScalarStyle, Tag};
use serde_json::{Map, Value};

use super::scalar::{plain, tagged};
use crate::model::clean::clean;

/// Why a text cannot be read, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// Line of the whole text, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong: a sentence without its stop, without anything that a terminal obeys.
    pub why: String,
}

/// Largest text that is read: several times what an API server takes.
const LONGEST: usize = 10 << 20;
/// Deepest nesting: what reads JSON elsewhere ends at 128.
const DEEPEST: usize = 100;
/// Most values that aliases may stand for: a few lines of them could mean more than any memory holds.
const MOST_ALIASED: usize = 100_000;
const LINE_ENDS: [char; 3] = ['\u{85}', '\u{2028}', '\u{2029}'];
/// Longest reason, in characters.
const LONGEST_WHY: usize = 160;

/// All documents of a text; those without content are null. After one that cannot be read, the next is tried.
pub fn read_documents(text: &str) -> Vec<Result<Value, Spot>> {
    if text.len() > LONGEST {
        return vec![Err(Spot { line: 1, column: 1, why: "the text is larger than 10 MiB".to_owned() })];
    }
    let mut parser = Parser::new_from_str_with_options(text, options());
    let mut documents = Vec::new();
    let mut builder = Builder::default();
    while let Some(event) = parser.next_event() {
        let step = match event {
            Err(error) => {
                let at = error.marker();
                Err(spot(at.line(), at.col() + 1, &error.info()))
            }
            Ok((Event::DocumentEnd, _)) => {
                documents.push(Ok(std::mem::take(&mut builder).root));
                Ok(())
            }
            Ok((event, span)) => line_ends(&event, span.slice(text))
                .and_then(|()| builder.take(event))
                .map_err(|why| spot(span.start.line(), span.start.col() + 1, &why)),
        };
        if let Err(spot) = step {
            documents.push(Err(spot));
            builder = Builder::default();
            // A mistake of the parser itself ends it, too.
            if !matches!(parser.proceed_next_document(), Ok(true)) {
                break;
            }
        }
    }
    documents
}

/// The one document of a text.
///
/// # Errors
/// When it cannot be read, or is not one.
pub fn read_one(text: &str) -> Result<Value, Spot> {
    let mut documents: Vec<_> =
        read_documents(text).into_iter().filter(|document| *document != Ok(Value::Null)).collect();
    if documents.len() > 1 {
        return Err(spot(1, 1, &format!("these are {} documents: one is wanted", documents.len())));
    }
    documents.pop().unwrap_or_else(|| Err(spot(1, 1, "there is nothing in it")))
}

/// As libyaml reads, which is what Go's library is made from.
fn options() -> Options {
    granit_parser::options! {
        emit_comments: false,
        bom_inside_document_as_content: true,
        block_scalar_eof_without_line_feed: true,
        block_nesting_limit: DEEPEST + 1,
        flow_nesting_limit: DEEPEST + 1,
    }
}

/// What ends a line in YAML 1.1, and in 1.2 no longer: the API server makes of it something else than is seen.
fn line_ends(event: &Event<'_>, written: Option<&str>) -> Result<(), String> {
    let is_scalar = matches!(event, Event::Scalar(..));
    let end = written.filter(|_| is_scalar).and_then(|text| text.chars().find(|c| LINE_ENDS.contains(c)));
    end.map_or(Ok(()), |end| {
        let code = u32::from(end);
        Err(format!("U+{code:04X} is the end of a line here: write it as an escape in double quotes"))
    })
}

fn spot(line: usize, column: usize, why: &str) -> Spot {
    let first = why.lines().next().unwrap_or_default();
    let mut why: String = clean(first).chars().take(LONGEST_WHY).collect();
    if first.chars().count() > LONGEST_WHY {
        why.push('…');
    }
    Spot { line: line.max(1), column: column.max(1), why }
}

/// A collection that is being filled.
struct Open {
    anchor: usize,
    what: Filling,
}

enum Filling {
    List(Vec<Value>),
    Fields(Fields),
}

#[derive(Default)]
struct Fields {
    done: Map<String, Value>,
    /// Those of `done` that came by `<<` and may be given again.
    merged: HashSet<String>,
    next: Option<Next>,
}

/// The key whose value comes next.
enum Next {
    Field(String),
    Merge,
}

/// Puts one document together.
#[derive(Default)]
struct Builder {
    root: Value,
    open: Vec<Open>,
    anchors: HashMap<usize, Value>,
    aliased: usize,
}

impl Builder {
    fn take(&mut self, event: Event<'_>) -> Result<(), String> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                if self.is_merge(&text, style, tag.as_deref()) {
                    return self.expect(Next::Merge);
                }
                let value = scalar(&text, style, tag.as_deref())?;
                self.put(value, anchor)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.begin(anchor, tag.as_deref(), "seq", Filling::List(Vec::new()))
            }
            Event::MappingStart(_, anchor, tag) => {
                self.begin(anchor, tag.as_deref(), "map", Filling::Fields(Fields::default()))
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(id) => {
                let value = self.anchors.get(&id).cloned().ok_or("what this stands for contains itself")?;
                self.aliased += size(&value);
                if self.aliased > MOST_ALIASED {
                    return Err("the aliases stand for too much".to_owned());
                }
                self.put(value, 0)
            }
            _ => Ok(()),
        }
    }

    /// Whether a scalar is the key `<<`.
    fn is_merge(&self, text: &str, style: ScalarStyle, tag: Option<&Tag>) -> bool {
        let is_key =
            matches!(self.open.last(), Some(Open { what: Filling::Fields(f), .. }) if f.next.is_none());
        let said = match tag {
            None => style == ScalarStyle::Plain,
            Some(tag) => core(tag).as_deref() == Some("merge"),
        };
        is_key && text == "<<" && said
    }

    fn expect(&mut self, next: Next) -> Result<(), String> {
        if let Some(Open { what: Filling::Fields(fields), .. }) = self.open.last_mut() {
            fields.next = Some(next);
        }
        Ok(())
    }

    fn begin(
        &mut self,
        anchor: usize,
        tag: Option<&Tag>,
        natural: &str,
        what: Filling,
    ) -> Result<(), String> {
        if let Some(tag) = tag.filter(|tag| core(tag).is_none_or(|tag| tag != natural)) {
            return Err(format!("a tag `{}` has no meaning in Kubernetes", tag.original()));
        }
        if matches!(self.open.last(), Some(Open { what: Filling::Fields(fields), .. }) if fields.next.is_none())
        {
            return Err("a key must be a text".to_owned());
        }
        if self.open.len() >= DEEPEST {
            return Err(format!("this is nested deeper than {DEEPEST}"));
        }
        self.open.push(Open { anchor, what });
        Ok(())
    }

    fn end(&mut self) -> Result<(), String> {
        let Some(Open { anchor, what }) = self.open.pop() else { return Ok(()) };
        let value = match what {
            Filling::List(items) => Value::Array(items),
            Filling::Fields(fields) => Value::Object(fields.done),
        };
        self.put(value, anchor)
    }

    /// A value is whole: it goes to where it belongs.
    fn put(&mut self, value: Value, anchor: usize) -> Result<(), String> {
        if anchor != 0 {
            self.anchors.insert(anchor, value.clone());
        }
        match self.open.last_mut().map(|open| &mut open.what) {
            None => self.root = value,
            Some(Filling::List(items)) => items.push(value),
            Some(Filling::Fields(fields)) => return fields.put(value),
        }
        Ok(())
    }
}

impl Fields {
    fn put(&mut self, value: Value) -> Result<(), String> {
        match self.next.take() {
            None => self.next = Some(Next::Field(self.new_key(&value)?)),
            Some(Next::Field(name)) => {
                self.done.insert(name, value);
            }
            Some(Next::Merge) => self.merge(value)?,
        }
        Ok(())
    }

    fn new_key(&mut self, value: &Value) -> Result<String, String> {
        let key = key(value)?;
        if self.done.contains_key(&key) && !self.merged.remove(&key) {
            return Err(format!("`{key}` is there twice"));
        }
        Ok(key)
    }

    /// The fields of one mapping, or of several of which the first counts. Go lets them take the place of fields given
    /// before, against what YAML says: that is refused.
    fn merge(&mut self, value: Value) -> Result<(), String> {
        const WRONG: &str = "`<<` takes a mapping, or a list of mappings";
        let sources = match value {
            Value::Array(sources) => sources,
            one => vec![one],
        };
        for source in sources {
            let Value::Object(source) = source else { return Err(WRONG.to_owned()) };
            for (name, field) in source {
                if self.merged.contains(&name) {
                    continue;
                }
                if self.done.contains_key(&name) {
                    return Err(format!("`<<` has `{name}` again: put `<<` first"));
                }
                self.merged.insert(name.clone());
                self.done.insert(name, field);
            }
        }
        Ok(())
    }
}

/// A key as a text: JSON knows no other.
fn key(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bool(flag) => Ok(flag.to_string()),
        Value::Number(number) if number.is_i64() => Ok(number.to_string()),
        Value::Number(number) => Err(format!("a key must be a text: put {number} in quotes")),
        Value::Null => Err("a key must be a text, and here is none".to_owned()),
        Value::Array(_) | Value::Object(_) => Err("a key must be a text".to_owned()),
    }
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Value, String> {
    match tag {
        None if style == ScalarStyle::Plain => plain(text),
        None => Ok(Value::from(text)),
        // What has only `!` is a text.
        Some(tag) if tag.parts() == ("!", "") || tag.parts() == ("", "!") => Ok(Value::from(text)),
        Some(tag) => match core(tag) {
            Some(core) => tagged(&core, text),
            None => Err(format!("a tag `{}` has no meaning in Kubernetes", tag.original())),
        },
    }
}

/// The name of a tag of YAML's own.
fn core(tag: &Tag) -> Option<String> {
    tag.suffix_in_namespace("tag:yaml.org,2002:").map(|name| name.into_owned())
}

fn size(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Object(fields) => 1 + fields.values().map(size).sum::<usize>(),
        _ => 1,
    }
}

#[cfg(test)]
mod tests;
