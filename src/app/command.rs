//! THE table of commands: dispatch, hint bar, help, palette, `[keys]` and the README are all read from it.

use std::sync::LazyLock;

use strum::{Display, EnumIter, EnumString};

/// What a user may ask for. The kebab-case name is its name in the palette, the help and the config.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Display, EnumString, EnumIter)]
#[strum(serialize_all = "kebab-case")]
#[allow(missing_docs, reason = "`about` in COMMANDS is the one description of each")]
pub enum Command {
    Help,
    Palette,
    Back,
    Quit,
    Clusters,
    Gateways,
    Services,
    Pods,
    Fleet,
    FleetOrder,
    Namespaces,
    Theme,
    Hold,
    ScreenDump,
    PrintAndQuit,
    Bookmark,
    Bookmarks,
    LastView,
    Notices,
    PortForward,
    PortForwards,
    Shell,
    Exec,
    RestartPod,
    NodeGateways,
    Contexts,
    Columns,
    Mouse,
    Tour,
    Fault,
    Tamper,
    ReadOnly,
    Retry,
    OpenContext,
    CloseContext,
    RunCredentialPlugin,
    ReplayPause,
    ReplayBack,
    ReplayOn,
    ReplayBackMinute,
    ReplayOnMinute,
    ReplayStart,
    ReplayEnd,
    ReplaySlower,
    ReplayFaster,
    Redraw,
    Up,
    Down,
    PageUp,
    PageDown,
    Top,
    Bottom,
    Left,
    Right,
    Open,
    Filter,
    Sort,
    SortNext,
    SortPrevious,
    SortReverse,
    Wide,
    Owner,
    Yaml,
    Logs,
    PreviousLogs,
    GatewayPods,
    GatewayService,
    Ingress,
    Reconcile,
    Upstreams,
    Certs,
    Unfold,
    ReconcileNow,
    Pause,
    Roll,
    Statistics,
    Adopt,
    Release,
    ForgetCluster,
    Install,
    Keep,
    New,
    NewFromYaml,
    Clone,
    Edit,
    EditYaml,
    EditForm,
    Scale,
    Restart,
    Set,
    Delete,
    Undo,
    Drafts,
    Mark,
    MarkAll,
    UnmarkAll,
    NextChange,
    PreviousChange,
    Mine,
    Theirs,
    StopAtFailure,
    Traffic,
    WorstFirst,
    TrafficPlot,
    TrafficBy,
    ShorterWindow,
    LongerWindow,
    Freeze,
    Interval,
    Compare,
    CopyName,
    CopyYaml,
    NextTab,
    PreviousTab,
    #[strum(serialize = "tab-1")]
    Tab1,
    #[strum(serialize = "tab-2")]
    Tab2,
    #[strum(serialize = "tab-3")]
    Tab3,
    #[strum(serialize = "tab-4")]
    Tab4,
    #[strum(serialize = "tab-5")]
    Tab5,
    #[strum(serialize = "tab-6")]
    Tab6,
    #[strum(serialize = "tab-7")]
    Tab7,
    #[strum(serialize = "tab-8")]
    Tab8,
    #[strum(serialize = "tab-9")]
    Tab9,
    #[strum(serialize = "tab-10")]
    Tab10,
    Find,
    FindNext,
    FindPrevious,
    Wrap,
    NextDocument,
    PreviousDocument,
    ManagedFields,
    Follow,
    Timestamps,
    NextContainer,
    Previous,
    NextField,
    PreviousField,
    FieldDown,
    FieldUp,
    EnterField,
    NextStep,
    PreviousStep,
    #[strum(serialize = "step-1")]
    Step1,
    #[strum(serialize = "step-2")]
    Step2,
    #[strum(serialize = "step-3")]
    Step3,
    #[strum(serialize = "step-4")]
    Step4,
    #[strum(serialize = "step-5")]
    Step5,
    #[strum(serialize = "step-6")]
    Step6,
    #[strum(serialize = "step-7")]
    Step7,
    NextValue,
    PreviousValue,
    AddRow,
    RemoveRow,
    RowUp,
    RowDown,
    Offer,
    AcceptForm,
    Manifest,
    ManifestUp,
    ManifestDown,
    AsYaml,
    UndoForm,
    RedoForm,
    LeaveForm,
    DiscardForm,
    EditReview,
    EditOutside,
    EditUndo,
    EditRedo,
    EditFind,
    EditFindNext,
    EditFindPrevious,
    EditReplace,
    EditGoTo,
    EditComplete,
    EditNextProblem,
    EditPreviousProblem,
    EditFold,
    EditFoldAll,
    EditUnfold,
    EditIndent,
    EditUnindent,
    EditComment,
    EditLineUp,
    EditLineDown,
    EditSelectAll,
    EditCopy,
    EditCut,
    EditPaste,
    EditDeleteLine,
    EditDeleteWord,
    EditDiscard,
    EditLeave,
}

/// Where a command works. A focus is a list of scopes that are active together (see [`FOCI`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Display, EnumIter)]
#[strum(serialize_all = "kebab-case")]
pub enum Scope {
    /// Everywhere.
    Global,
    /// Moving about: every screen.
    Motion,
    /// The four top screens.
    Root,
    /// Any table.
    Table,
    /// The clusters table.
    Clusters,
    /// The gateways table.
    Gateways,
    /// A table of services.
    Services,
    /// A table of pods.
    Pods,
    /// Tiles of all gateways.
    Fleet,
    /// Screens with tabs: a gateway, a service, a pod.
    Details,
    /// A gateway's screen.
    Gateway,
    /// The Traffic tab of a gateway.
    Traffic,
    /// A gateway's tabs whose rows unfold: upstreams, certificates.
    Pane,
    /// A pod's screen.
    Pod,
    /// YAML.
    Document,
    /// Logs.
    Logs,
    /// The editor: letters are typed, whatever they mean elsewhere.
    Editor,
    /// A form: letters are typed, whatever they mean elsewhere.
    Form,
    /// A review.
    Review,
}

/// The scopes that are active together, most special first. Within one focus a key means one thing.
pub const FOCI: &[&[Scope]] = &[
    &[Scope::Clusters, Scope::Root, Scope::Table, Scope::Motion, Scope::Global],
    &[Scope::Gateways, Scope::Root, Scope::Table, Scope::Motion, Scope::Global],
    &[Scope::Services, Scope::Root, Scope::Table, Scope::Motion, Scope::Global],
    &[Scope::Pods, Scope::Root, Scope::Table, Scope::Motion, Scope::Global],
    &[Scope::Gateway, Scope::Details, Scope::Pods, Scope::Table, Scope::Motion, Scope::Global],
    &[Scope::Gateway, Scope::Details, Scope::Motion, Scope::Global],
    &[Scope::Traffic, Scope::Gateway, Scope::Details, Scope::Motion, Scope::Global],
    &[Scope::Gateway, Scope::Details, Scope::Pane, Scope::Motion, Scope::Global],
    &[Scope::Fleet, Scope::Root, Scope::Motion, Scope::Global],
    &[Scope::Gateway, Scope::Details, Scope::Document, Scope::Motion, Scope::Global],
    &[Scope::Pod, Scope::Details, Scope::Motion, Scope::Global],
    &[Scope::Pod, Scope::Details, Scope::Document, Scope::Motion, Scope::Global],
    &[Scope::Details, Scope::Motion, Scope::Global],
    &[Scope::Details, Scope::Document, Scope::Motion, Scope::Global],
    &[Scope::Logs, Scope::Motion, Scope::Global],
    &[Scope::Editor],
    &[Scope::Form],
    &[Scope::Review, Scope::Motion, Scope::Global],
];

/// Heading under which the help lists a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Display, EnumIter)]
#[allow(missing_docs, reason = "the name is the heading")]
pub enum Group {
    Screens,
    Moving,
    Tables,
    Objects,
    Keeping,
    Changing,
    Traffic,
    Text,
    Logs,
    General,
}

/// One command: everything that any face of it needs.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// Which.
    pub command: Command,
    /// One line for help, palette and README.
    pub about: &'static str,
    /// Default keys, the first is the one shown. None: palette only.
    pub keys: &'static [&'static str],
    /// Where it works.
    pub scopes: &'static [Scope],
    /// Heading in the help.
    pub group: Group,
    /// The word in the hint bar; empty: never hinted.
    pub hint: &'static str,
    /// What it takes after its name in the palette, as `NAME…`; empty: nothing.
    pub argument: &'static str,
    /// Whether it changes a cluster: it passes through the question, which shows what it would do, and where.
    pub danger: bool,
}

const fn spec(
    command: Command,
    keys: &'static [&'static str],
    scopes: &'static [Scope],
    group: Group,
    hint: &'static str,
    about: &'static str,
) -> Spec {
    Spec { command, about, keys, scopes, group, hint, argument: "", danger: false }
}

const fn taking(mut spec: Spec, argument: &'static str) -> Spec {
    spec.argument = argument;
    spec
}

const fn dangerous(mut spec: Spec) -> Spec {
    spec.danger = true;
    spec
}

mod objects;
mod screens;
mod tools;
mod traffic;

/// All commands, in the order in which hint bar and help show them.
pub static COMMANDS: LazyLock<Vec<Spec>> =
    LazyLock::new(|| [traffic::TABLE, objects::TABLE, tools::TABLE, screens::TABLE].concat());

impl Command {
    /// Whether only the demo has it.
    pub fn is_for_demo(self) -> bool {
        matches!(self, Self::Tour | Self::Fault | Self::Tamper)
    }

    /// Whether only a replay has it.
    pub fn is_for_replay(self) -> bool {
        super::replay::wish(self).is_some()
    }

    /// The one row of [`COMMANDS`] that is this command's.
    pub fn spec(self) -> &'static Spec {
        // A test shows that each command has exactly one row.
        COMMANDS.iter().find(|s| s.command == self).unwrap_or(&COMMANDS[0])
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::str::FromStr;

    use strum::IntoEnumIterator;

    use super::*;
    use crate::app::keymap::{Keymap, Sequence};

    #[test]
    fn every_command_has_exactly_one_row_and_its_name_reads_back() {
        for command in Command::iter() {
            assert_eq!(COMMANDS.iter().filter(|s| s.command == command).count(), 1, "{command}");
            assert_eq!(Command::from_str(&command.to_string()), Ok(command));
        }
    }

    #[test]
    fn no_two_commands_share_a_key_where_both_work() {
        assert_eq!(Keymap::with(&BTreeMap::new()).map(drop).map_err(|why| why.to_string()), Ok(()));
        for spec in COMMANDS.iter() {
            for key in spec.keys {
                assert_eq!(key.parse::<Sequence>().map(|k| k.to_string()).as_deref(), Ok(*key));
            }
        }
    }

    #[test]
    fn every_scope_is_in_some_focus() {
        for scope in Scope::iter() {
            assert!(FOCI.iter().any(|f| f.contains(&scope)), "{scope}");
        }
    }
}
