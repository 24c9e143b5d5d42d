use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;

use super::super::path::Step;
use super::super::testing::object;
use super::*;

fn deployment(replicas: i64, image: &str, ports: &[(&str, u16)]) -> Value {
    let ports: Vec<Value> = ports.iter().map(|(name, port)| json!({"name": name, "port": port})).collect();
    json!({"metadata": {"resourceVersion": image}, "spec": {"replicas": replicas, "image": image, "ports": ports}})
}

#[test]
fn changes_of_different_fields_go_together() {
    let before = deployment(1, "a", &[("http", 80)]);
    let mine = deployment(3, "a", &[("http", 80), ("mine", 1)]);
    let theirs = deployment(1, "b", &[("http", 81), ("theirs", 2)]);
    let merged = merge(&before, &mine, &theirs);
    assert_eq!(merged.value, deployment(3, "b", &[("http", 81), ("theirs", 2), ("mine", 1)]));
    assert_eq!(merged.clashes, []);
    let words = |all: &[Changed]| all.iter().map(Changed::in_words).collect::<Vec<_>>();
    assert_eq!(
        words(&merged.mine),
        ["spec.replicas: 1 → 3", "spec.ports[2] (mine): added {name: mine, port: 1}"]
    );
    assert_eq!(
        words(&merged.theirs),
        [
            "spec.image: a → b",
            "spec.ports[0].port: 80 → 81",
            "spec.ports[1] (theirs): added {name: theirs, port: 2}"
        ]
    );
}

#[test]
fn a_field_that_both_changed_is_a_clash_to_be_chosen() {
    let before = deployment(1, "a", &[("http", 80), ("tls", 443)]);
    let mine = deployment(3, "a", &[("tls", 443)]);
    let theirs = deployment(5, "a", &[("http", 81), ("tls", 444)]);
    let mut merged = merge(&before, &mine, &theirs);
    let clashes: Vec<_> = merged.clashes.iter().map(|c| (c.place.as_str(), c.path.to_string())).collect();
    assert_eq!(
        clashes,
        [("spec.replicas", "spec.replicas".to_owned()), ("spec.ports.http", "spec.ports[0]".to_owned())]
    );
    assert_eq!(merged.value, deployment(3, "a", &[("tls", 444)]));
    merged.choose(1, Side::Theirs);
    assert_eq!(merged.value, deployment(3, "a", &[("http", 81), ("tls", 444)]));
    merged.choose(0, Side::Theirs);
    assert_eq!(merged.value, theirs);
    assert_eq!(merged.mine, []);
    merged.choose(1, Side::Mine);
    merged.choose(7, Side::Mine);
    assert_eq!(merged.value, deployment(5, "a", &[("tls", 444)]));
}

#[test]
fn a_list_without_names_is_one_value() {
    let of = |items: &[&str]| json!({"args": items});
    let merged = merge(&of(&["a"]), &of(&["a", "m"]), &of(&["t", "a"]));
    assert_eq!(merged.value, of(&["a", "m"]));
    assert_eq!(merged.clashes[0].theirs, Some(json!(["t", "a"])));
}

#[test]
fn an_order_that_both_changed_is_a_clash_and_of_one_it_is_kept() {
    let of =
        |names: &str| json!({"l": names.chars().map(|n| json!({"name": n.to_string()})).collect::<Vec<_>>()});
    assert_eq!(merge(&of("abc"), &of("cab"), &of("abcd")).value, of("cdab"));
    assert_eq!(merge(&of("abc"), &of("abcm"), &of("cba")).value, of("cmba"));
    let merged = merge(&of("abc"), &of("cab"), &of("bca"));
    assert_eq!((merged.clashes.len(), merged.value), (1, of("cab")));
}

#[test]
fn what_the_server_makes_is_theirs() {
    let of = |version: &str, phase: &str, x: i32| json!({"metadata": {"resourceVersion": version, "managedFields": [phase]}, "status": {"phase": phase}, "x": x});
    let merged = merge(&of("1", "a", 1), &of("1", "mine", 2), &of("2", "b", 1));
    assert_eq!((merged.value, merged.clashes.len()), (of("2", "b", 2), 0));
    assert_eq!(merged.mine.len(), 1);
    assert_eq!(merged.theirs, []);
}

/// All leaves by their place, items by name.
fn leaves(value: &Value) -> BTreeMap<Path, Value> {
    let mut all = BTreeMap::new();
    walk(&Path::default(), value, &mut all);
    all
}

fn walk(at: &Path, value: &Value, all: &mut BTreeMap<Path, Value>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            fields.iter().for_each(|(name, field)| walk(&at.field(name), field, all));
        }
        Value::Array(items) if Key::of(&[items]).is_some() && at.0.last() == Some(&ports()) => {
            for item in items {
                walk(&at.field(item["name"].as_str().unwrap()), item, all);
            }
        }
        _ => {
            all.insert(at.clone(), value.clone());
        }
    }
}

fn ports() -> Step {
    Step::Field("ports".to_owned())
}

/// Whether a clash names a place: it is there, below, or above.
fn named(merged: &Merged, place: &Path) -> bool {
    merged.clashes.iter().any(|clash| {
        let clash: Path = clash.place.parse().unwrap();
        clash.is_below(place) || place.is_below(&clash)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_change_is_dropped_without_a_clash_that_names_it(b in object(), m in object(), t in object()) {
        let merged = merge(&b, &m, &t);
        let [before, mine, theirs, made] = [&b, &m, &t, &merged.value].map(leaves);
        for place in before.keys().chain(mine.keys()).chain(theirs.keys()) {
            let of = |leaves: &BTreeMap<Path, Value>| leaves.get(place).cloned();
            if is_server_made(place) || named(&merged, place) {
                continue;
            }
            if of(&mine) != of(&before) {
                // A field put into what was empty takes the place of the empty.
                prop_assert!(of(&made) == of(&mine) || of(&made).is_none(), "{} of mine", place);
            }
            if of(&theirs) != of(&before) {
                prop_assert!(of(&made) == of(&theirs) || of(&made).is_none(), "{} of theirs", place);
            }
        }
    }

    #[test]
    fn who_changed_nothing_gets_what_the_other_made(b in object(), other in object()) {
        let same = merge(&b, &b, &other);
        prop_assert_eq!((&same.value, same.clashes.len(), same.mine.len()), (&other, 0, 0));
        let same = merge(&b, &other, &b);
        prop_assert_eq!((same.value, same.clashes.len(), same.theirs.len()), (other, 0, 0));
    }

    #[test]
    fn both_sides_are_treated_alike(b in object(), m in object(), t in object()) {
        let (mut one, mut other) = (merge(&b, &m, &t), merge(&b, &t, &m));
        prop_assert_eq!(one.clashes.len(), other.clashes.len());
        for clash in &one.clashes {
            let twin = other.clashes.iter().find(|c| c.place == clash.place).unwrap();
            prop_assert_eq!((&clash.before, &clash.mine, &clash.theirs), (&twin.before, &twin.theirs, &twin.mine));
        }
        one.choose_all(Side::Theirs);
        other.choose_all(Side::Mine);
        prop_assert_eq!(leaves(&one.value), leaves(&other.value));
    }

    #[test]
    fn what_is_chosen_is_in_the_merged_object(b in object(), m in object(), t in object()) {
        let mut merged = merge(&b, &m, &t);
        for side in [Side::Theirs, Side::Mine] {
            merged.choose_all(side);
            for clash in &merged.clashes {
                let wanted = if side == Side::Mine { &clash.mine } else { &clash.theirs };
                if wanted.is_some() {
                    prop_assert_eq!(clash.path.get(&merged.value), wanted.as_ref());
                } else {
                    let place: Path = clash.place.parse().unwrap();
                    prop_assert!(leaves(&merged.value).keys().all(|leaf| !leaf.is_below(&place)));
                }
            }
        }
    }
}
