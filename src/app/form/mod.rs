//! A form that is being filled in: the wizard, a gateway as a whole, or one parameter of it.
//!
//! There is no second copy of what is filled in: a field reads the manifest and what is typed is written into it, so the
//! manifest beside follows each key, and what no field knows stays as it is. What is no value of its field stays in the
//! field, with why.

mod buffer;
mod field;
mod judge;
mod keys;
mod known;
mod leave;
mod offers;
mod page;
mod review;
mod rollout;
mod rows;
mod spread;
mod table;
mod template;
#[cfg(test)]
mod tests;
mod value;
mod walk;

use std::collections::BTreeMap;

use serde_json::Value;

pub use field::Step;
pub use known::{Holding, Known, Servers};
pub use offers::Popup;
pub use page::{Cell, Page, Row};

use super::effect::Ticket;
use super::paint;
use crate::model::clean::clean;
use crate::model::draft::{Draft, Means};
use crate::model::edit::{Path, Target};
use crate::model::istio_gateway::IstioGateway;
use crate::model::knowledge::Knowledge;
use crate::model::name::ClusterName;
use crate::model::yaml;
use buffer::Buffer;
use field::Kind;
use judge::Placed;
use table::FIELDS;
use value::Spot;

/// What a form is for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Purpose {
    /// An object that is to be made.
    New,
    /// All of an object that is there.
    Edit,
    /// These fields of an object that is there.
    Single(Vec<usize>),
}

/// A text that is no value of its field, and why not.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pending {
    text: String,
    why: String,
}

/// What was filled in at one moment.
#[derive(Clone, Debug, PartialEq)]
struct Past {
    object: Value,
    pending: BTreeMap<Spot, Pending>,
    cluster: ClusterName,
    spot: Spot,
    step: Step,
}

/// State of a form.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a thing of its own that is so or not")]
pub struct Form {
    /// Whose object it fills in, and what it was before.
    pub draft: Draft,
    /// The cluster that it is meant for.
    pub cluster: ClusterName,
    /// What the app knows.
    pub known: Known,
    /// What the cluster has to choose from; `None`: not told yet.
    pub knowledge: Option<Knowledge>,
    /// The look at the cluster that is under way, or was the last.
    pub learning: Ticket,
    /// The cluster and namespace that it was of.
    learned: Option<(ClusterName, String)>,
    purpose: Purpose,
    /// The manifest.
    object: Value,
    /// The same, read; `None`: its metadata is none of an object.
    gateway: Option<IstioGateway>,
    /// What is typed and no value.
    pending: BTreeMap<Spot, Pending>,
    step: Step,
    spot: Spot,
    /// The line of the review that the cursor is on.
    line: usize,
    /// What is typed at the place of the cursor.
    buffer: Buffer,
    popup: Option<Popup>,
    problems: Vec<Placed>,
    /// What the server refused: where, what stood there, and why. It counts until something else stands there.
    refused: Vec<(Path, Option<Value>, String)>,
    past: Vec<Past>,
    future: Vec<Past>,
    /// Whether the last key went on with what the one before began: one step of undo.
    typing: bool,
    /// Whether anything was ever changed here.
    touched: bool,
    /// Whether it is to be discarded when the key is pressed again.
    discarding: bool,
    /// Whether the manifest is hidden where there is room beside, and shown where there is none.
    toggled: bool,
    /// Lines that the manifest, or the review, is moved by hand.
    scrolled: Option<usize>,
    /// What is drawn.
    page: Page,
}

impl Form {
    fn of(draft: Draft, cluster: ClusterName, object: Value, purpose: Purpose) -> Self {
        let first = match &purpose {
            Purpose::Single(fields) => fields.first().copied().unwrap_or_default(),
            _ => 0,
        };
        let spot = Spot::of(first);
        let mut form = Self {
            draft,
            cluster,
            known: Known::default(),
            knowledge: None,
            learning: Ticket::NONE,
            learned: None,
            purpose,
            object,
            gateway: None,
            pending: BTreeMap::new(),
            step: spot.row().step,
            spot,
            line: 0,
            buffer: Buffer::default(),
            popup: None,
            problems: Vec::new(),
            refused: Vec::new(),
            past: Vec::new(),
            future: Vec::new(),
            typing: false,
            touched: false,
            discarding: false,
            toggled: false,
            scrolled: None,
            page: Page::default(),
        };
        form.enter(spot);
        form.write_draft();
        form.judge();
        form
    }

    /// The wizard, with the console's defaults.
    pub fn new(id: String, cluster: ClusterName, known: Known) -> Self {
        let served = known.of(&cluster).map(|holding| holding.served.clone()).unwrap_or_default();
        let object = template::new(template::version(&served));
        let draft = draft(id, &cluster, None);
        let mut form = Self::of(draft, cluster, object, Purpose::New);
        form.known = known;
        form.judge();
        form
    }

    /// The wizard, with what another gateway is set to.
    pub fn clone_of(id: String, cluster: ClusterName, object: &Value) -> Self {
        let draft = draft(id, &cluster, None);
        Self::of(draft, cluster, template::clone_of(object), Purpose::New)
    }

    /// All of a gateway that is there.
    pub fn edit(id: String, cluster: ClusterName, object: Value) -> Self {
        let draft = draft(id, &cluster, Some(object.clone()));
        let mut form = Self::of(draft, cluster, object, Purpose::Edit);
        // Its name and place are not to be changed.
        form.go_to(Spot::of(form.places(Step::Basics).first().map_or(0, |spot| spot.field)));
        form
    }

    /// One parameter of a gateway that is there, by the path that the table of parameters gives it. `None`: no field
    /// of the form sets it.
    pub fn single(id: String, cluster: ClusterName, object: Value, path: &Path) -> Option<Self> {
        let fields = fields_at(path);
        let editable = |at: &usize| !IMMUTABLE.contains(&FIELDS[*at].path_text());
        let fields: Vec<usize> = fields.into_iter().filter(editable).collect();
        if fields.is_empty() {
            return None;
        }
        let draft = draft(id, &cluster, Some(object.clone()));
        Some(Self::of(draft, cluster, object, Purpose::Single(fields)))
    }

    /// What was typed before.
    ///
    /// # Errors
    /// A text that is not one object: it can be gone on with as YAML.
    pub fn of_draft(draft: Draft) -> Result<Self, String> {
        let object = one_object(&draft.text)?;
        let cluster = ClusterName::from(draft.cluster.as_str());
        let purpose = if draft.before.is_some() { Purpose::Edit } else { Purpose::New };
        let mut form = Self::of(draft, cluster, object, purpose);
        form.go_to(Spot::of(form.places(Step::Basics).first().map_or(0, |spot| spot.field)));
        form.touched = true;
        Ok(form)
    }

    /// What the server complained of, at its fields.
    pub fn server_problems(&mut self, fields: Vec<(Path, String)>) {
        let stands = |(path, why): (Path, String)| {
            let value = path.get(&self.object).cloned();
            (path, value, why)
        };
        self.refused = fields.into_iter().map(stands).collect();
        self.judge();
    }

    /// Takes what was written as YAML.
    ///
    /// # Errors
    /// A text that is not one object.
    pub fn take_text(&mut self, text: &str) -> Result<(), String> {
        let object = one_object(text)?;
        if object != self.object {
            self.remember(false);
            self.touched = true;
            self.object = object;
            self.pending.clear();
            self.enter(self.spot);
            self.write_draft();
            self.judge();
        }
        Ok(())
    }

    /// Goes on from what the object is now, with what was merged.
    pub fn rebase(&mut self, before: &Value, after: &Value) {
        self.draft.before = Some(before.clone());
        self.object = after.clone();
        self.enter(self.spot);
        self.write_draft();
        self.judge();
    }

    /// The ids that clusters of the mesh are known by, the one of the cluster that holds the gateway first.
    fn cluster_ids(&self) -> Vec<String> {
        let home = self.knowledge.as_ref().and_then(|known| known.home_id.clone());
        let others = self.known.ids.iter().filter(|id| Some(*id) != home.as_ref()).cloned();
        home.iter().cloned().chain(others).collect()
    }

    /// The manifest as it is now.
    pub fn object(&self) -> &Value {
        &self.object
    }

    /// Whether anything was changed here.
    pub fn is_touched(&self) -> bool {
        self.touched
    }

    /// What is filled in, for the crumbs.
    pub fn title(&self) -> String {
        let name = clean(self.object["metadata"]["name"].as_str().unwrap_or_default()).into_owned();
        match &self.purpose {
            Purpose::New => "new gateway".to_owned(),
            Purpose::Edit => format!("edit {name}"),
            Purpose::Single(_) => format!("edit {name}: {}", self.spot.row().parameter),
        }
    }

    /// The lines below the form: what the field is for and what holds without it; then what is wrong.
    pub fn explain(&self) -> [String; 2] {
        if self.step == Step::Review {
            return self.explain_review();
        }
        let field = self.spot.row();
        let default = self.default_of(self.spot);
        let default = match (field.kind, default.as_ref()) {
            (Kind::Items(_), _) | (_, "") => String::new(),
            (_, default) => format!(" Without it: {default}."),
        };
        let said = match (self.problem_at(self.spot), self.fixed(self.spot)) {
            (_, Some(why)) => format!("It cannot be typed over: {why}."),
            (Some(placed), _) if placed.problem.is_error() => format!("Wrong: {}", placed.sentence()),
            (Some(placed), _) => format!("Note: {}", placed.sentence()),
            (None, None) => self.why_no_offers(self.spot).unwrap_or_default(),
        };
        let help = format!("{}{default}", field.help);
        [clean(&help).into_owned(), clean(&said).into_owned()]
    }

    /// Why a place cannot be typed over.
    fn fixed(&self, spot: Spot) -> Option<&'static str> {
        let there = self.draft.before.is_some();
        match spot.row().kind {
            Kind::Home if there => Some("it is there already"),
            _ if there && IMMUTABLE.contains(&spot.row().path_text()) => Some("it would be another object"),
            _ => value::fixed(spot, &self.object),
        }
    }

    /// Brings the draft up to date.
    fn write_draft(&mut self) {
        self.draft.cluster = self.cluster.to_string();
        self.draft.of = Target::of(&self.cluster, &self.object).short();
        self.draft.means = Means::Form;
        self.draft.text = yaml::to_yaml(&self.object, false).unwrap_or_default();
    }

    /// The manifest, ready to be painted.
    fn manifest(&self) -> Vec<paint::Line> {
        super::content::highlighted(&self.draft.text)
    }

    /// What is drawn.
    pub fn page(&self) -> &Page {
        &self.page
    }

    /// What is offered below the field, if anything.
    pub fn popup(&self) -> Option<&Popup> {
        self.popup.as_ref()
    }
}

/// What makes an object that object.
const IMMUTABLE: [&str; 2] = ["metadata.name", "metadata.namespace"];

fn draft(id: String, cluster: &ClusterName, before: Option<Value>) -> Draft {
    Draft {
        id,
        cluster: cluster.to_string(),
        of: String::new(),
        before,
        text: String::new(),
        means: Means::Form,
        changed: jiff::Timestamp::UNIX_EPOCH,
    }
}

/// The fields that set what is at a path: those of the parameter there, else the one that leads furthest to it.
fn fields_at(path: &Path) -> Vec<usize> {
    let all = || FIELDS.iter().enumerate();
    let parameter = all().find(|(_, f)| {
        let of = crate::model::parameters::path_of(f.parameter).unwrap_or_default();
        of.parse::<Path>().is_ok_and(|of| !of.0.is_empty() && of == *path)
    });
    if let Some((_, found)) = parameter {
        return all().filter(|(_, f)| f.parameter == found.parameter).map(|(at, _)| at).collect();
    }
    let leads = all().filter(|(_, f)| !f.path().0.is_empty() && path.is_below(&f.path()));
    leads.max_by_key(|(_, f)| f.path().0.len()).map(|(at, _)| at).into_iter().collect()
}

/// The only object of a text.
fn one_object(text: &str) -> Result<Value, String> {
    match serde_yaml::from_str::<Value>(text) {
        Ok(object) if object.is_object() => Ok(object),
        Ok(_) => Err("the text is no object".to_owned()),
        Err(error) => Err(error.to_string().lines().next().unwrap_or_default().to_owned()),
    }
}
