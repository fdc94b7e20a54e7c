//! What becomes of an image before it is sent: another size, or no metadata.

use super::exif;
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

/// What is sent in the place of a file: itself, or an image that the page's limits and its wish for privacy have changed. What this browser
/// cannot read goes as it is, unless it would tell what was to be taken out.
pub async fn prepare(
    file: &Blob,
    mimetype: &str,
    limits: &ImageLimits,
    cleanup: Option<CleanupImageExif>,
) -> Result<Blob, ProblemCode> {
    let is_resizable = matches!(mimetype, "image/jpeg" | "image/png" | "image/bmp" | "image/webp");
    if is_resizable
        && !limits.is_none()
        && let Some(bitmap) = read(file).await
    {
        let target = limits.target([bitmap.width(), bitmap.height()]);
        let drawn = match target {
            Some(size) => draw(&bitmap, size, mimetype).await.map(Some),
            None => Ok(None),
        };
        bitmap.close();
        if let Some(drawn) = drawn? {
            return Ok(drawn);
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

async fn draw(bitmap: &ImageBitmap, [width, height]: [u32; 2], mimetype: &str) -> Result<Blob, ProblemCode> {
    let failed = |_| ProblemCode::Other;
    let document = web_sys::window().and_then(|window| window.document()).ok_or(ProblemCode::Other)?;
    let canvas: HtmlCanvasElement = document.create_element("canvas").map_err(failed)?.unchecked_into();
    canvas.set_width(width);
    canvas.set_height(height);
    let context = canvas.get_context("2d").map_err(failed)?.ok_or(ProblemCode::Other)?;
    let context: CanvasRenderingContext2d = context.unchecked_into();
    let _ = js_sys::Reflect::set(&context, &"imageSmoothingQuality".into(), &"high".into());
    let (w, h) = (f64::from(width), f64::from(height));
    context.draw_image_with_image_bitmap_and_dw_and_dh(bitmap, 0.0, 0.0, w, h).map_err(failed)?;
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
