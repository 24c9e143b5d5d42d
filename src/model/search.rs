//! Searching lines of text: words without regard to case unless they have an upper-case letter; `/…/` is a regex.

use std::ops::Range;

use regex::{Regex, RegexBuilder};

/// Greatest size of a compiled expression, in bytes.
const LIMIT: usize = 1 << 20;

/// What is searched.
#[derive(Clone, Debug)]
pub struct Search {
    regex: Regex,
    is_expression: bool,
}

/// Why it cannot be searched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadSearch(String);

impl Search {
    /// Reads what is typed.
    ///
    /// # Errors
    /// A regular expression that is none, or is too large.
    pub fn new(text: &str) -> Result<Self, BadSearch> {
        let expression = text.strip_prefix('/').map(|e| e.strip_suffix('/').unwrap_or(e));
        let source = expression.map_or_else(|| regex::escape(text), ToOwned::to_owned);
        RegexBuilder::new(&source)
            .case_insensitive(!text.chars().any(char::is_uppercase))
            .size_limit(LIMIT)
            .build()
            .map(|regex| Self { regex, is_expression: expression.is_some() })
            .map_err(|e| {
                BadSearch(
                    e.to_string().lines().last().unwrap_or("not a regular expression").trim().to_owned(),
                )
            })
    }

    /// Where it is in a line, in bytes; never empty ranges.
    pub fn matches(&self, line: &str) -> Vec<Range<usize>> {
        self.regex.find_iter(line).map(|m| m.range()).filter(|r| !r.is_empty()).collect()
    }

    /// Whether it is in a line.
    pub fn is_in(&self, line: &str) -> bool {
        self.regex.is_match(line)
    }

    /// What stands in a line for the match that begins at a byte, when it is replaced: in that of an expression, `$1` is
    /// what its first group matched, `$0` all of it, and `$$` a dollar.
    pub fn replacement(&self, line: &str, at: usize, with: &str) -> String {
        let groups = self.regex.captures_at(line, at).filter(|_| self.is_expression);
        let Some(groups) = groups else { return with.to_owned() };
        let mut out = String::new();
        let mut rest = with;
        while let Some((head, tail)) = rest.split_once('$') {
            out.push_str(head);
            let digits = tail.len() - tail.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            rest = &tail[digits..];
            match tail[..digits].parse::<usize>() {
                Ok(group) => out.push_str(groups.get(group).map_or("", |m| m.as_str())),
                Err(_) => {
                    out.push('$');
                    rest = rest.strip_prefix('$').unwrap_or(rest);
                }
            }
        }
        out + rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_matters_only_when_an_upper_case_letter_is_typed() {
        assert_eq!(Search::new("egress").unwrap().matches("Egress egress"), [0..6, 7..13]);
        assert_eq!(Search::new("Egress").unwrap().matches("Egress egress"), [0..6]);
    }

    #[test]
    fn a_word_is_no_expression_and_slashes_make_one() {
        assert_eq!(Search::new("a.c").unwrap().matches("abc a.c"), [4..7]);
        assert_eq!(Search::new("/a.c/").unwrap().matches("abc a.c"), [0..3, 4..7]);
        assert!(Search::new("/(/").is_err());
    }

    #[test]
    fn what_replaces_a_match_names_groups_only_where_an_expression_has_them() {
        let search = Search::new("/(a)(.)/").unwrap();
        assert_eq!(search.replacement("abac", 2, "$2$1x $$ $0$9 $"), "cax $ ac $");
        assert_eq!(Search::new("ab").unwrap().replacement("ab", 0, "$1"), "$1");
    }

    #[test]
    fn an_expression_that_matches_nothing_has_no_empty_ranges() {
        assert!(Search::new("/x*/").unwrap().matches("abc").is_empty());
    }
}
