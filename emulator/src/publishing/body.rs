//! Bodies that carry files.

use axum::body::{Bytes, to_bytes};
use axum::extract::{FromRequest as _, Multipart, Request as HttpRequest};
use axum::http::{HeaderMap, header};

use crate::graph::{GraphError, Params};

/// More than anything that is to be posted in one call.
const LIMIT: usize = 256 << 20;

/// A file within a form.
pub struct Part {
    /// The field's name, such as `source`; nothing where it is the whole body.
    pub name: String,
    /// The bytes.
    pub bytes: Bytes,
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// What a request carries: its body, or the fields and the first file of a multipart form.
pub async fn read(request: HttpRequest) -> Result<(Bytes, Params, Option<Part>), GraphError> {
    let kind = text(request.headers(), header::CONTENT_TYPE.as_str()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    // Upload sessions are told by a header from where on their bytes are.
    let mut params = Params(
        text(request.headers(), "file_offset").map(|offset| ("file_offset".to_owned(), offset)).into_iter().collect(),
    );
    let broken = || GraphError::parameter("(#100) The request's body could not be read");
    if kind != "multipart/form-data" {
        let body = to_bytes(request.into_body(), LIMIT).await.map_err(|_| broken())?;
        let is_form = ["", "application/x-www-form-urlencoded", "application/json"].contains(&kind.as_str());
        let part = (!is_form).then(|| Part { name: String::new(), bytes: body.clone() });
        return Ok((body, params, part));
    }
    let mut form = Multipart::from_request(request, &()).await.map_err(|_| broken())?;
    let mut file = None;
    while let Some(field) = form.next_field().await.map_err(|_| broken())? {
        let name = field.name().unwrap_or_default().to_owned();
        let is_file = field.file_name().is_some();
        let bytes = field.bytes().await.map_err(|_| broken())?;
        if is_file {
            file.get_or_insert(Part { name, bytes });
        } else {
            params.0.push((name, String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
    Ok((Bytes::new(), params, file))
}
