//! Tools for pods and Services: port-forwards, shells, restarts, the node.

mod beside;
pub mod forwards;
mod meant;
#[cfg(test)]
mod meant_tests;
mod node;
pub mod output;
mod ports;
mod restart;
mod run;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::command::Command;
use super::effect::Effect;
use super::geometry;
use super::model::App;
use super::open::key;
use super::overlay::{Overlay, Palette};
use super::screen::{Details, DetailsOf, Screen, Tab};
use super::text::Input;
use crate::model::name::{Kind, ObjectKey};
use crate::model::row::PodRow;
use crate::model::table::{Subject, Tone};

pub use beside::USE_COLUMNS;
pub use meant::Meant;

impl App {
    /// A command about a pod or a Service.
    pub(super) fn pod_command(&mut self, command: Command, argument: &str) -> Vec<Effect> {
        let argument = argument.trim();
        match command {
            Command::PortForward => self.port_forward(argument),
            Command::PortForwards => self.open_forwards(),
            Command::Shell => self.shell(argument),
            Command::Exec => self.exec(argument),
            Command::RestartPod => self.restart_pods(),
            Command::NodeGateways => self.node_gateways(),
            _ => Vec::new(),
        }
    }

    /// Whether such a command can do something here, and if not, why.
    pub(super) fn tool_applies(&self, command: Command) -> Result<(), String> {
        if let Some(why) = self.too_small_for_it() {
            return Err(why);
        }
        match command {
            Command::PortForward => {
                let (target, _) = self.ports_here().ok_or("no gateway, Service or pod is selected")?;
                if self.replay.is_some() {
                    return Err("a recording has no pods to reach".to_owned());
                }
                let cluster = target.cluster();
                if self.is_read_only(cluster) {
                    return Err(format!("{cluster} is read-only here, and a port-forward can carry writes"));
                }
                Ok(())
            }
            Command::Shell | Command::Exec => {
                let (pod, row) = self.pod_here().ok_or("no pod is selected")?;
                if self.replay.is_some() {
                    return Err("a recording has no pods to run anything in".to_owned());
                }
                if self.demo.is_some() {
                    return Err("the demo's clusters are simulated, and run no programs".to_owned());
                }
                self.writable(&pod.cluster)?;
                match &*row.phase {
                    "Running" => Ok(()),
                    phase => Err(format!("{} does not run ({phase})", pod.name)),
                }
            }
            Command::RestartPod => self.restart_applies(),
            Command::NodeGateways => {
                let (pod, row) = self.pod_here().ok_or("no pod is selected")?;
                if row.node.is_empty() { Err(format!("{} has no node yet", pod.name)) } else { Ok(()) }
            }
            _ => Ok(()),
        }
    }

    /// Why nothing is done to a row or in a box that the terminal has no room to show.
    pub(super) fn too_small_for_it(&self) -> Option<String> {
        let (width, height) = geometry::SMALLEST;
        let why = || {
            format!("the terminal is too small for it: egret needs {width}×{height} to show what it is about")
        };
        geometry::too_small(self.size).then(why)
    }

    /// Says so, if it is, of the box in front; tells whether it is.
    pub(super) fn refuses_unseen(&mut self) -> bool {
        let Some(why) = self.too_small_for_it() else { return false };
        self.say(Tone::Warn, format!("Nothing was done: {why}. esc leaves what is in front."));
        true
    }

    /// The pod that a box is about, else the one on the screen or under the cursor.
    pub(super) fn pod_here(&self) -> Option<(ObjectKey, Arc<PodRow>)> {
        if let Some(meant) = self.held_on_to() {
            return match &meant.target {
                forwards::Target::Pod(key) if self.is_gone(meant).is_none() => {
                    self.pod(key).map(|row| (key.clone(), row.clone()))
                }
                _ => None,
            };
        }
        if let Screen::Details(Details { of: DetailsOf::Pod(key), tab, .. }) = self.screen()
            && *tab != Tab::Pods
        {
            return self.pod(key).map(|row| (key.clone(), row.clone()));
        }
        let item = self.active_table()?.item()?;
        match &item.subject {
            Subject::Pod(row) => Some((key(&item.cluster, Kind::Pod, &row.meta), row.clone())),
            _ => None,
        }
    }

    /// Has a command typed on, with what may follow it offered.
    fn type_on(&mut self, command: Command) -> Vec<Effect> {
        let meant = self.held_on_to().cloned().or_else(|| self.meant_here());
        let input = Input::with(&format!("{command} "));
        let palette = Palette { input, meant, ..Palette::default() };
        self.overlay = Some(Overlay::Palette(palette));
        self.refill_palette();
        Vec::new()
    }

    /// What may follow such a command, each with what it is.
    pub(super) fn tool_values(&self, command: Command) -> Vec<(String, String)> {
        match command {
            Command::PortForward => {
                let Some((target, ports)) = self.ports_here() else { return Vec::new() };
                let place = self.place_words(target.cluster());
                ports.into_iter().map(|p| (p.number.to_string(), format!("{place}{}", p.about))).collect()
            }
            Command::Shell => {
                let Some((pod, row)) = self.pod_here() else { return Vec::new() };
                let place = self.place_words(&pod.cluster);
                row.running().map(|name| (name.to_owned(), format!("{place}a shell in it"))).collect()
            }
            _ => Vec::new(),
        }
    }

    /// `prod-eu (PRODUCTION): `.
    fn place_words(&self, cluster: &crate::model::name::ClusterName) -> String {
        let mark = if self.is_production(cluster) { " (PRODUCTION)" } else { "" };
        format!("{cluster}{mark}: ")
    }
}
