//! A live pod template as somebody would have written it: without what the API server fills in.

use serde_json::{Value, json};

use crate::materialize::change::RESTARTED;

/// What the API server fills in, by the field's name, wherever in a pod it is.
const FILLED: [(&str, &str); 14] = [
    ("restartPolicy", r#""Always""#),
    ("dnsPolicy", r#""ClusterFirst""#),
    ("schedulerName", r#""default-scheduler""#),
    ("terminationGracePeriodSeconds", "30"),
    ("terminationMessagePath", r#""/dev/termination-log""#),
    ("terminationMessagePolicy", r#""File""#),
    ("defaultMode", "420"),
    ("timeoutSeconds", "1"),
    ("successThreshold", "1"),
    ("failureThreshold", "3"),
    ("periodSeconds", "10"),
    ("scheme", r#""HTTP""#),
    ("creationTimestamp", "null"),
    ("securityContext", "{}"),
];

/// The template of a live Deployment, without what the API server filled in and would fill in again: applied, it is the
/// same template, so no pod is restarted.
pub fn template(deployment: &Value) -> Value {
    let mut template = deployment["spec"]["template"].clone();
    if let Some(Value::Object(annotations)) = template.pointer_mut("/metadata/annotations") {
        // What a restart on request leaves behind is nobody's wish for the next template.
        annotations.shift_remove(RESTARTED);
    }
    // Some wrote the older name too: the server keeps both alike.
    if let Value::Object(spec) = &mut template["spec"] {
        spec.shift_remove("serviceAccount");
    }
    without_filled(&mut template);
    template
}

fn without_filled(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, value| !is_filled(name, value));
            if fields.get("image").is_some_and(|image| fields.get("imagePullPolicy") == Some(&pulled(image)))
            {
                fields.shift_remove("imagePullPolicy");
            }
            if let Some(reference) = fields.get_mut("fieldRef").filter(|r| r["apiVersion"] == "v1") {
                reference.as_object_mut().map(|reference| reference.shift_remove("apiVersion"));
            }
            // Labels and annotations are of the person's own words.
            let own = ["labels", "annotations", "nodeSelector", "matchLabels", "limits", "requests"];
            fields
                .iter_mut()
                .filter(|(name, _)| !own.contains(&name.as_str()))
                .for_each(|(_, v)| without_filled(v));
        }
        Value::Array(items) => items.iter_mut().for_each(without_filled),
        _ => {}
    }
}

/// When an image is pulled, if nobody says: one that may become another each time.
fn pulled(image: &Value) -> Value {
    let image = image.as_str().unwrap_or_default();
    let name = image.rsplit('/').next().unwrap_or_default();
    let moves = !name.contains('@') && name.split_once(':').is_none_or(|(_, tag)| tag == "latest");
    json!(if moves { "Always" } else { "IfNotPresent" })
}

fn is_filled(name: &str, value: &Value) -> bool {
    let filled = |text: &str| serde_json::from_str::<Value>(text).is_ok_and(|filled| filled == *value);
    FILLED.iter().any(|(field, text)| *field == name && filled(text))
        || (name == "resources" && *value == json!({}))
}
