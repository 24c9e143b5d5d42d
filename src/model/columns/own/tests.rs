use std::sync::Arc;

use jiff::Timestamp;
use serde_json::json;

use super::*;
use crate::model::columns::compare;
use crate::model::filter::Filter;
use crate::model::row::{DeploymentRow, PodRow, Row};
use crate::model::table::SortKey;
use crate::model::testing::{cluster, gateway_objects, istio_gateway};

fn path(id: &str, text: &str) -> Choice {
    let of = Of::Path(Path::parse(text).unwrap());
    Choice { own: Some(Own { title: None, of }), ..Choice::known(id) }
}

fn label(id: &str, key: &str) -> Choice {
    let of = Of::Label(key.to_owned());
    Choice { own: Some(Own { title: Some("ZONE".to_owned()), of }), ..Choice::known(id) }
}

fn pod(tier: serde_json::Value, zone: &str) -> Item {
    let object = json!({"metadata": {"name": "p", "labels": {"zone": zone}, "annotations": {"tier": tier}}});
    let paths = paths([(TableKind::Pods, &path("tier", "$.metadata.annotations.tier"))]);
    let row = PodRow::read(object.to_string().as_bytes(), &paths[&Kind::Pod]).unwrap();
    Item { cluster: "c".into(), stale: false, subject: Subject::Pod(Arc::new(row)), live: None, beside: None }
}

#[test]
fn own_columns_are_shown_sorted_and_filtered_as_those_of_egret() {
    let chosen = [path("tier", "$.metadata.annotations.tier"), label("zone", "zone"), Choice::known("name")];
    let columns = with_own(TableKind::Pods, &chosen);
    let now = Timestamp::UNIX_EPOCH;
    let column = |id: &str| columns.iter().find(|column| column.id == id).unwrap();
    assert_eq!((column("tier").title, column("zone").title), ("TIER", "ZONE"));
    assert_eq!(column("tier").about, "JSON path $.metadata.annotations.tier");
    let rows = [pod(json!("9"), "b"), pod(json!("10"), "a"), pod(json!("gold"), ""), pod(json!(null), "c")];
    let texts =
        |id: &str| rows.iter().map(|row| column(id).cell(row, now).text.into_owned()).collect::<Vec<_>>();
    assert_eq!(texts("tier"), ["9", "10", "gold", "–"]);
    assert_eq!(texts("zone"), ["b", "a", "–", "c"]);
    let keys: Vec<SortKey> = rows.iter().map(|row| column("tier").cell(row, now).sort).collect();
    assert!(keys.is_sorted_by(|a, b| compare(a, b, false).is_le()), "{keys:?}");
    for (text, wanted) in [
        ("tier:gold", [false, false, true, false]),
        ("tier:>9", [false, true, false, false]),
        ("zone:a", [false, true, false, false]),
        ("!zone:b tier:/^[0-9]+$/", [false, true, false, false]),
    ] {
        let filter = Filter::parse(text, columns).unwrap();
        assert_eq!(rows.each_ref().map(|row| filter.matches(row, columns, now)), wanted, "{text}");
    }
}

#[test]
fn the_same_columns_are_made_once_and_none_takes_the_place_of_one_of_egret() {
    let (a, b) = (label("a", "x"), path("b", "$.b"));
    let one = with_own(TableKind::Pods, [&a, &b]);
    assert!(std::ptr::eq(one, with_own(TableKind::Pods, [&b, &Choice::known("name"), &a])));
    assert!(std::ptr::eq(columns(TableKind::Pods), with_own(TableKind::Pods, [&Choice::known("name")])));
    assert!(std::ptr::eq(columns(TableKind::Pods), with_own(TableKind::Pods, [&label("name", "x")])));
    assert!(std::ptr::eq(columns(TableKind::Clusters), with_own(TableKind::Clusters, [&a])));
}

#[test]
fn a_row_that_is_asked_nothing_finds_nothing_and_pays_two_words() {
    let object = json!({"metadata": {"name": "p", "annotations": {"tier": "gold"}}}).to_string();
    let row = PodRow::read(object.as_bytes(), &[]).unwrap();
    assert_eq!(row.meta.found, crate::model::path::Found::default());
    assert_eq!(size_of_val(&row.meta.found), 2 * size_of::<usize>());
    let paths = [Path::parse("$.metadata.annotations.tier").unwrap()];
    let workload = DeploymentRow::read(object.as_bytes(), &paths).unwrap();
    assert_eq!(workload.0.meta.found.get("$.metadata.annotations.tier"), Some("gold"));
}

#[test]
fn a_path_of_a_gateway_is_evaluated_on_the_object_that_the_line_is_about() {
    let choice = path("kind-of", "$.metadata.name");
    let mut objects = vec![istio_gateway("managed", json!({"gatewayType": "egress"}))];
    objects.extend(gateway_objects("plain", 1));
    let snapshot = cluster("c", &objects);
    // Only what is asked for is found: rows of fixtures are asked nothing.
    let column = with_own(TableKind::Gateways, [&choice]).last().unwrap();
    for gateway in snapshot.gateways.iter() {
        let item = Item {
            cluster: "c".into(),
            stale: false,
            subject: Subject::Gateway(gateway.clone()),
            live: None,
            beside: None,
        };
        assert_eq!(column.cell(&item, Timestamp::UNIX_EPOCH).text, "–");
        let mut with = (**gateway).clone();
        let found = |name: &str| {
            let json = json!({"metadata": {"name": name}}).to_string();
            crate::model::path::Found::new(json.as_bytes(), &[Path::parse("$.metadata.name").unwrap()])
        };
        if let Some(cr) = &mut with.cr {
            Arc::make_mut(cr).meta.found = found("of the CR");
        }
        if let Some(workload) = &mut with.workload {
            Arc::make_mut(workload).meta.found = found("of the workload");
        }
        let is_managed = with.cr.is_some();
        let item = Item { subject: Subject::Gateway(Arc::new(with)), ..item };
        let text = column.cell(&item, Timestamp::UNIX_EPOCH).text;
        assert_eq!(text, if is_managed { "of the CR" } else { "of the workload" });
    }
    assert_eq!(snapshot.gateways.len(), 2);
}
