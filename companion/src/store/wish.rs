//! What a request asks of each source, checked before anything is begun.

use super::{MAX_PHOTOS, access, bad, check_destination, logged_name};
use crate::bucket::{Buckets, Destination};
use crate::conversion;
use crate::db::{FROM_ADDRESS, draft_keys};
use crate::error::ApiError;
use crate::secrets::digest;
use crate::upload::{self, address};
use bowerbird_protocol::accept::Accept;
use bowerbird_protocol::store::StoreCloud;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use url::Url;

/// Types that a page may take, and bytes of each. They are kept with every photo.
const MAX_RULES: usize = 64;
const MAX_RULE: usize = 256;
/// Characters of a draft's name.
const MAX_DRAFT: usize = 64;

/// What is asked of one source, checked.
pub struct Wish<'a> {
    pub source: &'a str,
    pub paths: BTreeSet<&'a str>,
    accept: String,
    pub storage: &'a str,
    pub access: &'a str,
    pub container: Option<&'a str>,
    pub destination: Destination,
    /// The JSON of the tasks that are done to each photo.
    recipe: Option<String>,
    /// The same of those that are done to single photos before.
    recipes: BTreeMap<&'a str, String>,
    names: &'a BTreeMap<String, String>,
    filename: Option<&'a str>,
    pub max_size: Option<u64>,
    /// The JSON of the sizes in pixels that the page takes.
    pub image: Option<String>,
    pub tags: Option<String>,
    pub plain_key: bool,
    draft: Option<&'a str>,
    pub log_name: Option<&'a str>,
}

impl Wish<'_> {
    /// Which types the page takes, as a job's row has it: at an address may be any file, unless the page says otherwise.
    pub fn accept(&self) -> &str {
        if self.source == FROM_ADDRESS && self.accept == "[]" { "" } else { &self.accept }
    }

    /// The addresses among the paths.
    pub fn addresses(&self) -> impl Iterator<Item = Url> {
        let paths = (self.source == FROM_ADDRESS).then_some(&self.paths);
        paths.into_iter().flatten().filter_map(|path| address::read(path).ok())
    }

    /// What is done to a photo, as a job's row has it.
    pub fn recipe_of(&self, path: &str) -> Option<String> {
        conversion::one_after_the_other(self.recipes.get(path).map(String::as_str), self.recipe.as_deref())
    }

    /// What a photo is to be called.
    pub fn name_of(&self, path: &str) -> Option<&str> {
        self.names.get(path).map(String::as_str).or(self.filename)
    }

    /// The same for the same wish of the same session.
    pub fn request_key(&self, session: &str, path: &str, recipe: Option<&str>) -> String {
        let prefix = self.destination.as_str();
        let mut key =
            json!([session, self.source, path, self.storage, self.access, self.container, prefix, self.accept, recipe]);
        let others = (self.name_of(path), self.max_size, &self.image, &self.tags, self.plain_key);
        // Wishes that say none of these are the same as before there were these.
        if let (Value::Array(key), true) = (&mut key, others != (None, None, &None, &None, false)) {
            key.push(json!(others));
        }
        let key = digest(&key.to_string());
        match self.draft {
            Some(draft) => draft_keys(draft) + &key,
            None => key,
        }
    }
}

/// Refuses what is stored with every photo, and therefore must not be of any size.
fn check_sizes(cloud: &StoreCloud) -> Result<(), ApiError> {
    check_destination(&cloud.store)?;
    if cloud.accept.len() > MAX_RULES {
        return Err(bad(format!("accept has more than {MAX_RULES} rules.")));
    }
    if cloud.accept.iter().any(|rule| rule.len() > MAX_RULE) {
        return Err(bad(format!("A rule in accept is longer than {MAX_RULE} bytes.")));
    }
    if cloud.max_size == Some(0) {
        return Err(bad("max_size: at least 1 byte."));
    }
    cloud.names.values().try_for_each(|name| upload::check_name("names", name))?;
    cloud.store.filename.as_ref().map_or(Ok(()), |name| upload::check_name("store.filename", name))
}

/// Refuses what is no name of a draft.
pub fn check_draft(draft: &str) -> Result<(), ApiError> {
    let fits =
        (1..=MAX_DRAFT).contains(&draft.len()) && draft.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-');
    if fits { Ok(()) } else { Err(bad(format!("draft: 1 to {MAX_DRAFT} letters, digits and hyphens."))) }
}

/// Refuses a path in `field` that is not asked for: it is a mistake, and what it says would be lost.
fn check_paths<V>(field: &str, said: &BTreeMap<String, V>, paths: &BTreeSet<&str>) -> Result<(), ApiError> {
    match said.keys().find(|path| !paths.contains(path.as_str())) {
        Some(path) => Err(bad(format!("{field}: `{}` is none of the paths.", logged_name(path)))),
        None => Ok(()),
    }
}

/// Reads what a request asks for.
///
/// # Errors
/// Names the first thing that cannot be.
pub fn read<'a>(buckets: &'a Buckets, clouds: &'a BTreeMap<String, StoreCloud>) -> Result<Vec<Wish<'a>>, ApiError> {
    let wishes = clouds.iter().map(|(source, cloud)| one(buckets, source, cloud));
    let wishes: Vec<Wish<'_>> = wishes.collect::<Result<_, _>>()?;
    match wishes.iter().map(|wish| wish.paths.len()).sum() {
        0 => Err(bad("No source is given.")),
        1..=MAX_PHOTOS => Ok(wishes),
        _ => Err(bad(format!("At most {MAX_PHOTOS} photos in one request."))),
    }
}

fn one<'a>(buckets: &'a Buckets, source: &'a str, cloud: &'a StoreCloud) -> Result<Wish<'a>, ApiError> {
    check_sizes(cloud)?;
    Accept::parse(&cloud.accept).map_err(|rule| bad(format!("`{rule}` in accept is no file type.")))?;
    let to = &cloud.store;
    let storage = buckets
        .named(to.location.as_deref())
        .ok_or_else(|| bad(format!("There is no storage named `{}`.", to.location.as_deref().unwrap_or_default())))?;
    let paths: BTreeSet<&str> = cloud.path.iter().chain(&cloud.paths).map(String::as_str).collect();
    if paths.is_empty() {
        return Err(bad(format!("No path is given for `{source}`.")));
    }
    cloud.draft.as_deref().map_or(Ok(()), check_draft)?;
    check_paths("recipes", &cloud.recipes, &paths)?;
    check_paths("names", &cloud.names, &paths)?;
    let mut recipes = BTreeMap::new();
    for (path, tasks) in &cloud.recipes {
        let read = conversion::read_recipe(tasks).map_err(|error| bad(format!("recipes: {error}")))?;
        recipes.extend(read.map(|recipe| (path.as_str(), recipe)));
    }
    let image = conversion::read_limits(&cloud.image)?;
    let tags: Map<String, Value> =
        cloud.upload_tags.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
    Ok(Wish {
        source,
        paths,
        accept: serde_json::to_string(&cloud.accept).map_err(ApiError::internal)?,
        storage,
        access: access(to.access.as_deref())?,
        container: to.container.as_deref(),
        destination: Destination::new(to.container.as_deref(), to.path.as_deref()),
        recipe: cloud.recipe.as_deref().map(conversion::read_recipe).transpose()?.flatten(),
        recipes,
        names: &cloud.names,
        filename: to.filename.as_deref(),
        max_size: cloud.max_size,
        image: image.map(|limits| serde_json::to_string(&limits)).transpose().map_err(ApiError::internal)?,
        tags: upload::tags(Some(&tags))?,
        plain_key: to.disable_storage_key,
        draft: cloud.draft.as_deref(),
        log_name: cloud.picker_session_id.as_deref().map(logged_name),
    })
}
