//! egret: an egress gateway console for the terminal, and the controller behind it.
//!
//! # Map
//!
//! | module | | what it knows |
//! |---|---|---|
//! | [`model`] | pure | what exists: custom resources, lean rows, one cluster at one moment, gateways joined from their parts, health, columns, the filter grammar, YAML |
//! | [`routing`] | pure | what Istio's own objects make of a gateway's traffic: mesh mTLS of each of its servers |
//! | [`materialize`] | pure | an `IstioGateway` judged, built into objects, compared with what is there |
//! | [`metrics`] | pure | exposition text in, numbers out: what proxies say of their traffic, kept over time |
//! | [`recording`] | pure | what was seen of clusters and proxies, as lines of a file, to be shown again |
//! | [`envoy`] | pure | what Envoy's admin interface answers, and what response flags mean |
//! | [`cluster`] | I/O | the API server as we see it: kubeconfig, connection, credentials, lists, watches, single objects, logs, read-only |
//! | [`reconcile`] | I/O | fetch → validate → build → apply → status: one pass over one gateway, and who may do it |
//! | [`changing`] | I/O | a person's change of an object: what it would do, making it, and what became of it when nothing answered |
//! | [`sources`] | I/O | what keeps coming: one task tree per cluster that turns lists and watches into snapshots |
//! | [`app`] | pure | the TUI as a state machine: THE table of commands, messages, effects, screens, overlays |
//! | [`ui`] | pure | `&App` and a theme to cells |
//! | [`runtime`] | I/O | the loop, effects, the terminal |
//! | [`headless`] | I/O | the verbs without a screen |
//! | [`demo`] | pure but for its clock | whole clusters in this process: an API server, its controllers, a story, faults |
//! | [`config`], [`cli`] | | defaults, file, environment, flags |
//!
//! Which module may look at which is a table in `tests/it/architecture.rs`, and a test.
//!
//! # Invariants
//!
//! - A pure module knows no task, no client, no file and no clock: `now` is an argument.
//! - Every row, message and effect carries its cluster. There is no "current" cluster to act on by mistake.
//! - Nothing of a cluster is polled. Lists, then watches; timers only retry, end a watch that is silent, and turn the minute.
//!   What proxies count and what pods use is told to nobody unasked: it is read on a timer, of what is on the screen alone.
//! - No message, no frame; no frame, no bytes: a frame in which no cell changed is not written.
//! - Drawing takes `&App` and writes no state. What a frame shows is made by `App::settle`, so a frame costs the
//!   rows it shows, not the rows there are.
//! - Nothing on the UI task blocks: the terminal is written by a thread of its own, one frame at a time, and frames
//!   that cannot be written are merged into the next.
//! - Text from a cluster is cleaned of control characters before it becomes a cell, and once more when it is painted.
//! - Read-only is a layer below the client: what it refuses never leaves the program.
//!
//! - Nothing a person asks for is written before its review, and what is written is what was reviewed: the write carries
//!   uid and resourceVersion of the object that the dry run was about.
//!
//! # Two flows
//!
//! **A change in a cluster.** Watch event → lean row replaced → on the leading edge, and then at most once in 100 ms,
//! a [`model::snapshot::Snapshot`] → [`app::Msg::Snapshot`] → rows of the table in front → one frame for all
//! messages that were waiting.
//!
//! **A key.** [`runtime::input`] → [`app::Msg::Key`] → the overlay or line in front, else the keymap of the focus →
//! [`app::Command`] → does it apply, and if not, why → state changed → [`app::Effect`]s → the runtime carries them
//! out → a message with the result.
//!
//! # Where building taught better than the plan
//!
//! - The window of a table (its visible cells, changed marks, widths) is made in `app`, not in `ui`: marks need the
//!   cells of the frame before, and drawing must not write state.
//! - ratatui's `Terminal` is not used: its two buffers are kept here, so that an unchanged frame is no bytes at all
//!   and a changed one is a single write inside a synchronized update.
//! - Keys are read by a small reader of our own (`runtime::input`, `runtime::keys`), and resizes come by their signal:
//!   crossterm's stream loses one of a key and a resize that come together, and a test shows it. Cells are written by `runtime::cells`, because
//!   crossterm writes the 16 colours by their numbers among 256, which the simplest terminals do not know.
//! - The terminal is asked one thing, with frames only: whether it took them ([`runtime::line`]). What the kernel takes is
//!   not yet shown; on a slow line tens of kilobytes lay between a key and its answer.
//! - A key is about the row that was seen: when the one under the cursor goes away between two frames, the key does nothing
//!   and says so. What a choice or a palette was opened for is kept with it, by uid.
//! - Columns of a person's own are `&'static` like those there are: interned, so that tables, filters and `egret get` know
//!   one kind of column. What a JSON path finds is kept in the row; objects are not.
//! - Files that change (config, themes, kubeconfigs) are heard of by their directories ([`runtime::watch`]); read-only is
//!   never lifted by one.
//! - Which clock a session goes by comes with its clusters (`cluster::clock`, `Contexts::handed`): all of a demo, its
//!   logs and its certificates too, is of one time, which can stand.
//! - A session without its terminal is `runtime::wired`: tests and pictures drive the same parts as the loop does.
//! - The story's past is played when the demo begins, each cluster on a thread of its own beside the screen: stored
//!   ready-made it would be a second truth, and out of date with every change of a controller.
//! - The simulator keeps managed fields as texts, as the real server keeps them as bytes: as maps of maps they were a
//!   third of all memory.
//! - An object is watched from the version of a list when its own is too old: a server that was started again knows
//!   nothing older than its start, and would be asked without end.
//! - The controller watches with [`cluster::stream`], not with kube's `Controller`: there one watch that fails lets all
//!   wait, and after a restart of an API server nothing was done for minutes (a test on the real one shows it).
//! - What a pod template was built from, and what came of it, is recorded on the Deployment: only so can a newer egret
//!   tell its own wishes from those of a gateway's owner (R5).
//! - Before anything is written to another cluster the gateway is read once more: there no owner reference cleans up
//!   after a pass that believed an old state. The crash-point run found it.
//! - What is uninstalled gets the record that adopting writes, so the next installation takes it up and no pod restarts.
//! - The clusters beside the home cluster are shared by all who have a [`reconcile::Clusters`]: Secrets let them come and
//!   go while the controller works.
//! - What egret keeps in the demo's story is what egret builds: its controller there goes by `materialize`, status and
//!   all. Objects written for the story alone were drift on every gateway once the screens could look for it.
//! - The form edits the manifest itself, so that form and YAML cannot differ, and what no field knows survives.
//! - A screen that stands still (`app::hold`) is a copy of cells that the loop keeps: the app goes on, and what it no longer
//!   shows no key acts on.
//! - A review is a screen on top of the one where something was typed, not a box: that one stays below with all that is in
//!   it until the change is made, and several changes are reviewed and made in one place.
//! - YAML is read from the events of serde-saphyr's parser (`granit-parser`) into what Go's YAML 1.1 makes of it: held
//!   against the real server by 251 texts.
//! - `setup` stands beside the verbs and the TUI: what both begin with.
//! - There is no aggregated discovery: lists are begun at once, and the kinds that come with a CRD ask for their group
//!   alone. A cluster is complete one round trip earlier.

pub mod app;
pub mod changing;
pub mod cli;
pub mod cluster;
pub mod config;
pub mod demo;
pub mod envoy;
pub mod headless;
pub mod materialize;
pub mod metrics;
pub mod model;
pub mod reconcile;
pub mod recording;
pub mod routing;
pub mod runtime;
pub mod setup;
pub mod sources;
pub mod ui;
