//! Patterns for names of contexts: `*` is any text, `?` is one character.

use std::fmt;

/// A pattern over a whole name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob(String);

impl Glob {
    /// A pattern as it was written. Every text is a pattern.
    pub fn new(pattern: impl Into<String>) -> Self {
        Self(pattern.into())
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the pattern matches nothing but itself.
    pub fn is_plain(&self) -> bool {
        !self.0.contains(['*', '?'])
    }

    /// Whether the whole of `name` matches.
    ///
    /// One star is remembered at a time: when the text after it does not fit, the star takes one more
    /// character. An earlier star never has to be tried again, because a later one can take what it could.
    pub fn matches(&self, name: &str) -> bool {
        let (pattern, name): (Vec<char>, Vec<char>) = (self.0.chars().collect(), name.chars().collect());
        let (mut p, mut n) = (0, 0);
        let mut star: Option<(usize, usize)> = None;
        while n < name.len() {
            match pattern.get(p) {
                Some('*') => {
                    star = Some((p, n));
                    p += 1;
                }
                Some(c) if *c == '?' || *c == name[n] => {
                    p += 1;
                    n += 1;
                }
                _ => {
                    let Some((at, taken)) = star else { return false };
                    star = Some((at, taken + 1));
                    p = at + 1;
                    n = taken + 1;
                }
            }
        }
        pattern[p..].iter().all(|c| *c == '*')
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_whole_names() {
        let cases = [
            ("prod", "prod", true),
            ("prod", "prod-1", false),
            ("prod-*", "prod-", true),
            ("prod-*", "prod-eu-1", true),
            ("prod-*", "a-prod-1", false),
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("?", "", false),
            ("?", "é", true),
            ("*-eu-*", "prod-eu-1", true),
            ("*-eu-?", "prod-eu-10", false),
            ("*a*b", "xaxxab", true),
            ("*a*b", "xaxxabc", false),
            ("**x", "x", true),
            ("a.c", "abc", false),
        ];
        for (pattern, name, wanted) in cases {
            assert_eq!(Glob::new(pattern).matches(name), wanted, "{pattern} over {name}");
        }
    }
}
