//! THE table of commands: dispatch, hint bar, help, palette, `[keys]` and the README are all read from it.

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
    Namespaces,
    Theme,
    Tour,
    Fault,
    Tamper,
    ReadOnly,
    Retry,
    OpenContext,
    CloseContext,
    RunCredentialPlugin,
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
    /// Screens with tabs: a gateway, a service, a pod.
    Details,
    /// A gateway's screen.
    Gateway,
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

use Command as C;
use Group as G;
use Scope as S;

/// All commands, in the order in which hint bar and help show them.
pub const COMMANDS: &[Spec] = &[
    spec(C::Open, &["enter"], &[S::Table], G::Objects, "open", "Open what is selected"),
    spec(C::Yaml, &["y"], &[S::Table, S::Details], G::Objects, "yaml", "Show the object as YAML"),
    spec(C::Logs, &["l"], &[S::Gateways, S::Pods, S::Gateway, S::Pod], G::Objects, "logs", "Follow the logs"),
    dangerous(spec(
        C::New,
        &["n"],
        &[S::Clusters, S::Gateways],
        G::Changing,
        "new",
        "Make a gateway: the form",
    )),
    dangerous(spec(
        C::Edit,
        &["e"],
        &[S::Table, S::Details],
        G::Changing,
        "edit",
        "Edit: the parameter under the cursor, else the object as YAML",
    )),
    dangerous(taking(
        spec(
            C::Scale,
            &["s"],
            &[S::Gateways, S::Gateway],
            G::Changing,
            "scale",
            "Other pods: how many, or the autoscaler's bounds",
        ),
        "PODS|MIN-MAX",
    )),
    dangerous(spec(
        C::Delete,
        &["d"],
        &[S::Table, S::Details],
        G::Changing,
        "delete",
        "Delete the object: says first what is lost",
    )),
    taking(
        spec(
            C::Filter,
            &["/"],
            &[S::Table],
            G::Tables,
            "filter",
            "Filter rows: words, column:value, label:k=v, !not, /regex/",
        ),
        "EXPRESSION",
    ),
    spec(
        C::PreviousLogs,
        &["L"],
        &[S::Pods, S::Pod],
        G::Objects,
        "",
        "Logs of the container before its last restart",
    ),
    spec(
        C::GatewayPods,
        &["p"],
        &[S::Clusters, S::Gateways, S::Services],
        G::Objects,
        "pods",
        "Go to its pods",
    ),
    spec(
        C::GatewayService,
        &["v"],
        &[S::Clusters, S::Gateways, S::Gateway],
        G::Objects,
        "service",
        "Go to its Service",
    ),
    spec(
        C::Owner,
        &["u"],
        &[S::Services, S::Pods, S::Pod],
        G::Objects,
        "owner",
        "Up to the owner: its gateway, else the object that controls it",
    ),
    spec(C::CopyName, &["c"], &[S::Table, S::Details], G::Objects, "", "Copy the name"),
    spec(C::CopyYaml, &["C"], &[S::Table, S::Details], G::Objects, "", "Copy the YAML"),
    taking(spec(C::Sort, &["o"], &[S::Table], G::Tables, "sort", "Choose the column to sort by"), "COLUMN"),
    spec(C::SortNext, &[">"], &[S::Table], G::Tables, "", "Sort by the next column"),
    spec(C::SortPrevious, &["<"], &[S::Table], G::Tables, "", "Sort by the previous column"),
    spec(C::SortReverse, &["O"], &[S::Table], G::Tables, "", "Sort the other way round"),
    spec(C::Wide, &["w"], &[S::Table], G::Tables, "wide", "Show more columns"),
    spec(C::Ingress, &["i"], &[S::Gateways], G::Tables, "ingress", "Show ingress gateways too"),
    spec(
        C::RunCredentialPlugin,
        &["x"],
        &[S::Clusters],
        G::Objects,
        "log in",
        "Run the cluster's credential plugin in this terminal",
    ),
    spec(
        C::Reconcile,
        &["r"],
        &[S::Gateways, S::Gateway],
        G::Keeping,
        "reconcile",
        "Who keeps it, and how each of its objects stands",
    ),
    dangerous(spec(
        C::ReconcileNow,
        &["!"],
        &[S::Gateways, S::Gateway],
        G::Keeping,
        "",
        "Have it reconciled now",
    )),
    dangerous(spec(
        C::Pause,
        &["P"],
        &[S::Gateways, S::Gateway],
        G::Keeping,
        "pause",
        "Pause it: its objects are left as they are; or go on",
    )),
    dangerous(spec(
        C::Roll,
        &["ctrl-r"],
        &[S::Gateways, S::Gateway],
        G::Keeping,
        "",
        "Replace its pods by what egret would build now",
    )),
    dangerous(spec(
        C::Statistics,
        &[],
        &[S::Gateways, S::Gateway],
        G::Keeping,
        "",
        "Have its proxies keep the statistics that Istio drops",
    )),
    dangerous(spec(
        C::Adopt,
        &["A"],
        &[S::Gateways, S::Gateway],
        G::Keeping,
        "adopt",
        "Make an IstioGateway of what somebody else made",
    )),
    dangerous(spec(
        C::Release,
        &[],
        &[S::Gateways, S::Gateway],
        G::Keeping,
        "",
        "Let the IstioGateway go and its objects stay",
    )),
    dangerous(taking(
        spec(
            C::ForgetCluster,
            &[],
            &[S::Gateways, S::Gateway],
            G::Keeping,
            "",
            "Strike a cluster that is gone for good off its record",
        ),
        "[ID]",
    )),
    dangerous(spec(
        C::Keep,
        &["K"],
        &[S::Clusters],
        G::Keeping,
        "keep",
        "Keep the cluster's gateways from this screen, or stop",
    )),
    dangerous(spec(
        C::Install,
        &["I"],
        &[S::Clusters],
        G::Keeping,
        "install",
        "Install the CRD of IstioGateway, so that egret may keep gateways",
    )),
    dangerous(taking(
        spec(
            C::NewFromYaml,
            &["N"],
            &[S::Clusters, S::Gateways],
            G::Changing,
            "",
            "Make objects from YAML: a template, or a file",
        ),
        "[FILE]",
    )),
    dangerous(spec(
        C::Clone,
        &["ctrl-n"],
        &[S::Gateways, S::Gateway],
        G::Changing,
        "",
        "Make another gateway like it",
    )),
    dangerous(spec(C::EditYaml, &["E"], &[S::Table, S::Details], G::Changing, "", "Edit the object as YAML")),
    dangerous(spec(
        C::EditForm,
        &["F"],
        &[S::Gateways, S::Gateway],
        G::Changing,
        "",
        "Edit the gateway in the form",
    )),
    dangerous(spec(
        C::Restart,
        &["S"],
        &[S::Gateways, S::Gateway],
        G::Changing,
        "",
        "Replace its pods by new ones, a few at a time",
    )),
    dangerous(taking(
        spec(
            C::Set,
            &[],
            &[S::Gateways, S::Gateway],
            G::Changing,
            "",
            "Set a field of the IstioGateway, of all that are marked",
        ),
        "PATH=VALUE",
    )),
    taking(
        spec(C::Undo, &["U"], &[S::Global], G::Changing, "", "Undo a change or a deletion of this run"),
        "[NUMBER]",
    ),
    taking(
        spec(C::Drafts, &["D"], &[S::Global], G::Changing, "", "Go on with what was typed and not applied"),
        "[NUMBER]",
    ),
    spec(C::Mark, &["space"], &[S::Table], G::Tables, "", "Mark the row, or take the mark away"),
    spec(C::MarkAll, &["*"], &[S::Table], G::Tables, "", "Mark all rows that the filter shows"),
    spec(C::UnmarkAll, &["-"], &[S::Table], G::Tables, "", "Take all marks away"),
    spec(C::Mine, &["m"], &[S::Review], G::Changing, "yours", "Where both changed the same: keep yours"),
    spec(C::Theirs, &["t"], &[S::Review], G::Changing, "theirs", "Where both changed the same: take theirs"),
    spec(C::NextChange, &["tab", "]"], &[S::Review], G::Changing, "", "Of several changes: the next one"),
    spec(
        C::PreviousChange,
        &["backtab", "["],
        &[S::Review],
        G::Changing,
        "",
        "Of several changes: the one before",
    ),
    spec(
        C::StopAtFailure,
        &["f"],
        &[S::Review],
        G::Changing,
        "stop or go on",
        "Of several changes: whether a failure stops the rest",
    ),
    spec(C::Find, &["/"], &[S::Document, S::Logs], G::Text, "find", "Find in the text"),
    spec(C::FindNext, &["n"], &[S::Document, S::Logs], G::Text, "next", "Next match"),
    spec(C::FindPrevious, &["N"], &[S::Document, S::Logs], G::Text, "", "Previous match"),
    spec(C::Wrap, &["w"], &[S::Document, S::Logs], G::Text, "wrap", "Wrap long lines"),
    spec(C::NextDocument, &["]"], &[S::Document], G::Text, "next object", "Next object of the gateway"),
    spec(C::PreviousDocument, &["["], &[S::Document], G::Text, "", "Previous object of the gateway"),
    spec(C::ManagedFields, &["m"], &[S::Document], G::Text, "", "Show managedFields"),
    spec(C::Follow, &["f"], &[S::Logs], G::Logs, "follow", "Follow the end of the logs"),
    spec(C::Timestamps, &["t"], &[S::Logs], G::Logs, "times", "Show timestamps"),
    spec(C::NextContainer, &["a"], &[S::Logs], G::Logs, "container", "Next container, then all of them"),
    spec(C::Previous, &["p"], &[S::Logs], G::Logs, "previous", "Logs before the last restart"),
    spec(
        C::EditReview,
        &["ctrl-s"],
        &[S::Editor],
        G::Changing,
        "review",
        "Look at what it would change, then apply it",
    ),
    spec(C::EditLeave, &["esc"], &[S::Editor], G::Changing, "leave", "Leave; the draft is kept"),
    spec(C::EditNextProblem, &["alt-n", "f8"], &[S::Editor], G::Text, "problem", "Next problem"),
    spec(C::EditPreviousProblem, &["alt-p", "shift-f8"], &[S::Editor], G::Text, "", "Previous problem"),
    spec(
        C::EditComplete,
        &["ctrl-space"],
        &[S::Editor],
        G::Text,
        "complete",
        "What may stand here: fields, values, and what they mean",
    ),
    spec(C::EditFind, &["ctrl-f"], &[S::Editor], G::Text, "find", "Find a word, or /an expression/"),
    spec(C::EditFindNext, &["ctrl-n", "f3"], &[S::Editor], G::Text, "", "Next match"),
    spec(C::EditFindPrevious, &["ctrl-p", "shift-f3"], &[S::Editor], G::Text, "", "Previous match"),
    spec(C::EditUndo, &["ctrl-z"], &[S::Editor], G::Text, "undo", "Take the last step back"),
    spec(C::EditRedo, &["ctrl-y"], &[S::Editor], G::Text, "", "Make it again"),
    spec(C::EditReplace, &["ctrl-r"], &[S::Editor], G::Text, "", "Replace what is found, one by one or all"),
    spec(
        C::EditOutside,
        &["ctrl-o"],
        &[S::Editor],
        G::Changing,
        "$EDITOR",
        "Edit the text in $VISUAL or $EDITOR, and come back",
    ),
    spec(
        C::EditDiscard,
        &["ctrl-x"],
        &[S::Editor],
        G::Changing,
        "discard",
        "Discard the draft; pressed twice",
    ),
    spec(C::EditGoTo, &["ctrl-g"], &[S::Editor], G::Text, "", "Go to a line"),
    spec(C::EditFold, &["alt-f"], &[S::Editor], G::Text, "fold", "Fold the block, or unfold it"),
    spec(
        C::EditFoldAll,
        &["alt-a"],
        &[S::Editor],
        G::Text,
        "",
        "Fold all blocks, each time a level deeper, then none",
    ),
    spec(C::EditUnfold, &["alt-u"], &[S::Editor], G::Text, "", "Unfold all"),
    spec(
        C::EditIndent,
        &["tab"],
        &[S::Editor],
        G::Text,
        "",
        "A level further in; completes a key that is begun",
    ),
    spec(C::EditUnindent, &["backtab"], &[S::Editor], G::Text, "", "A level further out"),
    spec(
        C::EditComment,
        &["ctrl-t"],
        &[S::Editor],
        G::Text,
        "",
        "Make a comment of the lines, or text again",
    ),
    spec(C::EditLineUp, &["alt-up"], &[S::Editor], G::Text, "", "Move the lines up"),
    spec(C::EditLineDown, &["alt-down"], &[S::Editor], G::Text, "", "Move the lines down"),
    spec(
        C::EditSelectAll,
        &["ctrl-a"],
        &[S::Editor],
        G::Text,
        "",
        "Select all; keys that move select with shift",
    ),
    spec(C::EditCopy, &["alt-c"], &[S::Editor], G::Text, "", "Copy what is selected"),
    spec(C::EditCut, &["alt-x"], &[S::Editor], G::Text, "", "Cut what is selected"),
    spec(C::EditPaste, &["ctrl-v"], &[S::Editor], G::Text, "", "Paste what was cut or copied here"),
    spec(
        C::EditDeleteLine,
        &["ctrl-k"],
        &[S::Editor],
        G::Text,
        "",
        "Take the lines away; ctrl-v puts them elsewhere",
    ),
    spec(C::EditDeleteWord, &["ctrl-w"], &[S::Editor], G::Text, "", "Take the word before the cursor away"),
    spec(C::NextTab, &["tab"], &[S::Details], G::Screens, "", "Next tab"),
    spec(C::PreviousTab, &["backtab"], &[S::Details], G::Screens, "", "Previous tab"),
    spec(C::Tab1, &["1"], &[S::Details], G::Screens, "", "First tab"),
    spec(C::Tab2, &["2"], &[S::Details], G::Screens, "", "Second tab"),
    spec(C::Tab3, &["3"], &[S::Details], G::Screens, "", "Third tab"),
    spec(C::Tab4, &["4"], &[S::Details], G::Screens, "", "Fourth tab"),
    spec(C::Tab5, &["5"], &[S::Details], G::Screens, "", "Fifth tab"),
    spec(C::Tab6, &["6"], &[S::Details], G::Screens, "", "Sixth tab"),
    spec(C::Tab7, &["7"], &[S::Details], G::Screens, "", "Seventh tab"),
    taking(spec(C::Clusters, &["1"], &[S::Root], G::Screens, "", "Clusters"), "[FILTER]"),
    taking(
        spec(C::Gateways, &["2"], &[S::Root], G::Screens, "", "Gateways of all clusters"),
        "[@CONTEXT] [FILTER]",
    ),
    taking(
        spec(C::Services, &["3"], &[S::Root], G::Screens, "", "Services of the watched namespaces"),
        "[@CONTEXT] [FILTER]",
    ),
    taking(
        spec(C::Pods, &["4"], &[S::Root], G::Screens, "", "Pods of the watched namespaces"),
        "[@CONTEXT] [FILTER]",
    ),
    spec(
        C::EnterField,
        &["enter"],
        &[S::Form],
        G::Changing,
        "next",
        "Accept the field and go on; add a row; go to what is wrong",
    ),
    spec(
        C::NextStep,
        &["ctrl-n", "ctrl-page-down"],
        &[S::Form],
        G::Changing,
        "step",
        "Next step of the form",
    ),
    spec(C::AcceptForm, &["ctrl-s"], &[S::Form], G::Changing, "review", "Review what would be written"),
    spec(
        C::LeaveForm,
        &["esc"],
        &[S::Form],
        G::Changing,
        "leave",
        "Leave the form: what is typed is kept as a draft",
    ),
    spec(C::AddRow, &["ctrl-o"], &[S::Form], G::Changing, "add", "Add a row to the list"),
    spec(C::RemoveRow, &["ctrl-d"], &[S::Form], G::Changing, "remove", "Remove the row"),
    spec(C::Manifest, &["ctrl-t", "f2"], &[S::Form], G::Changing, "manifest", "Show or hide the manifest"),
    spec(C::AsYaml, &["ctrl-y"], &[S::Form], G::Changing, "yaml", "Go on as YAML"),
    spec(C::NextField, &["tab"], &[S::Form], G::Changing, "", "Next field"),
    spec(C::PreviousField, &["backtab"], &[S::Form], G::Changing, "", "Previous field"),
    spec(C::FieldDown, &["down"], &[S::Form], G::Changing, "", "A row down; into what is offered"),
    spec(C::FieldUp, &["up"], &[S::Form], G::Changing, "", "A row up"),
    spec(
        C::PreviousStep,
        &["ctrl-p", "ctrl-page-up"],
        &[S::Form],
        G::Changing,
        "",
        "Previous step of the form",
    ),
    spec(C::Step1, &["alt-1"], &[S::Form], G::Changing, "", "First step of the form"),
    spec(C::Step2, &["alt-2"], &[S::Form], G::Changing, "", "Second step of the form"),
    spec(C::Step3, &["alt-3"], &[S::Form], G::Changing, "", "Third step of the form"),
    spec(C::Step4, &["alt-4"], &[S::Form], G::Changing, "", "Fourth step of the form"),
    spec(C::Step5, &["alt-5"], &[S::Form], G::Changing, "", "Fifth step of the form"),
    spec(C::Step6, &["alt-6"], &[S::Form], G::Changing, "", "Sixth step of the form"),
    spec(C::Step7, &["alt-7"], &[S::Form], G::Changing, "", "Last step of the form"),
    spec(C::NextValue, &["space", "right"], &[S::Form], G::Changing, "", "Turn a switch or choice on"),
    spec(C::PreviousValue, &["left"], &[S::Form], G::Changing, "", "Turn a switch or choice back"),
    spec(C::RowUp, &["alt-up"], &[S::Form], G::Changing, "", "Move the row up"),
    spec(C::RowDown, &["alt-down"], &[S::Form], G::Changing, "", "Move the row down"),
    spec(C::Offer, &["f3", "ctrl-space"], &[S::Form], G::Changing, "", "Offer all that the field could be"),
    spec(C::ManifestUp, &["page-up"], &[S::Form], G::Changing, "", "Scroll the manifest up"),
    spec(C::ManifestDown, &["page-down"], &[S::Form], G::Changing, "", "Scroll the manifest down"),
    spec(C::UndoForm, &["ctrl-z"], &[S::Form], G::Changing, "", "Take the last change of the form back"),
    spec(C::RedoForm, &["ctrl-r"], &[S::Form], G::Changing, "", "Change it again"),
    spec(C::DiscardForm, &["ctrl-x"], &[S::Form], G::Changing, "", "Discard what is typed, and leave"),
    spec(C::Up, &["up", "k"], &[S::Motion], G::Moving, "", "Up"),
    spec(C::Down, &["down", "j"], &[S::Motion], G::Moving, "", "Down"),
    spec(C::PageUp, &["page-up", "ctrl-b"], &[S::Motion], G::Moving, "", "A page up"),
    spec(C::PageDown, &["page-down", "ctrl-f"], &[S::Motion], G::Moving, "", "A page down"),
    spec(C::Top, &["home", "g"], &[S::Motion], G::Moving, "", "To the top"),
    spec(C::Bottom, &["end", "G"], &[S::Motion], G::Moving, "", "To the bottom"),
    spec(
        C::Left,
        &["left", "h"],
        &[S::Motion],
        G::Moving,
        "",
        "Left in a text or table wider than the screen",
    ),
    spec(C::Right, &["right"], &[S::Motion], G::Moving, "", "Right in a text or table wider than the screen"),
    spec(C::Retry, &["R"], &[S::Global], G::General, "", "Try clusters that do not answer again now"),
    taking(
        spec(
            C::Namespaces,
            &[],
            &[S::Global],
            G::General,
            "",
            "Watch these namespaces instead, or all of them",
        ),
        "NAME[,NAME…]|all",
    ),
    taking(
        spec(C::OpenContext, &[], &[S::Global], G::General, "", "Open another context of the kubeconfig"),
        "CONTEXT",
    ),
    taking(spec(C::CloseContext, &[], &[S::Global], G::General, "", "Close a context"), "CONTEXT"),
    spec(
        C::ReadOnly,
        &[],
        &[S::Global],
        G::General,
        "",
        "Switch read-only mode on, or off where nothing demands it",
    ),
    taking(spec(C::Theme, &[], &[S::Global], G::General, "", "Change colours"), "NAME"),
    spec(C::Tour, &["T"], &[S::Global], G::General, "tour", "In the demo: a guided tour, or its end"),
    taking(
        spec(C::Fault, &[], &[S::Global], G::General, "", "In the demo: let something go wrong, or mend it"),
        "RULE|none",
    ),
    taking(
        spec(
            C::Tamper,
            &[],
            &[S::Gateways, S::Gateway],
            G::General,
            "",
            "In the demo: somebody scales the gateway by hand, or edits it",
        ),
        "[gateway]",
    ),
    spec(
        C::Redraw,
        &["ctrl-l"],
        &[S::Global, S::Editor, S::Form],
        G::General,
        "",
        "Draw the whole screen again",
    ),
    spec(
        C::Back,
        &["esc"],
        &[S::Global],
        G::General,
        "back",
        "Back: clear the filter, then leave the screen",
    ),
    spec(C::Palette, &[":"], &[S::Global], G::General, "commands", "Any command by name"),
    spec(
        C::Help,
        &["?", "f1"],
        &[S::Global, S::Editor, S::Form],
        G::General,
        "help",
        "All keys that work here",
    ),
    spec(C::Quit, &["q", "ctrl-c"], &[S::Global, S::Editor, S::Form], G::General, "", "Quit"),
];

impl Command {
    /// Whether only the demo has it.
    pub fn is_for_demo(self) -> bool {
        matches!(self, Self::Tour | Self::Fault | Self::Tamper)
    }

    /// The one row of [`COMMANDS`] that is this command's.
    pub fn spec(self) -> &'static Spec {
        // A test shows that each command has exactly one row.
        COMMANDS.iter().find(|s| s.command == self).unwrap_or(&COMMANDS[0])
    }
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use strum::IntoEnumIterator;

    use super::*;
    use crate::app::keymap::Chord;

    #[test]
    fn every_command_has_exactly_one_row_and_its_name_reads_back() {
        for command in Command::iter() {
            assert_eq!(COMMANDS.iter().filter(|s| s.command == command).count(), 1, "{command}");
            assert_eq!(Command::from_str(&command.to_string()), Ok(command));
        }
    }

    #[test]
    fn no_two_commands_share_a_key_where_both_work() {
        for focus in FOCI {
            let mut seen: Vec<(Chord, Command)> = Vec::new();
            for spec in COMMANDS.iter().filter(|s| s.scopes.iter().any(|x| focus.contains(x))) {
                for key in spec.keys {
                    let chord = key.parse::<Chord>().unwrap();
                    if let Some((_, other)) = seen.iter().find(|(c, _)| *c == chord) {
                        panic!("{key} means both {other} and {} in {focus:?}", spec.command);
                    }
                    seen.push((chord, spec.command));
                }
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
