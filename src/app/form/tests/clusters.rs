//! What a cluster knows, and who would act there.

use super::*;

#[test]
fn two_way_tls_is_told_for_each_server_where_the_mesh_is_known() {
    let server = |port, mode, state, why: &str| ServerMtls {
        gateway: ObjectName { namespace: "ns".into(), name: "gw".into() },
        port,
        protocol: "HTTP".into(),
        hosts: vec!["a.example".into()],
        tls: mode,
        worst: Case {
            clients: Clients { scope: Scope::Everywhere, workload: None, ways: Vec::new() },
            state,
            why: why.into(),
            remedy: None,
            cautions: Vec::new(),
        },
        others: Vec::new(),
    };
    let broken = server(80, None, MtlsState::BrokenClientsSendMtls, "the server speaks plaintext");
    let plain = server(80, None, MtlsState::Plaintext, "no mTLS is sent");
    let mut app = wizard();
    walk_to(&mut app, field_at("spec.podLabels[\"security.istio.io/tlsMode\"]"));
    if let Screen::Form(form) = app.screen_mut() {
        form.known.servers = Some(Box::new(Servers { on: vec![broken], off: vec![plain] }));
    }
    let said = |app: &App| front(app).says(front(app).spot.field).last().cloned().unwrap();
    assert_eq!(said(&app), (Tone::Good, "80 HTTP a.example: plaintext – no mTLS is sent.".to_owned()));
    press(&mut app, "space");
    let text = "80 HTTP a.example: broken: clients send mTLS – the server speaks plaintext.".to_owned();
    assert_eq!(said(&app), (Tone::Bad, text));
}

#[test]
fn the_cluster_is_looked_at_once_and_again_where_the_gateway_goes_elsewhere() {
    let mut app = app_of(vec![home(), cluster("other", &[])]);
    let form = Form::new("1".into(), "prod".into(), app.known());
    let effects = app.open_form(form);
    let [Effect::Learn(first, cluster, namespace)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!((cluster.as_str(), namespace.as_str()), ("prod", "istio-system"));
    let first = *first;
    let effects = keys(&mut app, "down x");
    assert!(!effects.iter().any(|e| matches!(e, Effect::Learn(..))), "not while it is typed: {effects:?}");
    let effects = press(&mut app, "down");
    assert!(
        matches!(effects.as_slice(), [Effect::Close(closed), Effect::Learn(_, c, n)]
        if *closed == first && c.as_str() == "prod" && n == "istio-systemx"),
        "{effects:?}"
    );
    let effects = press(&mut app, "space");
    assert!(
        effects.iter().any(|e| matches!(e, Effect::Learn(_, c, _) if c.as_str() == "other")),
        "{effects:?}"
    );
    assert_eq!((front(&app).cluster.as_str(), front(&app).draft.cluster.as_str()), ("other", "other"));
    let _ = update(&mut app, Msg::Learned(first, Box::new(knowledge())));
    assert!(front(&app).knowledge.is_none(), "an answer about another cluster is no answer");
}

#[test]
fn what_is_there_is_offered_as_it_is_typed_and_picked() {
    let mut app = learned();
    walk_to(&mut app, field_at("spec.nodeSelector"));
    keys(&mut app, "enter z");
    assert_eq!(front(&app).popup().map(|p| p.items.clone()), Some(vec!["zone".to_owned()]));
    keys(&mut app, "down enter tab e");
    assert_eq!(front(&app).popup().map(|p| p.items.len()), Some(2), "the values of that label");
    keys(&mut app, "down down tab");
    assert_eq!(at(&app, "spec.nodeSelector"), Some(json!({"zone": "eu-2"})));
    let said: Vec<String> = front(&app).says(front(&app).spot.field).into_iter().map(|(_, s)| s).collect();
    assert_eq!(said, ["2 of 3 nodes have these labels right now."]);
    let said = front(&app).says(field_at("spec.tolerations"));
    assert_eq!(said, [(Tone::Muted, "2 of 3 nodes let the pods on right now.".to_owned())]);
    let said = front(&app).says(field_at("spec.affinity"));
    assert_eq!(said[1].1, "1 of 3 nodes could run a pod, all of this taken together right now.");
    // What is offered is left by esc first, and by moving on.
    walk_to(&mut app, field_at("spec.configVolumes"));
    keys(&mut app, "enter v tab l");
    assert_eq!(
        front(&app).popup().map(|p| p.items.clone()),
        Some(vec!["lua".to_owned()]),
        "of its namespace"
    );
    press(&mut app, "esc");
    assert!(front(&app).popup().is_none());
    keys(&mut app, "f3 tab");
    assert_eq!(at(&app, "spec.configVolumes"), Some(json!([{"name": "v", "configMapName": "l"}])));
}

#[test]
fn what_may_not_be_read_is_only_not_offered_and_the_field_says_so() {
    let mut app = learned();
    walk_to(&mut app, field_at("spec.secretVolumes"));
    keys(&mut app, "enter v tab s");
    assert!(front(&app).popup().is_none());
    keys(&mut app, "tab / x backtab");
    let said = front(&app).explain();
    assert_eq!(said[1], "Nothing is offered here: prod: no right to list the names of Secrets.");
}

#[test]
fn where_nobody_keeps_gateways_the_form_says_so_first_and_nothing_is_made() {
    let mut bare = cluster("bare", &[]);
    bare.facts.keeper = Keeper::Nobody;
    let mut idle = cluster("idle", &[]);
    idle.facts.keeper = Keeper::Egret;
    idle.facts.holder = Holder::Nobody;
    for (snapshot, said, made) in [
        (bare, "`I` on Clusters installs the CRD", false),
        (idle, "Nobody acts on gateways in idle now: this would be stored and stay a wish.", true),
    ] {
        let name = snapshot.cluster.clone();
        let mut app = app_of(vec![snapshot]);
        let _ = app.open_form(Form::new("1".into(), name, app.known()));
        app.settle();
        let rows: Vec<&Row> = front(&app).page().rows.iter().collect();
        let field = rows.iter().position(|row| row.label == "Name").unwrap();
        let text = |row: &Row| row.cells.iter().map(|c| c.text.clone()).collect::<Vec<_>>().join(" ");
        let before: Vec<String> = rows[..field].iter().map(|row| text(row)).collect();
        assert!(before.join(" ").contains(said), "{before:?}");
        write(&mut app, "out");
        press(&mut app, "ctrl-s");
        assert_eq!(matches!(app.screen(), Screen::Review(_)), made, "{:?}", app.notice);
    }
}

#[test]
fn the_id_of_the_cluster_itself_is_offered_and_an_id_that_nobody_gave_is_told() {
    let mut form = Form::new("1".into(), "prod".into(), Known { ids: vec!["c2".into()], ..Known::default() });
    form.knowledge = Some(Knowledge { home_id: Some("c1".into()), ..Knowledge::default() });
    assert_eq!(form.cluster_ids(), ["c1", "c2"]);
    let told = |form: &mut Form, id: &str| {
        form.object["spec"]["clusterIds"] = json!([id]);
        form.judge();
        form.problems().iter().any(|placed| placed.problem.why.contains("no open or configured cluster"))
    };
    assert!(!told(&mut form, "c1") && !told(&mut form, "c2"));
    assert!(told(&mut form, "prod"), "the name of a context is no id");
}
