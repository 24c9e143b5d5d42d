use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const TEXT: &str = "\
apiVersion: v1
kind: Service
metadata:
  name: x # why
  annotations:
    \"a/b.c\": 'd'
    text: |
      not: a key

      - neither
spec:
  ports:
  - name: http
    port: 80
  - name: tls
    targets: [1, {a: b, c: 3}]
  limits: {cpu: 2, memory: \"4G\"}
  args:
    - one
    - >
      two
---
kind: Pod
spec:
  nodes:
    - - 1
      - 2
";

fn at(text: &str, line: usize, column: usize) -> String {
    Outline::of(text).path_at(line, column).1.to_string()
}

#[test]
fn the_path_of_a_place_is_that_of_its_key_or_value() {
    let cases = [
        (0, 0, "apiVersion"),
        (0, 13, "apiVersion"),
        (3, 3, "metadata.name"),
        (3, 12, "metadata.name"),
        (5, 6, "metadata.annotations[\"a/b.c\"]"),
        (7, 8, "metadata.annotations.text"),
        (8, 0, "metadata.annotations.text"),
        (9, 9, "metadata.annotations.text"),
        (12, 2, "spec.ports[0]"),
        (12, 5, "spec.ports[0].name"),
        (13, 6, "spec.ports[0].port"),
        (14, 10, "spec.ports[1].name"),
        (15, 14, "spec.ports[1].targets[0]"),
        (15, 18, "spec.ports[1].targets[1].a"),
        (15, 25, "spec.ports[1].targets[1].c"),
        (16, 4, "spec.limits"),
        (16, 12, "spec.limits.cpu"),
        (16, 20, "spec.limits.memory"),
        (16, 34, "spec.limits"),
        (18, 7, "spec.args[0]"),
        (20, 7, "spec.args[1]"),
        (21, 0, ""),
        (22, 2, "kind"),
        (25, 9, "spec.nodes[0][0]"),
        (26, 9, "spec.nodes[0][1]"),
    ];
    for (line, column, path) in cases {
        assert_eq!(at(TEXT, line, column), path, "{line}:{column}");
    }
    let outline = Outline::of(TEXT);
    assert_eq!((outline.document_at(20), outline.document_at(21), outline.document_at(99)), (0, 1, 1));
}

#[test]
fn on_a_fresh_line_it_is_what_a_key_there_would_be_put_into() {
    let text = "spec:\n  a:\n    b: 1\n    \n  \n\n  items:\n  - name: x\n    \n  \n  new:\n    ";
    for (line, column, path) in [
        (3, 4, "spec.a"),
        (3, 2, "spec"),
        (3, 6, "spec.a"),
        (4, 2, "spec"),
        (5, 0, ""),
        (8, 4, "spec.items[0]"),
        (9, 2, "spec"),
        (11, 4, "spec.new"),
    ] {
        assert_eq!(at(text, line, column), path, "{line}:{column}");
    }
    // A key that is being typed.
    assert_eq!(at("spec:\n  replicas: 1\n  ima", 2, 5), "spec");
    assert_eq!(at("spec:\n  rep", 1, 5), "spec");
    assert_eq!(at("ports:\n- na", 1, 4), "ports[0]");
    assert_eq!(at("", 0, 0), "");
}

#[test]
fn what_does_not_parse_has_an_outline() {
    let text = "spec:\n  a: [1, {b: \n  c: \"open\n  d: 1\n";
    assert_eq!(at(text, 1, 3), "spec.a");
    assert_eq!(at(text, 1, 11), "spec.a[1].b");
    assert_eq!(at("a:\n\tb: 1\nc: 2", 1, 1), "a.b");
    assert_eq!(at("a: 1\r\nb:\r\n  c: 2\r\n", 2, 3), "b.c");
    assert_eq!(at("a:\n    b: 1\n  c: 2\n", 2, 3), "a.c");
    assert_eq!(at("k: \"one\n  two\"\nl: 1", 1, 3), "k");
    assert_eq!(at("k: \"one\n  two\"\nl: 1", 2, 0), "l");
    assert_eq!(at("a: {b: 1,\n  c: 2}\nd: 1", 1, 3), "a.c");
    assert_eq!(at("é: {ü: 1}", 0, 4), "é.ü");
}

#[test]
fn a_path_leads_to_its_line_or_to_what_is_nearest_above() {
    let outline = Outline::of(TEXT);
    let span = |document, path: &str| outline.span_of(document, &path.parse().unwrap()).unwrap();
    assert_eq!(span(0, "spec.ports[1].name"), (14, 4..8, 10..13));
    assert_eq!(span(0, "metadata.name"), (3, 2..6, 8..9));
    assert_eq!(span(0, "spec.ports[1].nothing.here"), (14, 2..3, 3..3));
    assert_eq!(span(0, "spec.limits.memory"), (16, 19..25, 27..31));
    assert_eq!(span(0, "nowhere"), (0, 0..10, 12..14));
    assert_eq!(outline.line_of(1, &"spec.nodes[0][1]".parse().unwrap()), Some(26));
    assert_eq!(outline.line_of(7, &Path::default()), None);
    assert!(outline.has(0, &"spec.ports[1]".parse().unwrap()));
    assert!(!outline.has(0, &"spec.ports[2]".parse().unwrap()));
}

#[test]
fn what_has_more_than_a_line_can_be_folded() {
    let blocks: Vec<(usize, usize, usize)> =
        Outline::of(TEXT).blocks().iter().map(|b| (b.first, b.last, b.depth)).collect();
    let expected = [
        (2, 9, 0),
        (4, 9, 1),
        (6, 9, 2),
        (10, 20, 0),
        (11, 15, 1),
        (12, 13, 2),
        (14, 15, 2),
        (17, 20, 1),
        (19, 20, 2),
        (23, 26, 0),
        (24, 26, 1),
        (25, 26, 2),
    ];
    assert_eq!(blocks, expected);
}

#[test]
fn documents_are_counted_as_they_are_read() {
    for text in [
        "a: 1\n---\nb: 2\n",
        "---\na: 1\n---\n---\nb: 1\n",
        "# c\n---\na: 1\n...\n---\nb: 1\n...\n# end\n",
        "%YAML 1.1\n---\na: 1\n",
        "a: 1\n...\nb: 2\n",
        "a: |\n  ---\n  x\n---\nb: 1",
        "--- {a: 1}\n--- # c\nb: 2\n",
        "",
    ] {
        let read = super::super::read::read_documents(text);
        let lines = text.lines().count();
        assert_eq!(Outline::of(text).document_at(lines), read.len().saturating_sub(1), "{text:?} {read:?}");
    }
}

/// Objects whose keys are as those of a cluster, and some that are not.
fn objects() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        (0..99).prop_map(Value::from),
        "[a-c:#\\- \\n\"']{0,8}".prop_map(Value::from),
        Just(json!({})),
        Just(json!([])),
    ];
    let key = prop_oneof!["[a-c]{1,3}", "[a-b/.: #'\"-]{1,4}", Just("é".to_owned())];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Value::from),
            prop::collection::btree_map(key.clone(), inner, 1..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
    .prop_filter("an object", Value::is_object)
}

fn paths(at: &Path, value: &Value, all: &mut Vec<Path>) {
    let mut inner = |path: Path, value: &Value| {
        all.push(path.clone());
        paths(&path, value, all);
    };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, field)| inner(at.field(name), field)),
        Value::Array(items) => items.iter().enumerate().for_each(|(n, item)| inner(at.index(n), item)),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_path_of_a_printed_object_is_found_and_found_again_from_its_place(object in objects()) {
        let text = super::super::text(&object).unwrap();
        let outline = Outline::of(&text);
        let mut all = Vec::new();
        paths(&Path::default(), &object, &mut all);
        for path in all {
            prop_assert!(outline.has(0, &path), "{} in\n{}", path, text);
            let (line, key, value) = outline.span_of(0, &path).unwrap();
            prop_assert_eq!(&outline.path_at(line, key.start).1, &path, "{}", text);
            prop_assert!(value.end <= text.lines().nth(line).unwrap().chars().count());
        }
    }

    #[test]
    fn any_text_has_an_outline(text in "[ \\-:#|>'\"{}\\[\\],&!a-c\\n\\té]{0,80}") {
        let outline = Outline::of(&text);
        for (number, line) in text.split('\n').enumerate() {
            for column in 0..=line.chars().count() {
                let (document, path) = outline.path_at(number, column);
                outline.span_of(document, &path);
            }
        }
        for block in outline.blocks() {
            prop_assert!(block.first < block.last && block.last < text.split('\n').count());
        }
    }
}
