//! Reading objects that nobody promised anything about.
//!
//! Every object is walked by hand rather than through a type: what cannot be read must not turn into a default that
//! means something else. An unreadable `tls.mode` would become PASSTHROUGH, an unreadable selector every pod.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::Value;

use super::ObjectName;
use crate::model::tolerant::{Tolerant, Unread, Why};

/// A part of an object, where it stands, and the list of what could not be read.
pub(super) struct Part<'a> {
    value: &'a Value,
    path: String,
    unread: &'a RefCell<Vec<Unread>>,
}

/// Reads `object` with `read`; whatever a [`Part`] refused on the way comes along.
pub(super) fn read<T>(object: &Value, read: impl FnOnce(&Part<'_>) -> T) -> Tolerant<T> {
    let unread = RefCell::default();
    let value = read(&Part { value: object, path: String::new(), unread: &unread });
    Tolerant { value, unread: unread.into_inner() }
}

impl<'a> Part<'a> {
    fn part(&self, value: &'a Value, path: String) -> Self {
        Self { value, path, unread: self.unread }
    }

    fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// Reports that this part is not what it should be, once.
    fn refuse(&self, wanted: &str) {
        let mut unread = self.unread.borrow_mut();
        if !unread.iter().any(|one| one.path == self.path) {
            let why = Why::Type(format!("not {wanted}"));
            unread.push(Unread { path: self.path.clone(), value: self.value.clone(), why });
        }
    }

    fn wanted<T>(&self, read: Option<T>, wanted: &str) -> Option<T> {
        if read.is_none() {
            self.refuse(wanted);
        }
        read
    }

    /// A field that may be missing; `null` is missing too.
    pub(super) fn field(&self, name: &str) -> Option<Self> {
        let fields = self.wanted(self.value.as_object(), "an object")?;
        let value = fields.get(name).filter(|value| !value.is_null())?;
        Some(self.part(value, self.path_of(name)))
    }

    /// A field without which the rest says nothing.
    pub(super) fn need(&self, name: &str) -> Option<Self> {
        let field = self.field(name);
        if field.is_none() && self.value.is_object() {
            self.part(&Value::Null, self.path_of(name)).refuse("there");
        }
        field
    }

    /// The items of a list.
    pub(super) fn items(&self) -> Vec<Self> {
        let items = self.wanted(self.value.as_array(), "a list").map_or(&[][..], Vec::as_slice);
        let part = |(index, item)| self.part(item, format!("{}[{index}]", self.path));
        items.iter().enumerate().map(part).collect()
    }

    /// The items of a list that may be missing.
    pub(super) fn list(&self, name: &str) -> Vec<Self> {
        self.field(name).map_or_else(Vec::new, |field| field.items())
    }

    pub(super) fn text(&self) -> Option<String> {
        self.wanted(self.value.as_str().map(str::to_owned), "a text")
    }

    pub(super) fn flag(&self) -> Option<bool> {
        self.wanted(self.value.as_bool(), "true or false")
    }

    pub(super) fn port(&self) -> Option<u16> {
        let port = self.value.as_u64().and_then(|number| u16::try_from(number).ok());
        self.wanted(port.filter(|port| *port > 0), "a port number")
    }

    /// All items as texts; `None` when one of them is none.
    pub(super) fn texts(&self) -> Option<Vec<String>> {
        self.wanted(self.value.as_array(), "a list")?;
        self.items().iter().map(Self::text).collect()
    }

    /// A map of texts, as selectors are; `None` when one of them is none.
    pub(super) fn pairs(&self) -> Option<BTreeMap<String, String>> {
        let fields = self.wanted(self.value.as_object(), "an object")?;
        let pair = |(key, value): (&String, &'a Value)| {
            Some((key.clone(), self.part(value, self.path_of(key)).text()?))
        };
        fields.iter().map(pair).collect()
    }

    /// This part, if it is an object.
    pub(super) fn object(&self) -> Option<&Self> {
        self.wanted(self.value.as_object(), "an object").map(|_| self)
    }

    /// The `mode` of a `tls`, or the one that is meant by none. Of what cannot be read it is the JSON, so that it is
    /// never mistaken for a mode that was left out.
    pub(super) fn mode(&self, usual: &str) -> String {
        let Some(tls) = self.object() else { return self.value.to_string() };
        tls.field("mode")
            .map_or(usual.to_owned(), |mode| mode.text().unwrap_or_else(|| mode.value.to_string()))
    }

    /// The object's name. Objects of a server always have one.
    pub(super) fn object_name(&self) -> Option<ObjectName> {
        let metadata = self.need("metadata")?;
        let namespace =
            metadata.field("namespace").map_or_else(|| Some(String::new()), |field| field.text())?;
        Some(ObjectName { namespace, name: metadata.need("name")?.text()? })
    }

    /// When the object was made, as written: such texts sort by time.
    pub(super) fn created(&self) -> String {
        let created = self.field("metadata").and_then(|metadata| metadata.field("creationTimestamp")?.text());
        created.unwrap_or_default()
    }

    /// `spec.exportTo`. Outer `None`: it stands there and cannot be read.
    pub(super) fn export_to(&self) -> Option<Vec<String>> {
        self.field("exportTo").map_or_else(|| Some(Vec::new()), |field| field.texts())
    }
}
