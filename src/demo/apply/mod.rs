//! Server-side apply, and managed fields.
//!
//! | part | what it does |
//! |---|---|
//! | `fields`, `encode` | sets of fields; `fieldsV1` |
//! | `claim`, `diff`, `merge` | fields of an object; what differs; putting together and taking out |
//! | `entries`, `resets` | owners; fields that nobody owns |
//! | `typed` | what is applied, but is not of the kind |

mod claim;
mod diff;
mod encode;
mod entries;
mod fields;
mod merge;
mod resets;
mod typed;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::schema::{Schema, settle};
use diff::Change;
use entries::{Owned, Owner, Owners};
use fields::Fields;

pub use typed::misfit;

/// Who applies. The `apiVersion` of the entry is the object's.
#[derive(Clone, Copy, Debug)]
pub struct Applier<'a> {
    /// Field manager.
    pub manager: &'a str,
    /// Takes over what others own.
    pub force: bool,
    /// Now.
    pub time: Timestamp,
    /// `status`, or empty.
    pub subresource: &'a str,
}

/// Who writes without applying.
#[derive(Clone, Copy, Debug)]
pub struct Writer<'a> {
    /// Field manager.
    pub manager: &'a str,
    /// Now.
    pub time: Timestamp,
    /// `status`, `scale`, or empty.
    pub subresource: &'a str,
}

/// A field that somebody else owns with another value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// `conflict with "mgr" using apps/v1`.
    pub message: String,
    /// `.spec.replicas`.
    pub field: String,
}

/// The owner of what was there before anybody applied.
const BEFORE: &str = "before-first-apply";

/// The object after an apply, with its managed fields: defaults of the kind are still to be filled in.
///
/// Whether the configuration is of the kind at all, [`misfit`] says before.
///
/// # Errors
/// Fields that others own.
pub fn apply(
    schema: &Schema,
    live: Option<&Value>,
    config: &Value,
    by: &Applier<'_>,
) -> Result<Value, Vec<Conflict>> {
    let api_version = config["apiVersion"].as_str().unwrap_or_default();
    let mut base = live.cloned().unwrap_or_else(|| schema.empty().clone());
    let entries =
        base["metadata"].as_object_mut().and_then(|metadata| metadata.shift_remove("managedFields"));
    let mut owners = entries::decode(entries.as_ref()).unwrap_or_default();
    if live.is_some() && owners.is_empty() {
        let writer = Writer { manager: BEFORE, time: by.time, subresource: by.subresource };
        let change = changes(schema, schema.empty(), &base, by.subresource);
        write(&mut owners, api_version, change, &writer);
    }
    let me = entries::owner(by.manager.to_owned(), "Apply".to_owned(), "", by.subresource.to_owned());
    let mine = resets::reached(schema, by.subresource, claim::fields_of(schema, config));
    let before = owners.remove(&me);
    let mut object = merge::merge(schema, &base, config);
    if let Some(before) = &before {
        object = without_given_up(schema, &object, &before.fields, &mine, &owners);
    }
    let change = diff::diff(schema, &base, &object);
    // What is out of reach counts too here, as on the server: the time is another then.
    // Nor is it the same when a list only has another order.
    let is_same = change.is_empty() && live.is_some() && object == base;
    take_over(&mut owners, &resets::reached_change(schema, by.subresource, change), by.force)?;
    let time = if is_same { before.and_then(|before| before.time) } else { Some(entries::time(by.time)) };
    let fields = resets::ownable(mine);
    owners.insert(me, Owned { fields, time, api_version: api_version.to_owned() });
    if is_same {
        object = base;
    }
    if !schema.custom {
        settle(schema, &mut object);
    }
    entries::encode(&owners, &mut object);
    Ok(object)
}

/// The message of a refused apply as a whole.
pub fn conflicts_message(conflicts: &[Conflict]) -> String {
    if let [one] = conflicts {
        return format!("Apply failed with 1 conflict: {}: {}", one.message, one.field);
    }
    let mut message = format!("Apply failed with {} conflicts:", conflicts.len());
    let mut last = "";
    for (at, Conflict { message: with, field }) in conflicts.iter().enumerate() {
        if with != last {
            let space = if at == 0 { ' ' } else { '\n' };
            message += &format!("{space}{}:", with.replacen("conflict", "conflicts", 1));
            last = with;
        }
        message += &format!("\n- {field}");
    }
    message
}

/// Rewrites the managed fields of an object that is created, replaced or patched.
///
/// `new` is what the client wants, as the server shows it (with the defaults of the kind), but before the server
/// itself fills anything in: what it allocates, nobody owns. `managedFields: []` and `[{}]` in `new` drop all owners;
/// an object that has none gets none until somebody applies.
pub fn updated(schema: &Schema, old: Option<&Value>, new: &mut Value, by: &Writer<'_>) {
    let given = new["metadata"].as_object_mut().and_then(|metadata| metadata.shift_remove("managedFields"));
    let known = old.and_then(|old| old["metadata"].get("managedFields"));
    let reset = given.as_ref().is_some_and(|given| *given == json!([]) || *given == json!([{}]));
    let given = given.filter(|given| given.as_array().is_some_and(|given| !given.is_empty()));
    let entries = if reset {
        None
    } else if by.subresource.is_empty() {
        given.filter(|given| entries::decode(Some(given)).is_some()).or_else(|| known.cloned())
    } else {
        known.cloned()
    };
    if entries.is_none() && old.is_some() {
        return;
    }
    let change = changes(schema, old.unwrap_or_else(|| schema.empty()), new, by.subresource);
    if change.is_empty() {
        return entries::put(new, entries);
    }
    let mut owners = entries::decode(entries.as_ref()).unwrap_or_default();
    let _ = take_over(&mut owners, &change, true);
    let api_version = new["apiVersion"].as_str().unwrap_or_default().to_owned();
    write(&mut owners, &api_version, change, by);
    entries::cap(&mut owners);
    entries::encode(&owners, new);
}

/// What differs, as far as a way of writing reaches.
fn changes(schema: &Schema, old: &Value, new: &Value, subresource: &str) -> Change {
    resets::reached_change(schema, subresource, diff::diff(schema, old, new))
}

/// Gives what was added and changed to who wrote it.
fn write(owners: &mut Owners, api_version: &str, change: Change, by: &Writer<'_>) {
    let fields = resets::ownable(change.added.union(&change.modified));
    if fields.is_empty() {
        return;
    }
    let me =
        entries::owner(by.manager.to_owned(), "Update".to_owned(), api_version, by.subresource.to_owned());
    let owned = owners.entry(me).or_default();
    owned.fields = std::mem::take(&mut owned.fields).union(&fields);
    api_version.clone_into(&mut owned.api_version);
    // Through `/scale` the server loses the time.
    owned.time = (by.subresource != "scale").then(|| entries::time(by.time));
}

/// Takes what changed away from all who own it.
fn take_over(owners: &mut Owners, change: &Change, force: bool) -> Result<(), Vec<Conflict>> {
    if owners.is_empty() {
        return Ok(());
    }
    let touched = change.modified.clone().union(&change.added);
    if !force {
        let conflicts: Vec<Conflict> =
            owners.iter().flat_map(|(owner, owned)| conflicts(owner, owned, &touched)).collect();
        if !conflicts.is_empty() {
            return Err(conflicts);
        }
    }
    let gone = touched.union(&change.removed);
    owners.retain(|_, owned| {
        owned.fields = std::mem::take(&mut owned.fields).without(&gone);
        !owned.fields.is_empty()
    });
    Ok(())
}

fn conflicts(owner: &Owner, owned: &Owned, touched: &Fields) -> Vec<Conflict> {
    let message = format!("conflict with {}", owner.shown());
    let fields = owned.fields.common(touched).paths();
    fields.into_iter().map(|field| Conflict { message: message.clone(), field }).collect()
}

/// Takes out what was applied before, is not now, and is nobody else's.
fn without_given_up(
    schema: &Schema,
    merged: &Value,
    before: &Fields,
    now: &Fields,
    others: &Owners,
) -> Value {
    let named = |fields: &Fields| claim::with_named(schema, schema.root, fields);
    let of = |object: &Value| named(&claim::fields_of(schema, object));
    let before = named(before);
    if before.clone().without(&named(now)).is_empty() {
        return merged.clone();
    }
    let all = of(merged);
    let owned = others.values().fold(now.clone(), |all, owned| all.union(&owned.fields));
    let bare = merge::remove(schema, merged, &before);
    let kept = merge::remove(schema, merged, &all.clone().without(&of(&bare).union(&named(&owned))));
    merge::remove(schema, merged, &all.without(&of(&kept)).common(&before))
}

#[cfg(test)]
mod tests;
