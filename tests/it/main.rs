//! The one integration binary: kube is slow to link.

mod config;
