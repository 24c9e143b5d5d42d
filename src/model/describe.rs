//! stub
use super::{facts::Section, gateway::GatewayRow, name::Kind, row::*, table::Tone};
use jiff::Timestamp;
use serde_json::Value;
use std::sync::Arc;
pub fn saying(_: Tone, _: &str, _: &str) -> Vec<Section> {
    vec![]
}
pub fn events(_: &[EventRow], _: Timestamp) -> Vec<Section> {
    vec![]
}
pub fn gateway_overview<'a>(
    _: &GatewayRow,
    _: &dyn Fn(Kind) -> Option<&'a Value>,
    _: Timestamp,
) -> Vec<Section> {
    vec![]
}
pub fn gateway_service(_: &GatewayRow) -> Vec<Section> {
    vec![]
}
pub fn gateway_scaling(_: &GatewayRow, _: Option<&Value>, _: Timestamp) -> Vec<Section> {
    vec![]
}
pub fn pod(_: &Value, _: Timestamp) -> Vec<Section> {
    vec![]
}
pub fn service(_: &Value, _: &[Arc<EndpointSliceRow>], _: Timestamp) -> Vec<Section> {
    vec![]
}
