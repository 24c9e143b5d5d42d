//! Structures from what OpenAPI says of them.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use serde_json::{Map, Value};

use super::types::{Arena, Bounds, Checks, Field, Id, Object, Order, Pattern, Rules, Scalar, Shape, Type};

/// The type of anything, in every arena.
pub(super) const FREE: Id = 0;

/// Types that Go reads in ways of their own.
const SPECIAL: &[(&str, Scalar)] = &[
    ("api.resource.Quantity", Scalar::Quantity),
    ("util.intstr.IntOrString", Scalar::IntOrString),
    ("meta.v1.Time", Scalar::Time),
    ("meta.v1.MicroTime", Scalar::MicroTime),
];

/// Structs that Go has put into others: their fields are the outer one's, but messages tell them apart. Each with
/// the fields that are its own, or (after a `!`) that are not.
const INLINE: &[(&str, &str, &[&str])] = &[
    ("admissionregistration.v1.RuleWithOperations", "Rule", &["!", "operations"]),
    ("core.v1.ConfigMapEnvSource", "LocalObjectReference", &["name"]),
    ("core.v1.ConfigMapKeySelector", "LocalObjectReference", &["name"]),
    ("core.v1.ConfigMapProjection", "LocalObjectReference", &["name"]),
    ("core.v1.ConfigMapVolumeSource", "LocalObjectReference", &["name"]),
    ("core.v1.EphemeralContainer", "EphemeralContainerCommon", &["!", "targetContainerName"]),
    ("core.v1.Probe", "ProbeHandler", &["exec", "grpc", "httpGet", "tcpSocket"]),
    ("core.v1.SecretEnvSource", "LocalObjectReference", &["name"]),
    ("core.v1.SecretKeySelector", "LocalObjectReference", &["name"]),
    ("core.v1.SecretProjection", "LocalObjectReference", &["name"]),
    ("core.v1.Volume", "VolumeSource", &["!", "name"]),
];

fn inline(owner: &str, field: &str) -> Option<&'static str> {
    let (_, inner, fields) = INLINE.iter().find(|(outer, ..)| *outer == owner)?;
    (fields.contains(&field) != (fields[0] == "!")).then_some(*inner)
}

/// What only Go's own texts and answers tell of its types, by `type.field`.
#[derive(Default, serde::Deserialize)]
pub(super) struct Go {
    /// What Go calls the types of fields.
    types: HashMap<String, String>,
    /// Fields that Go leaves out when they are `""`, `0` or `false`; other optional ones are pointers.
    omitted: HashSet<String>,
}

/// Puts types together.
pub(super) struct Builder<'a> {
    /// Named types that may be referred to.
    named: &'a Map<String, Value>,
    go: &'a Go,
    /// Those that are there already.
    known: HashMap<&'a str, Id>,
    types: Vec<Type>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(named: &'a Map<String, Value>, go: &'a Go) -> Self {
        let free = Type { shape: Shape::Free, ..Type::default() };
        Self { named, go, known: HashMap::new(), types: vec![free] }
    }

    pub(super) fn finish(self, source: Value) -> Arena {
        let free = Object { rest: Some(FREE), ..Object::default() };
        Arena { types: self.types, source, free }
    }

    fn push(&mut self, one: Type) -> Id {
        self.types.push(one);
        self.types.len() - 1
    }

    /// A type by its name.
    pub(super) fn reference(&mut self, name: &'a str) -> Id {
        if let Some(id) = self.known.get(name) {
            return *id;
        }
        let id = self.push(Type::default());
        self.known.insert(name, id);
        let schema = &self.named[name];
        let shape = match SPECIAL.iter().find(|(special, _)| *special == name) {
            Some((_, scalar)) => Shape::Scalar(*scalar),
            None => self.builtin_shape(schema, name),
        };
        let go = Some(go_name(name));
        self.types[id] = Type { shape, go, nullable: true, ..Type::default() };
        id
    }

    /// A type of a built-in kind.
    fn builtin(&mut self, schema: &'a Value) -> Id {
        if let Some(name) = schema["$ref"].as_str() {
            let id = self.reference(name);
            // Few fields are one value though their type is not.
            let atomic = schema["x-kubernetes-map-type"] == "atomic";
            if !atomic || matches!(&self.types[id].shape, Shape::Object(object) if object.atomic) {
                return id;
            }
            let Shape::Object(mut object) = self.builtin_shape(&self.named[name], name) else { return id };
            object.atomic = true;
            let go = self.types[id].go.clone();
            return self.push(Type { shape: Shape::Object(object), go, nullable: true, ..Type::default() });
        }
        let shape = self.builtin_shape(schema, "");
        self.push(Type { shape, nullable: true, ..Type::default() })
    }

    fn builtin_shape(&mut self, schema: &'a Value, owner: &str) -> Shape {
        if schema.get("properties").is_none() && schema.get("additionalProperties").is_none() {
            return match schema["type"].as_str() {
                Some("array") => Shape::List(self.builtin(&schema["items"]), order(schema)),
                Some("object") | None => Shape::Opaque,
                Some(_) => Shape::Scalar(scalar(schema)),
            };
        }
        let mut object = object(schema);
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            let of = self.builtin(field);
            let key = format!("{owner}.{name}");
            let go = self.go.types.get(&key).map(|go| Arc::from(go.as_str()));
            let omitted = self.go.omitted.contains(&key);
            let default = field.get("default").cloned();
            object
                .fields
                .insert(name.clone(), Field { of, default, go, inline: inline(owner, name), omitted });
        }
        if let Some(rest) = schema.get("additionalProperties") {
            object.rest = Some(self.builtin(rest));
        }
        Shape::Object(object)
    }

    /// A type of a CRD; `at` is where it stands, as a JSON pointer.
    pub(super) fn custom(&mut self, schema: &'a Value, at: &str) -> Id {
        let says = |key: &str| schema[key] == true;
        let mut ruled = schema["x-kubernetes-validations"].as_array().is_some_and(|rules| !rules.is_empty());
        let rules = ruled.then(|| Box::new(Rules { at: at.to_owned(), compiled: OnceLock::new() }));
        let keeps = says("x-kubernetes-preserve-unknown-fields");
        let shape = match schema["type"].as_str() {
            _ if says("x-kubernetes-int-or-string") => Shape::Scalar(Scalar::IntOrString),
            Some("object") => {
                let mut object = object(schema);
                for (name, field) in schema["properties"].as_object().into_iter().flatten() {
                    let of = self.custom(field, &format!("{at}/properties/{}", escaped(name)));
                    ruled |= self.types[of].ruled;
                    object.fields.insert(name.clone(), Field::new(of, field.get("default")));
                }
                object.rest = match schema.get("additionalProperties") {
                    Some(rest @ Value::Object(_)) => {
                        let rest = self.custom(rest, &format!("{at}/additionalProperties"));
                        ruled |= self.types[rest].ruled;
                        Some(rest)
                    }
                    Some(Value::Bool(true)) => Some(FREE),
                    _ => keeps.then_some(FREE),
                };
                Shape::Object(object)
            }
            Some("array") => {
                let item = self.custom(&schema["items"], &format!("{at}/items"));
                ruled |= self.types[item].ruled;
                Shape::List(item, order(schema))
            }
            Some("string") if schema["format"] == "date-time" => Shape::Scalar(Scalar::Time),
            Some(_) => Shape::Scalar(scalar(schema)),
            None => Shape::Free,
        };
        let (nullable, checks) = (says("nullable"), checks(schema));
        self.push(Type { shape, nullable, checks, ruled, rules, ..Type::default() })
    }

    /// An object as the API has it: named metadata beside what a schema says.
    pub(super) fn custom_root(&mut self, schema: &'a Value) -> Id {
        let metadata = self.reference("meta.v1.ObjectMeta");
        let root = self.custom(schema, "");
        if !matches!(self.types[root].shape, Shape::Object(_)) {
            self.types[root].shape = Shape::Object(Object { rest: Some(FREE), ..Object::default() });
        }
        let text = self.push(Type { shape: Shape::Scalar(Scalar::Text), ..Type::default() });
        if let Shape::Object(object) = &mut self.types[root].shape {
            for (name, of) in [("apiVersion", text), ("kind", text), ("metadata", metadata)] {
                object.fields.insert(name.to_owned(), Field::new(of, None));
            }
        }
        root
    }
}

/// `core.v1.PodSpec` as Go's messages name it.
fn go_name(name: &str) -> Arc<str> {
    name.split_once('.').map_or(name, |(_, rest)| rest).into()
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn object(schema: &Value) -> Object {
    let required = schema["required"].as_array().into_iter().flatten();
    Object {
        atomic: schema["x-kubernetes-map-type"] == "atomic",
        required: required.filter_map(Value::as_str).map(str::to_owned).collect(),
        ..Object::default()
    }
}

fn order(schema: &Value) -> Order {
    match schema["x-kubernetes-list-type"].as_str() {
        Some("set") => Order::Set,
        Some("map") => {
            let keys = schema["x-kubernetes-list-map-keys"].as_array().into_iter().flatten();
            Order::Map(keys.filter_map(Value::as_str).map(str::to_owned).collect())
        }
        _ => Order::Atomic,
    }
}

fn scalar(schema: &Value) -> Scalar {
    match (schema["type"].as_str().unwrap_or_default(), schema["format"].as_str().unwrap_or_default()) {
        ("integer", "int32") => Scalar::Int32,
        ("integer", "int64") => Scalar::Int64,
        ("integer", _) => Scalar::Integer,
        ("number", _) => Scalar::Number,
        ("boolean", _) => Scalar::Bool,
        ("string", "byte") => Scalar::Bytes,
        _ => Scalar::Text,
    }
}

fn checks(schema: &Value) -> Option<Box<Checks>> {
    let bounds =
        |least: &str, most: &str| Bounds { least: schema[least].as_u64(), most: schema[most].as_u64() };
    let checks = Checks {
        options: schema["enum"].as_array().cloned().unwrap_or_default(),
        pattern: schema["pattern"].as_str().map(Pattern::new),
        length: bounds("minLength", "maxLength"),
        items: bounds("minItems", "maxItems"),
        properties: bounds("minProperties", "maxProperties"),
        minimum: schema.get("minimum").cloned(),
        maximum: schema.get("maximum").cloned(),
        exclusive: (schema["exclusiveMinimum"] == true, schema["exclusiveMaximum"] == true),
        multiple_of: schema["multipleOf"].as_f64(),
        date_time: schema["format"] == "date-time",
    };
    let keys = [
        "enum",
        "pattern",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "minProperties",
        "maxProperties",
        "minimum",
        "maximum",
        "multipleOf",
        "format",
    ];
    keys.iter().any(|key| schema.get(key).is_some()).then(|| Box::new(checks))
}
