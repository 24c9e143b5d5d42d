//! The tabs of upstreams and certificates: what they list, what they say where there is nothing to list.

use jiff::Timestamp;

use super::command::Command;
use super::effect::Effect;
use super::model::App;
use super::paint::{Line, Look, piece, plain};
use super::screen::pane::{Instead, Made};
use super::screen::{Details, DetailsOf, Screen, Tab};
use super::traffic::chain_list::Chains;
use super::traffic::chains::chains;
use super::traffic::hosts::Hosts;
use super::traffic::resources::{self, Known};
use super::traffic::seen::PodSeen;
use super::traffic::upstreams::{Place, hosts};
use crate::metrics::view::PodReading;
use crate::model::clean::clean;
use crate::model::columns::{clock, link_words};
use crate::model::facts::Section;
use crate::model::fault::Fault;
use crate::model::gateway::GatewayRow;
use crate::model::name::{ClusterName, ObjectKey};
use crate::model::reading::Reading;
use crate::model::table::Tone;

/// Seconds after which what was seen is no longer now.
const OLD: i64 = 60;
/// Seconds after which certificates that were seen are no longer now: they are read every ten minutes.
const OLD_CERTS: i64 = 1_260;
/// Lines for pods that cannot be read, at most.
const FAULTS: usize = 2;

impl Tab {
    /// Whether it is a list whose rows unfold.
    pub fn is_pane(self) -> bool {
        matches!(self, Self::Upstreams | Self::Certs)
    }
}

/// The pods of a gateway whose proxies can be asked.
fn running(row: &GatewayRow) -> Vec<ObjectKey> {
    let runs = row.pods.iter().filter(|pod| &*pod.phase == "Running");
    runs.map(|pod| row.pod_key(pod)).collect()
}

/// When the pods answered last, and why some did not.
#[derive(Default)]
struct Heard<'a> {
    all: usize,
    read: usize,
    last: Option<Timestamp>,
    faults: Vec<(&'a ObjectKey, &'a Fault)>,
}

impl App {
    /// The pane in front.
    pub(super) fn pane_mut(&mut self) -> Option<&mut super::screen::pane::Pane> {
        match self.screen_mut() {
            Screen::Details(details) if details.tab.is_pane() => Some(&mut details.pane),
            _ => None,
        }
    }

    /// Something was heard of proxies: what tells of them is made anew before the next frame.
    pub(super) fn proxies_heard(&mut self) {
        match self.screen_mut() {
            Screen::Details(details) => {
                details.pane.stale = true;
                details.stale_text |= details.tab == Tab::Scaling;
            }
            Screen::Fleet(fleet) => fleet.stale = true,
            _ => {}
        }
    }

    /// Makes the list of the open tab, when something it tells of changed.
    pub(super) fn make_pane(&mut self) {
        let Screen::Details(details) = self.screen() else { return };
        if !details.tab.is_pane() || !(details.stale_text || details.pane.stale) {
            return;
        }
        let made = self.pane_of(details);
        if let Screen::Details(details) = self.screen_mut() {
            details.pane.set(made);
            details.stale_text = false;
        }
    }

    fn pane_of(&self, details: &Details) -> Made {
        let instead = |tone, text: &str, next: &str| Made {
            instead: Some((tone, text.to_owned(), next.to_owned())),
            ..Made::default()
        };
        let DetailsOf::Gateway(id) = &details.of else { return Made::default() };
        let Some(row) = self.gateway(id).or_else(|| details.last.clone()) else {
            return instead(Tone::Warn, "This gateway is not there.", "esc goes back.");
        };
        let pods = row.pod_keys();
        if row.pods_unknown() {
            let next = format!("{}.", row.health.reason.trim_end_matches('.'));
            return instead(Tone::Warn, "Its pods are not known.", &clean(&next));
        }
        if pods.is_empty() {
            let next = "Whatever it serves, no proxy of it runs: the overview and the events tell why.";
            return instead(Tone::Warn, "It has no pods, so there is no proxy to ask.", next);
        }
        let running: Vec<ObjectKey> = running(&row);
        if running.is_empty() {
            let next =
                "A proxy can be asked once its pod runs: the pods tab and the events tell what it waits for.";
            return instead(Tone::Warn, "None of its pods runs, so there is no proxy to ask.", next);
        }
        let mut made = match details.tab {
            Tab::Certs => self.certs_made(&running),
            _ => self.upstreams_made(&running),
        };
        // Where the cluster does not answer, nothing is on its way.
        if made.instead.as_ref().is_some_and(|(tone, ..)| *tone == Tone::Busy)
            && let Some((tone, words)) =
                self.cluster(&id.cluster).and_then(|s| link_words(&s.cluster, &s.link))
        {
            let next = format!("{} tries again now.", self.key_of(Command::Retry));
            made.instead = Some((tone, format!("{} {words}", clean(id.cluster.as_str())), next));
        }
        made
    }

    fn heard<'a, T>(
        &'a self,
        pods: &'a [ObjectKey],
        readings: &'a [PodReading],
        part: impl Fn(&'a PodSeen) -> Option<&'a (Timestamp, T)>,
    ) -> Heard<'a>
    where
        T: 'a,
    {
        let mut heard = Heard { all: pods.len(), ..Heard::default() };
        for pod in pods {
            let seen = self.traffic.seen.pod(pod);
            if let Some((at, _)) = seen.and_then(&part) {
                heard.read += 1;
                heard.last = heard.last.max(Some(*at));
            }
            // A proxy that cannot be reached at all is not asked for more.
            let unreached = || readings.iter().find(|reading| reading.pod == *pod)?.fault.as_ref();
            let fault = seen.and_then(|seen| seen.fault.as_ref()).map(|(_, fault)| fault);
            heard.faults.extend(fault.or_else(unreached).map(|fault| (pod, fault)));
        }
        heard
    }

    fn upstreams_made(&self, pods: &[ObjectKey]) -> Made {
        let traffic = &self.traffic;
        let readings = traffic.store.readings(pods);
        let heard = self.heard(pods, &readings, |seen| seen.clusters.as_ref());
        let was_read = readings.iter().any(|reading| reading.last.is_some());
        let statistics = was_read.then(|| traffic.store.upstreams(pods, traffic.window, self.now));
        let seen = pods.iter().filter_map(|pod| traffic.seen.pod(pod));
        let thresholds = self.thresholds();
        let all = hosts(seen, statistics, &thresholds);
        if let Some(instead) = heard.instead("hosts", !all.is_empty()) {
            return Made { instead: Some(instead), ..Made::default() };
        }
        let outside = || all.iter().filter(|host| host.place == Place::External);
        if outside().next().is_none() && all.iter().all(|host| host.place == Place::Own) {
            let text = "No host is configured: the gateway leads nowhere.".to_owned();
            let next =
                "A host takes a ServiceEntry, and a VirtualService that leads to it through this gateway.";
            return Made { instead: Some((Tone::Plain, text, next.to_owned())), ..Made::default() };
        }
        let of = |tone| outside().filter(|host| host.judged.tone == tone).count();
        let mut head = sums(outside().count(), "external host", of(Tone::Bad), of(Tone::Warn));
        head.extend(heard.words(self.now, OLD));
        head.push(piece(format!("   {}", traffic.window), Look::Label));
        let mut foot = heard.foot();
        if all.iter().any(|host| host.stats.retries == Reading::NotCollected) {
            foot.push(vec![piece(self.not_collected(), Look::Tone(Tone::Muted))]);
        }
        let listing = Hosts { hosts: all, near: thresholds.saturation.0 };
        Made { instead: None, listing: Some(Box::new(listing)), head, foot }
    }

    /// Of which namespaces the use of CPU and memory is read from now on, when that is not what is being read.
    pub(super) fn use_what_is_shown(&mut self) -> Option<Effect> {
        if self.may_show_use() {
            // Which rows and columns are on the screen is known only then.
            self.settle();
        }
        let answers = |cluster: &ClusterName| self.cluster(cluster).is_some_and(|s| s.link.is_ready());
        let of = match self.screen() {
            Screen::Details(Details { of: DetailsOf::Gateway(id), tab: Tab::Scaling, .. }) => {
                answers(&id.cluster).then(|| (id.cluster.clone(), id.namespace.to_string()))
            }
            _ => self
                .pod_in_use()
                .filter(|pod| answers(&pod.cluster))
                .map(|pod| (pod.cluster.clone(), pod.namespace.to_string())),
        };
        let mut wanted = Vec::from_iter(of);
        wanted.extend(self.active_table().map(|table| self.uses_in_table(table)).unwrap_or_default());
        if wanted == self.traffic.usage_asked {
            return None;
        }
        self.traffic.usage_asked.clone_from(&wanted);
        Some(Effect::ReadUsage(wanted))
    }

    /// How many pods there are, and what they use of what they may.
    pub(super) fn with_resources(&self, row: &GatewayRow, mut sections: Vec<Section>) -> Vec<Section> {
        let (traffic, pods) = (&self.traffic, row.pod_keys());
        let readings = traffic.store.readings(&pods);
        let thresholds = self.thresholds();
        let hosts = hosts(pods.iter().filter_map(|pod| traffic.seen.pod(pod)), None, &thresholds);
        let server = |pod: &ObjectKey| {
            let (_, server) = traffic.seen.pod(pod)?.server.as_ref()?;
            Some((pod.name.clone(), server))
        };
        let known = Known {
            row,
            usage: traffic.usage.get(&row.id.cluster),
            readings: &readings,
            servers: pods.iter().filter_map(server).collect(),
            hosts: &hosts,
            thresholds,
            now: self.now,
        };
        // What is used stands before what may be evicted, and behind what decides how many pods there are.
        let behind = |section: &Section| matches!(&*section.title, "Conditions" | "Behavior" | "Disruptions");
        let at = sections.iter().position(behind).unwrap_or(sections.len());
        let rest = sections.split_off(at);
        sections.extend(resources::sections(&known));
        sections.extend(rest);
        sections
    }

    /// What `n/c` means, and the key that changes it.
    fn not_collected(&self) -> String {
        let key = self.key_of(Command::Statistics);
        let key = if key.is_empty() { format!(":{}", Command::Statistics) } else { key };
        format!(" n/c: these proxies do not collect it; {key} has them do so (that replaces the pods).")
    }

    fn certs_made(&self, pods: &[ObjectKey]) -> Made {
        let readings = self.traffic.store.readings(pods);
        let heard = self.heard(pods, &readings, |seen| seen.certs.as_ref());
        let certificates = pods.iter().filter_map(|pod| {
            let (_, certs) = self.traffic.seen.pod(pod)?.certs.as_ref()?;
            Some((&pod.name, certs.as_slice()))
        });
        let all = chains(certificates);
        if let Some(instead) = heard.instead("certificates", !all.is_empty() || heard.read > 0) {
            return Made { instead: Some(instead), ..Made::default() };
        }
        if all.is_empty() {
            let text = "The proxies use no certificate.".to_owned();
            let next = "A server with tls, a DestinationRule with tls, or mTLS of the mesh brings one.";
            return Made { instead: Some((Tone::Plain, text, next.to_owned())), ..Made::default() };
        }
        let many = all.len();
        let listing = Chains::new(all, &self.thresholds(), self.now);
        let (bad, warn) = listing.troubles();
        let mut head = sums(many, "certificate", bad, warn);
        head.extend(heard.words(self.now, OLD_CERTS));
        Made { instead: None, listing: Some(Box::new(listing)), head, foot: heard.foot() }
    }

    /// What the selected row of the pane means; none: nothing is listed.
    pub(super) fn explain_pane(&self, details: &Details) -> Option<[String; 2]> {
        if !details.tab.is_pane() {
            return None;
        }
        details.pane.explain()
    }
}

/// `6 external hosts   ✕ 1 bad   ▲ 2 to look at`.
fn sums(all: usize, what: &str, bad: usize, warn: usize) -> Line {
    let plural = if all == 1 { "" } else { "s" };
    let mut line = vec![piece(format!(" {all} {what}{plural}"), Look::Title)];
    for (count, words, tone) in [(bad, "✕", Tone::Bad), (warn, "▲", Tone::Warn)] {
        if count > 0 {
            let word = if tone == Tone::Bad { "bad" } else { "to look at" };
            line.push(piece(format!("   {words} {count} {word}"), Look::Tone(tone)));
        }
    }
    line
}

impl Heard<'_> {
    /// What stands in place of a list that there is not.
    fn instead(&self, what: &str, is_there: bool) -> Option<Instead> {
        if is_there {
            return None;
        }
        Some(match self.faults.first() {
            Some((_, fault)) => {
                let tone = if fault.transient() { Tone::Bad } else { Tone::Warn };
                (tone, clean(&fault.summary).into_owned(), clean(&fault.hint).into_owned())
            }
            None => {
                let pods = if self.all == 1 { "1 pod".to_owned() } else { format!("{} pods", self.all) };
                (Tone::Busy, format!("Reading the {what} of {pods} …"), String::new())
            }
        })
    }

    /// `   3/3 pods at 11:51:58`, and whether that is long ago.
    fn words(&self, now: Timestamp, old: i64) -> Line {
        let Some(last) = self.last else { return Line::new() };
        let pods = format!("   {}/{} pods", self.read, self.all);
        let few = if self.read < self.all { Tone::Warn } else { Tone::Muted };
        let mut line = vec![piece(pods, Look::Tone(few))];
        line.push(match now.duration_since(last).as_secs() > old {
            true => piece(format!("   ▲ stale since {}", clock(last)), Look::Tone(Tone::Warn)),
            false => piece(format!(" at {}", clock(last)), Look::Tone(Tone::Muted)),
        });
        line
    }

    /// The pods that cannot be read, each with why.
    fn foot(&self) -> Vec<Line> {
        let shown = if self.faults.len() > FAULTS { FAULTS - 1 } else { self.faults.len() };
        let line = |(pod, fault): &(&ObjectKey, &Fault)| {
            // The summary names the cluster and the pod first: the row has room for why.
            let why = fault.summary.split_once(&*pod.name).and_then(|(_, rest)| rest.strip_prefix(": "));
            let text = format!("▲ {}: {}", clean(&pod.name), clean(why.unwrap_or(&fault.summary)));
            vec![plain(" "), piece(text, Look::Tone(Tone::Warn))]
        };
        let mut lines: Vec<Line> = self.faults.iter().take(shown).map(line).collect();
        if self.faults.len() > shown {
            let more = self.faults.len() - shown;
            lines
                .push(vec![piece(format!(" ▲ and {more} pods more cannot be read"), Look::Tone(Tone::Warn))]);
        }
        lines
    }
}
