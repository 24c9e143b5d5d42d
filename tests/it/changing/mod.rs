//! A person's change of an object, from the check to what became of it: the same cases on the simulator and on the real
//! kube-apiserver.

mod edits;
mod failures;
mod gateways;
mod stand;
