use serde_json::json;

use super::*;

fn document() -> Value {
    let gvk = json!([{"group": "g.io", "kind": "Thing", "version": "v1"}]);
    json!({"components": {"schemas": {
        "io.g.v1.Thing": {
            "description": format!("A thing.\u{1b}[31m {}", "word ".repeat(200)),
            "type": "object",
            "required": ["spec"],
            "x-kubernetes-group-version-kind": gvk,
            "properties": {
                "apiVersion": {"type": "string"},
                "kind": {"type": "string"},
                "metadata": {"allOf": [{"$ref": "#/components/schemas/io.k8s.Meta"}], "description": "Its metadata.", "default": {}},
                "spec": {
                    "type": "object",
                    "required": ["mode", "port"],
                    "properties": {
                        "mode": {"type": "string", "enum": ["A", "B"], "default": "A"},
                        "port": {"type": "integer", "minimum": 1, "maximum": 65535},
                        "share": {"x-kubernetes-int-or-string": true, "anyOf": [{"type": "integer"}, {"type": "string"}]},
                        "memory": {"$ref": "#/components/schemas/io.k8s.Quantity"},
                        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                        "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": {"n": {"type": "number"}}},
                        "tree": {"$ref": "#/components/schemas/io.k8s.Tree"},
                        "list": {"type": "array", "items": {"type": "object", "properties": {"on": {"type": "boolean"}}}},
                    },
                },
                "status": {"type": "object", "required": ["x"], "properties": {}},
            },
        },
        "io.g.v1.ThingOptions": {"x-kubernetes-group-version-kind": [gvk[0], {"group": "", "kind": "X", "version": "v1"}]},
        "io.k8s.Meta": {"type": "object", "description": "Metadata.", "properties": {
            "name": {"type": "string", "default": ""}, "uid": {"type": "string"},
        }},
        "io.k8s.Quantity": {"oneOf": [{"type": "string"}, {"type": "number"}]},
        "io.k8s.Tree": {"type": "object", "properties": {
            "left": {"$ref": "#/components/schemas/io.k8s.Tree"}, "value": {"type": "integer", "default": 0},
        }},
    }}})
}

fn thing() -> Arc<Schema> {
    read(&document(), "g.io", "v1", "Thing").unwrap()
}

fn told(value: &Value) -> Vec<String> {
    thing().check(value).iter().map(|(path, why)| format!("{path}: {why}")).collect()
}

#[test]
fn a_kind_is_read_with_what_it_refers_to() {
    let thing = thing();
    let at = |path: &str| thing.at(&path.parse().unwrap());
    assert!(thing.description.starts_with("A thing.") && thing.description.chars().count() <= 500);
    assert!(thing.description.ends_with('…') && !thing.description.chars().any(char::is_control));
    assert_eq!(at("metadata").unwrap().description, "Its metadata.");
    assert_eq!(at("metadata.name").unwrap().default, None, "what Go begins with is no default");
    assert_eq!(at("spec.mode").unwrap().default, Some(json!("A")));
    assert!(at("spec.memory").unwrap().int_or_string);
    assert_eq!(at("spec.labels.any").unwrap().kind, Type::Text);
    assert_eq!(at("spec.list[3].on").unwrap().kind, Type::Bool);
    assert_eq!(at("spec.tree.left").unwrap().kind, Type::Any, "a type that holds itself ends");
    assert_eq!(at("spec.nothing"), None);
    assert_eq!(at("").unwrap(), thing);
    assert_eq!(read(&document(), "g.io", "v1", "Other"), None);
    assert_eq!(read(&json!("nonsense"), "g.io", "v1", "Thing"), None);
}

#[test]
fn what_does_not_fit_is_told_where_it_is() {
    let wrong = json!({
        "kind": "Thing", "metadata": {"nam": "x"},
        "spec": {"mode": "C", "port": 0, "share": [], "labels": {"a": 1}, "list": [{"on": "yes"}, {"of": 1}], "memori": 1, "tree": 5},
    });
    assert_eq!(
        told(&wrong),
        [
            "metadata.nam: unknown field `nam`; did you mean `name`?",
            "spec.mode: must be one of A, B",
            "spec.port: must be at least 1",
            "spec.share: must be a number or a text, and is a list",
            "spec.labels.a: must be a text, and is a whole number",
            "spec.list[0].on: must be true or false, and is a text",
            "spec.list[1].of: unknown field `of`",
            "spec.memori: unknown field `memori`; did you mean `memory`?",
            "spec.tree: must be a mapping, and is a whole number",
        ]
    );
    assert_eq!(told(&json!({"spec": {"port": 1.5}})), ["spec.port: must be a whole number, and is a number"]);
    assert_eq!(told(&json!({"spec": {}})), ["spec: `port` is missing"]);
    assert_eq!(told(&json!({})), [": `spec` is missing"]);
}

#[test]
fn what_a_server_takes_is_let_be() {
    for memory in [json!("4G"), json!(4), json!(0.5)] {
        let right = json!({
            "metadata": {"name": "x", "managedFields": 5},
            "spec": {"port": 80.0, "share": "25%", "memory": memory, "free": {"any": [1]}, "labels": {"a": "b"}, "tree": {"left": {"left": 1}}, "list": null},
            "status": {"what": "ever"},
        });
        assert_eq!(told(&right), [""; 0]);
    }
}

#[test]
fn the_samples_fit_the_definitions() {
    let crd = |text: &str| crate::model::yaml::read::read_one(text).unwrap();
    let gateways = crd(include_str!("../../../assets/crds/istiogateways.yaml"));
    let policies = crd(include_str!("../../../assets/crds/asmegresstrafficpolicies.yaml"));
    macro_rules! samples {
        ($($file:literal),* $(,)?) => { [$(($file, include_str!(concat!("../../../tests/data/", $file)))),*] };
    }
    let samples = samples![
        "gateways/autoscaling-both.yaml",
        "gateways/canonical.yaml",
        "gateways/compression.yaml",
        "gateways/environment.yaml",
        "gateways/kernel.yaml",
        "gateways/legacy.yaml",
        "gateways/lifecycle.yaml",
        "gateways/load-balancer.yaml",
        "gateways/mtls.yaml",
        "gateways/no-replicas.yaml",
        "gateways/ports.yaml",
        "gateways/resources.yaml",
        "gateways/rolling.yaml",
        "gateways/scheduling.yaml",
        "gateways/servers.yaml",
        "gateways/several-clusters.yaml",
        "gateways/udp.yaml",
        "gateways/volumes.yaml",
        "istiogateways/egress.yaml",
        "istiogateways/everything.yaml",
        "istiogateways/ingress-api.yaml",
        "policies/allocated-ports.yaml",
        "policies/one-destination.yaml",
        "policies/upgrade-and-passthrough.yaml",
    ];
    for (file, text) in samples {
        for object in crate::model::yaml::read::read_documents(text) {
            let object = object.unwrap();
            let definition = if object["kind"] == "IstioGateway" { &gateways } else { &policies };
            let version = object["apiVersion"].as_str().unwrap().split_once('/').unwrap().1;
            let schema = of_crd(definition, version).unwrap_or_else(|| panic!("{file}: no {version}"));
            assert_eq!(schema.check(&object), [], "{file}");
        }
    }
    let wrong = json!({"spec": {"replicaCount": "three"}});
    let schema = of_crd(&gateways, gateways["spec"]["versions"][0]["name"].as_str().unwrap()).unwrap();
    assert_eq!(schema.check(&wrong).len(), 1, "{:?}", schema.check(&wrong));
}
