//! The conversion of Filestack's older addresses: `GET /api/file/{handle}/convert?w=400` shows, and `POST` to it, which is
//! `filepicker.convert`, stores the result. Its options become the tasks of today.

use super::{Asked, carry_out};
use crate::Shared;
use crate::error::ApiError;
use crate::files::Reading;
use crate::rights::Shown;
use crate::routes::ClientAddress;
use axum::body::Bytes;
use axum::extract::{Extension, Path, Query, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use bowerbird_convert::RecipeError;
use bowerbird_convert::call::{Call, Said};
use bowerbird_protocol::problem::ProblemCode;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The options, by name.
type Options = BTreeMap<String, Value>;

/// `GET /api/file/{handle}/convert`.
pub async fn convert(
    State(companion): State<Shared>,
    Path(handle): Path<String>,
    Query(options): Query<BTreeMap<String, String>>,
    Extension(ClientAddress(address)): Extension<ClientAddress>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let options = options.into_iter().map(|(name, value)| (name, Value::String(value))).collect();
    let (tasks, shown) = read(options)?;
    let call = Call { key: None, tasks, sources: vec![handle] };
    let reading = Reading { shown, ..Reading::default() };
    carry_out(&companion, call, Asked { method: &method, headers: &headers, reading, address, tags: None }).await
}

/// `POST /api/file/{handle}/convert`, with the options as a form or as JSON. Answers what is known of the new file.
pub async fn convert_and_store(
    State(companion): State<Shared>,
    Path(handle): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
    Extension(ClientAddress(address)): Extension<ClientAddress>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let mut options: Options = query.into_iter().map(|(name, value)| (name, Value::String(value))).collect();
    if body.trim_ascii_start().starts_with(b"{") {
        let said: Options = serde_json::from_slice(&body)
            .map_err(|error| ApiError::with_text(ProblemCode::BadRequest, format!("The body is no JSON: {error}")))?;
        options.extend(said);
    } else {
        let said = url::form_urlencoded::parse(&body);
        options.extend(said.map(|(name, value)| (name.into_owned(), Value::String(value.into_owned()))));
    }
    let to = [("storeLocation", "location"), ("storePath", "path"), ("storeContainer", "container")];
    let to = to.into_iter().chain([("storeAccess", "access"), ("storeFilename", "filename"), ("filename", "filename")]);
    let place: Map<String, Value> =
        to.filter_map(|(option, name)| Some((name.to_owned(), options.remove(option)?))).collect();
    let (mut tasks, shown) = read(options)?;
    tasks.push(Said { name: "store".to_owned(), arguments: place });
    let call = Call { key: None, tasks, sources: vec![handle] };
    let reading = Reading { shown, ..Reading::default() };
    let asked = Asked { method: &Method::POST, headers: &headers, reading, address, tags: None };
    carry_out(&companion, call, asked).await
}

/// The tasks that the options mean, in the order in which Filestack did them, and the policy.
fn read(mut options: Options) -> Result<(Vec<Said>, Shown), ApiError> {
    let mut take = |names: &[&str]| {
        let found: Vec<Value> = names.iter().filter_map(|name| options.remove(*name)).collect();
        found.into_iter().find(|value| !value.is_null() && value.as_str() != Some(""))
    };
    let text = |value: Option<Value>| value.and_then(|value| value.as_str().map(str::to_owned));
    let shown = Shown { policy: text(take(&["policy"])), signature: text(take(&["signature"])) };
    let crop_first = take(&["crop_first"]).is_some_and(|value| value == json!(true) || value == json!("true"));
    let mut tasks = Vec::new();
    let mut task = |name: &str, arguments: Vec<(&str, Option<Value>)>| {
        let arguments = arguments.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        let arguments: Map<String, Value> = arguments.collect();
        if !arguments.is_empty() {
            tasks.push(Said { name: name.to_owned(), arguments });
        }
    };
    let crop = take(&["crop"]).map(list);
    let resize = vec![
        ("width", take(&["width", "w"])),
        ("height", take(&["height", "h"])),
        ("fit", take(&["fit"])),
        ("align", take(&["align"])),
    ];
    let rotate = take(&["rotate"]);
    let exif = take(&["exif"]);
    task("rotate", vec![("deg", rotate), ("exif", exif)]);
    let steps = if crop_first {
        [("crop", vec![("dim", crop)]), ("resize", resize)]
    } else {
        [("resize", resize), ("crop", vec![("dim", crop)])]
    };
    for (name, arguments) in steps {
        task(name, arguments);
    }
    let (blur, sharpen) = (take(&["blurAmount"]), take(&["sharpenAmount"]));
    match text(take(&["filter"])).as_deref() {
        Some("blur") => task("blur", vec![("amount", blur.or(Some(json!(2))))]),
        Some("sharpen") => task("sharpen", vec![("amount", sharpen.or(Some(json!(2))))]),
        Some(other) => {
            return Err(wrong(format!("`filter` is `blur` or `sharpen`, not `{other}`.")));
        }
        None => {}
    }
    let watermark = take(&["watermark"]).map(|file| match &file {
        Value::String(address) => json!(address.rsplit('/').next().unwrap_or(address)),
        _ => file,
    });
    let (size, position) = (take(&["watermark_size"]), take(&["watermark_position"]).map(list));
    task("watermark", vec![("file", watermark), ("size", size), ("position", position)]);
    task("output", vec![("format", take(&["format"])), ("quality", take(&["quality"]))]);
    let compress = take(&["compress"]).is_some_and(|value| value == json!(true) || value == json!("true"));
    // Filestack's own clients send these with everything; they say nothing about the picture.
    take(&["key", "secure", "page", "cache", "dl", "plugin"]);
    if compress {
        tasks.push(Said { name: "compress".to_owned(), arguments: Map::new() });
    }
    match options.keys().next() {
        None => Ok((tasks, shown)),
        Some(name) if name.starts_with("text") => {
            let not_offered = RecipeError::NotOffered { task: name.clone(), reason: "text is not written into images" };
            Err(not_offered.into())
        }
        Some(name) => Err(wrong(format!("There is no option `{name}`."))),
    }
}

fn wrong(text: String) -> ApiError {
    ApiError::with_status(StatusCode::BAD_REQUEST, ProblemCode::BadRequest, text)
}

/// `10,20,200,250`, `[10,20,200,250]` or `top,left`, as a list.
fn list(value: Value) -> Value {
    match value {
        Value::String(text) if text.contains(',') => {
            let words = text.trim_matches(['[', ']']).split(',').map(|word| json!(word.trim()));
            Value::Array(words.collect())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tasks(options: Value) -> Result<Vec<(String, Value)>, String> {
        let options = options.as_object().unwrap().clone().into_iter().collect();
        let read = read(options).map_err(|error| error.problem().text.clone())?;
        Ok(read.0.into_iter().map(|task| (task.name, Value::Object(task.arguments))).collect())
    }

    #[test]
    fn options_become_tasks() {
        assert_eq!(
            tasks(json!({"width": 400, "height": "300", "fit": "crop", "key": "K"})).unwrap(),
            [("resize".to_owned(), json!({"width": 400, "height": "300", "fit": "crop"}))]
        );
        assert_eq!(
            tasks(json!({"w": "20", "crop": "1,2,3,4", "rotate": "exif", "format": "png"})).unwrap(),
            [
                ("rotate".to_owned(), json!({"deg": "exif"})),
                ("resize".to_owned(), json!({"width": "20"})),
                ("crop".to_owned(), json!({"dim": ["1", "2", "3", "4"]})),
                ("output".to_owned(), json!({"format": "png"})),
            ]
        );
        let first = tasks(json!({"w": 20, "crop": [1, 2, 3, 4], "crop_first": true})).unwrap();
        assert_eq!(first.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["crop", "resize"]);
        assert_eq!(
            tasks(json!({"watermark": "https://x.example/abcdefghijABCDEFGHIJ", "watermark_position": "top,left"}))
                .unwrap(),
            [("watermark".to_owned(), json!({"file": "abcdefghijABCDEFGHIJ", "position": ["top", "left"]}))]
        );
    }

    #[test]
    fn what_is_not_known_is_named() {
        assert!(tasks(json!({"widht": 3})).unwrap_err().contains("`widht`"));
        assert!(tasks(json!({"text": "hello"})).unwrap_err().contains("not offered"));
        assert!(tasks(json!({"filter": "sepia"})).unwrap_err().contains("sepia"));
    }
}
