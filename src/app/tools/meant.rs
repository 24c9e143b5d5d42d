//! What a box was opened for: what is chosen or typed in it is done to that, wherever the cursor went meanwhile.

use super::ports::Target;
use crate::app::command::Command;
use crate::app::effect::Effect;
use crate::app::model::App;
use crate::app::overlay::{Overlay, Palette};
use crate::model::clean::clean;
use crate::model::table::Tone;

/// An object, and no other that takes its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meant {
    /// It.
    pub target: Target,
    /// Its uid; none: a gateway is one by its name.
    uid: Option<Box<str>>,
}

impl Meant {
    /// Its name and its cluster.
    pub fn place(&self) -> (String, String) {
        let name = match &self.target {
            Target::Pod(key) | Target::Service(key) => &key.name,
            Target::Gateway(id) => &id.name,
        };
        (clean(name).into_owned(), self.target.cluster().to_string())
    }
}

/// The commands that a box carries out on what it was opened for.
const HELD: [Command; 3] = [Command::PortForward, Command::Shell, Command::Exec];

impl Palette {
    /// The command that is typed, and what it is about, where that stays what it was.
    pub fn held(&self) -> Option<(Command, &Meant)> {
        let (name, _) = self.input.text().trim_start().split_once(' ')?;
        let command = name.parse().ok().filter(|command| HELD.contains(command))?;
        Some((command, self.meant.as_ref()?))
    }
}

impl App {
    /// What is selected, to be held on to.
    pub(in crate::app) fn meant_here(&self) -> Option<Meant> {
        let target = self.target_here()?;
        let uid = self.uid_of(&target);
        Some(Meant { target, uid })
    }

    fn uid_of(&self, target: &Target) -> Option<Box<str>> {
        match target {
            Target::Pod(key) => self.pod(key).map(|row| row.meta.uid.clone()),
            Target::Service(key) => self.service(key).map(|row| row.meta.uid.clone()),
            Target::Gateway(_) => None,
        }
    }

    /// What the command that is carried out, or the box in front, is about.
    pub(super) fn held_on_to(&self) -> Option<&Meant> {
        self.meant.as_ref().or(match &self.overlay {
            Some(Overlay::Choose(choose)) => choose.meant.as_ref(),
            Some(Overlay::Palette(palette)) => palette.meant.as_ref(),
            _ => None,
        })
    }

    /// Why nothing can be done to it any more, if that is so.
    pub(super) fn is_gone(&self, meant: &Meant) -> Option<String> {
        let is_there = match &meant.target {
            Target::Gateway(id) => self.gateway(id).is_some(),
            target => meant.uid.is_some() && self.uid_of(target) == meant.uid,
        };
        let (name, cluster) = meant.place();
        (!is_there).then(|| format!("{name} in {cluster} is gone; nothing was run"))
    }

    /// Carries out what was chosen or typed in a box: on what the box was opened for, or not at all.
    pub(in crate::app) fn run_meant(
        &mut self,
        command: Command,
        argument: &str,
        meant: Option<Meant>,
    ) -> Vec<Effect> {
        let Some(meant) = meant.filter(|_| HELD.contains(&command)) else {
            return self.run(command, argument);
        };
        if let Some(gone) = self.is_gone(&meant) {
            self.say(Tone::Warn, format!("{command}: {gone}."));
            return Vec::new();
        }
        self.meant = Some(meant);
        let effects = self.run(command, argument);
        self.meant = None;
        effects
    }
}
