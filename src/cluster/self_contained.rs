//! Kubeconfigs that hold all they need: what a Secret may carry.
//!
//! A file path or a command in a kubeconfig that came from a cluster would be read or run by whoever opens it, as
//! somebody else chose. No error here repeats anything of the text.

use kube::config::{AuthInfo, Cluster, Kubeconfig};

use super::kubeconfig::{Contexts, of_files};
use crate::model::name::ClusterName;

/// The contexts of a kubeconfig's text: its current one alone, by another name. The error says what is wrong with it.
///
/// # Errors
/// A text that is no kubeconfig, has no current context, or needs a file or a command.
pub fn contexts(text: &[u8], name: &ClusterName) -> Result<Contexts, String> {
    let text = std::str::from_utf8(text).map_err(|_| "it is no text".to_owned())?;
    // The parser's own words repeat what is there.
    let mut config = Kubeconfig::from_yaml(text).map_err(|_| "it is no kubeconfig".to_owned())?;
    let current = match (config.current_context.as_deref(), config.contexts.as_slice()) {
        (Some(current), _) if !current.is_empty() => current.to_owned(),
        (_, [only]) => only.name.clone(),
        _ => return Err("it has no current context".to_owned()),
    };
    config.contexts.retain(|context| context.name == current);
    let Some(context) = config.contexts.first_mut() else {
        return Err("its current context is not in it".to_owned());
    };
    context.name = name.to_string();
    let said = context.context.clone().unwrap_or_default();
    config.clusters.retain(|cluster| cluster.name == said.cluster);
    config.auth_infos.retain(|user| Some(&user.name) == said.user.as_ref());
    let Some(cluster) = config.clusters.first().and_then(|cluster| cluster.cluster.as_ref()) else {
        return Err("the cluster of its context is not in it".to_owned());
    };
    let user = config.auth_infos.first().and_then(|user| user.auth_info.as_ref());
    let outside = of_cluster(cluster).or_else(|| user.and_then(of_user));
    if let Some(outside) = outside {
        return Err(outside.to_owned());
    }
    config.current_context = Some(name.to_string());
    Ok(of_files(config, None))
}

fn of_cluster(cluster: &Cluster) -> Option<&'static str> {
    let file = cluster.certificate_authority.is_some();
    file.then_some("certificate-authority names a file: it must carry certificate-authority-data")
}

/// What of a user is not in the text itself.
fn of_user(user: &AuthInfo) -> Option<&'static str> {
    let outside = [
        (user.exec.is_some(), "it has a credential plugin (exec), which is not run"),
        (user.auth_provider.is_some(), "it has an auth-provider, which is not run"),
        (user.token_file.is_some(), "tokenFile names a file: it must carry token"),
        (
            user.client_certificate.is_some(),
            "client-certificate names a file: it must carry client-certificate-data",
        ),
        (user.client_key.is_some(), "client-key names a file: it must carry client-key-data"),
    ];
    outside.iter().find(|(is_there, _)| *is_there).map(|(_, why)| *why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(cluster: &str, user: &str) -> String {
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts:\n- name: a\n  context: {{cluster: c, user: u}}\n- name: b\n  context: {{cluster: c, user: other}}\nclusters:\n- name: c\n  cluster: {{server: 'https://example.invalid'{cluster}}}\nusers:\n- name: u\n  user: {{{user}}}\n- name: other\n  user: {{exec: {{command: x, apiVersion: client.authentication.k8s.io/v1}}}}\n"
        )
    }

    #[test]
    fn a_kubeconfig_that_needs_nothing_else_is_taken_by_its_new_name() {
        let contexts = contexts(text("", "token: secret").as_bytes(), &ClusterName::from("far")).unwrap();
        assert_eq!(contexts.names, [ClusterName::from("far")]);
        assert_eq!(contexts.current, Some(ClusterName::from("far")));
    }

    #[test]
    fn what_needs_a_file_or_a_command_is_refused_and_no_word_of_it_is_repeated() {
        for (given, why) in [
            (text(", certificate-authority: /hidden", ""), "certificate-authority names a file"),
            (
                text("", "exec: {command: hidden, apiVersion: client.authentication.k8s.io/v1}"),
                "credential plugin",
            ),
            (text("", "auth-provider: {name: hidden, config: {}}"), "auth-provider"),
            (text("", "tokenFile: /hidden"), "tokenFile"),
            (text("", "client-certificate: /hidden"), "client-certificate names"),
            (text("", "client-key: /hidden"), "client-key names"),
            (text("", "token: [hidden]"), "no kubeconfig"),
            ("hidden".to_owned(), "no kubeconfig"),
            ("contexts: []".to_owned(), "no current context"),
            ("current-context: hidden".to_owned(), "its current context is not in it"),
        ] {
            let told = contexts(given.as_bytes(), &ClusterName::from("far")).unwrap_err();
            assert!(told.contains(why) && !told.contains("hidden"), "{told}\n{given}");
        }
    }
}
