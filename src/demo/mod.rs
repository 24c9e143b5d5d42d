//! Whole clusters in this process: an API server behind `kube::Client`, with no port, no file and no network.
//!
//! What is above the client is the real code: it cannot tell that nobody is there. The same server is the fast and
//! deterministic one of the tests, held to the real one by one table of cases (`tests/it/demo`).
//!
//! | part | what it does |
//! |---|---|
//! | `server` | HTTP: paths, verbs, discovery, watches, logs, upgrades |
//! | `state` | one cluster: how objects are written, deleted; what is due |
//! | `store` | objects by key, one revision, the history |
//! | `schema`, `apply` | structure of kinds; server-side apply and managed fields |
//! | `strategy` | what the built-in kinds do when they are written |
//! | `workload` | controllers, scheduler, kubelets |
//! | `envoy` | what the proxies inside pods answer |
//! | `story` | the clusters of `egret demo` |
//! | `fault`, `tamper` | what can go wrong on the way, and what somebody does by hand |

mod addresses;
mod admission;
pub mod apply;
pub mod clock;
pub mod cluster;
pub mod envoy;
pub mod fault;
mod log_text;
mod proxy;
pub mod resources;
pub mod rights;
pub mod schema;
pub mod select;
pub mod server;
pub mod state;
pub mod status;
pub mod store;
pub mod story;
pub mod strategy;
pub mod tamper;
pub mod workload;
pub mod world;
