use super::*;
use crate::config::SAMPLE;

fn edited(text: &str, changes: &[Change]) -> String {
    edit(text, changes, &Vocabulary::ANY).unwrap()
}

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}

const FILE: &str = "\
# The night shift's.

theme   =   'nord'   # dark
mouse = true

[keys]   # mine
quit = [\"q\",
  # for the old terminal
  \"f10\",
]

[columns]
pods = [ 'name' ]

[[context]]
match = \"prod-*\"   # all of them
read-only = true
";

#[test]
fn what_is_not_asked_for_stays_byte_for_byte() {
    let cases: &[(Change, &str, &str)] = &[
        (Change::set("theme", "light"), "'nord'", "'light'"),
        (Change::set("mouse", false), "mouse = true\n", "mouse = false\n"),
        (Change::set("bell", true), "mouse = true\n", "mouse = true\nbell = true\n"),
        (Change::reset("mouse"), "mouse = true\n", ""),
        (Change::set_in("columns", "pods", words(&["name", "node"])), "[ 'name' ]", "[\"name\", \"node\"]"),
        (
            Change::set_in("columns", "gateways", words(&["name"])),
            "[ 'name' ]\n",
            "[ 'name' ]\ngateways = [\"name\"]\n",
        ),
        (Change::reset_in("columns", "pods"), "pods = [ 'name' ]\n", ""),
        (Change::set_in("keys", "quit", words(&["q", "f10", "Q"])), "  \"f10\",\n", "  \"f10\",\n  \"Q\",\n"),
        (Change::set_in("keys", "help", "f1"), "]\n\n[columns]", "]\nhelp = \"f1\"\n\n[columns]"),
        (Change::set_for_context("prod-*", "read-only", false), "read-only = true\n", "read-only = false\n"),
        (
            Change::set_for_context("prod-*", "production", true),
            "read-only = true\n",
            "read-only = true\nproduction = true\n",
        ),
        (
            Change::set_for_context("stage", "read-only", true),
            "read-only = true\n",
            "read-only = true\n\n[[context]]\nmatch = \"stage\"\nread-only = true\n",
        ),
    ];
    for (change, before, after) in cases {
        assert_eq!(FILE.matches(before).count(), 1, "{before}");
        assert_eq!(edited(FILE, std::slice::from_ref(change)), FILE.replace(before, after), "{change:?}");
    }
}

#[test]
fn what_is_as_it_should_be_already_is_not_written_anew() {
    assert_eq!(edited(FILE, &[Change::set("theme", "nord"), Change::reset("bell")]), FILE);
}

#[test]
fn lines_end_as_they_did() {
    let text = "theme = \"nord\"\r\n\r\n[columns]\r\npods = [\"name\"]\r\n";
    let wanted = "theme = \"light\"\r\nmouse = true\r\n\r\n[columns]\r\npods = [\"name\"]\r\n";
    assert_eq!(edited(text, &[Change::set("theme", "light"), Change::set("mouse", true)]), wanted);
}

#[test]
fn the_sample_is_changed_below_the_line_that_is_commented_out() {
    let after =
        edited(SAMPLE, &[Change::set("theme", "nord"), Change::set_in("columns", "pods", words(&["name"]))]);
    let wanted = SAMPLE.replace("#theme = \"auto\"\n", "#theme = \"auto\"\ntheme = \"nord\"\n");
    let wanted = wanted.replace("#[columns]\n", "#[columns]\n[columns]\npods = [\"name\"]\n");
    assert_eq!(after, wanted);
}

#[test]
fn a_plain_setting_never_falls_into_a_table_and_no_table_swallows_what_follows() {
    // A line that is commented out within a table is no place for a plain setting.
    let text = "# Mine.\n\n[keys]\nquit = 'q'\n#theme = 'x'\n";
    assert_eq!(
        edited(text, &[Change::set("theme", "nord")]),
        "# Mine.\n\ntheme = \"nord\"\n\n[keys]\nquit = 'q'\n#theme = 'x'\n"
    );
    let text = "#[columns]\n\ntheme = 'a'\n";
    let after = edited(text, &[Change::set_in("columns", "pods", words(&["name"]))]);
    assert_eq!(after, "#[columns]\n\ntheme = 'a'\n\n[columns]\npods = [\"name\"]\n");
}

#[test]
fn a_file_that_is_not_there_yet_and_tables_on_one_line_take_changes_too() {
    assert_eq!(edited("", &[Change::set("theme", "nord")]), "theme = \"nord\"\n");
    let columns = Change::set_in("columns", "pods", words(&["name"]));
    assert_eq!(
        edited("columns = { gateways = ['name'] }\n", std::slice::from_ref(&columns)),
        "columns = { gateways = ['name'], pods = [\"name\"] }\n"
    );
    assert_eq!(
        edited("columns.gateways = ['name']\n", &[columns]),
        "columns.gateways = ['name']\ncolumns.pods = [\"name\"]\n"
    );
    let text = "context = [{ match = 'a' }]\n";
    let after = edited(text, &[Change::set_for_context("a", "production", true)]);
    assert!(parse(&after, &Vocabulary::ANY, Settings::default()).unwrap().production_in("a"), "{after}");
}

#[test]
fn a_broken_file_is_left_alone_and_so_is_one_that_a_change_would_break() {
    let broken = edit("theme = 1\n", &[Change::set("mouse", true)], &Vocabulary::ANY).unwrap_err();
    assert_eq!(broken[0].in_file("f").to_string(), "f:1: `theme`: expected a string, found an integer");
    let would = edit("mouse = true\n", &[Change::set("color", "pink")], &Vocabulary::ANY).unwrap_err();
    assert!(would[0].message.starts_with("`color`: unknown value `pink`"), "{would:?}");
    let none: Vec<String> = Vec::new();
    assert!(edit("", &[Change::set_in("columns", "pods", none)], &Vocabulary::ANY).is_err());
}

#[test]
fn a_setting_that_has_moved_is_moved_before_it_is_changed() {
    let text = "[thresholds]\nbell = false # hush\n";
    assert_eq!(edited(text, &[Change::set("bell", true)]), "bell = true # hush\n[thresholds]\n");
}
