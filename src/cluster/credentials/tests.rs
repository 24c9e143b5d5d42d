use super::*;

/// A plugin that is a shell script. `$COUNT` is a file that it may append to.
fn plugin(script: &str, dir: &tempfile::TempDir) -> Plugin {
    Plugin::new("ctx", config(script, dir), &Cluster::default())
}

fn config(script: &str, dir: &tempfile::TempDir) -> ExecConfig {
    ExecConfig {
        command: Some("sh".into()),
        args: Some(vec!["-c".into(), script.into()]),
        env: Some(vec![
            [
                ("name".to_owned(), "COUNT".to_owned()),
                ("value".to_owned(), dir.path().join("count").display().to_string()),
            ]
            .into(),
        ]),
        ..serde_json::from_str("{}").unwrap()
    }
}

async fn token(plugin: &Plugin) -> Result<Option<String>, Fault> {
    Ok(plugin.credential().await?.token)
}

fn runs(dir: &tempfile::TempDir) -> usize {
    std::fs::read_to_string(dir.path().join("count")).unwrap_or_default().lines().count()
}

fn reply(status: &str) -> String {
    format!(
        r#"echo run >> "$COUNT"; echo '{{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{status}}}'"#
    )
}

#[tokio::test]
async fn a_token_without_an_end_is_asked_for_once() {
    let dir = tempfile::tempdir().unwrap();
    let plugin = plugin(&reply(r#"{"token":"t"}"#), &dir);
    for _ in 0..3 {
        assert_eq!(token(&plugin).await.unwrap().as_deref(), Some("t"));
    }
    assert_eq!(runs(&dir), 1);
}

#[test]
fn a_token_is_renewed_before_it_ends_and_a_short_one_is_used_for_most_of_its_time() {
    let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    for (seconds, renewed) in [(3600, 3540), (600, 540), (100, 80), (20, 16), (10, 10), (-3600, 10)] {
        let expires = Some(now + jiff::SignedDuration::from_secs(seconds));
        let credential = Credential::new(reply::Reply { expires, ..Default::default() }, 1, now);
        assert_eq!(credential.renew, Some(now + Duration::from_secs(renewed)), "{seconds} s");
        let at = |moment: u64| credential.is_fresh(now + Duration::from_secs(moment));
        assert!(at(renewed - 1) && !at(renewed), "{seconds} s");
    }
}

#[tokio::test]
async fn a_refused_token_is_replaced_once_however_many_requests_it_was_refused_to() {
    let dir = tempfile::tempdir().unwrap();
    let script =
        r#"echo run >> "$COUNT"; echo "{\"status\":{\"token\":\"t$(wc -l < "$COUNT" | tr -d ' ')\"}}""#;
    let plugin = plugin(script, &dir);
    let old = plugin.credential().await.unwrap();
    assert_eq!(old.token.as_deref(), Some("t1"));
    for _ in 0..3 {
        plugin.refused(&old);
        assert_eq!(token(&plugin).await.unwrap().as_deref(), Some("t2"));
    }
    // Whoever still uses the old one is told.
    plugin.replaced(&old).await;
}

#[tokio::test]
async fn a_plugin_goes_on_when_who_asked_first_has_gone_away() {
    let dir = tempfile::tempdir().unwrap();
    let plugin = plugin(&format!("sleep 0.2; {}", reply(r#"{"token":"t"}"#)), &dir);
    assert!(tokio::time::timeout(Duration::from_millis(20), plugin.credential()).await.is_err());
    assert_eq!(token(&plugin).await.unwrap().as_deref(), Some("t"));
    assert_eq!(runs(&dir), 1);
}

#[tokio::test]
async fn all_who_wait_for_a_failing_plugin_are_told_by_its_one_run() {
    let dir = tempfile::tempdir().unwrap();
    let plugin = plugin(r#"echo run >> "$COUNT"; sleep 0.2; echo no >&2; exit 3"#, &dir);
    let all = (0..5).map(|_| token(&plugin));
    for result in futures::future::join_all(all).await {
        let fault = result.unwrap_err();
        assert_eq!(fault.reason, Reason::Credentials);
        assert_eq!(fault.summary, "ctx: the credential plugin `sh` failed (exit status: 3): no");
    }
    // And whoever comes a moment too late.
    token(&plugin).await.unwrap_err();
    assert_eq!(runs(&dir), 1);
}

#[tokio::test]
async fn what_a_plugin_does_wrong_is_told() {
    for (script, reason, part) in [
        ("echo first >&2; echo 'it \x1b[31mbroke' >&2; exit 1", Reason::Credentials, "(exit status: 1): it"),
        ("exit 1", Reason::Credentials, "it said nothing"),
        ("echo {}", Reason::Credentials, "without a status"),
        ("echo '{\"status\":{}}'", Reason::Credentials, "neither a token nor a certificate"),
        ("echo '{\"status\":{\"token\":\"\"}}'", Reason::Credentials, "neither a token nor a certificate"),
        ("echo secret-text", Reason::Credentials, "no ExecCredential"),
        ("kill -9 $$", Reason::Credentials, "(signal: 9"),
        ("read -r answer < /dev/tty", Reason::NeedsTerminal, "needs a terminal"),
        ("echo 'stdin is not a terminal' >&2; exit 1", Reason::NeedsTerminal, "needs a terminal"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let fault = token(&plugin(script, &dir)).await.unwrap_err();
        assert_eq!(fault.reason, reason, "{script}: {}", fault.summary);
        assert!(fault.summary.contains(part), "{script}: {}", fault.summary);
        assert!(!fault.summary.contains("secret-text") && !fault.summary.contains('\x1b'));
    }
}

#[tokio::test]
async fn a_plugin_that_is_not_installed_is_told_with_its_hint() {
    let config = serde_json::json!({"command": "no-such-plugin-here", "installHint": "Install it from x."});
    let plugin = Plugin::new("ctx", serde_json::from_value(config).unwrap(), &Cluster::default());
    let fault = token(&plugin).await.unwrap_err();
    assert_eq!(fault.hint, "Install it from x.");
    assert!(fault.summary.contains("could not be run"), "{}", fault.summary);
}

#[tokio::test]
async fn a_plugin_that_hangs_is_ended_with_what_it_started() {
    let dir = tempfile::tempdir().unwrap();
    let fifo = dir.path().join("fifo");
    let script = format!("echo waiting for you >&2; mkfifo {0}; cat {0} & cat {0}", fifo.display());
    let plugin = plugin(&script, &dir).within(Duration::from_millis(300));
    let fault = token(&plugin).await.unwrap_err();
    assert_eq!(fault.reason, Reason::Credentials);
    assert!(fault.summary.ends_with("did not end within 0.3 s: waiting for you"), "{}", fault.summary);
    // Nobody reads any more: opening the other end without waiting is refused once the readers are gone.
    let open = || {
        rustix::fs::open(
            &fifo,
            rustix::fs::OFlags::WRONLY | rustix::fs::OFlags::NONBLOCK,
            rustix::fs::Mode::empty(),
        )
    };
    while open().is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_plugin_that_always_needs_a_terminal_is_not_run_without_one() {
    let dir = tempfile::tempdir().unwrap();
    let always = Some(ExecInteractiveMode::Always);
    let config = ExecConfig { interactive_mode: always, ..config(&reply(r#"{"token":"t"}"#), &dir) };
    let plugin = Plugin::new("ctx", config, &Cluster::default());
    assert_eq!(token(&plugin).await.unwrap_err().reason, Reason::NeedsTerminal);
    assert_eq!(runs(&dir), 0);
    // In the terminal it is, and what it gave is used from then on.
    plugin.run_in_terminal().await.unwrap();
    assert_eq!(token(&plugin).await.unwrap().as_deref(), Some("t"));
    assert_eq!(runs(&dir), 1);
}

#[tokio::test]
async fn a_plugin_is_told_of_its_cluster_and_who_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let script = r#"printf '{"status":{"token":"%s"}}' "$(printf %s "$KUBERNETES_EXEC_INFO" | tr -d '"')""#;
    let config = ExecConfig {
        api_version: Some("client.authentication.k8s.io/v1beta1".into()),
        provide_cluster_info: true,
        ..config(script, &dir)
    };
    let cluster = Cluster { server: Some("https://s".into()), ..Cluster::default() };
    let plugin = Plugin::new("ctx", config, &cluster);
    let told = token(&plugin).await.unwrap().unwrap();
    assert_eq!(
        told,
        "{apiVersion:client.authentication.k8s.io/v1beta1,kind:ExecCredential,spec:{interactive:false,cluster:{server:https://s}}}"
    );
    assert!(plugin.run_in_terminal().await.unwrap().token.unwrap().contains("interactive:true"));
}
