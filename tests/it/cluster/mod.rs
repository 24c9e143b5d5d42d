//! The I/O side of egret on a real control plane, and on servers that misbehave in ways a real one does not on
//! request.

mod asking;
mod broken;
mod credentials;
mod exec;
mod fields;
mod healing;
mod holder;
mod journal;
mod knowledge;
mod kubeconfig;
mod network;
mod objects;
mod oracle;
mod rights;
mod routes;
mod snapshots;
mod support;
mod verbs;
mod yaml;
