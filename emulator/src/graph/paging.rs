//! Listings in pages. <https://developers.facebook.com/docs/graph-api/results>
//!
//! A cursor is opaque and long, names the item it stands at, and is good for one listing of one person only. When that
//! item is deleted the cursor is stale: "Don't store cursors or assume they will be valid in the future."

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use super::errors::GraphError;
use super::{Params, Request};
use crate::apps::hmac_sha256;
use crate::platform::Platform;

const DEFAULT_LIMIT: usize = 25;
const GREATEST_LIMIT: usize = 100;
const KEY: &str = "emulated cursors";

/// Which page of a listing.
#[derive(Clone, Debug, Default)]
pub struct Page {
    limit: usize,
    after: Option<String>,
    before: Option<String>,
}

impl Page {
    /// Reads `limit`, `after` and `before` of a call.
    pub fn of(params: &Params) -> Result<Page, GraphError> {
        Page::read(params.get("limit"), params.get("after"), params.get("before"))
    }

    /// Reads a page from its three parts. More than a hundred is taken for a hundred.
    pub fn read(limit: Option<&str>, after: Option<&str>, before: Option<&str>) -> Result<Page, GraphError> {
        let limit = match limit {
            None => DEFAULT_LIMIT,
            Some(text) => match text.parse::<usize>() {
                Ok(limit) if limit > 0 => limit.min(GREATEST_LIMIT),
                _ => return Err(GraphError::parameter("(#100) Param limit must be a positive integer")),
            },
        };
        let given = |cursor: Option<&str>| cursor.filter(|cursor| !cursor.is_empty()).map(str::to_owned);
        Ok(Page { limit, after: given(after), before: given(before) })
    }
}

/// Where a cursor stands: behind an item, or before the first one; and whether the page that gave it out was an empty
/// one.
struct Position {
    item: Option<usize>,
    after_empty: bool,
}

/// A listing: `albums`, `photos` or `media` of one node, seen by one person.
pub struct Edge<'a> {
    /// Its last word: `albums`, `photos`, `media`, `children`.
    pub name: &'static str,
    /// What makes it different from all others: the node, and the person who looks.
    pub key: String,
    /// Its path, for `next`: `/<id>/photos`.
    pub path: String,
    /// The `fields` that its items were asked for with, for `next`.
    pub fields: Option<String>,
    /// How many items there ever were.
    pub total: usize,
    /// Whether the item at a place is still there.
    pub exists: &'a dyn Fn(usize) -> bool,
    /// The item at a place.
    pub item: &'a dyn Fn(usize) -> Result<Value, GraphError>,
}

impl Edge<'_> {
    /// A page: `data` and `paging`. An empty listing has no `paging`; a last page has cursors but no `next`.
    pub fn page(&self, platform: &Platform, request: &Request, page: &Page) -> Result<Value, GraphError> {
        let mut position = Position { item: None, after_empty: false };
        let mut begin = 0;
        let mut places: Vec<usize> = Vec::new();
        if let Some(cursor) = &page.before {
            let end = self.read_cursor(cursor)?.item.unwrap_or(0);
            places.extend((0..end).rev().filter(|place| (self.exists)(*place)).take(page.limit));
            places.reverse();
        } else {
            if let Some(cursor) = &page.after {
                position = self.read_cursor(cursor)?;
                begin = position.item.map_or(0, |item| item + 1);
            }
            places.extend((begin..self.total).filter(|place| (self.exists)(*place)).take(page.limit));
        }

        let has_items = !places.is_empty();
        if has_items && page.before.is_none() && !position.after_empty && platform.faults.empty_page(self.name) {
            let cursor = self.cursor(&Position { after_empty: true, ..position });
            let next = self.link(platform, request, page, ("after", &cursor));
            return Ok(
                json!({ "data": [], "paging": { "cursors": { "before": cursor, "after": cursor }, "next": next } }),
            );
        }

        let data = places.iter().map(|place| (self.item)(*place)).collect::<Result<Vec<Value>, GraphError>>()?;
        let (Some(first), Some(last)) = (places.first(), places.last()) else {
            return Ok(json!({ "data": data }));
        };
        let at = |place: usize| self.cursor(&Position { item: Some(place), after_empty: false });
        let (before, after) = (at(*first), at(*last));
        let mut paging = Map::new();
        paging.insert("cursors".to_owned(), json!({ "before": before, "after": after }));
        if (last + 1..self.total).any(|place| (self.exists)(place)) {
            paging.insert("next".to_owned(), json!(self.link(platform, request, page, ("after", &after))));
        }
        if (0..*first).any(|place| (self.exists)(place)) {
            paging.insert("previous".to_owned(), json!(self.link(platform, request, page, ("before", &before))));
        }
        Ok(json!({ "data": data, "paging": paging }))
    }

    fn cursor(&self, position: &Position) -> String {
        let item = position.item.map_or("-".to_owned(), |item| item.to_string());
        let payload = format!("{}|{item}|{}", self.key, u8::from(position.after_empty));
        let mac = hmac_sha256(KEY, &payload);
        let inner = format!("AQHR{}{}", URL_SAFE_NO_PAD.encode(&mac), URL_SAFE_NO_PAD.encode(payload));
        STANDARD.encode(inner)
    }

    fn read_cursor(&self, cursor: &str) -> Result<Position, GraphError> {
        let read = || {
            let inner = String::from_utf8(STANDARD.decode(cursor).ok()?).ok()?;
            let inner = inner.strip_prefix("AQHR")?;
            let (mac, payload) = (inner.get(..43)?, inner.get(43..)?);
            let payload = String::from_utf8(URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
            if URL_SAFE_NO_PAD.encode(hmac_sha256(KEY, &payload)) != mac {
                return None;
            }
            let rest = payload.strip_prefix(&self.key)?.strip_prefix('|')?;
            let (item, empty) = rest.split_once('|')?;
            let item = if item == "-" { None } else { Some(item.parse().ok()?) };
            Some(Position { item, after_empty: empty == "1" })
        };
        let position = read().ok_or_else(GraphError::bad_cursor)?;
        match position.item {
            Some(item) if item >= self.total || !(self.exists)(item) => Err(GraphError::bad_cursor()),
            _ => Ok(position),
        }
    }

    /// A link to another page. It repeats the call, the access token included, wherever that came from.
    fn link(&self, platform: &Platform, request: &Request, page: &Page, cursor: (&str, &str)) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        if let Some(token) = request.access_token() {
            query.append_pair("access_token", token);
        }
        if let Some(fields) = &self.fields {
            query.append_pair("fields", fields);
        }
        for filter in ["type", "status", "since", "until"] {
            if let Some(value) = request.params.get(filter) {
                query.append_pair(filter, value);
            }
        }
        query.append_pair("pretty", "0").append_pair("limit", &page.limit.to_string()).append_pair(cursor.0, cursor.1);
        format!("{}/{}/v{}.0{}?{}", platform.base_url, request.host, request.version, self.path, query.finish())
    }
}
