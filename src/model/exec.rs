//! Programs that a person runs in a container.

use super::fault::Fault;
use super::name::ObjectKey;

/// What is run, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The pod.
    pub pod: ObjectKey,
    /// The container of it.
    pub container: String,
    /// The program and what it is given; none: a shell.
    pub command: Vec<String>,
}

impl Run {
    /// Whether it is a shell, which gets the terminal.
    pub fn is_shell(&self) -> bool {
        self.command.is_empty()
    }

    /// The command as one line.
    pub fn line(&self) -> String {
        let quoted = |word: &String| {
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
            if !word.is_empty() && word.chars().all(plain) {
                word.clone()
            } else {
                format!("'{}'", word.replace('\'', r"'\''"))
            }
        };
        self.command.iter().map(quoted).collect::<Vec<_>>().join(" ")
    }

    /// `container istio-proxy of pod istio-system/x in prod`.
    pub fn place(&self) -> String {
        let ObjectKey { cluster, namespace, name, .. } = &self.pod;
        format!("container {} of pod {namespace}/{name} in {cluster}", self.container)
    }
}

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// With this exit code.
    Exit(i32),
    /// Not by itself, or it never ran: the server's words, cleaned.
    Failed(String),
    /// The connection ended before the program told how it did.
    Cut,
}

/// What there is to tell of a command that runs.
#[derive(Clone, Debug)]
pub enum News {
    /// It said this; cleaned.
    Said(String),
    /// It says more than is kept: the rest is not shown.
    Full,
    /// It is over.
    Ended(Ended),
    /// It could not be run.
    Refused(Fault),
}

/// Splits a line into words as a shell does: at spaces that are not quoted. Nothing else of it means anything.
///
/// # Errors
/// A quote that is not closed.
pub fn words(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let (mut word, mut begun, mut quote) = (String::new(), false, None);
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some('"') | None, '\\') => {
                begun = true;
                word.extend(chars.next());
            }
            (Some(_), c) => word.push(c),
            (None, '\'' | '"') => (quote, begun) = (Some(c), true),
            (None, c) if c.is_whitespace() => {
                if std::mem::take(&mut begun) {
                    words.push(std::mem::take(&mut word));
                }
            }
            (None, c) => {
                begun = true;
                word.push(c);
            }
        }
    }
    if let Some(quote) = quote {
        return Err(format!("the {quote} is not closed"));
    }
    if begun {
        words.push(word);
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_split_at_spaces_that_are_not_quoted() {
        let cases: &[(&str, &[&str])] = &[
            ("ls -l /etc", &["ls", "-l", "/etc"]),
            ("  sh -c 'echo  $HOME; ls' ", &["sh", "-c", "echo  $HOME; ls"]),
            (r#"echo "a \"b\" 'c'" '' x\ y"#, &["echo", r#"a "b" 'c'"#, "", "x y"]),
            (r"echo '\n'", &["echo", r"\n"]),
            ("", &[]),
        ];
        for (line, wanted) in cases {
            assert_eq!(words(line).as_deref(), Ok(wanted.map_to_owned().as_slice()), "{line}");
        }
        assert_eq!(words("echo 'a"), Err("the ' is not closed".to_owned()));
    }

    trait ToOwnedWords {
        fn map_to_owned(&self) -> Vec<String>;
    }

    impl ToOwnedWords for &[&str] {
        fn map_to_owned(&self) -> Vec<String> {
            self.iter().map(|word| (*word).to_owned()).collect()
        }
    }

    #[test]
    fn a_command_reads_back_as_it_was_given() {
        let command = words(r"sh -c 'echo it'\''s; ls *' ''").unwrap();
        let pod = ObjectKey {
            cluster: "c".into(),
            kind: super::super::name::Kind::Pod,
            namespace: "n".into(),
            name: "p".into(),
        };
        let run = Run { pod, container: "x".into(), command: command.clone() };
        assert_eq!(words(&run.line()), Ok(command));
    }
}
