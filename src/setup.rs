//! What every way to run egret begins with: settings, keys, and the clusters they name.

use std::path::PathBuf;

use etcetera::BaseStrategy as _;

use crate::app::command::COMMANDS;
use crate::app::keymap::{Keymap, Refused, Sequence};
use crate::cli::{Globals, Screens};
use crate::cluster::kubeconfig;
use crate::config::{Contexts, Glob, Namespaces, Settings, Source, Value, Vocabulary, load};
use crate::model::columns::columns;
use crate::model::fault::{Fault, Reason};
use crate::model::name::ClusterName;
use crate::sources;

/// What was read before anything is done.
#[derive(Debug)]
pub struct Setup {
    /// The settings in force.
    pub settings: Settings,
    /// The config file that was looked at.
    pub place: load::Place,
    /// The keys in force.
    pub keymap: Keymap,
    /// How they are read again; none: they were not read.
    pub again: Option<Again>,
}

/// How settings are read again, with all that was laid over them.
#[derive(Clone, Debug)]
pub struct Again {
    globals: Globals,
    reconciles: bool,
    /// Flags of the screens, and whether one was asked for by name.
    screens: (Screens, bool),
    of: Of,
}

/// Which clusters settings are for.
#[derive(Clone, Copy, Debug)]
enum Of {
    Own,
    Others,
    Recording,
}

impl Again {
    /// Reads them again. The error says everything that is wrong.
    ///
    /// # Errors
    /// The config file is broken.
    pub fn read(&self) -> Result<Setup, String> {
        let setup = setup(&self.globals)?.reconciling(self.reconciles);
        let (screens, names_one) = self.screens;
        let setup = setup.beginning(screens, names_one);
        Ok(match self.of {
            Of::Own => setup,
            Of::Others => setup.for_other_clusters(),
            Of::Recording => setup.for_recording(),
        })
    }
}

/// Reads config file, environment and flags. The error says everything that is wrong with them.
pub fn setup(globals: &Globals) -> Result<Setup, String> {
    let (settings, place) = load::load(globals.config.as_deref(), &VOCABULARY).map_err(|e| e.to_string())?;
    let settings = load::settle(globals.over(settings));
    let overrides = settings.keys.iter().map(|(name, keys)| (name.clone(), keys.value.clone())).collect();
    // Each name and key was checked where it stands; what is left is one key that would mean two things.
    let keymap = Keymap::with(&overrides).map_err(|why| refused(&why, &settings, &place))?;
    let again = Again {
        globals: globals.clone(),
        reconciles: false,
        screens: (Screens::default(), false),
        of: Of::Own,
    };
    Ok(Setup { settings, place, keymap, again: Some(again) })
}

/// What is wrong with keys, with the line of the config file that says so.
fn refused(why: &Refused, settings: &Settings, place: &load::Place) -> String {
    let names = match why {
        Refused::Entry { name, .. } => vec![name.clone()],
        Refused::Conflict(conflict) => [conflict.other.0, conflict.one.0].map(|c| c.to_string()).to_vec(),
    };
    let line = names.iter().find_map(|name| match settings.keys.get(name)?.source {
        Source::File { line } => Some(line),
        _ => None,
    });
    match (&place.path, line) {
        (Some(path), Some(line)) => format!("{}:{line}: {why}", path.display()),
        (Some(path), None) => format!("{}: {why}", path.display()),
        (None, _) => why.to_string(),
    }
}

impl Setup {
    /// With the flags that say how the screens begin and end.
    #[must_use]
    pub fn beginning(mut self, screens: Screens, names_a_screen: bool) -> Self {
        self.settings = screens.over(self.settings, names_a_screen);
        if let Some(again) = &mut self.again {
            again.screens = (screens, names_a_screen);
        }
        self
    }

    /// With `--reconcile`, where it was given.
    #[must_use]
    pub fn reconciling(mut self, flag: bool) -> Self {
        if flag {
            if let Some(again) = &mut self.again {
                again.reconciles = true;
            }
            self.settings.reconcile = Value::new(true, Source::Flag("--reconcile"));
        }
        self
    }

    /// For clusters that are none of the person's own: which clusters and namespaces their config and environment name
    /// does not count here; what they say with a flag does.
    #[must_use]
    pub fn for_other_clusters(mut self) -> Self {
        if let Some(again) = &mut self.again {
            again.of = Of::Others;
        }
        let usual = Settings::default();
        let flag = |source: &Source| matches!(source, Source::Flag(_));
        if !flag(&self.settings.contexts.source) {
            self.settings.contexts = usual.contexts;
        }
        if !flag(&self.settings.reconcile.source) {
            self.settings.reconcile = usual.reconcile;
        }
        if !flag(&self.settings.namespaces.source) {
            self.settings.namespaces = usual.namespaces;
        }
        self
    }
}

impl Setup {
    /// For the clusters of a recording: nothing is written, and all that was recorded is shown.
    #[must_use]
    pub fn for_recording(self) -> Self {
        let mut setup = self.for_other_clusters();
        if let Some(again) = &mut setup.again {
            again.of = Of::Recording;
        }
        let settings = &mut setup.settings;
        settings.read_only = Value::new(true, Source::Flag("replay"));
        settings.reconcile = Settings::default().reconcile;
        if !matches!(settings.namespaces.source, Source::Flag(_)) {
            settings.namespaces = Value::new(Namespaces::All, Source::Flag("replay"));
        }
        setup
    }
}

/// The words that a config file may use.
pub const VOCABULARY: Vocabulary = Vocabulary {
    commands: Some(|| COMMANDS.iter().map(|spec| spec.command.to_string()).collect()),
    key: |text| text.parse::<Sequence>().map(drop),
    columns: Some(|table| columns(table).iter().map(|c| c.id).collect()),
};

/// The contexts to open: those of the flags and the config, else the current one.
///
/// # Errors
/// A name that fits none.
pub fn chosen(contexts: &kubeconfig::Contexts, settings: &Settings) -> Result<Vec<ClusterName>, Fault> {
    match &settings.contexts.value {
        Contexts::Current => contexts.choose(&[], false),
        Contexts::All => contexts.choose(&[], true),
        Contexts::Named(names) => {
            let mut all = Vec::new();
            for name in names {
                all.extend(of_group(name, contexts, settings)?);
            }
            contexts.choose(&all, false)
        }
    }
}

/// What a name of a context stands for: itself, or with `@` the patterns of a group.
fn of_group(name: &str, contexts: &kubeconfig::Contexts, settings: &Settings) -> Result<Vec<String>, Fault> {
    let is_context = contexts.names.iter().any(|n| n.as_str() == name);
    let Some(wanted) = name.strip_prefix('@').filter(|_| !is_context) else {
        return Ok(vec![name.to_owned()]);
    };
    let groups = &settings.groups;
    let Some(group) = groups.iter().find(|group| group.name == wanted) else {
        let all: Vec<&str> = groups.iter().map(|group| group.name.as_str()).collect();
        let there =
            if all.is_empty() { "there is none".to_owned() } else { format!("there are {}", all.join(", ")) };
        return Err(Fault::new(
            Reason::Invalid,
            format!("the config has no group `{wanted}`; {there}"),
            "A `[[group]]` of the config file makes one.",
        ));
    };
    let of_group = contexts.names.iter().filter(|name| group.holds(name.as_str()));
    let names: Vec<String> = of_group.map(ToString::to_string).collect();
    if names.is_empty() {
        let patterns: Vec<&str> = group.contexts.iter().map(Glob::as_str).collect();
        return Err(Fault::new(
            Reason::Invalid,
            format!("no context of the kubeconfig is in the group `{wanted}` ({})", patterns.join(", ")),
            "`kubectl config get-contexts` lists them.",
        ));
    }
    Ok(names)
}

/// The contexts that the config makes read-only.
pub fn guarded(contexts: &kubeconfig::Contexts, settings: &Settings) -> Vec<ClusterName> {
    contexts.names.iter().filter(|name| settings.read_only_in(name.as_str())).cloned().collect()
}

/// The contexts that the config marks as production, those that are opened later among them.
pub fn production(contexts: &kubeconfig::Contexts, settings: &Settings) -> Vec<ClusterName> {
    contexts.names.iter().filter(|name| settings.production_in(name.as_str())).cloned().collect()
}

/// Where what egret remembers is kept: `$XDG_STATE_HOME/egret`, or what the system uses for it.
pub fn state_dir() -> Option<PathBuf> {
    let base = etcetera::choose_base_strategy().ok()?;
    Some(base.state_dir().unwrap_or_else(|| base.data_dir()).join("egret"))
}

/// What clusters are opened with.
pub fn options(settings: &Settings) -> sources::Options {
    let namespaces = match &settings.namespaces.value {
        Namespaces::All => Vec::new(),
        Namespaces::Named(names) => names.iter().map(|n| n.as_str().into()).collect(),
    };
    sources::Options {
        namespaces,
        read_only: settings.read_only.value,
        directions: settings.gateway_directions(),
        paths: settings.paths(),
        ..sources::Options::default()
    }
}
