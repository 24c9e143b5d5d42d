//! The port-forwards that are open: opened on purpose, listed, stopped.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent};
use jiff::Timestamp;

pub use super::ports::Target;
use crate::app::command::Command;
use crate::app::effect::{Effect, Ticket};
use crate::app::model::App;
use crate::app::overlay::Overlay;
use crate::model::age::age;
use crate::model::clean::clean;
use crate::model::forward::{Aim, Counts, Local, News};
use crate::model::name::ClusterName;
use crate::model::snapshot::Link;
use crate::model::table::Tone;

/// An open one.
#[derive(Clone, Debug)]
pub struct Forward {
    /// Joins it with its news, and ends it.
    pub ticket: Ticket,
    /// What it leads to.
    pub target: Target,
    /// The port there.
    pub port: u16,
    /// The port of this machine; none: it is being opened.
    pub local: Option<u16>,
    /// When it was opened.
    pub since: Timestamp,
    /// How its connections fare.
    pub counts: Counts,
    /// Where connections are carried to.
    pub aims: Arc<[Aim]>,
}

impl Forward {
    /// What a client connects to.
    pub fn address(&self) -> String {
        self.local.map_or_else(|| "127.0.0.1:…".to_owned(), |port| format!("127.0.0.1:{port}"))
    }

    /// `gateway egressgateway:15000 in prod-eu`: short, for a line.
    pub fn short(&self) -> String {
        let (kind, name) = match &self.target {
            Target::Pod(key) => ("pod", &key.name),
            Target::Service(key) => ("Service", &key.name),
            Target::Gateway(id) => ("gateway", &id.name),
        };
        format!("{kind} {}:{} in {}", clean(name), self.port, self.target.cluster())
    }

    /// `gateway istio-system/egressgateway port 15000 in prod-eu`.
    pub fn leads_to(&self) -> String {
        format!("{} port {} in {}", clean(&self.target.in_words()), self.port, self.target.cluster())
    }
}

/// The list of them, in front of the screen.
#[derive(Debug, Default)]
pub struct ForwardList {
    /// The chosen one.
    pub cursor: usize,
}

/// What a person typed: `[LOCAL:]PORT`.
fn read(argument: &str) -> Result<(Option<u16>, u16), String> {
    let number = |text: &str| match text.trim().parse::<u16>() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(format!("`{argument}` is no port: write PORT or LOCAL:PORT, as 15000 or 18080:80")),
    };
    match argument.split_once(':') {
        Some((local, port)) => Ok((Some(number(local)?), number(port)?)),
        None => Ok((None, number(argument)?)),
    }
}

impl App {
    /// Opens a port-forward to what is selected; without a port it is asked for one where there are several.
    pub(super) fn port_forward(&mut self, argument: &str) -> Vec<Effect> {
        let Some((target, ports)) = self.ports_here() else { return Vec::new() };
        let is_production = self.is_production(target.cluster());
        let chosen = match (argument, ports.as_slice()) {
            // In production nobody opens one without having read where.
            ("", [only]) if !is_production => Ok((None, only.number)),
            ("", _) => return self.type_on(Command::PortForward),
            (typed, _) => read(typed),
        };
        let known = |number: u16| ports.iter().any(|port| port.number == number);
        let (local, port) = match chosen {
            Ok((_, port)) if matches!(target, Target::Service(_)) && !known(port) => {
                let all: Vec<String> = ports.iter().map(|port| port.number.to_string()).collect();
                let has = if all.is_empty() { "no TCP port".to_owned() } else { all.join(", ") };
                let text = format!("port-forward: {} has no port {port}: {has}", target.in_words());
                self.say(Tone::Warn, text);
                return Vec::new();
            }
            Ok(chosen) => chosen,
            Err(why) => {
                self.say(Tone::Warn, format!("port-forward: {why}"));
                return Vec::new();
            }
        };
        let aims: Arc<[Aim]> = self.aims(&target, port).into();
        if aims.is_empty() {
            let text = format!(
                "port-forward: no pod of {} in {} is ready: there is nothing to lead to",
                target.in_words(),
                target.cluster()
            );
            self.say(Tone::Warn, text);
            return Vec::new();
        }
        let ticket = self.ticket();
        let cluster = target.cluster().clone();
        let local = local.map_or(Local::Like(port), Local::Asked);
        self.forwards.push(Forward {
            ticket,
            target,
            port,
            local: None,
            since: self.now,
            counts: Counts::default(),
            aims: aims.clone(),
        });
        vec![Effect::Forward(ticket, cluster, local, aims)]
    }

    /// News of a port-forward.
    pub(in crate::app) fn on_forward(&mut self, ticket: Ticket, news: News) {
        let Some(at) = self.forwards.iter().position(|forward| forward.ticket == ticket) else { return };
        match news {
            News::Listening(port) => {
                self.forwards[at].local = Some(port);
                let key = self.key_of(Command::PortForwards);
                let forward = &self.forwards[at];
                let text = format!(
                    "{} leads to {} until egret ends; {key} lists, copies and stops.",
                    forward.address(),
                    forward.leads_to()
                );
                self.say(Tone::Good, text);
            }
            News::Refused(fault) => {
                self.forwards.remove(at);
                self.say(Tone::Bad, format!("{}. {}", fault.summary, fault.hint));
            }
            News::Counted(counts) => self.forwards[at].counts = counts,
        }
    }

    /// A cluster changed: its port-forwards lead to the pods that are ready now.
    pub(in crate::app) fn aim_forwards(&mut self, cluster: &ClusterName) -> Vec<Effect> {
        // Of a cluster that does not answer, what is known may be wrong either way.
        if self.forwards.is_empty() || !self.cluster(cluster).is_some_and(|s| matches!(s.link, Link::Ready)) {
            return Vec::new();
        }
        let mut effects = Vec::new();
        for at in 0..self.forwards.len() {
            let forward = &self.forwards[at];
            if forward.target.cluster() != cluster {
                continue;
            }
            let aims = self.aims(&forward.target, forward.port);
            let before = &forward.aims;
            // The pod that is used stays the one, as long as it is there.
            let used = before.first().and_then(|first| aims.iter().position(|aim| aim == first));
            let mut aims = aims;
            if let Some(used) = used {
                aims[..=used].rotate_right(1);
            }
            let is_same = before.len() == aims.len() && before.iter().all(|aim| aims.contains(aim));
            if !is_same {
                let aims: Arc<[Aim]> = aims.into();
                effects.push(Effect::AimForward(forward.ticket, aims.clone()));
                self.forwards[at].aims = aims;
            }
        }
        effects
    }

    /// Stops the port-forwards of some clusters; tells how many there were.
    pub(in crate::app) fn stop_forwards(
        &mut self,
        of: impl Fn(&ClusterName) -> bool,
    ) -> (usize, Vec<Effect>) {
        let (stopped, kept): (Vec<Forward>, Vec<Forward>) =
            std::mem::take(&mut self.forwards).into_iter().partition(|forward| of(forward.target.cluster()));
        self.forwards = kept;
        let count = stopped.len();
        (count, stopped.into_iter().map(|forward| Effect::Close(forward.ticket)).collect())
    }

    /// How a port-forward is, in a word.
    pub fn forward_state(&self, forward: &Forward) -> (&'static str, Tone) {
        match forward {
            Forward { local: None, .. } => ("opening", Tone::Busy),
            Forward { aims, target, .. } if aims.is_empty() => {
                (if matches!(target, Target::Pod(_)) { "pod is gone" } else { "no ready pod" }, Tone::Bad)
            }
            Forward { counts, .. } if counts.is_failing => ("failing", Tone::Bad),
            _ => ("open", Tone::Good),
        }
    }

    /// What there is to say of a port-forward besides its line.
    pub fn forward_words(&self, forward: &Forward) -> [String; 2] {
        let counts = &forward.counts;
        let pod = counts.pod.as_deref().or(forward.aims.first().map(|aim| &*aim.pod.name));
        let pod = match (&forward.target, pod) {
            (Target::Pod(_), _) | (_, None) => String::new(),
            (_, Some(pod)) => format!(" by pod {}", clean(pod)),
        };
        let since = age(forward.since, self.now);
        let first = format!("{}{pod}; open for {since}.", forward.leads_to());
        let second = match (&counts.last, forward.aims.is_empty()) {
            (_, true) => "Connections fail until one is ready; d stops it.".to_owned(),
            (Some(why), _) => {
                let many = if counts.failed == 1 { "One connection" } else { "Connections" };
                format!("{many} failed ({} of {}), the last: {why}", counts.failed, counts.all)
            }
            (None, _) => String::new(),
        };
        [first, second]
    }

    /// Lists the port-forwards.
    pub(super) fn open_forwards(&mut self) -> Vec<Effect> {
        self.overlay = Some(Overlay::Forwards(ForwardList::default()));
        Vec::new()
    }

    /// A key in the list.
    pub(in crate::app) fn forwards_key(&mut self, key: KeyEvent) -> Vec<Effect> {
        let count = self.forwards.len();
        let Some(Overlay::Forwards(list)) = &mut self.overlay else { return Vec::new() };
        list.cursor = list.cursor.min(count.saturating_sub(1));
        let at = list.cursor;
        match key.code {
            KeyCode::Up | KeyCode::Char('k') if count > 0 => list.cursor = (at + count - 1) % count,
            KeyCode::Down | KeyCode::Char('j') if count > 0 => list.cursor = (at + 1) % count,
            KeyCode::Enter | KeyCode::Char('c') => {
                if let Some(forward) = self.forwards.get(at).filter(|forward| forward.local.is_some()) {
                    return vec![Effect::Copy(forward.address())];
                }
            }
            KeyCode::Char('d') if at < count => {
                let stopped = self.forwards.remove(at);
                let text = format!("{} leads to {} no longer.", stopped.address(), stopped.leads_to());
                self.say(Tone::Plain, text);
                if self.forwards.is_empty() {
                    self.overlay = None;
                }
                return vec![Effect::Close(stopped.ticket)];
            }
            _ => {}
        }
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_read_with_or_without_the_local_one() {
        assert_eq!(read("15000"), Ok((None, 15000)));
        assert_eq!(read("18080:80"), Ok((Some(18080), 80)));
        for wrong in ["", "0", "http", "1:2:3", "70000", ":80", "80:"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
