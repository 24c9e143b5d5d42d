//! A person's change of an object, from the check to what became of it: the same cases on the simulator and on the real
//! kube-apiserver.
//!
//! | rule | held by |
//! |---|---|
//! | R13 a change that breaks a server needs the name and says the two steps | `gateways::a_label_that_breaks_a_server…` |
//! | R22 the keeper is named first, the typed yes; only changed paths, with `resourceVersion` | `gateways::an_object_of_a_gateway…`, `edits`, `materialize::change::kept` |
//! | R22 a dry run that a webhook cannot do is no refusal; undo restores the spec | `changing::check` (unit), `app::review::tests` |
//! | R23 read-only lets nothing out, dry runs neither | `cluster::service` (method by path), `app::review::tests`, `tui::changing` |
//! | R24 rights, unknown leaves the command usable | `app::rights` (unit), `tui::users` |
//! | R26 spread replicas writes `spec.affinity` and takes exactly that away | `app::form::tests` |
//! | R27 no Secret is shown, edited, kept or told | `failures::a_kind_that_is_not_served…`, `secrets`, `model::draft` |
//! | R28 strict validation, no field vanishes | `failures::what_the_server_refuses…`, `edits::an_edit_is_what…`, `cluster::yaml` |

mod edits;
mod failures;
mod gateways;
mod stand;
