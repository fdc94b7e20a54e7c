//! Results that are stored: as files of their own (`store`), or in the place of what arrives, where a pick says what is to be done to
//! its photos. Both are jobs, so that they survive what photos survive; a job's recipe is the JSON of its tasks.

use super::pool::Ingredients;
use super::{Asked, Fit, Plan, Source};
use crate::Shared;
use crate::db::{FROM_ADDRESS, FROM_FILE, FileRow, JobRow, NewJob};
use crate::error::ApiError;
use crate::policy::Deed;
use crate::rights::{self, Shown};
use crate::secrets::{self, digest};
use crate::store::Trouble;
use crate::upload::{self, Place};
use axum::Json;
use axum::response::{IntoResponse as _, Response};
use bowerbird_convert::call::{Call, Said};
use bowerbird_convert::tasks::Task;
use bowerbird_convert::{ConvertError, Converted, RecipeError};
use bowerbird_protocol::problem::ProblemCode;
use bowerbird_protocol::store::StoreTo;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// What the task `store` says.
#[derive(Debug, Default, Deserialize)]
pub struct StoreParams {
    #[serde(flatten)]
    to: StoreTo,
    filename: Option<String>,
    mimetype: Option<String>,
}

/// The last three say nothing here: where a storage is, is the operator's setting; there are no workflows; and nothing is in base64.
const PARAMS: [&str; 9] =
    ["location", "container", "path", "access", "filename", "mimetype", "region", "workflows", "base64decode"];

/// What is to be stored, and for whom.
pub struct Wish<'a> {
    /// What the task says.
    pub params: Map<String, Value>,
    /// The asker's policy.
    pub shown: &'a Shown,
    /// The client's own JSON.
    pub tags: Option<&'a Map<String, Value>>,
    /// The session that may deal with the file, by the id of its row; empty for none.
    pub session: &'a str,
    /// The recipe's tasks; none where the bytes are stored as they are.
    pub recipe: Option<String>,
}

/// Stores what is at an address, or is made of a file, as a new file of a site. Answers what is known of it when it is stored, however
/// long the companion's settings let that take.
pub async fn store(companion: &Shared, app_key: &str, source: &Source, wish: Wish<'_>) -> Result<Value, ApiError> {
    if let Some(unknown) = wish.params.keys().find(|name| !PARAMS.contains(&name.as_str())) {
        return Err(upload::bad(format!("store: there is no `{unknown}`; there is {}.", PARAMS.join(", "))));
    }
    let unread = |error| upload::bad(format!("The params of the task `store` are not understood: {error}"));
    let params: StoreParams = serde_json::from_value(Value::Object(wish.params)).map_err(unread)?;
    if let Some(filename) = &params.filename {
        upload::check_name("filename", filename)?;
    }
    let app = companion.apps.get(app_key).ok_or_else(|| ApiError::new(ProblemCode::UnknownKey))?;
    let (from, path) = match source {
        Source::Stored(file) | Source::Linked(file, _) => (FROM_FILE, file.handle.clone()),
        Source::Address(url) => (FROM_ADDRESS, url.to_string()),
    };
    let deed = Deed { url: (from == FROM_ADDRESS).then_some(path.as_str()), ..Deed::default() };
    let place = Place::judge(companion, &app, &params.to, wish.shown, deed)?;
    rights::has_room(companion, &app).await?;
    let (handle, tags) = (secrets::handle(), upload::tags(wish.tags)?);
    let job = NewJob {
        // Asked for twice, it is two files: what is at an address may have changed.
        request_key: &digest(&handle),
        session: wish.session,
        app_key,
        source: from,
        path: &path,
        container: place.container.as_deref(),
        prefix: &place.prefix,
        handle: &handle,
        storage: &place.storage,
        access: place.access,
        filename: params.filename.as_deref(),
        mimetype: params.mimetype.as_deref(),
        tags: tags.as_deref(),
        sizes: place.sizes(),
        recipe: wish.recipe.as_deref(),
        ..NewJob::default()
    };
    let patience = Duration::from_secs(companion.config.fetch_total_timeout.saturating_mul(2));
    let stored = upload::run(companion, job, patience).await?;
    stored.ok_or_else(|| ApiError::new(ProblemCode::SourceUnavailable))
}

/// Answers a call with the task `store`.
pub async fn answer(companion: &Shared, plan: &Plan, asked: &Asked<'_>) -> Result<Response, ApiError> {
    companion.limits.conversion(asked.address)?;
    let stores = plan.call.tasks.iter().filter(|task| task.name == "store");
    let session = rights::session_of(companion, &plan.app_key, asked.headers).await;
    let wish = Wish {
        session: &session,
        params: stores.flat_map(|task| task.arguments.clone()).collect(),
        shown: &plan.shown,
        tags: asked.tags,
        recipe: recipe_text(&plan.call)?,
    };
    Ok(Json(store(companion, &plan.app_key, &plan.source, wish).await?).into_response())
}

/// The tasks that change or write an image, as a job's row keeps them. None where nothing is to be done.
///
/// # Errors
/// The tasks are not what tasks are.
pub fn recipe_text(call: &Call) -> Result<Option<String>, RecipeError> {
    call.recipe()?;
    if call.image_tasks().next().is_none() {
        return Ok(None);
    }
    let tasks = call.image_tasks().map(|task| json!({"name": task.name, "params": task.arguments}));
    Ok(Some(Value::Array(tasks.collect()).to_string()))
}

/// The same of tasks as addresses write them, which a pick says for its photos. They draw from no other file: whether the visitor may
/// have that one converted is nobody's to say.
///
/// # Errors
/// The tasks are not what tasks are, or not for this.
pub fn read_recipe(tasks: &str) -> Result<Option<String>, RecipeError> {
    // An address ends with what it is about; here that is whatever arrives.
    let call = Call::from_path(&format!("{tasks}/{}", "0".repeat(secrets::HANDLE_LENGTH)), |_| false)?;
    if let Some(task) = call.tasks.iter().find(|task| !call.image_tasks().any(|of_image| of_image == *task)) {
        return Err(RecipeError::Grammar(format!("recipe: `{}` changes no image", task.name)));
    }
    if let Some(file) = call.recipe()?.files().next() {
        return Err(RecipeError::Grammar(format!("recipe: no other file is drawn from, as `{file}` would be")));
    }
    recipe_text(&call)
}

/// Two recipes as rows keep them, one done after the other.
pub fn one_after_the_other(first: Option<&str>, then: Option<&str>) -> Option<String> {
    let tasks = |recipe: &str| serde_json::from_str::<Vec<Value>>(recipe).unwrap_or_default();
    let all: Vec<Value> = first.into_iter().chain(then).flat_map(tasks).collect();
    (!all.is_empty()).then(|| Value::Array(all).to_string())
}

/// The call of a job's recipe.
fn call_of(recipe: &str) -> Result<Call, Trouble> {
    let broken = |error: &dyn std::fmt::Display| Trouble::lasting(ProblemCode::Internal, error);
    let tasks: Vec<Value> = serde_json::from_str(recipe).map_err(|error| broken(&error))?;
    let tasks = tasks.iter().map(Said::from_json).collect::<Result<_, _>>().map_err(|error| broken(&error))?;
    Ok(Call { tasks, ..Call::default() })
}

/// What a job's recipe, and then the sizes that its page takes, make of the bytes that arrived for it. Who asked was judged then.
pub async fn converted(
    companion: &Shared,
    recipe: Option<&str>,
    fit: Option<Fit>,
    bytes: Bytes,
) -> Result<Converted, Trouble> {
    let ours = |error: ApiError| Trouble::lasting(error.problem().code, &error.problem().text);
    let call = recipe.map(call_of).transpose()?.unwrap_or_default();
    let mut recipe = call.recipe().map_err(|error| Trouble::lasting(ProblemCode::Internal, error))?;
    recipe.steps.extend(fit.map(|fit| Box::new(fit) as Box<dyn Task>));
    let turn = companion.pool.patient_turn().await.map_err(ours)?;
    let mut from = Ingredients { bytes, ..Ingredients::default() };
    for handle in recipe.files() {
        let file = companion.db.file(handle).await?;
        let gone = || Trouble::lasting(ProblemCode::PhotoGone, "a file that a task names is gone");
        let bytes = Source::of(file.ok_or_else(gone)?).fetch(companion).await.map_err(ours)?;
        from.files.insert(handle.to_owned(), bytes);
    }
    let done = companion.pool.run(turn, recipe, from).await.map_err(ours)?;
    done.map_err(|error| {
        let code = match &error {
            ConvertError::Unreadable(_) => ProblemCode::NotAnImage,
            ConvertError::TooLarge(_) | ConvertError::TooSlow => ProblemCode::TooLarge,
            ConvertError::Unfit(_) => ProblemCode::BadRequest,
            ConvertError::Unwritable(_) => ProblemCode::Internal,
        };
        Trouble::lasting(code, error)
    })
}

/// How a notice names what was made: the address that makes the same, and whose the bytes are: the storage's provider, or the service
/// from which a linked file comes.
pub async fn told_of(companion: &Shared, job: &JobRow, file: &FileRow) -> sqlx::Result<(String, String)> {
    let call = job.recipe.as_deref().and_then(|recipe| call_of(recipe).ok()).unwrap_or_default();
    let made_by = format!("/{}", Call { sources: vec![job.path.clone()], ..call }.canonical());
    let from = if job.source == FROM_FILE { companion.db.file(&job.path).await? } else { None };
    let provider = match from.filter(|from| from.link_connection.is_some()) {
        Some(linked) => linked.source,
        None => companion.buckets.get(&file.storage).map_or("internal", |bucket| bucket.provider()).to_owned(),
    };
    Ok((made_by, provider))
}
