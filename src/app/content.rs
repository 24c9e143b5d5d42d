//! The text of an open tab: facts of an object, or its YAML.

use super::model::App;
use super::paint::{self, Look};
use super::screen::details::{Loaded, OpenObject};
use super::screen::{Details, DetailsOf, Screen, Tab, facts};
use crate::model::facts::{Fact, Section};
use crate::model::fault::Fault;
use crate::model::name::Kind;
use crate::model::table::Tone;
use crate::model::{describe, yaml};

impl App {
    /// Makes the text of the open tab, when something it tells of changed.
    pub(super) fn make_text(&mut self, width: u16) {
        let Screen::Details(details) = self.screen() else { return };
        if matches!(details.tab, Tab::Pods | Tab::Traffic)
            || details.tab.is_pane()
            || (!details.stale_text && details.text_width == width)
        {
            return;
        }
        let lines = match details.tab {
            Tab::Yaml => document(details),
            _ => facts::lines(&self.sections(details), width),
        };
        let picks = self.picks_of(details, &lines);
        if let Screen::Details(details) = self.screen_mut() {
            // A picked parameter stays picked, wherever it stands now.
            let picked = details.text.picked.take();
            let path = details.picks.iter().find(|(line, _)| Some(*line) == picked).map(|(_, path)| *path);
            details.text.picked = picks.iter().find(|(_, at)| Some(*at) == path).map(|(line, _)| *line);
            details.picks = picks;
            details.text.set(lines);
            details.stale_text = false;
            details.text_width = width;
        }
    }

    fn sections(&self, details: &Details) -> Vec<Section> {
        let now = self.now;
        if details.tab == Tab::Events {
            return match details.events.as_ref().map(|e| &e.state) {
                None | Some(Loaded::Loading) => describe::saying(Tone::Busy, "Loading events …", ""),
                Some(Loaded::Failed(fault)) => describe::saying(Tone::Bad, &fault.summary, &fault.hint),
                Some(state) => describe::events(state.value().map_or(&[], |rows| rows), now),
            };
        }
        let state = details.objects.first().map(|o| &o.state);
        match (&details.of, state) {
            (DetailsOf::Gateway(id), _) => match self.gateway(id).or_else(|| details.last.clone()) {
                Some(row) => {
                    let object = |kind| details.object(kind).map(|v| &**v);
                    match details.tab {
                        Tab::Reconcile => {
                            let standing = details.standing.as_ref().and_then(|open| open.state.as_ref());
                            self.standing_sections(&row, standing)
                        }
                        Tab::Service => describe::gateway_service(&row),
                        Tab::Scaling => {
                            let scaler = object(Kind::HorizontalPodAutoscaler);
                            self.with_resources(&row, describe::gateway_scaling(&row, scaler, now))
                        }
                        _ => {
                            let mut sections = describe::gateway_overview(&row, &object, now);
                            sections.extend(unreadable(details));
                            sections
                        }
                    }
                }
                None => describe::saying(Tone::Warn, "This gateway is not there.", "esc goes back."),
            },
            (_, Some(Loaded::Failed(fault))) => describe::saying(Tone::Bad, &fault.summary, &fault.hint),
            (DetailsOf::Pod(key), Some(state)) if state.value().is_some() => {
                let mut sections = state.value().map(|v| describe::pod(v, now)).unwrap_or_default();
                if let Some(value) = state.value() {
                    let at = sections.len().min(2);
                    sections.insert(at, self.pod_use(key, value));
                }
                sections
            }
            (DetailsOf::Service(key), Some(state)) if state.value().is_some() => {
                let snapshot = self.cluster(&key.cluster);
                let slices = snapshot.map(|s| s.endpoint_slices.clone()).unwrap_or_default();
                state.value().map(|v| describe::service(v, &slices, now)).unwrap_or_default()
            }
            (_, Some(Loaded::Gone(None))) => {
                describe::saying(Tone::Warn, "It was deleted.", "esc goes back.")
            }
            _ => describe::saying(Tone::Busy, "Loading …", ""),
        }
    }
}

/// The parts that could not be read, each with why: a part that says `loading` for ever would lie.
fn unreadable(details: &Details) -> Option<Section> {
    let failed = details.objects.iter().filter_map(|o| match &o.state {
        Loaded::Failed(fault) => Some((o, fault)),
        _ => None,
    });
    let fact = |(o, fault): (&OpenObject, &Fault)| {
        Fact::new(o.key.kind.to_string(), fault.summary.clone()).tone(Tone::Warn).note(fault.hint.clone())
    };
    let facts: Vec<Fact> = failed.map(fact).collect();
    (!facts.is_empty()).then(|| Section::new("Could not be read", facts))
}

fn document(details: &Details) -> Vec<paint::Line> {
    let say = |text: String, tone| vec![vec![paint::piece(text, Look::Tone(tone))]];
    let Some(open) = details.objects.get(details.document) else {
        return say("Loading …".to_owned(), Tone::Busy);
    };
    match &open.state {
        Loaded::Loading => say(format!("Loading {} …", open.key), Tone::Busy),
        Loaded::Failed(fault) => say(format!("{}. {}", fault.summary, fault.hint), Tone::Bad),
        Loaded::Gone(None) => say(format!("{} does not exist.", open.key), Tone::Warn),
        Loaded::Here(value) | Loaded::Gone(Some(value)) => match yaml::to_yaml(value, details.managed_fields)
        {
            Ok(text) => highlighted(&text),
            Err(fault) => say(format!("{}. {}", fault.summary, fault.hint), Tone::Bad),
        },
    }
}

/// A YAML text as lines to be painted.
pub(super) fn highlighted(text: &str) -> Vec<paint::Line> {
    let mut state = yaml::lines::State::default();
    let clean = crate::model::clean::clean_text(text, 4);
    clean
        .lines()
        .map(|line| {
            yaml::lines::spans(line, &mut state)
                .into_iter()
                .map(|(range, token)| paint::piece(line[range].to_owned(), Look::Token(token)))
                .collect()
        })
        .collect()
}
