//! Gateways and what they are made of: on paper, on the simulated server, and on the real one.
//!
//! Which tests hold which rule of the product, but for those beside the code they are about:
//!
//! | rule | held by |
//! |---|---|
//! | R1 selectors and names | `golden`, `rounds::of_two_gateways_with_one_name…`, `keepers::a_controller_makes_many…`; `materialize::names`, `reconcile::queue` |
//! | R2 clusters | `rules::a_cluster_that_…`, `rules::a_record_of_clusters…`, `crash` (clusters added, removed, left, deleted) |
//! | R3 whose objects are | `rounds::an_object_of_somebody_else…`, `rounds::what_is_no_longer_asked_for…`, `transitions`; `materialize::ours` |
//! | R4 the keeper | `keepers::where_the_kind_is_not_egrets…` |
//! | R5 no restarts, the lease | `rules::a_newer_mesh…`, `real_trouble::a_leader_that_dies…`; `materialize::pending`, `reconcile::lease` |
//! | R6 replicas | `rules::replicas_never_jump…`, `crash` (the fewest replicas of every answer) |
//! | R7 injection | `rules::a_revision_that_nobody_injects…`, `together::a_pod_that_was_not_injected…`, `accepted` |
//! | R8 kernel parameters | `golden` (kernel), `accepted`, `transitions` (node-wide ones); `materialize::validate` |
//! | R9 drift | `rounds::a_gateway_comes_to_run…`, `rounds::a_field_that_somebody_changes_back…`, `rounds::annotations_that_nobody_desires…`, `rules::a_port_that_was_given…`; `materialize::compare` |
//! | R10 Services | `transitions` (load balancer classes), `accepted`, `golden` (ports, node-port, load-balancer); `materialize::validate` |
//! | R11 adopting | `adopt`, `real_adopt`, `crash` (adopted); `materialize::adopt` |
//! | R12 releasing | `adopt::a_gateway_that_is_released…`, `adopt::a_gateway_is_not_released_while…`, `real_adopt`, `crash` (released) |
//! | R13 mTLS | `routing`, `servers` |
//! | R14 statistics | `materialize::statistics`; `golden` (`proxy.istio.io/config`) |
//! | R16 who changed what | `rounds::what_was_changed_by_hand…`, `look`; `materialize::compare`, `materialize::fields` |
//! | R20 status | `rounds::a_gateway_comes_to_run…`; `reconcile::status` |
//! | R25 the CRD | `validation`, the integration tests of `crd`; `model::crd` |
//! | R26 spreading | `rules::affinity_is_copied…`, `golden` (spread) |
//! | R28 no field vanishes | `rules::every_write_asks_for_strict_validation…`, `rules::what_egret_does_not_know…` |

mod accepted;
mod adopt;
mod crash;
mod forget;
mod golden;
mod install;
mod keepers;
mod kubeconfigs;
mod look;
mod news;
mod real;
mod real_adopt;
mod real_install;
mod real_trouble;
mod rounds;
mod rules;
mod scenarios;
mod servers;
mod stage;
mod together;
mod transitions;
mod trouble;
mod uninstall;
mod validation;
