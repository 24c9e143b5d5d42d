//! The integration tests: one binary, because kube is slow to link.

mod control_plane;
mod support;
