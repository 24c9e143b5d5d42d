//! What the keys of the Traffic tab do.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use strum::IntoEnumIterator as _;

use super::parts::AXIS;
use super::view::View;
use crate::app::command::Command;
use crate::app::effect::Effect;
use crate::app::model::App;
use crate::app::screen::{Details, DetailsOf, Screen, Tab};
use crate::metrics::view::{By, Window};
use crate::model::gateway::GatewayId;
use crate::model::name::ClusterName;
use crate::model::table::{TableKind, Tone};

/// Intervals that a key goes through.
const INTERVALS: [Option<Duration>; 4] =
    [None, Some(Duration::from_secs(5)), Some(Duration::from_secs(15)), Some(Duration::from_secs(60))];

/// Pods that can be compared.
const COMPARED: usize = 2;

impl App {
    /// Whether the Traffic tab of a gateway is in front.
    pub fn looks_at_traffic(&self) -> bool {
        matches!(self.screen(), Screen::Details(Details { of: DetailsOf::Gateway(_), tab: Tab::Traffic, .. }))
    }

    fn traffic_view(&mut self) -> Option<&mut View> {
        match self.screen_mut() {
            Screen::Details(Details { of: DetailsOf::Gateway(_), tab: Tab::Traffic, traffic, .. }) => {
                traffic.stale = true;
                Some(traffic)
            }
            _ => None,
        }
    }

    /// What the Traffic tab does with its commands.
    pub(in crate::app) fn traffic_command(&mut self, command: Command) -> Vec<Effect> {
        use Command as C;
        let now = self.now;
        match command {
            C::ShorterWindow => self.step_window(-1),
            C::LongerWindow => self.step_window(1),
            C::Compare => self.compare(),
            C::WorstFirst => self.worst_first(),
            _ => {
                let Some(view) = self.traffic_view() else { return Vec::new() };
                match command {
                    C::TrafficPlot => view.next_plot(1),
                    C::TrafficBy => view.next_by(),
                    C::Freeze => view.frozen = if view.frozen.is_some() { None } else { Some(now) },
                    _ => view.next_interval(),
                }
            }
        }
        Vec::new()
    }

    fn step_window(&mut self, by: isize) {
        let all: Vec<Window> = Window::iter().collect();
        let at = all.iter().position(|window| *window == self.traffic.window).unwrap_or(0);
        let to = at.saturating_add_signed(by).min(all.len().saturating_sub(1));
        self.traffic.window = all.get(to).copied().unwrap_or_default();
        if let Some(view) = self.traffic_view() {
            view.cursor = None;
            view.order = None;
        }
    }

    /// Puts the gateway of the same name in another cluster beside this one; the next one; then none.
    fn compare(&mut self) {
        let others = self.namesakes();
        let Some(view) = self.traffic_view() else { return };
        let next = match &view.other {
            None => others.first(),
            Some(now) => others.iter().skip_while(|cluster| *cluster != now).nth(1),
        };
        view.other = next.cloned();
        view.marked.clear();
    }

    /// The other clusters that have a gateway of the name of the open one.
    pub(in crate::app) fn namesakes(&self) -> Vec<ClusterName> {
        let Screen::Details(Details { of: DetailsOf::Gateway(id), .. }) = self.screen() else {
            return Vec::new();
        };
        let same = |other: &GatewayId| {
            other.name == id.name && other.namespace == id.namespace && other.cluster != id.cluster
        };
        self.fleet().iter().filter(|row| same(&row.id)).map(|row| row.id.cluster.clone()).collect()
    }

    /// Sorts the gateways so that the worst come first; again: as they come.
    fn worst_first(&mut self) {
        if let Screen::Table(table) = self.screen_mut()
            && table.kind == TableKind::Gateways
        {
            if table.sort == Some(("traffic", false)) {
                table.unsort();
            } else {
                table.sort = None;
                table.sort_by("traffic");
            }
        }
        if matches!(self.screen(), Screen::Table(table) if table.sort.is_some()) {
            self.say(Tone::Plain, "The worst come first: what fails, then what is slow.");
        }
    }

    /// Moves about in the Traffic tab; tells whether it is in front.
    pub(in crate::app) fn traffic_motion(&mut self, command: Command) -> bool {
        use Command as C;
        let (width, window, now) = (self.size.0, self.traffic.window, self.now);
        let Some(view) = self.traffic_view() else { return false };
        match command {
            C::Left => view.read_off(-1, width, window, now),
            C::Right => view.read_off(1, width, window, now),
            C::Up => view.select(-1),
            C::Down => view.select(1),
            C::PageUp => view.select(-5),
            C::PageDown => view.select(5),
            C::Top => view.select(isize::MIN),
            _ => view.select(isize::MAX),
        }
        true
    }

    /// Looks at the selected host alone; of a pod, opens it.
    pub(in crate::app) fn open_traffic_row(&mut self) {
        let Some(view) = self.traffic_view() else { return };
        let Some(key) = view.current() else { return };
        if view.host.is_none() && view.by == By::Host {
            view.host = Some(key);
            view.selected = None;
            view.order = None;
            view.marked.clear();
            return;
        }
        if view.host.is_some() {
            let key = self.key_of(Command::Back);
            return self
                .say(Tone::Muted, format!("open: it is looked at alone; {key} leads back to all hosts"));
        }
        let key = self.key_of(Command::TrafficBy);
        self.say(
            Tone::Muted,
            format!("open: only a host can be looked at alone; {key} until hosts are shown"),
        );
    }

    /// Puts a pod on the chart, or takes it away.
    pub(in crate::app) fn mark_traffic_row(&mut self) {
        let key = self.key_of(Command::TrafficBy);
        let Some(view) = self.traffic_view() else { return };
        if view.by != By::Pod && view.host.is_none() {
            self.say(Tone::Muted, format!("mark: pods are compared; {key} until they are shown"));
            return;
        }
        let Some(pod) = view.current() else { return };
        view.other = None;
        if view.marked.contains(&pod) {
            view.marked.retain(|marked| *marked != pod);
        } else {
            view.marked.push(pod);
            let over = view.marked.len().saturating_sub(COMPARED);
            view.marked.drain(..over);
        }
        view.select(1);
    }

    /// Takes one thing back that the Traffic tab shows beside its usual; tells whether there was one.
    pub(in crate::app) fn traffic_back(&mut self) -> bool {
        let Some(view) = self.traffic_view() else { return false };
        if view.cursor.take().is_some() || view.other.take().is_some() {
            return true;
        }
        if !view.marked.is_empty() {
            view.marked.clear();
            return true;
        }
        let host = view.host.take();
        if host.is_some() {
            // Back on the host that one came from.
            view.selected = host;
            view.order = None;
            return true;
        }
        false
    }

    /// Opens the Traffic tab of the gateway here.
    pub(in crate::app) fn open_traffic(&mut self) -> Vec<Effect> {
        self.open_tab(Tab::Traffic)
    }
}

impl View {
    fn current(&self) -> Option<Arc<str>> {
        self.shown.rows.iter().find(|row| row.selected).map(|row| row.key.clone())
    }

    fn next_by(&mut self) {
        self.by = match self.by {
            By::Host => By::Pod,
            By::Pod => By::Code,
            By::Code => By::Flag,
            By::Flag => By::Host,
        };
        self.host = None;
        self.selected = None;
        self.order = None;
        self.marked.clear();
    }

    fn next_interval(&mut self) {
        let at = INTERVALS.iter().position(|every| *every == self.every).unwrap_or(0);
        self.every = INTERVALS.get((at + 1) % INTERVALS.len()).copied().flatten();
    }

    fn select(&mut self, by: isize) {
        let keys = self.order.as_ref().map(|(_, keys)| keys.as_slice()).unwrap_or_default();
        let at = self.selected.as_ref().and_then(|key| keys.iter().position(|k| k == key)).unwrap_or(0);
        let to = at.saturating_add_signed(by).min(keys.len().saturating_sub(1));
        self.selected = keys.get(to).cloned();
    }

    /// Moves what is read off the chart by cells; it begins at the newest value.
    fn read_off(&mut self, by: i64, width: u16, window: Window, now: jiff::Timestamp) {
        let Some(chart) = &self.shown.chart else { return };
        let cells = i64::from(width.saturating_sub(AXIS + 1).max(1));
        let step = i64::from(window.seconds()) * 1000 / cells;
        let (start, end) = chart.span;
        let last = end.as_millisecond() - step / 2;
        let at = match self.cursor {
            Some(at) => at.as_millisecond() + by * step,
            None => last,
        };
        let at = at.clamp(start.as_millisecond() + step / 2, last);
        self.cursor =
            Some(now.checked_add(SignedDuration::from_millis(at - now.as_millisecond())).unwrap_or(now));
    }
}
