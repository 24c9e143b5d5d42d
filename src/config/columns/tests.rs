use super::*;
use crate::config::edit::{Change, edit};
use crate::config::{Vocabulary, parse, show};
use crate::model::columns;

const KNOWN: &Vocabulary = &Vocabulary {
    commands: None,
    key: |_| Ok(()),
    columns: Some(|table| columns::columns(table).iter().map(|column| column.id).collect()),
};

fn settings(text: &str) -> Settings {
    parse(text, KNOWN, Settings::default()).unwrap()
}

fn own(id: &str, of: Of) -> Choice {
    Choice { id: id.to_owned(), width: None, own: Some(Own { title: None, of }) }
}

const FILE: &str = r#"# mine
[columns]
# what I look at
pods = [
  "ready", # first
  { id = "name", width = 30 },
  { id = "zone", label = "topology.kubernetes.io/zone", title = "AZ" },
  { id = "tier", path = "$.metadata.annotations.tier", width = 12 },
]
"#;

fn wanted() -> Vec<Choice> {
    let zone = Of::Label("topology.kubernetes.io/zone".to_owned());
    vec![
        Choice::known("ready"),
        Choice { width: Some(30), ..Choice::known("name") },
        Choice { own: Some(Own { title: Some("AZ".to_owned()), of: zone }), ..Choice::known("zone") },
        Choice {
            width: Some(12),
            ..own("tier", Of::Path(Path::parse("$.metadata.annotations.tier").unwrap()))
        },
    ]
}

#[test]
fn columns_are_ids_or_tables_and_what_is_shown_of_them_reads_back_the_same() {
    let read = settings(FILE);
    assert_eq!(read.columns[&TableKind::Pods].value, wanted());
    let context = "[[context]]\nmatch = 'prod-*'\ncolumns = { services = ['name', { id = 'x', path = '{.spec.x}' }] }\n";
    let read = settings(&format!("{FILE}{context}"));
    let x = own("x", Of::Path(Path::parse("{.spec.x}").unwrap()));
    assert_eq!(read.rules[0].columns[&TableKind::Services], [Choice::known("name"), x]);
    let again = settings(&show(&read));
    assert_eq!(again.column_choices(), read.column_choices(), "{}", show(&read));
}

#[test]
fn what_is_wrong_is_told_with_line_key_and_what_is_allowed() {
    let over = "a column is of a `label` or of a `path`, not of both";
    for (list, line, wanted) in [
        ("'name', 'nam'", 2, "unknown column `nam`; did you mean `name`?"),
        ("'name', 'name'", 2, "column `name` is there twice"),
        (
            "'name',\n 3",
            3,
            "expected ids of columns, or tables such as { id = \"name\", width = 30 }, found an integer",
        ),
        ("", 2, "at least one column is needed"),
        ("{ label = 'x' }", 2, "a column needs `id`"),
        ("{ id = 'x' }", 2, "unknown column `x`"),
        ("{ id = 'name', label = 'x' }", 2, "`name` is a column of egret: give your own another id"),
        (
            "{ id = 'My', label = 'x' }",
            2,
            "`My` is no id; allowed: up to 40 lower case letters, digits and `-`",
        ),
        ("{ id = 'x', label = 'x', path = '$.a' }", 2, over),
        (
            "'name',\n 'ready',\n { id = 'x', path = '$.a[' }",
            4,
            "`$.a[` is no JSON path; allowed: `$.spec.nodeName`",
        ),
        ("{ id = 'x', label = '' }", 2, "an empty text says nothing"),
        ("{ id = 'x', label = 3 }", 2, "expected a string, found an integer"),
        ("{ id = 'name', width = 0 }", 2, "expected a number of cells from 1 to 200"),
        ("{ id = 'name', width = 201 }", 2, "expected a number of cells from 1 to 200"),
        ("{ id = 'name', width = 'wide' }", 2, "expected a number of cells from 1 to 200"),
        ("{ id = 'name', title = 'N' }", 2, "`title` is for columns of a `label` or a `path`"),
        ("{ id = 'name', wdth = 3 }", 2, "unknown key of a column `wdth`; did you mean `width`?"),
    ] {
        let text = format!("[columns]\npods = [{list}]\n");
        let problems = parse(&text, KNOWN, Settings::default()).unwrap_err();
        assert_eq!(problems[0].line, Some(line), "{text}: {problems:?}");
        assert!(problems[0].message.contains(wanted), "{text}: {problems:?}");
        let rule = format!("[[context]]\nmatch = 'a'\ncolumns = {{ pods = [{list}] }}\n");
        let problems = parse(&rule, KNOWN, Settings::default()).unwrap_err();
        assert_eq!(problems[0].line, Some(line + 1), "{rule}: {problems:?}");
        assert!(problems[0].message.contains(wanted), "{rule}: {problems:?}");
    }
    let clusters = parse("[columns]\nclusters = [{ id = 'x', label = 'y' }]", KNOWN, Settings::default());
    let why = &clusters.unwrap_err()[0].message;
    assert!(why.starts_with("`columns.clusters`: `x`: a line of clusters is no object"), "{why}");
}

#[test]
fn the_last_rule_that_matches_every_cluster_and_names_the_table_decides() {
    let columns = settings(
        "[columns]\npods = ['name']\nservices = ['name']\n\
         [[context]]\nmatch = '*'\ncolumns = { gateways = ['name'] }\n\
         [[context]]\nmatch = 'prod-*'\ncolumns = { pods = ['name', 'ready'] }\n\
         [[context]]\nmatch = 'prod-eu'\ncolumns = { pods = ['name', 'node'] }\n\
         [[context]]\nmatch = 'prod-eu'\nread-only = true\n",
    )
    .column_choices();
    use TableKind as T;
    for (table, contexts, ids, said) in [
        (T::Pods, vec!["dev"], vec!["name"], Said::Everywhere),
        (T::Pods, vec!["prod-us"], vec!["name", "ready"], Said::Context("prod-*")),
        (T::Pods, vec!["prod-us", "prod-eu"], vec!["name", "ready"], Said::Context("prod-*")),
        (T::Pods, vec!["prod-eu"], vec!["name", "node"], Said::Context("prod-eu")),
        (T::Pods, vec!["prod-eu", "dev"], vec!["name"], Said::Everywhere),
        (T::Pods, vec![], vec!["name"], Said::Everywhere),
        (T::Services, vec!["prod-eu"], vec!["name"], Said::Everywhere),
        (T::Gateways, vec!["dev", "prod-eu"], vec!["name"], Said::Context("*")),
        (T::Clusters, vec!["prod-eu"], vec![], Said::Nowhere),
    ] {
        let (chosen, by) = columns.of(table, &contexts);
        let chosen: Vec<&str> = chosen.into_iter().flatten().map(|choice| choice.id.as_str()).collect();
        assert_eq!((chosen, by), (ids, said), "{table} of {contexts:?}");
    }
}

#[test]
fn paths_are_asked_of_the_kinds_that_a_table_shows_and_labels_of_none() {
    let paths = settings(
        "[columns]\npods = ['name', { id = 'l', label = 'x' }, { id = 'b', path = '$.b' }, { id = 'a', path = '$.a' }]\n\
         [[context]]\nmatch = 'x'\ncolumns = { gateways = [{ id = 'a', path = '$.a' }], pods = [{ id = 'c', path = '$.a' }] }\n",
    )
    .paths();
    let told: Vec<(String, Vec<&str>)> =
        paths.iter().map(|(kind, all)| (kind.to_string(), all.iter().map(Path::text).collect())).collect();
    let mut wanted = vec![("Pod", vec!["$.a", "$.b"])];
    wanted.extend(["IstioGateway", "Gateway", "Deployment", "DaemonSet"].map(|kind| (kind, vec!["$.a"])));
    wanted.sort();
    let mut told: Vec<(&str, Vec<&str>)> =
        told.iter().map(|(kind, all)| (kind.as_str(), all.clone())).collect();
    told.sort();
    assert_eq!(told, wanted);
}

#[test]
fn what_is_saved_keeps_the_comments_and_reads_back() {
    let mut chosen = wanted();
    chosen.swap(0, 1);
    chosen.push(Choice::known("node"));
    let after = edit(FILE, &[Change::set_in("columns", "pods", list(&chosen))], KNOWN).unwrap();
    assert!(after.starts_with("# mine\n[columns]\n# what I look at\npods = ["), "{after}");
    assert!(after.contains("# first"), "{after}");
    assert_eq!(settings(&after).columns[&TableKind::Pods].value, chosen, "{after}");

    let file = "[[context]]\nmatch = 'prod-*' # all\nread-only = true\n";
    let all = Chosen::from([(TableKind::Pods, wanted())]);
    let saved = edit(file, &[Change::set_for_context("prod-*", "columns", table(&all))], KNOWN).unwrap();
    assert!(saved.starts_with(file), "{saved}");
    assert_eq!(settings(&saved).rules[0].columns, all, "{saved}");
    assert_eq!(edit(&saved, &[Change::reset_for_context("prod-*", "columns")], KNOWN).unwrap(), file);
}
