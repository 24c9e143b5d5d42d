//! Kubeconfig files: one user of one cluster, or several clusters joined as contexts.

use super::pki::Identity;
use super::{Cluster, Result, While};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fs;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// One context: a cluster, and a user of it.
pub(super) struct Context<'a> {
    pub name: &'a str,
    pub url: &'a str,
    pub ca: &'a str,
    pub user: &'a str,
    pub identity: &'a Identity,
}

/// One file in which each cluster is a context of its own name, its administrator the user, and the first
/// the current one. It lies in the first cluster's directory and goes with it.
pub fn kubeconfig_of(clusters: &[&Cluster]) -> Result<PathBuf> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let dir = clusters.first().map_or_else(std::env::temp_dir, |first| first.dir().to_owned());
    let file = dir.join(format!("joined-{count}.yaml"));
    let contexts: Vec<Context<'_>> = clusters.iter().map(|cluster| cluster.context()).collect();
    write(&file, &contexts)?;
    Ok(file)
}

/// Writes a kubeconfig; readable by the user alone, since it holds keys.
pub(super) fn write(file: &Path, contexts: &[Context<'_>]) -> Result<()> {
    use std::io::Write as _;
    let what = format!("writing {}", file.display());
    // Removed first: the mode is set only when a file is made.
    if file.exists() {
        fs::remove_file(file).while_doing(&what)?;
    }
    let mut open =
        fs::File::options().write(true).create_new(true).mode(0o600).open(file).while_doing(&what)?;
    open.write_all(text(contexts).as_bytes()).while_doing(&what)
}

fn text(contexts: &[Context<'_>]) -> String {
    let mut text = String::from("apiVersion: v1\nkind: Config\n");
    if let Some(first) = contexts.first() {
        text.push_str(&format!("current-context: {}\n", first.name));
    }
    text.push_str("clusters:\n");
    for Context { name, url, ca, .. } in contexts {
        let ca = STANDARD.encode(ca);
        text.push_str(&format!(
            "- name: {name}\n  cluster:\n    server: {url}\n    certificate-authority-data: {ca}\n"
        ));
    }
    text.push_str("users:\n");
    for Context { name, user, identity, .. } in contexts {
        let (certificate, key) = (STANDARD.encode(&identity.certificate), STANDARD.encode(&identity.key));
        text.push_str(&format!(
            "- name: {user}@{name}\n  user:\n    client-certificate-data: {certificate}\n    client-key-data: {key}\n"
        ));
    }
    text.push_str("contexts:\n");
    for Context { name, user, .. } in contexts {
        text.push_str(&format!("- name: {name}\n  context:\n    cluster: {name}\n    user: {user}@{name}\n"));
    }
    text
}
