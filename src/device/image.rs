//! What becomes of an image before it is sent: another size, or no metadata.

use super::exif;
use crate::edit::Edit;
use crate::options::CleanupImageExif;
use bowerbird_protocol::problem::ProblemCode;
use bowerbird_protocol::store::ImageLimits;
use js_sys::{Array, ArrayBuffer, Promise, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, BlobPropertyBag, CanvasRenderingContext2d, HtmlCanvasElement, ImageBitmap};

/// The quality that browsers write JPEG at unless told, in their measure.
const QUALITY: f64 = 0.92;

/// An image's size in pixels as it is seen; `None` for what this browser cannot read.
pub async fn measure(file: &Blob) -> Option<[u32; 2]> {
    let bitmap = read(file).await?;
    let size = [bitmap.width(), bitmap.height()];
    bitmap.close();
    Some(size)
}

/// What is sent in the place of a file: itself, or an image that the visitor, the page's limits and its wish for privacy have changed. What this
/// browser cannot read goes as it is, unless it would tell what was to be taken out, or was to be changed by the visitor.
pub async fn prepare(
    file: &Blob,
    mimetype: &str,
    edit: &Edit,
    limits: &ImageLimits,
    cleanup: Option<CleanupImageExif>,
) -> Result<Blob, ProblemCode> {
    let is_resizable = matches!(mimetype, "image/jpeg" | "image/png" | "image/bmp" | "image/webp");
    let is_edited = *edit != Edit::default();
    if is_resizable && (is_edited || !limits.is_none()) {
        if let Some(bitmap) = read(file).await {
            let drawn = changed(&bitmap, edit, limits, mimetype).await;
            bitmap.close();
            if let Some(drawn) = drawn? {
                return Ok(drawn);
            }
        } else if is_edited {
            return Err(ProblemCode::NotAnImage);
        }
    }
    match cleanup.filter(|_| mimetype == "image/jpeg") {
        Some(keep) => clean(file, keep).await,
        None => Ok(file.clone()),
    }
}

async fn read(file: &Blob) -> Option<ImageBitmap> {
    let bitmap = web_sys::window()?.create_image_bitmap_with_blob(file).ok()?;
    JsFuture::from(bitmap).await.ok()?.dyn_into().ok()
}

/// The image as visitor and page want it; `None` where that is as it is.
async fn changed(
    bitmap: &ImageBitmap,
    edit: &Edit,
    limits: &ImageLimits,
    mimetype: &str,
) -> Result<Option<Blob>, ProblemCode> {
    let turned = edit.turned([bitmap.width(), bitmap.height()]);
    let [left, top, width, height] = edit.pixels(turned);
    let kept = [width, height];
    if let Some(code) = limits.refusal(kept) {
        return Err(code);
    }
    let target = limits.target(kept);
    if target.is_none() && *edit == Edit::default() {
        return Ok(None);
    }
    let [across, down] = target.unwrap_or(kept);
    let failed = |_| ProblemCode::Other;
    let (canvas, context) = canvas([across, down])?;
    if edit.circle {
        let (middle, radius) = ([f64::from(across) / 2.0, f64::from(down) / 2.0], f64::from(across.min(down)) / 2.0);
        context.arc(middle[0], middle[1], radius, 0.0, std::f64::consts::TAU).map_err(failed)?;
        context.clip();
    }
    // From the pixels of the turned image to those of the canvas, and then from those of the image to those of the turned one.
    context.scale(f64::from(across) / f64::from(width), f64::from(down) / f64::from(height)).map_err(failed)?;
    context.translate(-f64::from(left), -f64::from(top)).map_err(failed)?;
    let [turned_width, turned_height] = turned.map(f64::from);
    let corner = match edit.turns {
        1 => [turned_width, 0.0],
        2 => [turned_width, turned_height],
        3 => [0.0, turned_height],
        _ => [0.0, 0.0],
    };
    context.translate(corner[0], corner[1]).map_err(failed)?;
    context.rotate(f64::from(edit.turns) * std::f64::consts::FRAC_PI_2).map_err(failed)?;
    context.draw_image_with_image_bitmap(bitmap, 0.0, 0.0).map_err(failed)?;
    let mimetype = if edit.circle { "image/png" } else { mimetype };
    written(&canvas, mimetype).await.map(Some)
}

fn canvas([width, height]: [u32; 2]) -> Result<(HtmlCanvasElement, CanvasRenderingContext2d), ProblemCode> {
    let failed = |_| ProblemCode::Other;
    let document = web_sys::window().and_then(|window| window.document()).ok_or(ProblemCode::Other)?;
    let canvas: HtmlCanvasElement = document.create_element("canvas").map_err(failed)?.unchecked_into();
    canvas.set_width(width);
    canvas.set_height(height);
    let context = canvas.get_context("2d").map_err(failed)?.ok_or(ProblemCode::Other)?;
    let context: CanvasRenderingContext2d = context.unchecked_into();
    let _ = js_sys::Reflect::set(&context, &"imageSmoothingQuality".into(), &"high".into());
    Ok((canvas, context))
}

async fn written(canvas: &HtmlCanvasElement, mimetype: &str) -> Result<Blob, ProblemCode> {
    // Browsers write no BMP; another type that they do not write becomes PNG by itself.
    let mimetype = if mimetype == "image/bmp" { "image/png" } else { mimetype };
    let drawn = Promise::new(&mut |resolve, reject| {
        if canvas.to_blob_with_type_and_encoder_options(&resolve, mimetype, &QUALITY.into()).is_err() {
            let _ = reject.call0(&JsValue::NULL);
        }
    });
    // A canvas that is too large for the device gives nothing.
    JsFuture::from(drawn).await.ok().and_then(|blob| blob.dyn_into().ok()).ok_or(ProblemCode::ImageTooLarge)
}

/// A JPEG without its metadata. One whose metadata cannot be told apart is not sent.
async fn clean(file: &Blob, keep: CleanupImageExif) -> Result<Blob, ProblemCode> {
    let bytes: ArrayBuffer =
        JsFuture::from(file.array_buffer()).await.map_err(|_| ProblemCode::PhotoGone)?.unchecked_into();
    let clean = exif::cleaned(&Uint8Array::new(&bytes).to_vec(), keep).ok_or(ProblemCode::NotAnImage)?;
    let kind = BlobPropertyBag::new();
    kind.set_type(&file.type_());
    let parts = Array::of1(&Uint8Array::from(clean.as_slice()));
    Blob::new_with_u8_array_sequence_and_options(&parts, &kind).map_err(|_| ProblemCode::Other)
}
