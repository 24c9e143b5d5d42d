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
    drop_nulls(schema, &mut object);
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
