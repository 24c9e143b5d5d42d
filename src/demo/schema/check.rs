//! What a CRD asks of single values: how long, how much, how many, which.

use serde_json::{Value, json};

use super::scalar;
use super::types::{Checks, Scalar, Shape};
use crate::demo::status::Cause;

/// How long a text is, what it looks like.
pub(super) fn text(checks: &Checks, path: &str, value: &Value, causes: &mut Vec<Cause>) {
    let Value::String(text) = value else { return };
    let length = text.chars().count() as u64;
    if let Some(most) = checks.length.most.filter(|most| length > *most) {
        causes.push(Cause::too_long(path, usize::try_from(most).unwrap_or(usize::MAX)));
    } else if let Some(least) = checks.length.least.filter(|least| length < *least) {
        let why = format!("{path} in body should be at least {least} chars long");
        causes.push(Cause::invalid(path, value, &why));
    } else if let Some(pattern) = checks.pattern.as_ref().filter(|pattern| !pattern.matches(text)) {
        let why = format!("{path} in body should match '{}'", pattern.text);
        causes.push(Cause::invalid(path, value, &why));
    }
    if checks.date_time && scalar::time(text, false).is_some() {
        let why = format!("{path} in body must be of type date-time: {text:?}");
        causes.push(Cause::wrong_type(path, value, &why));
    }
}

/// How much a number is.
pub(super) fn number(
    shape: &Shape,
    checks: Option<&Checks>,
    path: &str,
    value: &Value,
    causes: &mut Vec<Cause>,
) {
    let Value::Number(number) = value else { return };
    let small = || number.as_i64().is_some_and(|n| i32::try_from(n).is_ok());
    let fraction = number.as_f64().is_some_and(|n| n.fract() != 0.0);
    let wanted = match shape {
        Shape::Scalar(Scalar::Int32) if fraction || !small() => Some("integer with format int32"),
        Shape::Scalar(Scalar::Int64) if fraction => Some("integer with format int64"),
        Shape::Scalar(Scalar::Integer) if fraction => Some("integer (default format)"),
        _ => None,
    };
    if let Some(wanted) = wanted {
        let why = format!("Checked value must be of type {wanted} in {path}");
        causes.push(Cause::invalid("<nil>", &json!(""), &why));
    }
    let Some(checks) = checks else { return };
    let is = number.as_f64().unwrap_or_default();
    if let Some(of) = checks.multiple_of.filter(|of| is % of != 0.0) {
        let why = format!("{path} in body should be a multiple of {of}");
        causes.push(Cause::invalid(path, value, &why));
    }
    let bound = |bound: &Option<Value>| bound.as_ref().and_then(Value::as_f64).zip(bound.clone());
    let or_equal = |exclusive: bool| if exclusive { "" } else { " or equal to" };
    if let Some((most, shown)) = bound(&checks.maximum)
        && (is > most || checks.exclusive.1 && is >= most)
    {
        let why = format!("{path} in body should be less than{} {shown}", or_equal(checks.exclusive.1));
        causes.push(Cause::invalid(path, value, &why));
    }
    if let Some((least, shown)) = bound(&checks.minimum)
        && (is < least || checks.exclusive.0 && is <= least)
    {
        let why = format!("{path} in body should be greater than{} {shown}", or_equal(checks.exclusive.0));
        causes.push(Cause::invalid(path, value, &why));
    }
}

/// How many there are in a list or an object.
pub(super) fn size(checks: &Checks, path: &str, value: &Value, causes: &mut Vec<Cause>) {
    let (size, bounds, what) = match value {
        Value::Array(list) => (list.len(), &checks.items, "items"),
        Value::Object(map) => (map.len(), &checks.properties, "properties"),
        _ => return,
    };
    if let Some(least) = bounds.least.filter(|least| (size as u64) < *least) {
        let why = format!("{path} in body should have at least {least} {what}");
        causes.push(Cause::invalid(path, &json!(size), &why));
    }
    if let Some(most) = bounds.most.filter(|most| size as u64 > *most) {
        causes.push(Cause::too_many(path, size, usize::try_from(most).unwrap_or(usize::MAX)));
    }
}

/// Whether it is one of those there are.
pub(super) fn option(checks: &Checks, path: &str, value: &Value, causes: &mut Vec<Cause>) {
    if checks.options.is_empty() || checks.options.contains(value) {
        return;
    }
    let options: Vec<String> =
        checks.options.iter().map(|o| o.as_str().map_or_else(|| o.to_string(), str::to_owned)).collect();
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    causes.push(Cause::unsupported(path, value, &options));
}
