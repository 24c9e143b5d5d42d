//! A lexer of YAML lines, for colours: right about what Kubernetes objects look like, and never losing a character.

use std::ops::Range;

use super::Token;

/// What a line needs to know of those before it: the indentation of a block scalar that goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct State {
    block: Option<usize>,
}

impl State {
    /// Whether the line before is of a block scalar, or begins one.
    pub fn is_block(self) -> bool {
        self.block.is_some()
    }
}

/// The tokens of a line, in order, without gaps: together they are the line.
pub fn spans(line: &str, state: &mut State) -> Vec<(Range<usize>, Token)> {
    let indent = line.len() - line.trim_start_matches(' ').len();
    if let Some(parent) = state.block {
        if line.trim().is_empty() || indent > parent {
            return whole(0..line.len(), Token::Text);
        }
        state.block = None;
    }
    let mut out = Vec::new();
    let mut at = dashes(line, indent, &mut out);
    // A block scalar ends where something stands no further in than its key.
    let key_indent = at;
    if let Some(colon) = key_end(&line[at..]) {
        out.extend(whole(at..at + colon, Token::Key));
        out.push((at + colon..at + colon + 1, Token::Punctuation));
        at += colon + 1;
    }
    value(line, at, key_indent, state, &mut out);
    out
}

fn whole(range: Range<usize>, token: Token) -> Vec<(Range<usize>, Token)> {
    if range.is_empty() { Vec::new() } else { vec![(range, token)] }
}

/// Indentation and list dashes.
fn dashes(line: &str, indent: usize, out: &mut Vec<(Range<usize>, Token)>) -> usize {
    let mut at = indent;
    while line[at..].starts_with("- ") || &line[at..] == "-" {
        at += 1;
        at += line[at..].len() - line[at..].trim_start_matches(' ').len();
    }
    out.extend(whole(0..at, Token::Punctuation));
    at
}

/// Where a key's colon is, when the line has one: followed by a space or the end, outside of quotes.
pub(super) fn key_end(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    if let Some(quote @ (b'"' | b'\'')) = bytes.first() {
        at = 1 + closing(&bytes[1..], *quote)? + 1;
        return (bytes.get(at) == Some(&b':') && matches!(bytes.get(at + 1), None | Some(b' ')))
            .then_some(at);
    }
    while at < bytes.len() {
        match bytes[at] {
            b':' if matches!(bytes.get(at + 1), None | Some(b' ')) => return (at > 0).then_some(at),
            b'#' if at == 0 || bytes[at - 1] == b' ' => return None,
            b'{' | b'[' | b'"' | b'\'' if at == 0 => return None,
            _ => at += 1,
        }
    }
    None
}

/// Where a quote closes.
pub(super) fn closing(bytes: &[u8], quote: u8) -> Option<usize> {
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if quote == b'"' => at += 2,
            b if b == quote => {
                if quote == b'\'' && bytes.get(at + 1) == Some(&b'\'') {
                    at += 2;
                } else {
                    return Some(at);
                }
            }
            _ => at += 1,
        }
    }
    None
}

fn value(line: &str, from: usize, indent: usize, state: &mut State, out: &mut Vec<(Range<usize>, Token)>) {
    let text = &line[from..];
    let lead = text.len() - text.trim_start_matches(' ').len();
    out.extend(whole(from..from + lead, Token::Punctuation));
    let from = from + lead;
    let text = &line[from..];
    let comment = comment_at(text).unwrap_or(text.len());
    let scalar = text[..comment].trim_end_matches(' ');
    if scalar.starts_with(['|', '>']) && scalar.len() <= 3 {
        state.block = Some(indent);
        out.extend(whole(from..from + scalar.len(), Token::Punctuation));
    } else {
        out.extend(whole(from..from + scalar.len(), kind(scalar)));
    }
    out.extend(whole(from + scalar.len()..from + comment, Token::Punctuation));
    out.extend(whole(from + comment..line.len(), Token::Comment));
}

/// Where a comment begins: a `#` at the start or after a space, outside of quotes.
pub(super) fn comment_at(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = match bytes.first() {
        Some(quote @ (b'"' | b'\'')) => closing(&bytes[1..], *quote)? + 2,
        _ => 0,
    };
    while at < bytes.len() {
        if bytes[at] == b'#' && (at == 0 || bytes[at - 1] == b' ') {
            return Some(at);
        }
        at += 1;
    }
    None
}

fn kind(scalar: &str) -> Token {
    match scalar {
        "true" | "false" => Token::Bool,
        "null" | "~" => Token::Null,
        "{}" | "[]" | "---" | "..." => Token::Punctuation,
        _ if scalar.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '+')
            && scalar.parse::<f64>().is_ok() =>
        {
            Token::Number
        }
        _ => Token::Text,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lex(text: &str) -> Vec<Vec<(String, Token)>> {
        let mut state = State::default();
        let line = |l: &str, state: &mut State| {
            spans(l, state)
                .into_iter()
                .filter(|(r, _)| !l[r.clone()].trim().is_empty())
                .map(|(r, t)| (l[r].trim().to_owned(), t))
                .collect()
        };
        text.lines().map(|l| line(l, &mut state)).collect()
    }

    #[test]
    fn keys_values_and_comments_are_told_apart() {
        use Token as T;
        let cases: &[(&str, &[(&str, T)])] = &[
            ("a: b", &[("a", T::Key), (":", T::Punctuation), ("b", T::Text)]),
            (
                "- name: x # why",
                &[
                    ("-", T::Punctuation),
                    ("name", T::Key),
                    (":", T::Punctuation),
                    ("x", T::Text),
                    ("# why", T::Comment),
                ],
            ),
            ("  \"a: b\": 3", &[("\"a: b\"", T::Key), (":", T::Punctuation), ("3", T::Number)]),
            ("url: http://x:80/#a", &[("url", T::Key), (":", T::Punctuation), ("http://x:80/#a", T::Text)]),
            ("on: true", &[("on", T::Key), (":", T::Punctuation), ("true", T::Bool)]),
            ("x: ''", &[("x", T::Key), (":", T::Punctuation), ("''", T::Text)]),
            ("- - 1", &[("- -", T::Punctuation), ("1", T::Number)]),
        ];
        for (line, expected) in cases {
            let got = &lex(line)[0];
            let expected: Vec<(String, T)> = expected.iter().map(|(s, t)| ((*s).to_owned(), *t)).collect();
            assert_eq!(got, &expected, "{line}");
        }
    }

    #[test]
    fn a_block_scalar_is_text_until_something_stands_no_further_in() {
        let tokens = lex("script: |\n  if: then\n\n  # no comment\nnext: 1");
        assert_eq!(tokens[1], [("if: then".to_owned(), Token::Text)]);
        assert_eq!(tokens[3], [("# no comment".to_owned(), Token::Text)]);
        assert_eq!(tokens[4][0], ("next".to_owned(), Token::Key));
    }

    proptest! {
        #[test]
        fn the_spans_of_any_line_are_the_line(lines in prop::collection::vec("[ \\-:#|>'\"{}\\[\\]a-zé0-9\\\\]{0,20}", 1..5)) {
            let mut state = State::default();
            for line in &lines {
                let mut at = 0;
                for (range, _) in spans(line, &mut state) {
                    prop_assert_eq!(range.start, at);
                    prop_assert!(line.is_char_boundary(range.end));
                    at = range.end;
                }
                prop_assert_eq!(at, line.len());
            }
        }
    }
}
