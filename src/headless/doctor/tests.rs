use super::*;

use crate::model::fault::{Fault, Reason};

#[test]
fn a_name_has_one_letter_all_over_a_report() {
    let mut names = Names::new(true);
    assert_eq!(names.of("context", "prod"), "context-a");
    assert_eq!(names.of("context", "prod-eu"), "context-b");
    assert_eq!(names.of("context", "prod"), "context-a");
    assert_eq!(names.of("server", "api.example.com"), "server-a");
}

#[test]
fn where_names_are_kept_back_no_path_and_no_words_of_others_are_told() {
    let refused = Fault::new(Reason::Denied, "prod: list pods: not allowed (as anna@example.com)", "");
    let (open, kept) = (Names::new(false), Names::new(true));
    assert!(open.fault(&refused).contains("anna@example.com"));
    assert_eq!(kept.fault(&refused), "denied (its words are told without --anonymous)");
    assert_eq!(kept.path("/srv/acme/prod-eu.yaml"), "elsewhere");
    assert_eq!(open.path("/srv/acme/prod-eu.yaml"), "/srv/acme/prod-eu.yaml");
    assert!(!kept.wrong("/srv/acme/config.toml:3: unknown key `acme`").contains("acme"));
}
