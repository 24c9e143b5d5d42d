//! The list of notices: what is typed filters, `enter` goes to the object.

use crossterm::event::{KeyCode, KeyEvent};

use super::{About, Happened};
use crate::app::effect::Effect;
use crate::app::model::App;
use crate::app::overlay::Overlay;
use crate::app::screen::{Details, DetailsOf, Screen, Tab};
use crate::app::text::Input;
use crate::model::table::{TableKind, Tone};

/// State of the list.
#[derive(Debug, Default)]
pub struct NoticeList {
    /// What is typed: only what holds all its words is shown.
    pub input: Input,
    /// Where the cursor is.
    pub cursor: usize,
    /// Why `enter` goes nowhere.
    pub error: Option<String>,
}

impl App {
    /// The notices that the list shows, the newest first.
    pub fn listed_notices(&self, list: &NoticeList) -> Vec<&Happened> {
        let words: Vec<String> = list.input.text().split_whitespace().map(str::to_lowercase).collect();
        let fits = |h: &&Happened| {
            let cluster = h.about.cluster.as_ref().map(ToString::to_string).unwrap_or_default();
            let text = format!("{} {cluster} {}", h.text, tone_word(h.tone)).to_lowercase();
            words.iter().all(|word| text.contains(word))
        };
        self.notices.newest_first().filter(fits).collect()
    }

    pub(in crate::app) fn notices_key(&mut self, key: KeyEvent) -> Vec<Effect> {
        let Some(Overlay::Notices(list)) = &self.overlay else { return Vec::new() };
        let shown: Vec<About> = self.listed_notices(list).into_iter().map(|h| h.about.clone()).collect();
        let Some(Overlay::Notices(list)) = &mut self.overlay else { return Vec::new() };
        list.error = None;
        let last = shown.len().saturating_sub(1);
        match key.code {
            KeyCode::Up => list.cursor = list.cursor.saturating_sub(1),
            KeyCode::Down => list.cursor = (list.cursor + 1).min(last),
            KeyCode::PageUp => list.cursor = list.cursor.saturating_sub(10),
            KeyCode::PageDown => list.cursor = (list.cursor + 10).min(last),
            KeyCode::Enter => {
                let about = shown.get(list.cursor).cloned().unwrap_or_default();
                return self.go_to_noticed(&about);
            }
            _ if list.input.key(key) => list.cursor = 0,
            _ => {}
        }
        Vec::new()
    }

    /// Text is pasted into the list.
    pub(in crate::app) fn notices_paste(&mut self, text: &str) {
        if let Some(Overlay::Notices(list)) = &mut self.overlay {
            list.input.paste(text);
            list.cursor = 0;
        }
    }

    fn go_to_noticed(&mut self, about: &About) -> Vec<Effect> {
        let gateway = about.gateway.as_ref().filter(|id| self.gateway(id).is_some()).cloned();
        let cluster = about.cluster.as_ref().filter(|name| self.cluster(name).is_some()).cloned();
        let why = match (&gateway, &cluster) {
            (Some(_), _) => None,
            (None, Some(cluster)) if about.gateway.is_some() => {
                Some((Some(cluster.clone()), "The gateway is no longer there: its cluster is shown."))
            }
            (None, Some(_)) => None,
            (None, None) if about.cluster.is_some() => Some((None, "Its cluster is not open any more.")),
            (None, None) => Some((None, "This is about no one object that could be shown.")),
        };
        if let Some((None, why)) = why {
            if let Some(Overlay::Notices(list)) = &mut self.overlay {
                list.error = Some(why.to_owned());
            }
            return Vec::new();
        }
        self.overlay = None;
        let effects = match (gateway, cluster) {
            (Some(id), _) => {
                let is_here =
                    matches!(self.screen(), Screen::Details(d) if d.of == DetailsOf::Gateway(id.clone()));
                if is_here {
                    return Vec::new();
                }
                self.push(Screen::Details(Details::new(DetailsOf::Gateway(id), Tab::Overview)))
            }
            (None, Some(cluster)) => self.show_table(TableKind::Gateways, &format!("@{cluster}")),
            (None, None) => Vec::new(),
        };
        if let Some((_, why)) = why {
            self.say(Tone::Plain, why);
        }
        effects
    }
}

/// How good or bad something is, in a word: it is never told by colour alone.
pub fn tone_word(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "good",
        Tone::Warn => "warn",
        Tone::Bad => "bad",
        _ => "",
    }
}
