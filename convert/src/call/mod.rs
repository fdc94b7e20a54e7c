//! Calls: what an address, or the body of a request, says is to be done to what.
//!
//! ```text
//! [key/]task[=name:value,name:[a,b],name:"text with / and ,"]/task…/source
//! [key/]b64/<base64 of [{"name": …, "params": …}, …]>/b64://<base64 of the source>
//! ```
//!
//! A source is a handle, `src://alias/path`, an address, or a list of them; an address may stand unquoted at the end. Metadata of an
//! image is never kept, whatever a call asks for: photos carry places, and the people in them have not been asked.

mod base64;
mod canonical;
mod names;
mod path;
mod service;
mod source;
mod writing;

use crate::{Arguments, Recipe, RecipeError, tasks};
use serde_json::{Map, Value};

pub use names::is_task;
pub use service::{Cache, Fallback, Security};

/// The longest path that is read, in bytes.
pub const MAX_PATH: usize = 8 * 1024;
/// The most tasks of one call.
pub const MAX_TASKS: usize = 30;
/// The most sources of one call.
pub const MAX_SOURCES: usize = 100;
/// How deep lists may lie in each other.
pub const MAX_DEPTH: usize = 3;

/// One task as it was said.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// Its name.
    pub name: String,
    /// Its arguments, by their long names: text from addresses, anything from JSON. A word alone, as in `cache=false`, is an argument
    /// of that name that is `true`.
    pub arguments: Map<String, Value>,
}

impl Said {
    /// Reads `{"name": …, "params": …}`. The params are an object, `true` or nothing; `false` is what `cache` takes.
    pub fn from_json(task: &Value) -> Result<Self, RecipeError> {
        let Some(name) = task.get("name").and_then(Value::as_str) else {
            let text = "a task is an object with a `name` and, if it takes some, `params`";
            return Err(RecipeError::Grammar(text.to_owned()));
        };
        let mut said = Self::new(name)?;
        said.insert_params(task.get("params")).map_err(|error| said.wrong(error))?;
        Ok(said)
    }

    fn insert_params(&mut self, params: Option<&Value>) -> Result<(), RecipeError> {
        match params {
            None | Some(Value::Null | Value::Bool(true)) => Ok(()),
            Some(Value::Bool(false)) => self.insert("false", Value::Bool(true)),
            Some(Value::Object(params)) => params.iter().try_for_each(|(name, value)| self.insert(name, value.clone())),
            // Filestack's client writes such a list into addresses as `0:first,1:second`.
            Some(Value::Array(params)) => {
                params.iter().enumerate().try_for_each(|(at, value)| self.insert(&at.to_string(), value.clone()))
            }
            Some(_) => Err(RecipeError::Grammar("its `params` are an object or a boolean".to_owned())),
        }
    }

    fn new(name: &str) -> Result<Self, RecipeError> {
        // `b64` is how an address says that its tasks are in base64.
        if !is_name(name) || name == "b64" {
            return Err(RecipeError::Grammar(format!("`{}` is no name of a task", excerpt(name))));
        }
        Ok(Self { name: name.to_owned(), arguments: Map::new() })
    }

    /// Takes an argument, by its long or short name.
    fn insert(&mut self, name: &str, value: Value) -> Result<(), RecipeError> {
        let wrong = |what: String| Err(RecipeError::Grammar(what));
        if !is_name(name) {
            return wrong(format!("`{}` is no name of an argument", excerpt(name)));
        }
        if !is_shallow(&value, MAX_DEPTH) {
            return wrong(format!("`{name}` has lists more than {MAX_DEPTH} deep"));
        }
        let name = names::long_name(&self.name, name);
        match self.arguments.insert(name.to_owned(), value) {
            Some(_) => wrong(format!("`{name}` is said twice")),
            None => Ok(()),
        }
    }

    /// An error in what was said to this task.
    fn wrong(&self, error: RecipeError) -> RecipeError {
        RecipeError::Grammar(format!("{}: {error}", self.name))
    }
}

/// What a call says.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Call {
    /// The site's key, where the address has one.
    pub key: Option<String>,
    /// The tasks in their order.
    pub tasks: Vec<Said>,
    /// Handles, `src://` paths and addresses that they are done to: one, but for tasks that take several.
    pub sources: Vec<String>,
}

impl Call {
    /// Reads the path of an address, without the slash at its beginning, as it arrived: each piece is decoded once. An address as the
    /// source keeps its own encoding, and its query if the caller leaves that on the path.
    ///
    /// `is_key` says whether the first piece is a site's key. Whether one is needed (`src://`, addresses) is the caller's to judge.
    pub fn from_path(path: &str, is_key: impl Fn(&str) -> bool) -> Result<Self, RecipeError> {
        path::read(path, is_key)?.checked()
    }

    /// Reads tasks and sources as JSON says them.
    pub fn from_json(tasks: &[Value], sources: &[impl AsRef<str>]) -> Result<Self, RecipeError> {
        if tasks.len() > MAX_TASKS || sources.len() > MAX_SOURCES {
            return Err(too_many());
        }
        let tasks = tasks.iter().map(Said::from_json).collect::<Result<_, _>>()?;
        let sources = sources.iter().map(|source| source::one(source.as_ref())).collect::<Result<_, _>>()?;
        Self { key: None, tasks, sources }.checked()
    }

    fn checked(self) -> Result<Self, RecipeError> {
        if self.tasks.len() > MAX_TASKS || self.sources.len() > MAX_SOURCES {
            return Err(too_many());
        }
        for (at, said) in self.tasks.iter().enumerate() {
            // Which of two policies holds must not be a guess; `store` is said again by Filestack's client, with workflows.
            if said.name != "store"
                && names::is_service(&said.name)
                && self.tasks[..at].iter().any(|earlier| earlier.name == said.name)
            {
                return Err(RecipeError::Grammar(format!("the task `{}` is said twice", said.name)));
            }
        }
        if self.sources.is_empty() {
            // Some of these take no source, and what matters is that they are not there.
            self.tasks.iter().try_for_each(|said| names::refuse(&said.name))?;
            let text = format!("the call names no source; {}", source::KINDS);
            return Err(RecipeError::Grammar(text));
        }
        Ok(self)
    }

    /// The tasks that change or write an image; those of the service (`store`, `security`, `cache`, …) are the caller's.
    pub fn recipe(&self) -> Result<Recipe, RecipeError> {
        let mut recipe = Recipe::default();
        for said in &self.tasks {
            if names::is_service(&said.name) {
                continue;
            }
            names::refuse(&said.name)?;
            let mut arguments = Arguments::new(&said.name, said.arguments.clone());
            if writing::fold(&mut arguments, &mut recipe.encoding)? {
                continue;
            }
            refuse_faces(&arguments)?;
            recipe.as_it_lies |= said.name == "rotate" && arguments.says("exif", "false");
            let Some(step) = tasks::read(&said.name, &mut arguments)? else { return Err(names::unknown(&said.name)) };
            arguments.finish()?;
            recipe.steps.push(step);
        }
        Ok(recipe)
    }

    /// Whether the result's format is to be what the browser takes best.
    pub fn auto_image(&self) -> bool {
        self.tasks.iter().any(|said| said.name == "auto_image")
    }
}

/// The tasks themselves would only say which other values there are.
fn refuse_faces(arguments: &Arguments) -> Result<(), RecipeError> {
    for (name, value) in [("align", "faces"), ("position", "faces"), ("mode", "face")] {
        if arguments.says(name, value) {
            let text = format!("`{name}:{value}` is not offered: it takes a trained model to find faces");
            return Err(arguments.wrong(text));
        }
    }
    Ok(())
}

fn is_name(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    (1..=64).contains(&text.len()) && text.bytes().all(fits)
}

fn is_shallow(value: &Value, depth: usize) -> bool {
    match value {
        Value::Array(values) => depth > 0 && values.iter().all(|value| is_shallow(value, depth - 1)),
        Value::Object(values) => depth > 0 && values.values().all(|value| is_shallow(value, depth - 1)),
        _ => true,
    }
}

fn too_many() -> RecipeError {
    RecipeError::Grammar(format!("a call has at most {MAX_TASKS} tasks and {MAX_SOURCES} sources"))
}

/// The beginning of what was said, as much as an error repeats.
fn excerpt(text: &str) -> String {
    const LONGEST: usize = 40;
    if text.chars().count() <= LONGEST { text.to_owned() } else { text.chars().take(LONGEST).chain(['…']).collect() }
}
