//! The tasks that the caller carries out.

use super::{Call, Said};
use crate::{Arguments, RecipeError};

/// What is served where the source cannot be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fallback {
    /// Its handle or address, as it was said.
    pub handle: String,
    /// For how many seconds the answer may be kept.
    pub cache: Option<u64>,
}

/// Whether and for how long a result is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cache {
    /// `false` makes it anew.
    pub on: bool,
    /// Seconds, at most a year; `max` is that.
    pub expiry: Option<u64>,
}

/// A policy and its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Security {
    /// Base64 of the policy's JSON, as it was signed.
    pub policy: String,
    /// Hexadecimal digits.
    pub signature: String,
}

/// The seconds of a year, which is as long as `cache` and `fallback` take.
const YEAR: i64 = 31_536_000;

impl Call {
    /// What was said to a task that the caller carries out. None is said twice.
    pub fn service(&self, name: &str) -> Option<Arguments> {
        let said = self.tasks.iter().find(|said| said.name == name)?;
        Some(Arguments::new(name, said.arguments.clone()))
    }

    /// What `fallback` says.
    pub fn fallback(&self) -> Result<Option<Fallback>, RecipeError> {
        let Some(mut arguments) = self.service("fallback") else { return Ok(None) };
        let handle = arguments.text("handle")?;
        let cache = arguments.integer("cache", 1..=YEAR)?.map(i64::unsigned_abs);
        arguments.finish()?;
        let handle = handle.ok_or_else(|| arguments.wrong("`handle` is missing"))?;
        Ok(Some(Fallback { handle, cache }))
    }

    /// What `cache` says: `cache`, `cache=false`, `cache=expiry:seconds`.
    pub fn cache(&self) -> Result<Option<Cache>, RecipeError> {
        let Some(mut arguments) = self.service("cache") else { return Ok(None) };
        let on = arguments.flag("true")?.unwrap_or(true) && !arguments.flag("false")?.unwrap_or(false);
        let expiry = if arguments.says("expiry", "max") {
            arguments.value("expiry").map(|_| YEAR)
        } else {
            arguments.integer("expiry", 0..=YEAR)?
        };
        arguments.finish()?;
        Ok(Some(Cache { on, expiry: expiry.map(i64::unsigned_abs) }))
    }

    /// What `security` says, wherever in the call it stands.
    pub fn security(&self) -> Result<Option<Security>, RecipeError> {
        let Some(mut arguments) = self.service("security") else { return Ok(None) };
        let (policy, signature) = (arguments.text("policy")?, arguments.text("signature")?);
        arguments.finish()?;
        match (policy, signature) {
            (Some(policy), Some(signature)) => Ok(Some(Security { policy, signature })),
            _ => Err(arguments.wrong("`policy` and `signature` are both needed")),
        }
    }
}

impl Call {
    /// Whether a task is said.
    pub fn has(&self, name: &str) -> bool {
        self.tasks.iter().any(|said| said.name == name)
    }

    /// The tasks that change or write an image: those that are not the caller's.
    pub fn image_tasks(&self) -> impl Iterator<Item = &Said> {
        self.tasks.iter().filter(|said| !super::names::is_service(&said.name))
    }
}
