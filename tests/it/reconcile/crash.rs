//! Every crash point, not some: each scenario is run once to count its requests, and then once more for each request and
//! each thing that can happen to it. The end is the same every time.

use std::fmt::Write as _;

use egret::reconcile::pass;
use strum::IntoEnumIterator as _;

use super::scenarios::{EDITS, LIVES, Scenario, two};
use super::stage::{HOME, NAMESPACE, Stage};
use super::transitions::end;
use super::trouble::{Trouble, What};

/// What a run ended in.
struct Run {
    picture: String,
    requests: u64,
    replicas: Vec<i64>,
    writes: Vec<String>,
    reads: Vec<u64>,
    pods: Vec<String>,
}

/// The pods of the gateway in all clusters.
fn pods(stage: &Stage) -> Vec<String> {
    let each = stage.world.names().into_iter().map(|cluster| stage.pods(cluster, "istio=out"));
    each.flatten().collect()
}

/// Goes on from a stage with trouble at one request, then with a new controller that has none.
async fn run(stage: &Stage, trouble: &Trouble, what: Option<What>) -> Run {
    let keeper = stage.keeper(trouble).await;
    let passes = async {
        for _ in 0..12 {
            stage.advance();
            let report = pass(&keeper, NAMESPACE, "out").await;
            if report.all_writes() == 0 && !report.again() {
                return;
            }
        }
    };
    if what.is_some_and(What::kills) {
        tokio::select! {
            biased;
            () = trouble.death() => {}
            () = passes => {}
        }
    } else {
        passes.await;
    }
    let requests = trouble.requests();
    let fresh = Trouble::none();
    stage.settle(&stage.keeper(&fresh).await, "out").await;
    let replicas = [trouble.replicas(), fresh.replicas()].concat();
    let (writes, reads) = (trouble.writes(), trouble.reads());
    Run { picture: stage.picture(), requests, replicas, writes, reads, pods: pods(stage) }
}

/// Runs a scenario with every trouble at every request. Returns how many runs that were, and what went wrong.
async fn every_point(scenario: &Scenario) -> (u64, String) {
    let stage = Stage::new(scenario.others);
    let seen = Trouble::none();
    if let Some(before) = scenario.before {
        stage.put("out", &before());
        stage.settled("out").await;
    }
    (scenario.prepare)(&stage);
    stage.settle(&stage.keeper(&seen).await, "out").await;
    let kept = pods(&stage);
    (scenario.change)(&stage);
    let reference = run(&stage.copied(), &Trouble::none(), None).await;
    let (mut runs, mut wrong) = (1, String::new());
    assert!(
        reference.replicas.iter().all(|n| *n >= scenario.least),
        "{}: {:?}",
        scenario.name,
        reference.replicas
    );
    let keeps = |run: &Run| !scenario.keeps || run.pods == kept;
    assert!(keeps(&reference), "{}: {kept:?} became {:?}", scenario.name, reference.pods);
    for number in 1..=reference.requests {
        let is_read = reference.reads.contains(&number);
        for what in What::iter().filter(|what| what.can_happen_to(is_read)) {
            let run = run(&stage.copied(), &Trouble::at(number, what, &seen), Some(what)).await;
            runs += 1;
            if run.picture != reference.picture {
                let difference = difference(&reference.picture, &run.picture);
                let _ = writeln!(
                    wrong,
                    "{}, {what:?} at {number}: {difference}\n{:?}",
                    scenario.name, run.writes
                );
            }
            if !keeps(&run) {
                let _ = writeln!(wrong, "{}, {what:?} at {number}: pods were restarted", scenario.name);
            }
            if run.replicas.iter().any(|n| *n < scenario.least) {
                let _ =
                    writeln!(wrong, "{}, {what:?} at {number}: replicas {:?}", scenario.name, run.replicas);
            }
        }
    }
    (runs, wrong)
}

/// The lines that only one of two texts has.
pub(super) fn difference(a: &str, b: &str) -> String {
    let diff = similar::TextDiff::from_lines(a, b);
    diff.unified_diff().context_radius(1).to_string()
}

#[allow(clippy::print_stdout, reason = "how many runs there were is part of the result")]
fn all(scenarios: &[Scenario], part: usize, of: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (mut runs, mut wrong) = (0, String::new());
    // `EGRET_SCENARIO=adopted cargo test … -- crash --nocapture` runs those alone whose names have the word.
    let only = std::env::var("EGRET_SCENARIO").unwrap_or_default();
    for scenario in scenarios.iter().skip(part).step_by(of).filter(|s| s.name.contains(&only)) {
        let (more, told) = runtime.block_on(every_point(scenario));
        println!("{}: {more} runs", scenario.name);
        runs += more;
        wrong.push_str(&told);
    }
    println!("{runs} runs");
    assert!(wrong.is_empty(), "of {runs} runs these ended otherwise:\n{wrong}");
}

#[test]
fn whatever_happens_at_any_request_of_a_gateways_life_the_end_is_the_same_first_half() {
    all(LIVES, 0, 2);
}

#[test]
fn whatever_happens_at_any_request_of_a_gateways_life_the_end_is_the_same_second_half() {
    all(LIVES, 1, 2);
}

#[test]
fn whatever_happens_at_any_request_of_an_edit_the_end_is_the_same_first_half() {
    all(EDITS, 0, 2);
}

#[test]
fn whatever_happens_at_any_request_of_an_edit_the_end_is_the_same_second_half() {
    all(EDITS, 1, 2);
}

/// Two edits in a row end as they do when each is brought about before the next comes, though nobody saw the state
/// between them.
#[test]
#[allow(clippy::print_stdout, reason = "how many pairs there were is part of the result")]
fn of_two_quick_changes_the_state_between_need_not_be_seen() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let before = two();
    // What is gone cannot be changed by hand.
    let is_edit =
        |e: &&Scenario| e.before.is_some_and(|b| b() == before) && e.name != "an object deleted by hand";
    let edits: Vec<&Scenario> = EDITS.iter().filter(is_edit).collect();
    let settled = |stage: &Stage| drop(runtime.block_on(stage.settled("out")));
    let begin = Stage::new(&[]);
    begin.put("out", &before);
    settled(&begin);
    let (mut pairs, mut wrong) = (0, String::new());
    for first in &edits {
        let quick = begin.copied();
        (first.prepare)(&quick);
        (first.change)(&quick);
        let slow = quick.copied();
        settled(&slow);
        for second in &edits {
            let (quick, slow) = (quick.copied(), slow.copied());
            for stage in [&quick, &slow] {
                (second.prepare)(stage);
                (second.change)(stage);
                settled(stage);
            }
            pairs += 1;
            // Replicas that nobody asks for any more are those of the way: what was never seen was never made.
            let [quick, slow] = [quick, slow].map(|stage| end(&stage, &stage.gateway("out").unwrap()));
            if quick != slow {
                let difference = difference(&slow, &quick);
                let _ = writeln!(wrong, "{}, then {}: {difference}", first.name, second.name);
            }
        }
    }
    println!("{pairs} pairs");
    assert!(wrong.is_empty(), "of {pairs} pairs these ended otherwise:\n{wrong}");
}

#[test]
fn a_gateway_that_is_deleted_and_made_again_before_anybody_looks_is_made_anew() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for others in [&[][..], &["far"]] {
        let mut spec = two();
        if !others.is_empty() {
            spec["clusterIds"] = serde_json::json!([HOME]);
        }
        let (again, fresh) = (Stage::new(others), Stage::new(others));
        again.put("out", &spec);
        runtime.block_on(again.settled("out"));
        let before = pods(&again);
        again.delete("out");
        for stage in [&again, &fresh] {
            stage.put("out", &spec);
            runtime.block_on(stage.settled("out"));
        }
        assert_eq!(again.picture(), fresh.picture());
        let after = pods(&again);
        assert!(after.len() == 2 && after.iter().all(|pod| !before.contains(pod)), "{before:?} {after:?}");
    }
}
