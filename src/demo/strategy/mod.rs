//! What the built-in kinds do when they are written. (Being written: signatures that the server calls.)
use jiff::Timestamp;
use serde_json::Value;

use super::status::Cause;

/// What a strategy may ask of the cluster.
pub trait Surroundings {
    /// Now.
    fn now(&self) -> Timestamp;
    /// Gives a cluster IP.
    ///
    /// # Errors
    /// In the server's words.
    fn allocate_cluster_ip(&mut self, wanted: Option<&str>) -> Result<String, String>;
    /// Takes one back.
    fn release_cluster_ip(&mut self, ip: &str);
    /// Gives a node port.
    ///
    /// # Errors
    /// In the server's words.
    fn allocate_node_port(&mut self, wanted: Option<u16>) -> Result<u16, String>;
    /// Takes one back.
    fn release_node_port(&mut self, port: u16);
    /// Whether an object is there.
    fn exists(&self, resource: &str, namespace: &str, name: &str) -> bool;
}

/// What names of a kind may look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameRule {
    /// DNS-1123 subdomain.
    Subdomain,
    /// DNS-1123 label.
    Label,
    /// DNS-1035 label.
    Label1035,
    /// A segment of a path (RBAC).
    Path,
}

/// The rule for names of a kind.
pub fn name_rule(_group: &str, _kind: &str) -> NameRule {
    NameRule::Subdomain
}
/// Whether objects of a kind have a generation.
pub fn has_generation(_group: &str, _kind: &str) -> bool {
    true
}
/// Fills in the API's defaults.
pub fn default(_group: &str, _kind: &str, _object: &mut Value) {}
/// What a kind does to a new object: drops a status, sets the first one, allocates addresses.
///
/// # Errors
/// What cannot be allocated.
pub fn prepare_create(
    _group: &str,
    _kind: &str,
    _object: &mut Value,
    _around: &mut dyn Surroundings,
) -> Result<(), Vec<Cause>> {
    Ok(())
}
/// What a kind does to another state of an object.
///
/// # Errors
/// What cannot be allocated.
pub fn prepare_update(
    _group: &str,
    _kind: &str,
    _new: &mut Value,
    _old: &Value,
    _status_only: bool,
    _around: &mut dyn Surroundings,
) -> Result<(), Vec<Cause>> {
    Ok(())
}
/// Whether the generation grows.
pub fn bumps_generation(_group: &str, _kind: &str, old: &Value, new: &Value) -> bool {
    old["spec"] != new["spec"]
}
/// What is wrong with a new object of a built-in kind.
pub fn validate_create(_group: &str, _kind: &str, _object: &Value) -> Vec<Cause> {
    Vec::new()
}
/// What is wrong with a change of one.
pub fn validate_update(
    _group: &str,
    _kind: &str,
    _new: &Value,
    _old: &Value,
    _status_only: bool,
) -> Vec<Cause> {
    Vec::new()
}
/// What is wrong with the metadata of any new object.
pub fn validate_metadata(_object: &Value, _namespaced: bool, _rule: NameRule) -> Vec<Cause> {
    Vec::new()
}
/// What is wrong with a change of metadata.
pub fn validate_metadata_update(_new: &Value, _old: &Value) -> Vec<Cause> {
    Vec::new()
}
/// Sets the status of a CRD as the server does: names accepted, established.
pub fn establish(_crd: &mut Value, _now: Timestamp) {}
/// Gives back what a deleted Service had.
pub fn release(_service: &Value, _around: &mut dyn Surroundings) {}
