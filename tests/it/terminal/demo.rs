//! `egret demo` as somebody starts it.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::support::session::egret;

/// A kubeconfig that must not be looked at.
const NONE: &str = "/nowhere/kubeconfig";

#[test]
fn one_command_shows_gateways_in_every_state_and_what_to_press() {
    let session = egret(Path::new(NONE), "demo").size(80, 24).go();
    session.sees("egret demo › gateways").sees("4/5 clusters").sees("frankfurt").sees("T tour");
    for state in ["Running", "Error", "Pending", "Progressing", "Deleting"] {
        session.sees(state);
    }
    session.keys("T").sees("tour 1/32").keys("T").sees("T tour");
}

#[test]
fn not_a_byte_is_written_while_the_time_of_the_demo_stands() {
    let session = egret(Path::new(NONE), "demo --speed 0").go();
    session.sees("4/5 clusters").sees("✕ 1");
    // The unreachable cluster is tried again meanwhile: that, too, changes nothing here.
    while !session.bytes_within(Duration::from_secs(2)).is_empty() {}
    let written = session.bytes_within(Duration::from_secs(5));
    assert_eq!(String::from_utf8_lossy(&written), "");
}

#[test]
fn clusters_of_ones_own_config_are_not_looked_for_in_the_demo_and_no_file_is_written() {
    let session = egret(Path::new(NONE), "demo")
        .env("EGRET_CONTEXTS", "prod-eu")
        .env("EGRET_NAMESPACES", "elsewhere")
        .env("NO_COLOR", "1")
        .go();
    session.sees("4/5 clusters").sees("in istio-system").sees("egress-pci").keys("q");
    let left: Vec<_> = fs::read_dir(session.home()).unwrap().map(|e| e.unwrap().path()).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_cluster_of_the_demo_can_be_chosen_by_a_flag() {
    let session = egret(Path::new(NONE), "demo --context audit").go();
    session.sees("1/1 clusters").sees("egress-pci").sees_not("frankfurt");
}
