//! Waits until a deleted object is gone, and tells what holds it up.

use serde_json::Value;
use tokio::sync::mpsc::unbounded_channel;

use crate::cluster::connect::Connection;
use crate::cluster::object;
use crate::model::clean::clean;
use crate::model::fault::{Fault, Reason};
use crate::model::name::ObjectKey;

/// What a deleted object waits for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holding {
    /// Its finalizers, each with who is to take it off, where that is known.
    pub finalizers: Vec<String>,
}

impl Holding {
    fn of(object: &Value) -> Self {
        let all = object["metadata"]["finalizers"].as_array().into_iter().flatten();
        let named = |finalizer: &Value| {
            let name = clean(finalizer.as_str()?).into_owned();
            Some(match who(&name) {
                Some(who) => format!("{name} ({who})"),
                None => name,
            })
        };
        Self { finalizers: all.filter_map(named).collect() }
    }
}

/// Who takes a finalizer off.
fn who(finalizer: &str) -> Option<&'static str> {
    match finalizer {
        crate::materialize::names::FINALIZER => {
            Some("egret's controller, once what the gateway has in other clusters is gone")
        }
        "foregroundDeletion" => Some("the garbage collector, once what it owns is gone"),
        "orphan" => Some("the garbage collector"),
        "service.kubernetes.io/load-balancer-cleanup" => {
            Some("the cloud's controller, once the load balancer is gone")
        }
        _ => None,
    }
}

/// Waits until the object of this uid is gone; tells what it waits for each time that changes.
///
/// # Errors
/// When the server refuses it to be read.
pub async fn wait_until_gone(
    c: &Connection,
    key: &ObjectKey,
    uid: &str,
    mut told: impl FnMut(&Holding),
) -> Result<(), Fault> {
    let (tell, mut heard) = unbounded_channel();
    let follow = object::follow(c, key, |state| {
        // Nobody listens any more once it is gone.
        let _ = tell.send(state);
    });
    let gone = async {
        let mut last = None;
        while let Some(state) = heard.recv().await {
            let object = match state {
                Ok(Some(object)) if object["metadata"]["uid"] == uid => object,
                Ok(_) => return Ok(()),
                Err(fault) if fault.reason == Reason::Missing => return Ok(()),
                Err(fault) if fault.transient() => continue,
                Err(fault) => return Err(fault),
            };
            let holding = Holding::of(&object);
            if last.as_ref() != Some(&holding) {
                told(&holding);
                last = Some(holding);
            }
        }
        Ok(())
    };
    tokio::select! {
        done = gone => done,
        // It ends by itself only when the object cannot be followed, and has said why.
        () = follow => Err(Fault::new(Reason::Denied, format!("{}: {key} cannot be followed", c.cluster), "")),
    }
}
