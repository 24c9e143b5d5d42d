//! What `get` prints, complains about and ends with.

use std::collections::BTreeMap;

use super::*;
use crate::model::row::{PodRow, RowMeta};

fn moment() -> Timestamp {
    "2026-05-01T12:00:00Z".parse().unwrap()
}

fn get(what: TableKind) -> Get {
    Get { what, name: None, output: Output::Name, filter: None, sort: None }
}

fn cluster(name: &str, pods: &[&str]) -> Snapshot {
    let row = |name: &&str| {
        let meta = RowMeta { namespace: "istio-system".into(), name: (*name).into(), ..RowMeta::default() };
        Arc::new(PodRow { meta, ..PodRow::default() })
    };
    let mut snapshot = Snapshot::connecting(name.into(), moment());
    snapshot.link = Link::Ready;
    snapshot.facts.namespaces = Box::new(["istio-system".into()]);
    snapshot.kinds = BTreeMap::from([(Kind::Pod, KindState::Ready)]);
    snapshot.pods = pods.iter().map(row).collect();
    snapshot
}

fn refused(summary: &str, hint: &str) -> Fault {
    Fault::new(Reason::Unreachable, summary, hint)
}

/// What was printed, what was complained about, and how it ended.
fn printed(get: &Get, snapshots: Vec<Snapshot>) -> (String, String, Outcome) {
    let snapshots: Vec<Arc<Snapshot>> = snapshots.into_iter().map(Arc::new).collect();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut streams = Streams { out: &mut out, err: &mut err };
    let plan = Plan::new(get, &Settings::default(), &[]).unwrap();
    let outcome = plan.print(&snapshots, moment(), &mut streams).unwrap();
    (String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap(), outcome)
}

#[test]
fn lines_of_all_clusters_stand_in_one_list_sorted_by_cluster_and_name() {
    let (out, err, outcome) =
        printed(&get(TableKind::Pods), vec![cluster("b", &["x"]), cluster("a", &["z", "y"])]);
    assert_eq!(out, "a/istio-system/y\na/istio-system/z\nb/istio-system/x\n");
    assert_eq!((err.as_str(), outcome), ("", Outcome::Done));
}

#[test]
fn a_cluster_that_cannot_be_reached_costs_the_exit_code_and_no_line_of_the_others() {
    let mut down = cluster("b", &[]);
    down.link = Link::Unreachable {
        fault: refused("connection refused by 10.0.0.1", "is it running?"),
        next_try: None,
    };
    let (out, err, outcome) = printed(&get(TableKind::Pods), vec![cluster("a", &["x"]), down]);
    assert_eq!(out, "a/istio-system/x\n");
    assert_eq!(err, "egret: cluster b: connection refused by 10.0.0.1\n  is it running?\n");
    assert_eq!(outcome, Outcome::Failed);
}

#[test]
fn a_denied_kind_is_told_and_fails_only_when_lines_may_be_missing_for_it() {
    let cases = [
        (TableKind::Pods, Kind::Pod, Outcome::Failed),
        (TableKind::Gateways, Kind::Deployment, Outcome::Failed),
        (TableKind::Gateways, Kind::PodDisruptionBudget, Outcome::Done),
    ];
    for (table, kind, wanted) in cases {
        let mut narrow = cluster("a", &["x"]);
        narrow.kinds.insert(kind, KindState::Denied(refused("may not list it", "")));
        let (_, err, outcome) = printed(&get(table), vec![narrow]);
        assert_eq!((err.as_str(), outcome), ("egret: cluster a: may not list it\n", wanted), "{kind}");
    }
}

#[test]
fn what_a_table_does_not_need_is_not_complained_about() {
    let mut narrow = cluster("a", &["x"]);
    narrow.kinds.insert(Kind::Service, KindState::Denied(refused("may not list it", "")));
    let (_, err, outcome) = printed(&get(TableKind::Pods), vec![narrow]);
    assert_eq!((err.as_str(), outcome), ("", Outcome::Done));
}

#[test]
fn one_that_is_not_there_is_told_with_where_was_looked() {
    let asked = Get { name: Some("y".into()), ..get(TableKind::Pods) };
    let (out, err, outcome) = printed(&asked, vec![cluster("a", &["x"]), cluster("b", &[])]);
    assert_eq!(out, "");
    assert_eq!(err, "egret: no pod named y in namespace istio-system of clusters a, b\n");
    assert_eq!(outcome, Outcome::Failed);
}

#[test]
fn one_that_is_there_is_printed_alone() {
    let asked = Get { name: Some("y".into()), ..get(TableKind::Pods) };
    let (out, err, outcome) = printed(&asked, vec![cluster("a", &["x", "y"])]);
    assert_eq!((out.as_str(), err.as_str(), outcome), ("a/istio-system/y\n", "", Outcome::Done));
}

#[test]
fn an_empty_table_says_so_to_a_person_and_nothing_to_a_program() {
    let table = Get { output: Output::Table, ..get(TableKind::Pods) };
    let (out, err, outcome) = printed(&table, vec![cluster("a", &[])]);
    assert_eq!((out.as_str(), outcome), ("", Outcome::Done));
    assert_eq!(err, "egret: no pods in namespace istio-system of cluster a\n");
    let json = Get { output: Output::Json, ..get(TableKind::Pods) };
    assert_eq!(printed(&json, vec![cluster("a", &[])]), ("[]\n".into(), String::new(), Outcome::Done));
}

#[test]
fn an_unknown_column_or_order_is_refused_before_any_cluster_is_asked() {
    for (sort, wanted) in [
        ("nmae", "--sort: unknown column `nmae`"),
        ("name:up", "--sort: unknown order `up`; allowed: asc, desc"),
    ] {
        let asked = Get { sort: Some(sort.into()), ..get(TableKind::Pods) };
        let said = Plan::new(&asked, &Settings::default(), &[]).unwrap_err();
        assert!(said.starts_with(wanted), "{said}");
    }
}
