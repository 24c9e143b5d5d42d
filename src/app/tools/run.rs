//! A shell in a container, or one command: where it runs is chosen, and asked about where it is production.

use std::sync::Arc;

use crate::app::command::Command;
use crate::app::confirm::{Confirm, Stage};
use crate::app::deed::{Deed, Plan, What};
use crate::app::effect::Effect;
use crate::app::model::App;
use crate::app::overlay::{Choose, Overlay};
use crate::model::clean::clean;
use crate::model::exec::{Ended, Run, words};
use crate::model::facts::{Fact, Section};
use crate::model::fault::Fault;
use crate::model::table::Tone;

use super::output::Output;

impl App {
    /// A shell: in the container that is named, in the only one, or in the one that is chosen.
    pub(super) fn shell(&mut self, container: &str) -> Vec<Effect> {
        let Some((pod, row)) = self.pod_here() else { return Vec::new() };
        let all: Vec<String> = row.running().map(str::to_owned).collect();
        let container = match (container, all.as_slice()) {
            ("", [only]) => only.clone(),
            ("", _) => return self.choose_container(Command::Shell, "shell in which container of", all, ""),
            (named, all) if all.iter().any(|name| name == named) => named.to_owned(),
            (named, all) => {
                let text = format!("shell: {} has no container {named}: {}", pod.name, all.join(", "));
                self.say(Tone::Warn, text);
                return Vec::new();
            }
        };
        self.run_in(Run { pod, container, command: Vec::new() })
    }

    /// One command, as it is typed: `[-c CONTAINER] PROGRAM …`.
    pub(super) fn exec(&mut self, line: &str) -> Vec<Effect> {
        let Some((pod, row)) = self.pod_here() else { return Vec::new() };
        if line.is_empty() {
            return self.type_on(Command::Exec);
        }
        let mut command = match words(line) {
            Ok(command) => command,
            Err(why) => {
                self.say(Tone::Warn, format!("exec: {why}"));
                return Vec::new();
            }
        };
        let all: Vec<String> = row.running().map(str::to_owned).collect();
        let container = match command.as_slice() {
            [option, name, _, ..] if option == "-c" => {
                let name = name.clone();
                command.drain(..2);
                name
            }
            _ => match all.as_slice() {
                [only] => only.clone(),
                _ => return self.choose_container(Command::Exec, "run it in which container of", all, line),
            },
        };
        if !all.contains(&container) {
            let text = format!("exec: {} has no container {container}: {}", pod.name, all.join(", "));
            self.say(Tone::Warn, text);
            return Vec::new();
        }
        self.run_in(Run { pod, container, command })
    }

    fn choose_container(
        &mut self,
        command: Command,
        title: &'static str,
        all: Vec<String>,
        line: &str,
    ) -> Vec<Effect> {
        let option = |name: String| {
            if line.is_empty() { (name, String::new()) } else { (format!("-c {name} {line}"), String::new()) }
        };
        let options = all.into_iter().map(option).collect();
        let meant = self.held_on_to().cloned().or_else(|| self.meant_here());
        self.overlay = Some(Overlay::Choose(Choose { title, command, options, cursor: 0, meant }));
        Vec::new()
    }

    /// Runs it; in production the name of the pod has to be typed first.
    fn run_in(&mut self, run: Run) -> Vec<Effect> {
        let is_production = self.is_production(&run.pod.cluster);
        if !is_production {
            return self.begin_run(run);
        }
        let mut facts = vec![Fact::new("", format!("In {}.", clean(&run.place())))];
        facts.push(Fact::new(
            "",
            match run.is_shell() {
                true => "A shell: what is typed there is done at once, and is not written down anywhere."
                    .to_owned(),
                false => format!("It runs: {}", clean(&run.line())),
            },
        ));
        let ticket = self.ticket();
        let deed = Deed { cluster: run.pod.cluster.clone(), what: What::Run(Box::new(run)) };
        let mut confirm = Confirm::new(ticket, deed, is_production);
        confirm.stage = Stage::Asking(Arc::new(Plan::told(vec![Section::new("What this does", facts)])));
        self.overlay = Some(Overlay::Confirm(confirm));
        Vec::new()
    }

    /// Has it run now.
    pub(in crate::app) fn begin_run(&mut self, run: Run) -> Vec<Effect> {
        if run.is_shell() {
            self.overlay = None;
            return vec![Effect::Shell(Box::new(run))];
        }
        let ticket = self.ticket();
        self.overlay = Some(Overlay::Output(Output::new(ticket, run.clone())));
        vec![Effect::Exec(ticket, Box::new(run))]
    }

    /// A shell is over.
    pub(in crate::app) fn on_shell(&mut self, run: &Run, ended: Result<Ended, Fault>) {
        let place = clean(&run.place()).into_owned();
        let (tone, text) = match ended {
            Ok(Ended::Exit(0)) => (Tone::Plain, format!("The shell in {place} is over.")),
            Ok(Ended::Exit(code)) => {
                (Tone::Plain, format!("The shell in {place} is over (exit code {code})."))
            }
            Ok(Ended::Failed(why)) => (
                Tone::Bad,
                format!("No shell in {place}: {}", no_program(&why, "shell", &self.key_of(Command::Exec))),
            ),
            Ok(Ended::Cut) => (
                Tone::Warn,
                format!("The connection to the shell in {place} ended; what ran there may go on."),
            ),
            Err(fault) => (Tone::Bad, format!("{}. {}", fault.summary, fault.hint)),
        };
        self.say(tone, text);
    }
}

/// Why a program could not be started, in words of a person.
pub(super) fn no_program(why: &str, what: &str, key: &str) -> String {
    if !(why.contains("executable file not found") || why.contains("no such file or directory")) {
        return why.to_owned();
    }
    match what {
        "shell" => format!(
            "its image has none (distroless). {key} runs a program that the image has; `kubectl debug` brings tools of its own."
        ),
        what => format!("the image of the container has no program {what}."),
    }
}
