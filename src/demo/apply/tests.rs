use super::*;
use serde_json::Map;

/// What a real server made of these: see `tests/data/demo/README.md`.
const RECORDED: &str = include_str!("../../../tests/data/demo/applied.json");
const NOW: &str = "2030-01-02T03:04:05Z";

fn schema_of(recorded: &Value, kind: &Value) -> Schema {
    let (api_version, kind) = (kind[0].as_str().unwrap(), kind[1].as_str().unwrap());
    if kind == "Thing" {
        return Schema::of_crd(&recorded["thing"]);
    }
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    Schema::builtin(group, version, kind).unwrap()
}

/// The same with fields in the order of their names, and with the time of the test.
fn plain(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut names: Vec<&String> = map.keys().collect();
            names.sort();
            let each: Map<String, Value> = names.iter().map(|n| ((*n).clone(), plain(&map[*n]))).collect();
            Value::Object(each)
        }
        Value::Array(list) => list.iter().map(plain).collect(),
        Value::String(text) if text == "NOW" => NOW.into(),
        other => other.clone(),
    }
}

fn outcome(schema: &Schema, case: &Value) -> Result<Value, Vec<Conflict>> {
    let live = case.get("live").filter(|live| !live.is_null());
    let time = NOW.parse().unwrap();
    let (manager, subresource) = (case["manager"].as_str().unwrap(), case["sub"].as_str().unwrap());
    if case["op"] == "apply" {
        let by = Applier { manager, force: case["force"] == true, time, subresource };
        apply(schema, live, &case["given"], &by)
    } else {
        let mut new = case["given"].clone();
        updated(schema, live, &mut new, &Writer { manager, time, subresource });
        Ok(new)
    }
}

fn difference(recorded: &Value, case: &Value) -> Option<String> {
    let schema = schema_of(recorded, &case["kind"]);
    let (is, wanted) = match outcome(&schema, case) {
        Err(conflicts) => {
            let mut causes: Vec<_> = conflicts.iter().map(|c| json!([c.message, c.field])).collect();
            causes.sort_by_key(Value::to_string);
            let mut wanted = case["causes"].as_array().cloned().unwrap_or_default();
            wanted.sort_by_key(Value::to_string);
            (json!([conflicts_message(&conflicts), causes]), json!([case["message"], wanted]))
        }
        Ok(mut object) => {
            let managed = object["metadata"].as_object_mut().unwrap().shift_remove("managedFields");
            if case.get("result").is_some() {
                crate::demo::schema::default(&schema, &mut object);
            }
            let whole = |object: &Value| {
                case.get("result").map(|_| [object["spec"].clone(), object["metadata"].clone()])
            };
            (json!([managed, whole(&object)]), json!([case["managed"], whole(&case["result"])]))
        }
    };
    let (is, wanted) = (plain(&is), plain(&wanted));
    (is != wanted).then(|| format!("{}\n  is     {is}\n  wanted {wanted}", case["name"]))
}

#[test]
fn what_is_applied_and_written_comes_out_as_on_a_real_server() {
    let recorded: Value = serde_json::from_str(RECORDED).unwrap();
    let cases = recorded["cases"].as_array().unwrap();
    assert!(cases.len() > 50);
    let wrong: Vec<String> = cases.iter().filter_map(|case| difference(&recorded, case)).collect();
    assert!(wrong.is_empty(), "{} differ\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn what_is_not_of_the_kind_cannot_be_applied_in_the_words_of_a_real_server() {
    let recorded: Value = serde_json::from_str(RECORDED).unwrap();
    let misfits: Value = serde_json::from_str(include_str!("../../../tests/data/demo/changed.json")).unwrap();
    let mut wrong = Vec::new();
    for case in misfits["misfits"].as_array().unwrap() {
        let config = &case["config"];
        let schema = schema_of(&recorded, &json!([config["apiVersion"], config["kind"]]));
        let (is, wanted) = (misfit(&schema, config).err(), case["message"].as_str().map(str::to_owned));
        if is != wanted {
            wrong.push(format!("{config}\n  is     {is:?}\n  wanted {wanted:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} differ\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_thousand_new_objects_get_their_owners_in_no_time() {
    let recorded: Value = serde_json::from_str(RECORDED).unwrap();
    let made =
        recorded["cases"].as_array().unwrap().iter().find(|case| case["name"] == "Deployment: created");
    let made = made.unwrap();
    let schema = schema_of(&recorded, &made["kind"]);
    let by = Writer { manager: "m", time: NOW.parse().unwrap(), subresource: "" };
    let mut objects: Vec<Value> = (0..1000).map(|_| made["given"].clone()).collect();
    #[allow(clippy::disallowed_methods)]
    let start = std::time::Instant::now();
    objects.iter_mut().for_each(|object| updated(&schema, None, object, &by));
    let took = start.elapsed();
    eprintln!("{took:?}");
    // A debug build on a busy machine; a release build takes a twentieth.
    assert!(took.as_millis() < 2000, "{took:?}");
}
