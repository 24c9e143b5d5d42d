//! `[[group]]`: contexts under one name.

use super::key::{Raw, Shape};
use super::parse::{Node, Reader};
use super::problem::unknown;
use super::{Glob, Group};

/// The keys of a `[[group]]`.
const KEYS: &[&str] = &["name", "contexts"];

impl Reader<'_> {
    pub(super) fn groups(&mut self, node: &Node<'_>) {
        let Some(items) = node.get_ref().as_array() else {
            return self.misshapen("group", "tables, each under `[[group]]`", node);
        };
        for item in items {
            self.group(item);
        }
    }

    fn group(&mut self, item: &Node<'_>) {
        let (mut name, mut contexts) = (None, None);
        for (key, node) in self.table("group", item) {
            let text: &str = key.get_ref();
            let path = format!("group.{text}");
            let shape = match text {
                "name" => Shape::Word,
                "contexts" => Shape::Words,
                _ => {
                    let why = unknown("key of `[[group]]`", text, KEYS.iter().copied());
                    self.refuse(key.span().start, why);
                    continue;
                }
            };
            match self.raw(&path, shape, node) {
                Some(Raw::Word(word)) if word.is_empty() => {
                    self.refuse(node.span().start, format!("`{path}`: an empty name names nothing"));
                }
                Some(Raw::Word(word)) => name = Some(word),
                Some(Raw::Words(words)) if words.is_empty() || words.iter().any(String::is_empty) => {
                    let why =
                        format!("`{path}`: names of contexts or patterns are needed, none of them empty");
                    self.refuse(node.span().start, why);
                }
                Some(Raw::Words(words)) => contexts = Some(words.into_iter().map(Glob::new).collect()),
                Some(Raw::Switch(_)) | None => {}
            }
        }
        let start = item.span().start;
        let missing = |key: &&&str| item.get_ref().is_table() && item.get_ref().get(**key).is_none();
        for key in KEYS.iter().filter(missing) {
            self.refuse(start, format!("`[[group]]` needs `{key}`"));
        }
        let (Some(name), Some(contexts)) = (name, contexts) else { return };
        if self.settings.groups.iter().any(|group| group.name == name) {
            self.refuse(start, format!("`group.name`: there are two groups called `{name}`"));
            return;
        }
        let source = self.at(item);
        self.settings.groups.push(Group { name, contexts, source });
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Settings, Vocabulary, parse};

    #[test]
    fn a_group_holds_the_contexts_that_its_names_and_patterns_match() {
        let text = "[[group]]\nname = 'eu'\ncontexts = ['prod-eu-*', 'stage']\n";
        let settings = parse(text, &Vocabulary::ANY, Settings::default()).unwrap();
        let [eu] = settings.groups.as_slice() else { panic!("{:?}", settings.groups) };
        assert_eq!(eu.name, "eu");
        for (context, wanted) in
            [("prod-eu-1", true), ("stage", true), ("prod-us-1", false), ("stage-2", false)]
        {
            assert_eq!(eu.holds(context), wanted, "{context}");
        }
    }

    #[test]
    fn a_group_that_cannot_be_one_is_told_with_line_and_key() {
        let cases = [
            ("[[group]]\nname = 'a'\n", 1, "`[[group]]` needs `contexts`"),
            ("[[group]]\ncontexts = ['a']\n", 1, "`[[group]]` needs `name`"),
            ("[[group]]\nname = 'a'\ncontexts = []\n", 3, "`group.contexts`: names"),
            ("[[group]]\nname = 'a'\ncontexts = 'a'\n", 3, "`group.contexts`: expected a list of strings"),
            ("[[group]]\nname = ''\ncontexts = ['a']\n", 2, "`group.name`: an empty name"),
            ("[[group]]\nnam = 'a'\nname = 'a'\ncontexts = ['a']\n", 2, "unknown key of `[[group]]` `nam`"),
            (
                "[[group]]\nname = 'a'\ncontexts = ['a']\n[[group]]\nname = 'a'\ncontexts = ['b']\n",
                4,
                "`group.name`: there are two groups called `a`",
            ),
            ("group = 1\n", 1, "`group`: expected tables"),
        ];
        for (text, line, start) in cases {
            let problems = parse(text, &Vocabulary::ANY, Settings::default()).unwrap_err();
            assert_eq!(problems.len(), 1, "{text}: {problems:?}");
            assert_eq!(problems[0].line, Some(line), "{text}");
            assert!(problems[0].message.starts_with(start), "{text}: {problems:?}");
        }
    }
}
