//! Entries of the kubeconfig, compared: whether a context still leads where it led.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;

use serde::Serialize;

use super::kubeconfig::{Contexts, Source, places};
use crate::model::name::ClusterName;

/// What a context's entry says, so that two can be compared; none of it can be read from this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The server, and the certificates and name that it proves itself by.
    server: u64,
    /// The user, and the way through a proxy.
    credentials: u64,
}

impl Entry {
    /// Whether the other leads to another server, or to one that proves itself otherwise.
    pub fn leads_elsewhere(&self, other: &Self) -> bool {
        self.server != other.server
    }
}

impl Contexts {
    /// The entry of a context; none: there is no such, or it is not of a file.
    pub fn entry(&self, cluster: &ClusterName) -> Option<Entry> {
        let Source::Files(config) = &self.source else { return None };
        let context = config.contexts.iter().find(|c| c.name == cluster.as_str())?.context.as_ref()?;
        let about =
            config.clusters.iter().find(|c| c.name == context.cluster).and_then(|c| c.cluster.as_ref());
        let user = context.user.as_deref().unwrap_or_default();
        let auth = config.auth_infos.iter().find(|a| a.name == user).and_then(|a| a.auth_info.as_ref());
        let server = about.map(|c| {
            (
                &c.server,
                &c.certificate_authority,
                &c.certificate_authority_data,
                &c.tls_server_name,
                c.insecure_skip_tls_verify,
            )
        });
        let proxy = about.and_then(|c| c.proxy_url.as_ref());
        Some(Entry { server: digest(&server), credentials: digest(&(auth, proxy)) })
    }

    /// The files that contexts are read from, those that are not there too; none: they come from elsewhere.
    pub fn files(&self) -> Vec<PathBuf> {
        match self.source {
            Source::Files(_) => places(self.chosen.as_deref()).0,
            Source::InCluster | Source::Handed(_) => Vec::new(),
        }
    }
}

fn digest(value: &impl Serialize) -> u64 {
    let mut hasher = DefaultHasher::new();
    // What cannot be written down is the same each time.
    serde_json::to_string(value).unwrap_or_default().hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::super::kubeconfig::of_files;
    use super::*;

    fn entry(cluster: &str, user: &str) -> Entry {
        let text = format!(
            "clusters: [{{name: c, cluster: {cluster}}}]\nusers: [{{name: u, user: {user}}}]\n\
             contexts: [{{name: x, context: {{cluster: c, user: u}}}}]\n"
        );
        of_files(serde_yaml::from_str(&text).unwrap(), None).entry(&"x".into()).unwrap()
    }

    #[test]
    fn another_server_or_certificate_leads_elsewhere_and_another_user_does_not() {
        let usual = || entry("{server: 'https://a:1'}", "{token: t}");
        assert_eq!(usual(), usual());
        for elsewhere in [
            "{server: 'https://a:2'}",
            "{server: 'https://a:1', certificate-authority-data: YQ==}",
            "{server: 'https://a:1', certificate-authority: /ca}",
            "{server: 'https://a:1', tls-server-name: b}",
            "{server: 'https://a:1', insecure-skip-tls-verify: true}",
        ] {
            assert!(usual().leads_elsewhere(&entry(elsewhere, "{token: t}")), "{elsewhere}");
        }
        for (cluster, user) in [
            ("{server: 'https://a:1'}", "{token: other}"),
            ("{server: 'https://a:1'}", "{client-certificate-data: YQ==}"),
            ("{server: 'https://a:1', proxy-url: 'http://p:1'}", "{token: t}"),
        ] {
            let other = entry(cluster, user);
            assert!(!usual().leads_elsewhere(&other) && usual() != other, "{cluster} {user}");
        }
    }

    #[test]
    fn a_context_that_is_not_there_has_no_entry() {
        let contexts = of_files(serde_yaml::from_str("contexts: []").unwrap(), None);
        assert_eq!(contexts.entry(&"x".into()), None);
    }
}
