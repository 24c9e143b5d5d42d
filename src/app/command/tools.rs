//! Commands of what a person has about them all day: views that are kept, port-forwards, shells, columns, colours.

use super::{Command as C, Group as G, Scope as S, Spec, spec, taking};

/// The commands, in the order in which hint bar and help show them.
pub(super) const TABLE: &[Spec] = &[
    taking(
        spec(
            C::PortForward,
            &["f"],
            &[S::Gateways, S::Services, S::Pods, S::Pod],
            G::Objects,
            "forward",
            "Forward a port of it to this machine, until egret ends",
        ),
        "[LOCAL:]PORT",
    ),
    taking(
        spec(C::Shell, &["x"], &[S::Pods, S::Pod], G::Objects, "shell", "A shell in a container of the pod"),
        "[CONTAINER]",
    ),
    taking(
        spec(
            C::Exec,
            &["X"],
            &[S::Pods, S::Pod],
            G::Objects,
            "",
            "Run one command in a container of the pod",
        ),
        "COMMAND…",
    ),
    spec(
        C::RestartPod,
        &["ctrl-k"],
        &[S::Pods, S::Pod],
        G::Changing,
        "",
        "Restart the pod: it is deleted, and its owner makes another",
    ),
    spec(
        C::NodeGateways,
        &["g n"],
        &[S::Pods, S::Pod],
        G::Objects,
        "",
        "The other gateways on the same node, pod by pod",
    ),
    spec(
        C::PortForwards,
        &["z f"],
        &[S::Global],
        G::Objects,
        "",
        "The port-forwards that are open: copy an address, stop one",
    ),
    taking(
        spec(
            C::Columns,
            &["z w"],
            &[S::Table],
            G::Tables,
            "",
            "Columns of this table: which, in which order, how wide",
        ),
        "[ID,ID…]",
    ),
    spec(
        C::Hold,
        &["Z"],
        &[S::Global],
        G::Screens,
        "",
        "Let the screen stand still while data goes on; or show it as it is now",
    ),
    taking(
        spec(
            C::Bookmark,
            &["z b"],
            &[S::Global],
            G::Screens,
            "",
            "Keep this view, with filter and sort, by a name",
        ),
        "NAME",
    ),
    taking(
        spec(C::Bookmarks, &["g b"], &[S::Global], G::Screens, "", "Go to a view that was kept"),
        "[NAME]",
    ),
    spec(C::LastView, &["g l"], &[S::Global], G::Screens, "", "Go to where egret was when it ended last"),
    spec(
        C::Notices,
        &["z n"],
        &[S::Global],
        G::General,
        "",
        "What happened, also while one looked elsewhere",
    ),
    spec(
        C::Contexts,
        &["z c"],
        &[S::Global],
        G::General,
        "",
        "Contexts of the kubeconfig: open and close them, or a group",
    ),
    taking(
        spec(
            C::ScreenDump,
            &["ctrl-s"],
            &[S::Global],
            G::General,
            "",
            "Write the screen to a file: text, or a picture where its name ends in .svg",
        ),
        "[FILE]",
    ),
    taking(
        spec(
            C::PrintAndQuit,
            &["Q"],
            &[S::Global],
            G::General,
            "",
            "Quit, and leave what the screen shows on the terminal",
        ),
        "[text|svg]",
    ),
    spec(C::Mouse, &["z m"], &[S::Global], G::General, "", "Take the mouse, or leave it to the terminal"),
];
