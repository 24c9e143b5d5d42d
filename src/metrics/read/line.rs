//! One line of an exposition text: masked, read by `prometheus-parse`, unmasked.
//!
//! The crate splits label text at `,`, `=` and `}` and knows no escapes. So these characters are written otherwise inside
//! label values before it sees the line: [`MASK`] and a letter, which no value can hold by itself, since `MASK` has a letter
//! too. Labels that nobody asks for it does not see at all: they are most of a line of Istio's.

use std::borrow::Cow;

use memchr::{memchr, memchr2, memchr3};
use prometheus_parse::LineInfo;

use super::labels::mix;

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
    /// Text between the braces, masked: only labels that are wanted.
    labels: &'l str,
    /// The value.
    pub(super) value: f64,
    /// A hash of the other labels.
    pub(super) others: u32,
}

impl<'l> Line<'l> {
    /// Reads a line and those of its labels that are wanted. `masked` is a buffer that is used again and again. `None`: it is
    /// broken.
    pub(super) fn read(line: &str, masked: &'l mut String, wanted: fn(&str) -> bool) -> Option<Self> {
        masked.clear();
        let others = mask(line, masked, wanted)?;
        let LineInfo::Sample { labels, value, timestamp, .. } = LineInfo::parse(masked) else {
            return None;
        };
        let value = value.parse().ok()?;
        // A time of its own is left aside: it is the proxy's clock. An exemplar begins with `#`.
        let fits = timestamp.is_none_or(|t| t.starts_with('#') || t.parse::<f64>().is_ok());
        fits.then(|| Self { labels: labels.unwrap_or_default(), value, others })
    }

    /// The wanted labels, each with its value still masked.
    pub(super) fn labels(&self) -> impl Iterator<Item = (&'l str, &'l str)> + use<'l> {
        let parts = self.labels.split(',').filter_map(|part| part.split_once('='));
        parts.map(|(name, value)| (name, value.trim_matches('"')))
    }
}

/// Writes the line with masks in the values of its labels, of which only those that are wanted are written: the others go into
/// the hash that is given back. `None`: it is broken.
fn mask(line: &str, out: &mut String, wanted: fn(&str) -> bool) -> Option<u32> {
    let end = memchr3(b'{', b' ', b'\t', line.as_bytes()).unwrap_or(line.len());
    let rest = line.get(end..)?;
    // Which metric it is was found out before: the crate need not look at all of its name.
    out.push('m');
    let Some(mut rest) = rest.trim_start().strip_prefix('{') else {
        out.push_str(rest);
        return Some(0);
    };
    let mut others = 0;
    let before = out.len();
    loop {
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix('}') {
            if out.len() > before {
                out.push('}');
            }
            out.push_str(after);
            return Some(others);
        }
        let (name, value, after) = label(rest)?;
        if wanted(name) {
            out.push(if out.len() == before { '{' } else { ',' });
            out.push_str(name);
            out.push_str("=\"");
            push(value, out);
            out.push('"');
        } else {
            others = mix(mix(others, name), value);
        }
        rest = after.trim_start();
        match rest.strip_prefix(',') {
            Some(after) => rest = after,
            None if rest.starts_with('}') => {}
            None => return None,
        }
    }
}

/// The name of a label, its value as it is written, and what follows.
fn label(text: &str) -> Option<(&str, &str, &str)> {
    let (name, rest) = text.split_at_checked(memchr(b'=', text.as_bytes())?)?;
    let name = name.trim_end();
    let is_name = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let value = rest.get(1..)?.trim_start().strip_prefix('"')?;
    let mut end = 0;
    loop {
        end += memchr2(b'"', b'\\', value.as_bytes().get(end..)?)?;
        if value.as_bytes().get(end) == Some(&b'"') {
            break;
        }
        // Whatever is escaped is no end.
        end += 2;
    }
    (is_name && !name.is_empty()).then_some(())?;
    Some((name, value.get(..end)?, value.get(end + 1..)?))
}

/// Writes a value with masks.
fn push(value: &str, out: &mut String) {
    let bytes = value.as_bytes();
    if memchr3(b',', b'=', b'}', bytes).is_none() && memchr2(b'\\', 1, bytes).is_none() {
        out.push_str(value);
        return;
    }
    let mut rest = value;
    while let Some(c) = rest.chars().next() {
        let mask = MASKS.iter().find(|(from, ..)| rest.starts_with(from));
        let taken = match mask {
            Some((from, letter, _)) => {
                out.extend([MASK, *letter]);
                from.len()
            }
            // An escape that is none means itself: the backslash, and then what follows.
            None if c == '\\' => {
                out.extend([MASK, 's']);
                1
            }
            None => {
                out.push(c);
                c.len_utf8()
            }
        };
        rest = rest.get(taken..).unwrap_or_default();
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
        let line = Line::read(line, &mut buffer, |name| name != "unread")?;
        let labels = line.labels().map(|(k, v)| (k.to_owned(), unmask(v).into_owned()));
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
            ("m_total{unread=\"b,}=\\\"\"} 5", 5.0),
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
            "m_total{unread=\"b\" 5",
            "m_total{unread=\"b} 5",
            "m_total{,} 5",
            "m_total{=\"b\"} 5",
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
