//! `upscale`: twice the size.

use super::Task;
use super::resize::{Fit, Resize};
use crate::{Align, Arguments, ConvertError, Picture, RecipeError, Work};

/// Twice as wide and as high, by Lanczos' filter. Filestack takes a trained model here; this takes none, so it invents no detail.
#[derive(Debug)]
struct Upscale {
    enlarges: bool,
}

/// `upscale` (unless said, `true`). `noise` and `style` choose a model at Filestack; here they are accepted and change nothing.
pub(super) fn read(arguments: &mut Arguments) -> Result<Box<dyn Task>, RecipeError> {
    let enlarges = arguments.flag("upscale")?.unwrap_or(true);
    arguments.choice("noise", &["none", "low", "medium", "high"].map(|word| (word, ())))?;
    arguments.choice("style", &["artwork", "photo"].map(|word| (word, ())))?;
    arguments.finish()?;
    Ok(Box::new(Upscale { enlarges }))
}

impl Task for Upscale {
    fn apply(&self, picture: Picture, work: &Work<'_>) -> Result<Picture, ConvertError> {
        if !self.enlarges {
            return Ok(picture);
        }
        let double = |side: u32| Some(side.saturating_mul(2));
        let (width, height) = (double(picture.full.width), double(picture.full.height));
        Resize { width, height, fit: Fit::Scale, align: Align::default() }.apply(picture, work)
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::{apply, refused};
    use image::RgbaImage;
    use serde_json::json;

    #[test]
    fn twice_unless_told_not_to() {
        let made = |said| apply("upscale", said, RgbaImage::new(7, 1)).dimensions();
        assert_eq!(made(json!({})), (14, 2));
        assert_eq!(made(json!({"noise": "high", "style": "artwork", "upscale": "true"})), (14, 2));
        assert_eq!(made(json!({"upscale": "false"})), (7, 1));
        assert!(refused("upscale", json!({"noise": "some"})).contains("`medium`"));
    }
}
