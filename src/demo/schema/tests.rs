use super::*;

#[test]
fn the_structure_of_built_in_kinds_is_there() {
    assert!(Schema::builtin("apps", "v1", "Deployment").is_some());
    assert!(Schema::builtin("apps", "v1", "StatefulSet").is_none());
}
