use super::*;

#[test]
fn a_name_has_one_letter_all_over_a_report_and_no_longer_name_is_told_by_a_shorter_one() {
    let mut names = Names::new(true);
    assert_eq!(names.of("context", "prod"), "context-a");
    assert_eq!(names.of("context", "prod-eu"), "context-b");
    assert_eq!(names.of("context", "prod"), "context-a");
    assert_eq!(names.of("server", "api.example.com"), "server-a");
    let said = "prod-eu: api.example.com does not answer prod";
    assert_eq!(names.hidden(said), "context-b: server-a does not answer context-a");
}

#[test]
fn names_stay_where_nobody_keeps_them_back() {
    let mut names = Names::new(false);
    assert_eq!(names.of("context", "prod"), "prod");
    assert_eq!(names.hidden("prod is there"), "prod is there");
}
