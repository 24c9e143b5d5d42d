//! What a text of YAML means is what the real API server makes of it.

use egret::model::yaml::read::read_one;
use egret::model::yaml::to_yaml;
use http::Request;
use kube::Client;
use serde_json::{Map, Value, json};

use crate::support::plane::{apply_yaml, shared, shared_with_crds, unique};

/// A kind whose objects hold anything.
const ORACLE: &str = "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: oracles.yaml.egret.test}
spec:
  group: yaml.egret.test
  names: {kind: Oracle, plural: oracles}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, x-kubernetes-preserve-unknown-fields: true}
";

/// Asks for a dry run of a text; what the server says of it.
async fn dry_run(client: &Client, method: &str, path: &str, text: String) -> Result<Value, String> {
    let request = Request::builder()
        .method(method)
        .uri(format!("{path}?dryRun=All&fieldValidation=Strict"))
        .header("content-type", "application/yaml")
        .body(text.into_bytes())
        .unwrap();
    client.request::<Value>(request).await.map_err(|e| e.to_string())
}

/// What stands for `v` of a spec, as it is written behind its colon or below it.
const VALUES: &[&str] = &[
    // Words of YAML 1.1.
    "yes",
    "Yes",
    "YES",
    "y",
    "Y",
    "n",
    "no",
    "on",
    "Off",
    "true",
    "True",
    "tRue",
    "oN",
    "~",
    "null",
    "Null",
    "nULL",
    "",
    // Numbers, and what only looks like them.
    "0",
    "-0",
    "+0",
    "007",
    "017",
    "0o17",
    "0O17",
    "08",
    "018",
    "0x1F",
    "0XFF",
    "-0x1f",
    "0x",
    "0b101",
    "0B11",
    "-0b11",
    "0b",
    "0b2",
    "1_000",
    "_1",
    "1_",
    "0x_1",
    "1__0",
    "+5",
    "-5",
    "+ 5",
    "--5",
    "1.",
    ".5",
    "-.5",
    "+.5",
    ".",
    "..",
    "1.5.2",
    "1e3",
    "1E3",
    "1e+3",
    "1e-3",
    "1e",
    "e3",
    ".e3",
    "1.e3",
    "1.0",
    "100.0",
    "-0.0",
    "1e20",
    "1e21",
    "1e22",
    "1.5e300",
    "1e999",
    "-1e999",
    "0.1",
    "123456789.123456789",
    "9007199254740993",
    "-9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "18446744073709551615",
    "18446744073709551616",
    "0xFFFFFFFFFFFFFFFF",
    "+18446744073709551615",
    "+0xFFFFFFFFFFFFFFFF",
    "1e18",
    "1e19",
    "9.3e18",
    "-9.3e18",
    ".nan",
    ".NaN",
    ".inf",
    "-.INF",
    "+.inf",
    "nan",
    "NaN",
    "inf",
    "Infinity",
    "0x1p3",
    "1f",
    "1d",
    "100m",
    "4Gi",
    "1:30",
    "12:30:45",
    "190:20:30.15",
    // Times.
    "2001-01-01",
    "2001-12-14t21:59:43.10-05:00",
    "2001-12-14 21:59:43.10 -5",
    "2001-1-1",
    "20010101",
    // Texts.
    "a: b",
    "a:b",
    "a #b",
    "a#b",
    "# nothing",
    "- a",
    "-a",
    "[a, b]",
    "[a, b: c]",
    "{a: 1, b}",
    "{a: 1, b:2}",
    "{a:1}",
    "{'a':1}",
    "{\"a\":1}",
    "[a,]",
    "[,a]",
    "[]",
    "{}",
    "'it''s'",
    "\"\\u00e9\\n\\t\\x41\\0\"",
    "\"\\z\"",
    "\"a\n  b\n\n  c\"",
    "'a\n  b'",
    "a\n    b",
    "é 😀 \u{2028}",
    "\"\u{85}\"",
    "\u{feff}a",
    "!",
    "! a",
    "!!str 5",
    "!!str",
    "!!str yes",
    "!!int 5",
    "!!int \"5\"",
    "!!int 5.0",
    "!!int a",
    "!!float 5",
    "!!float 0x10",
    "!!float a",
    "!!bool yes",
    "!!bool \"yes\"",
    "!!bool 1",
    "!!null ''",
    "!!null a",
    "!!seq [a]",
    "!!map {a: 1}",
    "!!seq {a: 1}",
    "!!set {a, b}",
    "!!binary aGk=",
    "!!timestamp 2001-01-01",
    "!custom a",
    "!custom {a: 1}",
    "&x a",
    "*y",
    "[&x a, *x]",
    "[&x {k: 1}, *x]",
    "{<<: {a: 1}, b: 2}",
    "{a: 0, <<: {a: 1}}",
    "{<<: {a: 1}, a: 2}",
    "{<<: [{a: 1}, {a: 2, b: 3}]}",
    "{<<: 5}",
    "{\"<<\": 5}",
    "<<",
    "=",
    "[a, [b, {c: d}]]",
    "{1: a}",
    "{1.5: a}",
    "{true: a}",
    "{yes: a}",
    "{~: a}",
    "{[a]: b}",
    "{? a : b}",
    "{a: 1, a: 2}",
    "{1: a, '1': b}",
    "{0x1: a, 1: b}",
    "|\n    a\n     b\n\n    c\n",
    "|-\n    a\n",
    "|+\n    a\n\n",
    ">\n    a\n    b\n\n    c\n",
    ">-\n    a\n      b\n    c\n",
    "|2\n      a\n",
    "|\n    a\n   b\n",
    "|\n\n    a\n",
    "|\n    \ta\n",
    "| # why\n    a\n",
    "|",
    "\n    a: 1\n    b:\n    - x\n    - y: 1\n      z: 2\n",
    "\n  - a\n  - - b\n    - c\n",
    "\n  - a\n - b\n",
    "\n    a: 1\n   b: 2\n",
    "\ta",
    "a\t",
    "a\tb",
    "\n\ta: 1\n",
    "\n    a:\t1\n",
    "\n    a: 1\t# c\n",
    "\n    - \ta\n",
    "[a,\tb]",
    "\"\t\"",
    "a\rb",
    "\"a\rb\"",
    "a\r\n",
    "|\r\n    a\r\n    b\r\n",
    "\"open",
    "'open",
    "[open",
    "{open",
    "]",
    "}",
    "@a",
    "`a",
    "%a",
    "?a",
    "? a",
    ":a",
    ": a",
    "-",
    "?",
    ":",
    "&",
    "*",
    "|a",
    ">a",
    "---",
    "--- a",
    "...",
    "a\n---\nb",
    "\u{1}",
    "\"\u{1}\"",
    "\u{7f}",
    "\u{fffe}",
    "\u{0}",
    "a\u{b}b",
    "\"\\ud83d\\ude00\"",
    "\"\\ud800\"",
    "\"\\U0001F600\"",
    "\n    ? a\n    : b\n",
    "\n    ? - a\n    : b\n",
    "\n    \"a\": 1\n    'b': 2\n    c d: 3\n    ? e\n",
    "\n    a : 1\n",
    "\n    a:b: 1\n",
    "\n    -a: 1\n",
    "\n    <<: {x: 1}\n    y z: 2\n",
];

/// Texts that egret refuses though the server takes them: what they mean is not what a person means.
const STRICTER: &[&str] = &[
    // Ends of lines that are seen as spaces, or not at all.
    "é 😀 \u{2028}",
    "\"\u{85}\"",
    // Tags that are dropped, or make a text of what is none.
    "!!seq {a: 1}",
    "!!set {a, b}",
    "!!binary aGk=",
    "!!timestamp 2001-01-01",
    "!custom a",
    "!custom {a: 1}",
    // Keys that become another text than is seen.
    "{1.5: a}",
    "{1: a, '1': b}",
    // Of several documents the server reads the first.
    "a\n---\nb",
];
/// Texts that egret takes though the server refuses them: none that egret writes.
const LAXER: &[&str] = &[
    // What YAML says of `<<`, and the server does, too, when it is not asked to be strict.
    "{<<: {a: 1}, a: 2}",
    "{<<: [{a: 1}, {a: 2, b: 3}]}",
    // Tabs that libyaml does not take.
    "|\n    \ta\n",
    "\n    - \ta\n",
    "\"\\ud83d\\ude00\"",
];

/// Numbers as one JSON library and the other write them, and fields that are null left out.
fn normal(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(_, field)| !field.is_null());
            Value::Object(kept.map(|(name, field)| (name.clone(), normal(field))).collect())
        }
        Value::Array(items) => items.iter().map(normal).collect(),
        // Above 2^63 they are floats there.
        Value::Number(number) if !number.is_i64() => json!(number.as_f64()),
        other => other.clone(),
    }
}

#[tokio::test]
async fn a_text_means_what_the_real_api_server_makes_of_it() {
    let client = shared().await.admin().await;
    apply_yaml(&client, ORACLE).await.unwrap();
    let path = "/apis/yaml.egret.test/v1/namespaces/default/oracles";
    let mut wrong = Vec::new();
    for value in VALUES {
        let text = format!(
            "apiVersion: yaml.egret.test/v1\nkind: Oracle\nmetadata:\n  name: x\nspec:\n  v: {value}"
        );
        let server = dry_run(&client, "POST", path, text.clone()).await;
        let ours = read_one(&text);
        let verdict = match (&server, &ours) {
            (Ok(server), Ok(ours)) if normal(&server["spec"]) == normal(&ours["spec"]) => continue,
            (Err(_), Err(_)) => continue,
            (Ok(_), Err(_)) if STRICTER.contains(value) => continue,
            (Err(_), Ok(_)) if LAXER.contains(value) => continue,
            (Ok(server), Ok(ours)) => format!("server {} ours {}", server["spec"], ours["spec"]),
            (Ok(server), Err(spot)) => format!("server {} ours refuses: {}", server["spec"], spot.why),
            (Err(why), Ok(ours)) => format!("server refuses ({why}) ours {}", ours["spec"]),
        };
        wrong.push(format!("{value:?}: {verdict}"));
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), VALUES.len(), wrong.join("\n"));
}

/// Every kind that can be listed and written: its path, and whether it has namespaces.
async fn kinds(client: &Client) -> Vec<(String, bool, String, String)> {
    let get = |path: String| client.request::<Value>(Request::get(path).body(Vec::new()).unwrap());
    let groups = get("/apis".to_owned()).await.unwrap();
    let groups = groups["groups"].as_array().unwrap().iter();
    let mut places: Vec<String> = groups
        .map(|g| format!("/apis/{}", g["preferredVersion"]["groupVersion"].as_str().unwrap()))
        .collect();
    places.push("/api/v1".to_owned());
    let mut kinds = Vec::new();
    for place in places {
        let Ok(served) = get(place.clone()).await else { continue };
        for resource in served["resources"].as_array().unwrap() {
            let can = |verb: &str| resource["verbs"].as_array().unwrap().contains(&json!(verb));
            let text = |field: &str| resource[field].as_str().unwrap_or_default().to_owned();
            if can("list") && can("update") && !text("name").contains('/') && text("kind") != "Secret" {
                let version = place.trim_start_matches("/apis/").trim_start_matches("/api/").to_owned();
                let path = format!("{place}|{}", text("name"));
                kinds.push((path, resource["namespaced"] == true, version, text("kind")));
            }
        }
    }
    kinds
}

/// The object without what is hidden of it when it is printed.
fn printed_part(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.remove("managedFields");
        if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
            annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
        }
    }
    object
}

#[tokio::test]
async fn what_is_printed_of_the_objects_of_a_cluster_reads_back_here_and_there() {
    let client = shared_with_crds().await.admin().await;
    apply_yaml(&client, ORACLE).await.unwrap();
    let ns = unique("printed");
    let more = [
        "\ta\nb\n",
        "\n\ta",
        "a\n\tb\n",
        " a\nb",
        "a\n\n",
        "\n\n",
        "a\u{2029}b\nc",
        "a\r\nb\r\n",
        "  \n a\n",
        " \ta\nb\n",
    ];
    let hostile: Map<String, Value> =
        VALUES.iter().chain(&more).enumerate().map(|(n, text)| (format!("k{n}"), json!(text))).collect();
    let objects = [
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ns}}),
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "hostile", "namespace": ns}, "data": hostile}),
        json!({"apiVersion": "yaml.egret.test/v1", "kind": "Oracle", "metadata": {"name": "numbers", "namespace": ns},
            "spec": {"v": [9_007_199_254_740_993_i64, -9_007_199_254_740_993_i64, i64::MAX, i64::MIN, 1.5, 1e300, 0.1, 1e21, -0.5, 1e-9, true, "5", {"yes": "no", "1": 2, "": 3}]}}),
    ];
    for (path, object) in [
        "/api/v1/namespaces".to_owned(),
        format!("/api/v1/namespaces/{ns}/configmaps"),
        format!("/apis/yaml.egret.test/v1/namespaces/{ns}/oracles"),
    ]
    .iter()
    .zip(&objects)
    {
        let request = Request::post(path).header("content-type", "application/json");
        client.request::<Value>(request.body(object.to_string().into_bytes()).unwrap()).await.unwrap();
    }
    let everything = include_str!("../../data/istiogateways/everything.yaml");
    apply_yaml(&client, everything).await.unwrap();
    let (mut seen, mut asked) = (0, 0);
    for (path, namespaced, version, kind) in kinds(&client).await {
        let (place, plural) = path.split_once('|').unwrap();
        let list = Request::get(format!("{place}/{plural}?limit=60")).body(Vec::new()).unwrap();
        let Ok(list) = client.request::<Value>(list).await else { continue };
        for item in list["items"].as_array().unwrap() {
            let mut item = item.clone();
            item["apiVersion"] = version.clone().into();
            item["kind"] = kind.clone().into();
            let text = to_yaml(&item, false).unwrap();
            let what = format!("{kind} {}", item["metadata"]["name"]);
            assert_eq!(read_one(&text), Ok(printed_part(&item)), "{what}\n{text}");
            seen += 1;
            let name = item["metadata"]["name"].as_str().unwrap();
            let within = match item["metadata"]["namespace"].as_str().filter(|_| namespaced) {
                Some(ns) => format!("{place}/namespaces/{ns}/{plural}/{name}"),
                None => format!("{place}/{plural}/{name}"),
            };
            match dry_run(&client, "PUT", &within.replace(':', "%3A"), text.clone()).await {
                Ok(answer) => {
                    // Who wrote what, and the time of it, is not what was written.
                    assert_eq!(printed_part(&answer), printed_part(&item), "{what}\n{text}");
                    asked += 1;
                }
                // Somebody else of the cluster changed it meanwhile, or it went; or it never takes a write.
                Err(why) => assert!(!why.contains("yaml") && !why.contains("decod"), "{what}: {why}\n{text}"),
            }
        }
    }
    println!("{seen} objects printed and read, {asked} of them by the server");
    assert!(seen >= 60 && asked * 10 >= seen * 8, "{asked} of {seen}");
}
