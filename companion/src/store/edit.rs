//! What is made of a file before it is kept: its recipe, and a size in pixels that the page takes.

use super::arrival::{Arrived, Body, Known};
use super::trouble::{Stopped, Trouble};
use crate::Shared;
use crate::bucket::split_name;
use crate::conversion::{self, Fit};
use crate::db::JobRow;
use bowerbird_convert::{Format, Size, decode};
use bowerbird_protocol::problem::ProblemCode;
use bytes::Bytes;

/// Carries out what a job says of an image. Where that is nothing, or it fits as it is, its bytes stay what they are.
pub async fn edited(companion: &Shared, job: &JobRow, arrived: Arrived) -> Result<Arrived, Stopped> {
    let limits = job.image.as_deref().map(serde_json::from_str).transpose();
    let fit = limits.map_err(|error| Trouble::lasting(ProblemCode::Internal, error))?.map(Fit);
    let recipe = job.recipe.as_deref();
    let Arrived { known, mut body } = match (recipe, fit) {
        (None, None) => return Ok(arrived),
        _ => arrived,
    };
    let head = Bytes::from(body.head().await?);
    body = Body::Begun { head: Some(head.clone()), rest: Box::new(body) };
    let mut changes = recipe.is_some();
    if let Some(fit) = fit.filter(|_| is_image(&head)) {
        let size = match size_of(&head) {
            Ok(size) => size,
            // Some formats say their size at their end.
            Err(_) => {
                let bytes = all(companion, body).await?;
                let size = size_of(&bytes);
                body = Body::made(bytes);
                size?
            }
        };
        if let Some(code) = fit.refusal(size) {
            return Err(Trouble::lasting(code, format_args!("it has {size} pixels")).into());
        }
        changes |= fit.changes(size);
    }
    if !changes {
        return Ok(Arrived { known, body });
    }
    let bytes = all(companion, body).await?;
    let made = conversion::converted(companion, recipe, fit, bytes).await?;
    // Its name has another extension then, and its size is that of the result.
    let stem = |name: String| split_name(&name).0.to_owned();
    let known = Known {
        stem: known.stem.or(known.filename.map(stem)),
        filename: None,
        mimetype: Some(made.format.mimetype().to_owned()),
        width: Some(made.size.width),
        height: Some(made.size.height),
        ..known
    };
    Ok(Arrived { known, body: Body::made(made.bytes.into()) })
}

/// Whether its first bytes are those of an image; pages' sizes in pixels say nothing of other files.
fn is_image(head: &[u8]) -> bool {
    Format::of(head).is_some() || infer::is_image(head)
}

fn size_of(bytes: &[u8]) -> Result<Size, Trouble> {
    decode::measure(bytes).map(|seen| seen.size).map_err(|error| Trouble::lasting(ProblemCode::NotAnImage, error))
}

/// All bytes of what is to be converted.
async fn all(companion: &Shared, mut body: Body) -> Result<Bytes, Trouble> {
    let most = companion.config.convert_max_bytes;
    let mut bytes = Vec::new();
    while let Some(chunk) = body.chunk().await? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() as u64 > most {
            let cause = format_args!("more than the {most} bytes of convert_max_bytes");
            return Err(Trouble::lasting(ProblemCode::TooLarge, cause));
        }
    }
    Ok(bytes.into())
}
