//! A column of a person's own is added: of what, then its id.

use crossterm::event::{KeyCode, KeyEvent};

use super::{Chooser, Line};
use crate::app::App;
use crate::app::effect::Effect;
use crate::app::overlay::Overlay;
use crate::app::text::Input;
use crate::model::columns::Choice;
use crate::model::columns::own::{Of, Own, is_id, takes_own};
use crate::model::path::Path;
use crate::model::table::Tone;

/// A column that is being added.
#[derive(Debug, Default)]
pub struct Adding {
    /// What is asked for.
    pub step: Step,
    /// What is typed.
    pub input: Input,
    /// Why it cannot be taken.
    pub error: Option<String>,
}

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Step {
    /// A label or a path.
    #[default]
    Of,
    /// The id of a column of that.
    Id(Of, String),
}

impl Adding {
    /// What is asked for, in words.
    pub fn label(&self) -> &'static str {
        match self.step {
            Step::Of => "label:KEY or JSON path: ",
            Step::Id(..) => "id of the column: ",
        }
    }

    /// What helps to answer.
    pub fn hint(&self) -> String {
        match &self.step {
            Step::Of => "label:topology.kubernetes.io/zone, $.spec.nodeName or {.spec.nodeName}".to_owned(),
            Step::Id(of, _) => format!("{}; lower case letters, digits and `-`", of.in_words()),
        }
    }
}

impl App {
    pub(super) fn begin_adding(&mut self) {
        let Some(Overlay::Columns(chooser)) = &mut self.overlay else { return };
        if takes_own(chooser.table) {
            chooser.adding = Some(Adding::default());
        } else {
            let why = "A cluster has neither labels nor an object to take a column from.";
            chooser.said = Some((Tone::Warn, why.to_owned()));
        }
    }

    /// One step back; what was typed stays.
    pub(super) fn leave_adding(&mut self) {
        let Some(Overlay::Columns(chooser)) = &mut self.overlay else { return };
        let Some(adding) = chooser.adding.take() else { return };
        if let Step::Id(_, typed) = adding.step {
            chooser.adding = Some(Adding { step: Step::Of, input: Input::with(&typed), error: None });
        }
    }

    pub(super) fn adding_key(&mut self, key: KeyEvent) -> Vec<Effect> {
        let Some(Overlay::Columns(chooser)) = &mut self.overlay else { return Vec::new() };
        let Some(adding) = &mut chooser.adding else { return Vec::new() };
        if key.code != KeyCode::Enter {
            if adding.input.key(key) {
                adding.error = None;
            }
            return Vec::new();
        }
        match entered(chooser) {
            Ok(None) => Vec::new(),
            Ok(Some(choice)) => {
                chooser.adding = None;
                let at = chooser.shown();
                let title = choice.id.to_uppercase();
                let about = choice.own.as_ref().map(|own| own.of.in_words()).unwrap_or_default();
                chooser.lines.insert(at, Line { choice, title, about, is_shown: true, stays: false });
                chooser.cursor = at;
                self.columns_chosen()
            }
            Err(why) => {
                if let Some(adding) = &mut chooser.adding {
                    adding.error = Some(why);
                }
                Vec::new()
            }
        }
    }
}

/// What was typed is taken: a step further, or to a column.
fn entered(chooser: &mut Chooser) -> Result<Option<Choice>, String> {
    let taken = |id: &str| chooser.lines.iter().any(|line| line.choice.id == id);
    let Some(adding) = &chooser.adding else { return Ok(None) };
    let typed = adding.input.text().trim().to_owned();
    match &adding.step {
        Step::Of => {
            let of = match typed.strip_prefix("label:").map(str::trim) {
                Some("") => return Err("label: the key of a label is missing".to_owned()),
                Some(key) if key.contains(char::is_whitespace) => {
                    return Err(format!("`{key}` is no key of a label: it has a space"));
                }
                Some(key) => Of::Label(key.to_owned()),
                None => Of::Path(Path::parse(&typed)?),
            };
            let input = Input::with(&proposed(&typed, taken));
            chooser.adding = Some(Adding { step: Step::Id(of, typed), input, error: None });
            Ok(None)
        }
        Step::Id(..) if !is_id(&typed) => {
            Err(format!("`{typed}` is no id; allowed: up to 40 lower case letters, digits and `-`"))
        }
        Step::Id(..) if taken(&typed) => Err(format!("there is a column `{typed}` already")),
        Step::Id(of, _) => {
            let own = Own { title: None, of: of.clone() };
            Ok(Some(Choice { id: typed, width: None, own: Some(own) }))
        }
    }
}

/// An id after the last name of a label or path: `label:topology.kubernetes.io/zone` is `zone`.
pub(super) fn proposed(text: &str, taken: impl Fn(&str) -> bool) -> String {
    let mut words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'));
    let last = words.rfind(|word| word.chars().any(|c| c.is_ascii_alphabetic())).unwrap_or("own");
    let mut id = String::new();
    let mut before = '-';
    for c in last.chars() {
        if c.is_ascii_uppercase() && before.is_ascii_lowercase() {
            id.push('-');
        }
        before = c;
        id.push(if c == '_' { '-' } else { c.to_ascii_lowercase() });
    }
    let id: String = id.trim_matches('-').chars().take(36).collect();
    let free = |id: &String| !taken(id);
    [id.clone()].into_iter().chain((2..).map(|n| format!("{id}-{n}"))).find(free).unwrap_or(id)
}
