//! `egret render`: the objects that gateways of a file would be made of. No cluster is asked, but with
//! `--against-cluster`: then it tells how what is there differs.

mod against;

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use serde_json::Value;

use super::{Outcome, Streams};
use crate::cli::{Form, Globals, Render};
use crate::materialize::validate::Severity;
use crate::materialize::{Problem, Site, build, validate};
use crate::model::clean::clean;
use crate::model::fault::Fault;
use crate::model::istio_gateway::{GROUP, IstioGateway};
use crate::model::yaml;
use crate::setup;
use crate::sources::DEFAULT_NAMESPACE;

/// Reads the file, and prints what its gateways are made of. What is wrong goes to the error stream, all of it.
pub fn run(render: &Render, globals: &Globals, streams: &mut Streams<'_>) -> io::Result<Outcome> {
    let name = render.file.display().to_string();
    let name = clean(&name);
    let documents = match text(&render.file).and_then(|text| documents(&text)) {
        Ok(documents) => documents,
        Err(why) => {
            streams.complain(format!("{name}: {why}"))?;
            return Ok(Outcome::Failed);
        }
    };
    if documents.is_empty() {
        streams.complain(format!("{name}: there is nothing in it"))?;
        return Ok(Outcome::Failed);
    }
    let mut outcome = Outcome::Done;
    let mut gateways = Vec::new();
    for (index, document) in documents.iter().enumerate() {
        let place =
            if documents.len() > 1 { format!("{name}, document {}", index + 1) } else { name.to_string() };
        match read(document) {
            Ok((gateway, notes)) => {
                for note in notes {
                    streams.complain(format!("{place}: note: {}", clean(&note.to_string())))?;
                }
                gateways.push((place, gateway));
            }
            Err(problems) => outcome = wrong(&place, &problems, streams)?,
        }
    }
    if render.against_cluster {
        return match compared(render, &gateways, globals, streams)? {
            Outcome::Done => Ok(outcome),
            worse => Ok(worse),
        };
    }
    let mut objects = Vec::new();
    for (place, gateway) in &gateways {
        match made(render, gateway) {
            Ok(made) => objects.extend(made),
            Err(problem) => outcome = wrong(place, &[problem], streams)?,
        }
    }
    print(&objects, render.output, streams.out)?;
    Ok(outcome)
}

/// Tells what is wrong with a document.
fn wrong(place: &str, problems: &[Problem], streams: &mut Streams<'_>) -> io::Result<Outcome> {
    for problem in problems {
        streams.complain(format!("{place}: {}", clean(&problem.to_string())))?;
    }
    Ok(Outcome::Failed)
}

/// Tells how what is in the cluster differs from the gateways of the file. One that cannot be compared costs itself.
fn compared(
    render: &Render,
    gateways: &[(String, IstioGateway)],
    globals: &Globals,
    streams: &mut Streams<'_>,
) -> io::Result<Outcome> {
    let settings = match setup::setup(globals) {
        Ok(setup) => setup.settings,
        Err(wrong) => {
            streams.complain(wrong)?;
            return Ok(Outcome::Usage);
        }
    };
    let all = match against::lines(render, gateways.iter().map(|(_, gateway)| gateway), &settings, globals) {
        Ok(all) => all,
        Err(fault) => return failed("", &fault, streams),
    };
    let mut outcome = Outcome::Done;
    for ((place, _), lines) in gateways.iter().zip(all) {
        match lines {
            Ok(lines) => {
                for line in lines {
                    writeln!(streams.out, "{}", clean(&line))?;
                }
            }
            Err(fault) => outcome = failed(&format!("{place}: "), &fault, streams)?,
        }
    }
    Ok(outcome)
}

fn failed(place: &str, fault: &Fault, streams: &mut Streams<'_>) -> io::Result<Outcome> {
    streams.complain(format!("{place}{}", clean(&fault.summary)))?;
    if !fault.hint.is_empty() {
        streams.complain(clean(&fault.hint))?;
    }
    Ok(Outcome::Failed)
}

/// The gateway of a document, and what there is to note.
fn read(document: &Value) -> Result<(IstioGateway, Vec<Problem>), Vec<Problem>> {
    let alone = |path: &str, why: String, example: &str| vec![Problem::error(path, why, example)];
    let (kind, version) = (&document["kind"], &document["apiVersion"]);
    let ours =
        version.as_str().and_then(|version| version.split_once('/')).is_some_and(|(group, _)| group == GROUP);
    if kind != "IstioGateway" || !ours {
        let why = format!("{version} {kind} is no gateway of {GROUP}");
        return Err(alone("kind", why, "kind: IstioGateway"));
    }
    let mut gateway = IstioGateway::read(document).map_err(|why| alone("metadata", why.to_string(), ""))?;
    let (errors, mut notes): (Vec<_>, Vec<_>) = validate(&gateway).into_iter().partition(Problem::is_error);
    if !errors.is_empty() {
        return Err(errors);
    }
    // A binding names the namespace of its ServiceAccount: without one it is refused.
    if gateway.metadata.namespace.as_deref().is_none_or(str::is_empty) {
        let why = format!("none is named: {DEFAULT_NAMESPACE} is taken");
        let note = Problem::error("metadata.namespace", why, format!("namespace: {DEFAULT_NAMESPACE}"));
        notes.push(Problem { severity: Severity::Note, ..note });
        gateway.metadata.namespace = Some(DEFAULT_NAMESPACE.to_owned());
    }
    Ok((gateway, notes))
}

/// The objects of a gateway.
fn made(render: &Render, gateway: &IstioGateway) -> Result<Vec<Value>, Problem> {
    let mut site = Site { proxy_image: render.proxy_image.clone(), ..Site::of(gateway) };
    if let Some(id) = &render.cluster_id {
        let ids = gateway.spec.cluster_ids.as_deref().unwrap_or_default();
        if !ids.is_empty() && !ids.contains(id) {
            let why = format!("the gateway does not run in cluster {id}");
            return Err(Problem::error("spec.clusterIds", why, format!("one of {}", ids.join(", "))));
        }
        site.cluster_id = Some(id.clone());
    }
    let objects = build(gateway, &site)?;
    Ok(objects.into_parts().into_iter().filter_map(|(_, object)| Some(object?.0)).collect())
}

/// The text of a file; `-` is the standard input.
pub(super) fn text(file: &Path) -> Result<String, String> {
    let read = if file == Path::new("-") {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        fs::read_to_string(file)
    };
    read.map_err(|why| why.to_string())
}

/// The documents of a text; those that hold nothing are none.
pub(super) fn documents(text: &str) -> Result<Vec<Value>, String> {
    let documents: Vec<Value> = serde_yaml::from_multiple(text).map_err(|why| why.to_string())?;
    Ok(documents.into_iter().filter(|document| !document.is_null()).collect())
}

/// Prints objects: YAML documents, or one JSON list as `kubectl apply` takes it.
pub fn print(objects: &[Value], form: Form, out: &mut dyn io::Write) -> io::Result<()> {
    match form {
        Form::Yaml => {
            for (index, object) in objects.iter().enumerate() {
                let text = yaml::to_yaml(object, false).map_err(|fault| io::Error::other(fault.summary))?;
                writeln!(out, "{}{}", if index > 0 { "---\n" } else { "" }, text.trim_end())?;
            }
            Ok(())
        }
        Form::Json => {
            let list = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": objects});
            writeln!(out, "{list:#}")
        }
    }
}
