//! One table of cases against the simulated API server and the real one: they answer alike, or it is a named
//! exception.
//!
//! Each case runs in a namespace of its own on each server and writes down what was asked and answered. The two
//! transcripts are compared after uids, versions, times and generated names are taken out. What matters most the
//! cases assert themselves, so that two servers that are wrong alike fail too.
//!
//! `EGRET_TEST_CASE=TEXT` runs only the cases in whose name the text is; `EGRET_TEST_TRANSCRIPTS=DIR` writes the
//! transcripts down as files.

mod answer;
mod ask;
mod cases;
mod compare;
mod exceptions;
mod faults;
mod inside;
mod normal;
mod run;
mod schema;
mod server;
mod table;
mod watch;

#[test]
fn the_readme_says_which_cases_hold_the_simulator_to_the_real_server() {
    let rows = cases::TOPICS
        .iter()
        .map(|(topic, about, cases)| [format!("`{topic}`"), (*about).to_owned(), cases.len().to_string()]);
    let all: usize = cases::TOPICS.iter().map(|(_, _, cases)| cases.len()).sum();
    assert!(all >= 80, "{all} cases are too few");
    let sum = ["".to_owned(), "together".to_owned(), all.to_string()];
    let table = crate::readme::table(["Topic", "What it is about", "Cases"], rows.chain([sum]));
    crate::readme::section("conformance", &table);
}
