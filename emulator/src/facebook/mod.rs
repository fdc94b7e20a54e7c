//! graph.facebook.com: tokens, permissions, albums and photos.

pub mod kept;
mod nodes;
mod tokens;

use axum::http::Method;
use serde_json::{Value, json};

use crate::apps::{App, Network};
use crate::graph::{Field, GraphError, Page, Request, parse_fields};
use crate::platform::Platform;
use crate::registry::Answer;
use crate::world::{ALBUMLESS_GROUP, FACEBOOK, FacebookAccount, Kind, Photo, Slot, facebook_by_key};
use nodes::{Reader, Target};

/// The host, as it stands in the emulator's paths.
pub const HOST: &str = "graph.facebook.com";

/// Answers a call.
pub fn handle(platform: &Platform, request: &Request) -> Result<Value, GraphError> {
    let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
    match path.as_slice() {
        ["oauth", "access_token"] => return tokens::access_token(platform, request),
        ["debug_token"] => return tokens::debug_token(platform, request),
        _ => {}
    }
    if let Some(code) = platform.faults.rate_limit() {
        return Err(GraphError::rate_limit(code));
    }
    match path.as_slice() {
        [] => Err(GraphError::wrong_method(request.method.as_str())),
        [node, rest @ ..] => {
            let (token, app) = request.user_token(platform, Network::Facebook)?;
            if token.page.is_some() {
                // A Page has nothing of what is here.
                return Err(GraphError::no_object(node, &request.method.as_str().to_ascii_lowercase()));
            }
            let me = facebook_by_key(token.user).ok_or_else(GraphError::token_unreadable)?;
            let asked = request.params.get("fields").filter(|fields| !fields.is_empty());
            let asked = asked.map(parse_fields).transpose()?;
            let is_me = is_me(node, me, &app);
            let for_data = !is_me || reaches_data(rest, asked.as_deref());
            if let Some(kind) = platform.faults.refusal(for_data) {
                return Err(GraphError::refused(kind, &app));
            }
            let granted = platform.registry().granted(&token);
            let reader = Reader { platform, request, me, app, granted };
            if is_me && rest.first() == Some(&"permissions") {
                return permissions(&reader, &rest[1..]);
            }
            if request.method != Method::GET {
                return Err(GraphError::no_object(node, &request.method.as_str().to_ascii_lowercase()));
            }
            let target = find(&reader, node)?;
            follow(&reader, &target, rest, asked.as_deref())
        }
    }
}

fn is_me(node: &str, me: &FacebookAccount, app: &App) -> bool {
    node == "me" || node == app.user_id(me.id)
}

/// Whether a call that begins at the person asks for their albums or photos, by an edge or by fields.
fn reaches_data(rest: &[&str], asked: Option<&[Field]>) -> bool {
    let is_data = |name: &str| matches!(name, "albums" | "photos");
    match rest.first() {
        Some(edge) => is_data(edge),
        None => asked.is_some_and(|fields| fields.iter().any(|field| is_data(&field.name))),
    }
}

/// What an id or alias stands for, if it is this person's.
fn find(reader: &Reader, node: &str) -> Result<Target, GraphError> {
    let me = reader.me;
    if is_me(node, me, &reader.app) {
        return Ok(Target::User(me));
    }
    if !node.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(GraphError::unknown_alias(node));
    }
    let nothing = || GraphError::no_object(node, "get");
    if FACEBOOK.iter().any(|account| reader.app.user_id(account.id) == node) {
        return Err(nothing());
    }
    let slot = Slot::of(node).filter(|slot| FACEBOOK.get(slot.account).is_some_and(|owner| owner.key == me.key));
    match slot {
        Some(Slot { kind: Kind::Album, group, index: 0, .. }) if group < me.albums.len() => {
            Ok(Target::Album(me, group))
        }
        Some(Slot { kind: Kind::Photo, .. }) if !reader.platform.registry().is_deleted(node) => {
            Photo::find(node).map(Target::Photo).ok_or_else(nothing)
        }
        _ => Err(nothing()),
    }
}

/// Reads a node or one of its edges.
fn follow(reader: &Reader, target: &Target, rest: &[&str], asked: Option<&[Field]>) -> Result<Value, GraphError> {
    let params = &reader.request.params;
    match (target, rest) {
        (target, []) => reader.node(target, asked),
        (Target::User(user), ["albums"]) => reader.albums(user, asked, &Page::of(params)?),
        (Target::User(user), ["photos"]) => match params.get("type").unwrap_or("tagged") {
            "tagged" => reader.photos(user, &[ALBUMLESS_GROUP], "tagged", asked, &Page::of(params)?),
            "uploaded" => reader.uploaded(user, asked, &Page::of(params)?),
            other => Err(GraphError::parameter(format!(
                "(#100) Param type must be one of {{tagged, uploaded}} - got \"{other}\"."
            ))),
        },
        (Target::User(user), ["photos", "uploaded"]) => reader.uploaded(user, asked, &Page::of(params)?),
        (Target::User(user), ["photos", "tagged"]) => {
            reader.photos(user, &[ALBUMLESS_GROUP], "tagged", asked, &Page::of(params)?)
        }
        (Target::User(user), ["picture"]) => Ok(reader.portrait(user)),
        (Target::Album(owner, group), ["photos"]) => {
            reader.photos(owner, &[*group], &owner.album_id(*group), asked, &Page::of(params)?)
        }
        (Target::Album(owner, group), ["picture"]) => Ok(reader.album_picture(owner, *group)),
        (target, [edge]) => Err(GraphError::unknown_field(edge, target.kind())),
        (_, [_, more @ ..]) => Err(GraphError::unknown_path(&format!("/{}", more.join("/")))),
    }
}

/// `/me/permissions`: reading them, declining one, removing the app.
fn permissions(reader: &Reader, rest: &[&str]) -> Result<Value, GraphError> {
    let (user, app) = (reader.me.key, reader.app.id.as_str());
    let mut registry = reader.platform.registry();
    match (&reader.request.method, rest) {
        (&Method::GET, []) => {
            let answers = registry.answers(app, user);
            let data: Vec<Value> =
                answers.iter().map(|(name, answer)| json!({ "permission": name, "status": answer.word() })).collect();
            Ok(json!({ "data": data }))
        }
        (&Method::DELETE, []) => {
            registry.remove_app(app, user);
            Ok(json!({ "success": true }))
        }
        (&Method::DELETE, [name]) => {
            if registry.answers(app, user).get(*name) != Some(&Answer::Granted) {
                return Err(GraphError::parameter(format!("(#100) Permission {name} was not granted")));
            }
            registry.answer(app, user, name, Answer::Declined);
            Ok(json!({ "success": true }))
        }
        _ => Err(GraphError::wrong_method(reader.request.method.as_str())),
    }
}
