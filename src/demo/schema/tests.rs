use super::*;
use crate::demo::status::Cause;

/// What a real server made of these: see `tests/data/demo/README.md`.
static RECORDED: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../tests/data/demo/schema.json")).unwrap());

/// What is made of an object on its way into the store: the message of a 400, or the object and what is wrong.
fn taken_in(schema: &Schema, kind: &str, case: &Value) -> Result<(Value, Vec<Cause>), String> {
    let refused = |why: String| {
        let version = "v1";
        format!("{kind} in version \"{version}\" cannot be handled as a {kind}: {why}")
    };
    let mut object = case["object"].clone();
    decode(schema, &object).map_err(refused)?;
    let unknown = unknown_fields(schema, &object);
    if case["strict"] == true && !unknown.is_empty() {
        return Err(refused(format!("strict decoding error: {}", unknown.join(", "))));
    }
    prune(schema, &mut object);
    settle(schema, &mut object);
    default(schema, &mut object);
    let causes = validate(schema, &object, None);
    Ok((object, causes))
}

fn sorted(mut list: Vec<Value>) -> Value {
    list.sort_by_key(Value::to_string);
    Value::Array(list)
}

fn custom_difference(schema: &Schema, case: &Value) -> Option<String> {
    let shown =
        |causes: &[Cause]| sorted(causes.iter().map(|c| json!([c.reason, c.field, c.message])).collect());
    let (is, wanted) = match taken_in(schema, "Thing", case) {
        Err(message) => (json!(message), case["message"].clone()),
        Ok((object, causes)) if causes.is_empty() => (
            json!([object["spec"], object["metadata"]["labels"]]),
            json!([case["result"]["spec"], case["labels"]]),
        ),
        Ok((_, causes)) => (shown(&causes), sorted(case["causes"].as_array().cloned().unwrap_or_default())),
    };
    (is != wanted).then(|| format!("{}\n  is     {is}\n  wanted {wanted}", case["object"]["spec"]))
}

#[test]
fn custom_resources_are_read_filled_in_and_refused_as_on_a_real_server() {
    let schema = Schema::of_crd(&RECORDED["thing"]);
    let cases = RECORDED["custom"].as_array().unwrap();
    assert!(cases.len() > 80);
    let wrong: Vec<String> = cases.iter().filter_map(|case| custom_difference(&schema, case)).collect();
    assert!(wrong.is_empty(), "{} differ\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn built_in_kinds_are_read_as_on_a_real_server() {
    let cases = RECORDED["builtin"].as_array().unwrap();
    assert!(cases.len() > 70);
    let mut wrong = Vec::new();
    for case in cases {
        let (api_version, kind) = (case["kind"][0].as_str().unwrap(), case["kind"][1].as_str().unwrap());
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let schema = Schema::builtin(group, version, kind).unwrap();
        let is = taken_in(&schema, kind, case).err();
        let wanted = case["message"].as_str().map(str::to_owned);
        if is != wanted {
            wrong.push(format!("{}\n  is     {is:?}\n  wanted {wanted:?}", case["object"]));
        }
    }
    assert!(wrong.is_empty(), "{} differ\n{}", wrong.len(), wrong.join("\n"));
}

static CHANGED: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../tests/data/demo/changed.json")).unwrap());

fn shown(causes: &[Cause]) -> Value {
    sorted(causes.iter().map(|c| json!([c.reason, c.field, c.message])).collect())
}

/// Differences of what is wrong with changes of specs.
fn wrong_changes(schema: &Schema, cases: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for case in cases.as_array().unwrap() {
        let object = |spec: &str| json!({"spec": case[spec]});
        let is = shown(&validate(schema, &object("new"), Some(&object("old"))));
        let wanted = sorted(case["causes"].as_array().unwrap().clone());
        if is != wanted {
            wrong.push(format!("{} {}\n  is     {is}\n  wanted {wanted}", case["name"], case["new"]));
        }
    }
    wrong
}

#[test]
fn what_was_wrong_before_is_let_pass_as_on_a_real_server() {
    let wrong = wrong_changes(&Schema::of_crd(&CHANGED["rat"]), &CHANGED["ratchet"]);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn rules_on_changes_are_asked_as_on_a_real_server() {
    let wrong = wrong_changes(&Schema::of_crd(&RECORDED["thing"]), &CHANGED["changed"]);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn our_own_kinds_are_refused_and_filled_in_as_on_a_real_server() {
    let crd = |text: &str| serde_yaml::from_str::<Value>(text).unwrap();
    let kinds = [
        ("asmegresstrafficpolicies", crd(include_str!("../../../assets/crds/asmegresstrafficpolicies.yaml"))),
        ("istiogateways", crd(include_str!("../../../assets/crds/istiogateways.yaml"))),
    ];
    let mut wrong = Vec::new();
    for case in CHANGED["own"].as_array().unwrap() {
        let (_, crd) = kinds.iter().find(|(plural, _)| case["plural"] == *plural).unwrap();
        let versions = crd["spec"]["versions"].as_array().unwrap();
        let version = versions.iter().find(|version| version["name"] == case["version"]).unwrap();
        let schema = Schema::of_crd(&version["schema"]["openAPIV3Schema"]);
        let mut object = json!({"metadata": {"name": "x"}, "spec": case["spec"]});
        prune(&schema, &mut object);
        settle(&schema, &mut object);
        default(&schema, &mut object);
        let is = shown(&validate(&schema, &object, None));
        let wanted = sorted(case["causes"].as_array().unwrap().clone());
        if is != wanted || case["result"].is_object() && case["result"] != object["spec"] {
            wrong.push(format!("{} {}\n  is     {is}\n  wanted {wanted}", case["plural"], case["spec"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_go_leaves_out_is_left_out() {
    let schema = Schema::builtin("apps", "v1", "Deployment").unwrap();
    let mut object = json!({
        "metadata": {"labels": {}, "annotations": {"a": null}, "generateName": ""},
        "spec": {
            "replicas": 0, "paused": false, "minReadySeconds": 0, "selector": {}, "strategy": null,
            "template": {"spec": {
                "containers": [], "hostNetwork": false, "hostUsers": false, "volumes": [],
                "nodeSelector": {}, "tolerations": [{"key": "", "operator": "Exists"}], "securityContext": {},
            }},
        },
    });
    settle(&schema, &mut object);
    let wanted = json!({
        "metadata": {"annotations": {"a": ""}},
        "spec": {
            "replicas": 0, "selector": {},
            "template": {"spec": {
                "containers": [], "hostUsers": false, "tolerations": [{"operator": "Exists"}], "securityContext": {},
            }},
        },
    });
    assert_eq!(object, wanted);
}
