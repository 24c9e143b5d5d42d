//! What comes of a form: the review, the draft, the YAML.

use super::*;
use crate::app::review::Review;

fn wishes(review: &Review) -> Vec<Wish> {
    review.items.iter().map(|item| item.wish.clone()).collect()
}

#[test]
fn a_name_that_is_taken_or_no_name_is_said_while_it_is_typed() {
    for (name, said) in [
        ("taken", "prod has a gateway taken in istio-system already"),
        ("a.b", "the name may not contain dots"),
        ("Out", "is no name of an object"),
    ] {
        let mut app = wizard();
        write(&mut app, name);
        let explained = front(&app).explain();
        assert!(explained[1].contains(said), "{name}: {explained:?}");
        press(&mut app, "ctrl-s");
        assert!(matches!(app.screen(), Screen::Form(_)), "{name} is not reviewed");
    }
}

#[test]
fn what_is_filled_in_is_reviewed_as_one_wish_to_make_it() {
    let mut app = wizard();
    write(&mut app, "out");
    press(&mut app, "ctrl-s");
    let Screen::Review(review) = app.screen() else { panic!("{:?}", app.notice) };
    let [Wish { target, change: Change::Create { object } }] = &*wishes(review) else { panic!() };
    assert_eq!(target.to_string(), "IstioGateway istio-system/out in prod");
    assert_eq!(object["apiVersion"], "istio.alibabacloud.com/v1", "the version that is served");
    assert_eq!(object["spec"]["ports"][1]["port"], 443);
}

#[test]
fn one_parameter_is_reviewed_as_an_edit_that_changes_nothing_else() {
    let before = json!({"apiVersion": "istio.alibabacloud.com/v1", "kind": "IstioGateway",
        "metadata": {"name": "out", "namespace": "istio-system", "resourceVersion": "7", "managedFields": [{}]},
        "spec": {"ports": [{"port": 80}], "someday": {"x": [1]}, "replicaCount": 2}, "status": {"Status": "Running"}});
    let mut app = wizard();
    let path = "spec.replicaCount".parse().unwrap();
    let form = Form::single("2".into(), "prod".into(), before.clone(), &path).unwrap();
    let _ = app.open_form(form);
    press(&mut app, "enter");
    assert_eq!(app.notice.as_ref().unwrap().text, "Nothing is changed yet.");
    keys(&mut app, "backspace 5 enter");
    let Screen::Review(review) = app.screen() else { panic!("{:?}", app.notice) };
    let [Wish { change: Change::Edit { before: was, after }, .. }] = &*wishes(review) else { panic!() };
    let mut expected = before.clone();
    expected["spec"]["replicaCount"] = json!(5);
    assert_eq!((was, after), (&before, &expected), "an unknown field is no obstacle where it was before");
}

#[test]
fn a_problem_of_the_review_leads_to_its_field() {
    let mut app = wizard();
    keys(&mut app, "alt-6 alt-7 enter");
    assert_eq!(front(&app).spot.row().path_text(), "metadata.name");
}

#[test]
fn a_form_is_left_with_its_draft_and_discarded_only_when_asked_twice() {
    let mut app = wizard();
    let ticket = front(&app).learning;
    assert_eq!(press(&mut app, "esc"), [Effect::Close(ticket)]);
    assert!(app.notice.is_none(), "nothing was typed: {:?}", app.notice);
    let mut app = wizard();
    write(&mut app, "out");
    let ticket = front(&app).learning;
    assert_eq!(press(&mut app, "esc"), [Effect::Close(ticket)]);
    assert_eq!(app.notice.unwrap().text, "What was typed is kept as a draft: IstioGateway istio-system/out.");
    let mut app = wizard();
    write(&mut app, "out");
    keys(&mut app, "ctrl-x left");
    assert_eq!(press(&mut app, "ctrl-x"), [], "another key came between");
    let ticket = front(&app).learning;
    let effects = press(&mut app, "ctrl-x");
    assert_eq!(effects, [Effect::Close(ticket), Effect::DropDraft("1".into())]);
}

#[test]
fn a_draft_goes_on_where_it_was_and_a_broken_one_says_why() {
    let mut app = wizard();
    write(&mut app, "out");
    let draft = front(&app).draft.clone();
    let form = Form::of_draft(draft.clone()).unwrap();
    assert_eq!(form.object(), front(&app).object());
    assert!(Form::of_draft(Draft { text: "a: [".into(), ..draft.clone() }).is_err());
    assert_eq!(
        Form::of_draft(Draft { text: "just text".into(), ..draft }).unwrap_err(),
        "the text is no object"
    );
}

#[test]
fn what_was_changed_as_yaml_is_in_the_fields_and_may_be_taken_back() {
    let mut app = wizard();
    write(&mut app, "out");
    keys(&mut app, "alt-2 tab tab tab tab");
    let Screen::Form(form) = app.screen_mut() else { panic!("no form") };
    assert!(form.take_text("spec: [").is_err());
    let text = "metadata: {name: out}\nspec: {replicaCount: 7, someday: x, ports: [{port: 1}]}";
    form.take_text(text).unwrap();
    assert!(form.spot.adds(&form.object), "the row of the cursor is gone: {:?}", form.spot);
    walk_to(&mut app, field_at("spec.replicaCount"));
    assert_eq!(front(&app).buffer.text(), "7");
    write(&mut app, "0");
    assert_eq!(at(&app, "spec.replicaCount"), Some(json!(70)));
    assert_eq!((at(&app, "spec.someday"), at(&app, "metadata.name")), (Some(json!("x")), Some(json!("out"))));
    keys(&mut app, "ctrl-z ctrl-z");
    assert_eq!(at(&app, "spec.ports[1].port"), Some(json!(443)));
}
