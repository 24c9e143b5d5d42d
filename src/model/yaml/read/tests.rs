use proptest::prelude::*;
use serde_json::json;

use super::*;

fn why(text: &str) -> (usize, usize, String) {
    let spot = read_one(text).unwrap_err();
    (spot.line, spot.column, spot.why)
}

#[test]
fn documents_are_read_one_by_one_and_one_that_cannot_be_read_costs_itself() {
    let text = "# first\na: 1\n---\nb: [\n---\nc: yes\n...\n---\n";
    let read = read_documents(text);
    assert_eq!(read[0], Ok(json!({"a": 1})));
    assert_eq!(read[1].as_ref().unwrap_err().line, 4);
    assert_eq!(read[2..], [Ok(json!({"c": true})), Ok(Value::Null)]);
    assert_eq!(read_documents("# nothing\n"), []);
    assert_eq!(read_one("---\na: 1\n---\n").unwrap(), json!({"a": 1}));
}

#[test]
fn what_is_wrong_is_told_with_its_line_and_column() {
    assert_eq!(why("a: 1\nb: 2\na: 3\n"), (3, 1, "`a` is there twice".to_owned()));
    assert_eq!(why("1: a\n\"1\": b\n"), (2, 1, "`1` is there twice".to_owned()));
    assert_eq!(why("a:\n  b: !!binary aGk=\n").0, 2);
    assert_eq!(why("a: .nan\n"), (1, 4, "`.nan` is no number in Kubernetes".to_owned()));
    assert_eq!(why("a: 1\n\tb: 2\n").2, "while scanning a plain scalar, found a tab");
    assert_eq!(why("? [a]\n: b\n").2, "a key must be a text");
    assert_eq!(why("~: b\n").2, "a key must be a text, and here is none");
    assert_eq!(why("1.10: b\n").2, "a key must be a text: put 1.1 in quotes");
    assert_eq!(why("").2, "there is nothing in it");
    assert_eq!(why("a: 1\n---\nb: 1\n").2, "these are 2 documents: one is wanted");
    let deep = format!("{}1", "- ".repeat(150));
    assert!(why(&deep).2.contains("nest"), "{}", why(&deep).2);
}

#[test]
fn aliases_and_merges_are_put_in_and_what_is_too_much_is_refused() {
    let text = "base: &b {x: 1, k: [2]}\nmore: &m {k: 3, z: 4}\none:\n  <<: *b\n  x: 5\nall:\n  <<: [*b, *m]\nlist: [*b]\n";
    let read = read_one(text).unwrap();
    assert_eq!(read["one"], json!({"x": 5, "k": [2]}));
    assert_eq!(read["all"], json!({"x": 1, "k": [2], "z": 4}));
    assert_eq!(read["list"], json!([{"x": 1, "k": [2]}]));
    assert_eq!(read_one("\"<<\": 1").unwrap(), json!({"<<": 1}));
    assert_eq!(why("b: &b {x: 1}\nc:\n  x: 2\n  <<: *b\n").2, "`<<` has `x` again: put `<<` first");
    assert_eq!(why("a: &a [*a]\n").2, "what this stands for contains itself");
    assert!(why("a: *nothing\n").2.contains("anchor"));
    let mut bomb = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n".to_owned();
    for n in 1..10 {
        let list = vec![format!("*a{}", n - 1); 10].join(", ");
        bomb.push_str(&format!("a{n}: &a{n} [{list}]\n"));
    }
    assert_eq!(why(&bomb).2, "the aliases stand for too much");
}

#[test]
fn texts_keep_every_character() {
    let text = "a: |\n  x\n   y\n\n  z\nb: >-\n  folded\n  text\nc: \"tab\\tnul\\u0001 \\u2028 é\"\nd: 'it''s'\ne: |+\n  keep\n\n";
    let expected = json!({
        "a": "x\n y\n\nz\n", "b": "folded text", "c": "tab\tnul\u{1} \u{2028} é", "d": "it's", "e": "keep\n\n",
    });
    assert_eq!(read_one(text).unwrap(), expected);
    assert_eq!(
        why("a: b\nc: x\u{2028}y\n"),
        (2, 4, "U+2028 is the end of a line here: write it as an escape in double quotes".to_owned())
    );
    assert_eq!(read_one("# \u{2028}\na: \"\\u2028\"\n").unwrap(), json!({"a": "\u{2028}"}));
    let tab = super::super::text(&json!({"a": "\tx\ny\n", "b": "x\n\ty\n"})).unwrap();
    assert_eq!(
        tab, "a: \"\\tx\\ny\\n\"\nb: |\n  x\n  \ty\n",
        "libyaml takes no tab for the first of a block"
    );
}

/// Any JSON value, its texts as hostile as they come.
fn hostile() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        prop::sample::select(vec![
            "yes",
            "y",
            "n",
            "0o17",
            "017",
            "1e3",
            "~",
            "",
            "null",
            "2001-01-01",
            "1_000",
            "0x1",
            ".nan",
            "<<",
            "=",
            "-",
            "- a",
            "? a",
            "a: b",
            "#c",
            " lead",
            "trail ",
            "a\nb",
            "a\n\nb\n",
            "\n",
            "\ta",
            "a\tb",
            "%x",
            "@x",
            "`",
            "!x",
            "&x",
            "*x",
            "|",
            ">",
            "{",
            "]",
            "\"",
            "'",
            "é\u{1f600}",
            "\u{85}",
            "\u{2028}",
            "\u{feff}",
            "\u{1}",
            "---",
            "...",
            "12:30:45",
            "1:20",
            "+1",
            "0b1",
            "1.",
            "Off",
            "a #b",
            "a:",
            ":a",
            "  a\nb",
            "\u{7f}",
            "\u{fffe}",
            "a\r\nb",
            "a\r",
        ])
        .prop_map(str::to_owned),
        "[ -~é\\n\\t]{0,12}",
        any::<String>(),
    ];
    let number = prop_oneof![any::<i64>().prop_map(Value::from), (-1e9..1e9).prop_map(Value::from)];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        number,
        text.clone().prop_map(Value::from)
    ];
    leaf.prop_recursive(3, 16, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(text.clone(), inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// With numbers as they come out of JSON in Go: whole ones as integers.
fn as_read(value: &Value) -> Value {
    match value {
        Value::Number(n) if n.is_f64() => plain(&n.to_string()).unwrap(),
        Value::Array(items) => items.iter().map(as_read).collect(),
        Value::Object(fields) => fields.iter().map(|(name, field)| (name.clone(), as_read(field))).collect(),
        other => other.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_is_printed_reads_back_as_it_was(value in hostile()) {
        let text = super::super::text(&value).unwrap();
        prop_assert_eq!(read_documents(&text), [Ok(as_read(&value))], "{}", text);
    }

    #[test]
    fn any_text_is_read_or_refused_in_a_sentence(text in "[ \\-:#|>'\"{}\\[\\],&*!%?a-c0-9\\n\\té]{0,60}") {
        for refused in read_documents(&text).into_iter().filter_map(Result::err) {
            prop_assert!(!refused.why.is_empty() && !refused.why.chars().any(char::is_control));
            prop_assert!(refused.line >= 1 && refused.line <= text.lines().count() + 1, "{:?}", refused);
        }
    }
}
