//! Cuts a list's items out of its body while the body arrives.
//!
//! A list of thousands of pods is megabytes. Read whole and parsed, it costs several times its size and nothing can
//! be shown before its end; cut into items, it costs one item at a time and the first rows are there at once.

/// What a body yields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// Before the body's `{`, and after its `}`.
    Outside,
    /// In the object, outside of anything that is cut out.
    Object,
    /// In the array of items, between items.
    Items,
    /// In an item.
    Item,
    /// In the list's own metadata.
    Metadata,
}

/// A scanner over the chunks of one body.
#[derive(Debug)]
pub struct Scanner {
    buffer: Vec<u8>,
    /// First byte not looked at yet.
    next: usize,
    /// First byte that must be kept.
    keep: usize,
    depth: usize,
    at: At,
    in_string: bool,
    escaped: bool,
    /// Where the current string begins, at depth 1.
    string_from: usize,
    /// The last string at depth 1: a key, once its value begins.
    key: Key,
    metadata: Option<Vec<u8>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    Items,
    Metadata,
    Other,
}

impl Default for Scanner {
    fn default() -> Self {
        Self {
            buffer: Vec::new(),
            next: 0,
            keep: 0,
            depth: 0,
            at: At::Outside,
            in_string: false,
            escaped: false,
            string_from: 0,
            key: Key::Other,
            metadata: None,
        }
    }
}

impl Scanner {
    /// Takes a chunk and hands each item that is whole now to `item`, as JSON.
    pub fn feed(&mut self, chunk: &[u8], mut item: impl FnMut(&[u8])) {
        self.buffer.extend_from_slice(chunk);
        while self.next < self.buffer.len() {
            if self.in_string {
                self.string();
            } else {
                self.byte(&mut item);
            }
        }
        // What is cut out already, and what was only passed over, need not be kept.
        let keep = match self.at {
            At::Item | At::Metadata => self.keep,
            _ if self.in_string && self.depth == 1 => self.string_from,
            _ => self.next,
        };
        self.buffer.drain(..keep);
        self.next -= keep;
        self.keep = self.keep.saturating_sub(keep);
        self.string_from = self.string_from.saturating_sub(keep);
    }

    /// The list's `metadata`, as JSON, once it has been seen.
    pub fn metadata(&self) -> Option<&[u8]> {
        self.metadata.as_deref()
    }

    /// Whether the body's last `}` has been seen: a body that ends before is cut off.
    pub fn is_whole(&self) -> bool {
        self.at == At::Outside && self.depth == 0 && self.metadata.is_some()
    }

    /// Whether the body began as a JSON object does.
    pub fn is_object(&self) -> bool {
        self.at != At::Outside || self.metadata.is_some()
    }

    /// Bytes that wait for the end of what they are part of.
    pub fn held(&self) -> usize {
        self.buffer.len()
    }

    fn string(&mut self) {
        if self.escaped {
            self.escaped = false;
            self.next += 1;
            return;
        }
        match memchr::memchr2(b'"', b'\\', &self.buffer[self.next..]) {
            None => self.next = self.buffer.len(),
            Some(n) => {
                let at = self.next + n;
                self.next = at + 1;
                if self.buffer[at] == b'\\' {
                    self.escaped = true;
                    return;
                }
                self.in_string = false;
                if self.depth == 1 && self.at == At::Object {
                    self.key = match &self.buffer[self.string_from + 1..at] {
                        b"items" => Key::Items,
                        b"metadata" => Key::Metadata,
                        _ => Key::Other,
                    };
                }
            }
        }
    }

    fn byte(&mut self, item: &mut impl FnMut(&[u8])) {
        let at = self.next;
        self.next += 1;
        match self.buffer[at] {
            b'"' => {
                self.in_string = true;
                self.string_from = at;
            }
            open @ (b'{' | b'[') => {
                match (self.at, self.depth, self.key) {
                    (At::Outside, 0, _) if open == b'{' => self.at = At::Object,
                    (At::Object, 1, Key::Items) if open == b'[' => self.at = At::Items,
                    (At::Object, 1, Key::Metadata) if open == b'{' => self.begin(At::Metadata, at),
                    (At::Items, 2, _) if open == b'{' => self.begin(At::Item, at),
                    _ => {}
                }
                self.depth += 1;
            }
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                match (self.at, self.depth) {
                    (At::Item, 2) => {
                        item(&self.buffer[self.keep..=at]);
                        self.at = At::Items;
                    }
                    (At::Metadata, 1) => {
                        self.metadata = Some(self.buffer[self.keep..=at].to_vec());
                        self.at = At::Object;
                        self.key = Key::Other;
                    }
                    (At::Items, 1) => {
                        self.at = At::Object;
                        self.key = Key::Other;
                    }
                    (At::Object, 0) => self.at = At::Outside,
                    _ => {}
                }
            }
            // A value that is no object ends what its key announced: `"items": null`.
            b',' if self.depth == 1 => self.key = Key::Other,
            _ => {}
        }
    }

    fn begin(&mut self, at: At, from: usize) {
        self.at = at;
        self.keep = from;
    }
}

/// Cuts a stream of JSON objects, one a line, as a watch sends them.
#[derive(Debug, Default)]
pub struct Lines {
    buffer: Vec<u8>,
    searched: usize,
}

impl Lines {
    /// Takes a chunk and hands each whole line to `line`.
    pub fn feed(&mut self, chunk: &[u8], mut line: impl FnMut(&[u8])) {
        self.buffer.extend_from_slice(chunk);
        let mut from = 0;
        while let Some(n) = memchr::memchr(b'\n', &self.buffer[self.searched..]) {
            let end = self.searched + n;
            if end > from {
                line(&self.buffer[from..end]);
            }
            from = end + 1;
            self.searched = from;
        }
        self.buffer.drain(..from);
        self.searched = self.buffer.len();
    }

    /// Bytes that wait for the end of their line.
    pub fn held(&self) -> usize {
        self.buffer.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn scan(body: &str, chunks: &[usize]) -> (Vec<Value>, Option<Value>, bool) {
        let mut scanner = Scanner::default();
        let mut items = Vec::new();
        let mut rest = body.as_bytes();
        let mut sizes = chunks.iter().copied().cycle();
        while !rest.is_empty() {
            let (chunk, after) = rest.split_at(sizes.next().unwrap_or(7).clamp(1, rest.len()));
            scanner.feed(chunk, |item| items.push(serde_json::from_slice(item).unwrap()));
            rest = after;
        }
        (items, scanner.metadata().map(|m| serde_json::from_slice(m).unwrap()), scanner.is_whole())
    }

    #[test]
    fn items_are_cut_out_wherever_the_metadata_stands() {
        for body in [
            r#"{"kind":"PodList","metadata":{"resourceVersion":"7"},"items":[{"a":"]}\"{"},{"b":[{}]}]}"#,
            r#" {"items" : [ {"a":"]}\"{"} , {"b":[{}]} ] , "metadata":{"resourceVersion":"7"} } "#,
        ] {
            for size in 1..body.len() {
                let (items, metadata, whole) = scan(body, &[size]);
                assert_eq!(items, [json!({"a": "]}\"{"}), json!({"b": [{}]})], "chunks of {size}");
                assert_eq!(metadata, Some(json!({"resourceVersion": "7"})));
                assert!(whole);
            }
        }
    }

    #[test]
    fn items_that_are_null_are_no_items() {
        let (items, metadata, whole) = scan(r#"{"items":null,"metadata":{"x":[{"items":[{}]}]}}"#, &[3]);
        assert_eq!((items.len(), whole), (0, true));
        assert_eq!(metadata, Some(json!({"x": [{"items": [{}]}]})));
    }

    #[test]
    fn a_body_that_is_cut_off_is_not_whole() {
        let (items, _, whole) = scan(r#"{"metadata":{},"items":[{"a":1},{"b""#, &[5]);
        assert_eq!((items.len(), whole), (1, false));
    }

    #[test]
    fn lines_come_whole_whatever_the_chunks() {
        let mut lines = Lines::default();
        let mut seen = Vec::new();
        for chunk in ["{\"a\"", ":1}\n{\"b\":2}\n", "{\"c\":3", "}\n"] {
            lines.feed(chunk.as_bytes(), |l| seen.push(String::from_utf8(l.to_vec()).unwrap()));
        }
        assert_eq!(seen, [r#"{"a":1}"#, r#"{"b":2}"#, r#"{"c":3}"#]);
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,12}".prop_map(Value::from),
            Just(Value::from("items")),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec(("items|metadata|[a-z\"\\\\{}]{0,4}", inner), 0..4)
                    .prop_map(|pairs| pairs.into_iter().collect::<serde_json::Map<_, _>>().into()),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_items_in_any_chunks_are_the_items_that_a_parser_finds(
            values in prop::collection::vec(json(), 0..6),
            other in json(),
            first in any::<bool>(),
            pretty in any::<bool>(),
            chunks in prop::collection::vec(1usize..40, 1..5),
        ) {
            let items: Vec<Value> = values.into_iter().map(|v| json!({"v": v})).collect();
            let print = |v: &Value| if pretty { serde_json::to_string_pretty(v) } else { serde_json::to_string(v) }.unwrap();
            let parts = [format!("\"metadata\":{}", print(&json!({"m": other}))), format!("\"items\":{}", print(&Value::from(items.clone())))];
            let (a, b) = if first { (0, 1) } else { (1, 0) };
            let body = format!("{{\"other\":{},{},{}}}", print(&other), parts[a], parts[b]);
            let (seen, metadata, whole) = scan(&body, &chunks);
            prop_assert_eq!(seen, items);
            prop_assert_eq!(metadata, Some(json!({"m": other})));
            prop_assert!(whole);
        }
    }
}
