//! One line of an exposition text: masked, read by `prometheus-parse`, unmasked.
//!
//! The crate splits label text at `,`, `=` and `}` and knows no escapes. So these characters are written otherwise inside
//! label values before it sees the line: [`MASK`] and a letter, which no value can hold by itself, since `MASK` has a letter
//! too.

use std::borrow::Cow;

use memchr::{memchr, memchr2, memchr3};
use prometheus_parse::LineInfo;

/// Begins what stands for another character.
const MASK: char = '\u{1}';

/// Characters of a label value, or escapes of one, with the letter that stands for each and what it means.
const MASKS: [(&str, char, char); 7] = [
    (",", 'c', ','),
    ("=", 'e', '='),
    ("}", 'b', '}'),
    ("\\\\", 's', '\\'),
    ("\\\"", 'q', '"'),
    ("\\n", 'n', '\n'),
    ("\u{1}", 'm', '\u{1}'),
];

/// A line that was read.
#[derive(Debug)]
pub(super) struct Line<'l> {
    /// Text between the braces, masked.
    labels: &'l str,
    /// The value.
    pub(super) value: f64,
}

impl<'l> Line<'l> {
    /// Reads a line. `masked` is a buffer that is used again and again. `None`: it is broken.
    pub(super) fn read(line: &str, masked: &'l mut String) -> Option<Self> {
        masked.clear();
        mask(line, masked)?;
        let LineInfo::Sample { labels, value, timestamp, .. } = LineInfo::parse(masked) else {
            return None;
        };
        let value = value.parse().ok()?;
        // A time of its own is left aside: it is the proxy's clock. An exemplar begins with `#`.
        let fits = timestamp.is_none_or(|t| t.starts_with('#') || t.parse::<f64>().is_ok());
        let line = Self { labels: labels.unwrap_or_default(), value };
        (fits && line.labels().all(|label| label.is_some())).then_some(line)
    }

    /// The labels, each with its value still masked; `None`: that is no label.
    pub(super) fn labels(&self) -> impl Iterator<Item = Option<(&'l str, &'l str)>> + use<'l> {
        let parts = self.labels.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(|part| {
            let (name, value) = part.split_once('=')?;
            let value = value.trim_start().strip_prefix('"')?.strip_suffix('"')?;
            Some((name.trim_end(), value))
        })
    }
}

/// Writes the line with masks in its label values. `None`: a brace or a quote stays open.
fn mask(line: &str, out: &mut String) -> Option<()> {
    let end = line.find(|c: char| c == '{' || c.is_ascii_whitespace()).unwrap_or(line.len());
    let (name, rest) = line.split_at(end);
    out.push_str(name);
    let Some(mut rest) = rest.trim_start().strip_prefix('{') else {
        out.push_str(rest);
        return Some(());
    };
    if let Some(none) = rest.trim_start().strip_prefix('}') {
        out.push_str(none);
        return Some(());
    }
    out.push('{');
    loop {
        let at = memchr2(b'"', b'}', rest.as_bytes())?;
        let (before, after) = rest.split_at(at + 1);
        out.push_str(before);
        rest = after;
        if before.ends_with('}') {
            out.push_str(rest);
            return Some(());
        }
        rest = mask_value(rest, out)?;
    }
}

/// Writes a value and the quote at its end; gives what follows.
fn mask_value<'t>(text: &'t str, out: &mut String) -> Option<&'t str> {
    let mut rest = text;
    loop {
        let at = memchr2(b'"', b'\\', rest.as_bytes())?;
        let (plain, after) = rest.split_at(at);
        push_plain(plain, out);
        if let Some(end) = after.strip_prefix('"') {
            out.push('"');
            return Some(end);
        }
        let escape = MASKS.iter().find(|(from, ..)| from.len() == 2 && after.starts_with(from));
        match escape {
            Some((from, letter, _)) => {
                out.extend([MASK, *letter]);
                rest = after.get(from.len()..)?;
            }
            // Another escape means itself: the backslash, and then what follows.
            None => {
                out.extend([MASK, 's']);
                rest = after.get(1..)?;
            }
        }
    }
}

fn push_plain(text: &str, out: &mut String) {
    let bytes = text.as_bytes();
    if memchr3(b',', b'=', b'}', bytes).is_none() && memchr(1, bytes).is_none() {
        out.push_str(text);
        return;
    }
    for c in text.chars() {
        match MASKS.iter().find(|(from, _, to)| from.len() == 1 && *to == c) {
            Some((_, letter, _)) => out.extend([MASK, *letter]),
            None => out.push(c),
        }
    }
}

/// A value as it was meant.
pub(super) fn unmask(value: &str) -> Cow<'_, str> {
    if memchr(1, value.as_bytes()).is_none() {
        return Cow::Borrowed(value);
    }
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        let letter = if c == MASK { chars.next() } else { None };
        let meant = MASKS.iter().find(|(_, l, _)| Some(*l) == letter).map_or(c, |(_, _, to)| *to);
        out.push(meant);
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(line: &str) -> Option<(Vec<(String, String)>, f64)> {
        let mut buffer = String::new();
        let line = Line::read(line, &mut buffer)?;
        let labels = line.labels().flatten().map(|(k, v)| (k.to_owned(), unmask(v).into_owned()));
        Some((labels.collect(), line.value))
    }

    fn value(line: &str) -> Option<f64> {
        read(line).map(|(_, value)| value)
    }

    #[test]
    fn label_values_hold_what_they_like() {
        for (written, meant) in [
            (r#"UF,URX"#, "UF,URX"),
            (r#"outbound|443||a=b}c{d"#, "outbound|443||a=b}c{d"),
            (r#"say \"hi\""#, "say \"hi\""),
            (r#"C:\\temp\\"#, "C:\\temp\\"),
            (r#"two\nlines"#, "two\nlines"),
            (r#"back\\nslash"#, "back\\nslash"),
            (r#"odd\tescape"#, "odd\\tescape"),
            ("mask\u{1}c", "mask\u{1}c"),
            ("# no comment", "# no comment"),
            ("", ""),
            ("日本語", "日本語"),
        ] {
            let line = format!("m_total{{a=\"{written}\",b=\"{written}\"}} 7");
            let both = ["a", "b"].map(|name| (name.to_owned(), meant.to_owned())).to_vec();
            assert_eq!(read(&line), Some((both, 7.0)), "{line}");
        }
    }

    #[test]
    fn values_come_in_every_form_the_format_knows() {
        for (line, expected) in [
            ("m_total 5", 5.0),
            ("m_total{} 5", 5.0),
            ("m_total{ } 5", 5.0),
            ("m_total {a=\"b\"} 5", 5.0),
            ("m_total{ a = \"b\" , c=\"d\" , } 5", 5.0),
            ("m_total\t5\t1700000000000", 5.0),
            ("m_total{a=\"b\"} 5 1700000000000", 5.0),
            ("m_total{a=\"b\"} 5 1700000000.123", 5.0),
            ("m_total{a=\"b\"} 5 -1", 5.0),
            ("m_total{a=\"b\"} 5 # {trace_id=\"x\"} 0.5 1700000000.1", 5.0),
            ("m_total{a=\"b\"} 5 1700000000 # {trace_id=\"x}\"} 0.5", 5.0),
            ("m_total 5 # {trace_id=\"x\"} 0.5", 5.0),
            ("m_total 27.003324948680141659451692248695", 27.003_324_948_680_14),
            ("m_total 1e3", 1_000.0),
            ("m_total +Inf", f64::INFINITY),
            ("m_total -Inf", f64::NEG_INFINITY),
        ] {
            assert_eq!(value(line), Some(expected), "{line}");
        }
        assert!(value("m_total NaN").is_some_and(f64::is_nan));
    }

    #[test]
    fn a_broken_line_is_no_line() {
        for line in [
            "m_total",
            "m_total{",
            "m_total{a=\"b\" 5",
            "m_total{a=\"b 5",
            "m_total{a=\"b\\\"} 5",
            "m_total{a=b} 5",
            "m_total{a} 5",
            "m_total{a=\"b\"}",
            "m_total{a=\"b\"} five",
            "m_total 5 yesterday",
            "m_total{a=\"b\"c} 5",
            "m_total{a=\"b\"} 5 }",
        ] {
            assert_eq!(read(line), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn a_value_that_is_escaped_reads_as_it_was(a in any::<String>(), b in any::<String>(), n in any::<u32>()) {
            let escape = |v: &str| v.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let line = format!("m_total{{a=\"{}\",b=\"{}\"}} {n}", escape(&a), escape(&b));
            let labels = vec![("a".to_owned(), a), ("b".to_owned(), b)];
            prop_assert_eq!(read(&line), Some((labels, f64::from(n))));
        }

        #[test]
        fn no_line_breaks_the_reading(line in any::<String>()) {
            let _ = read(&line);
        }
    }
}
