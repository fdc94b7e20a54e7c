//! `watermark`: another image on top.

use super::resize::{Fit, Resize};
use super::{Task, blend};
use crate::decode::{self, Wish};
use crate::{Align, Arguments, ConvertError, Picture, RecipeError, Size, Work};

/// Lays another image over each frame. Of an animation it takes the first frame.
#[derive(Debug)]
struct Watermark {
    file: String,
    /// In percent of its own size, as Filestack has it; `None` leaves that.
    size: Option<f64>,
    position: Align,
}

/// `file`; `size`, in percent of the file's own (0 to 500; 100 unless said, or 0); `position` (the middle unless said).
pub(super) fn read(arguments: &mut Arguments) -> Result<Box<dyn Task>, RecipeError> {
    let file = arguments.text("file")?;
    let size = arguments.number("size", 0.0..=500.0)?.filter(|size| *size > 0.0);
    let position = arguments.align("position")?.unwrap_or_default();
    arguments.finish()?;
    let Some(file) = file else { return Err(arguments.wrong("it takes `file`, the image that is laid on top")) };
    Ok(Box::new(Watermark { file, size, position }))
}

impl Watermark {
    /// Lays the first frame of `mark`, at the size that it is to have, over the picture.
    fn lay(&self, picture: Picture, mark: &Picture, work: &Work<'_>) -> Result<Picture, ConvertError> {
        let Some(mark) = mark.frames.first() else { return Ok(picture) };
        let (mark, Size { width, height }) = (&mark.image, picture.size());
        let room = |outer: u32, inner: u32| i64::from(outer) - i64::from(inner);
        let place = self.position.offset(room(width, mark.width()), room(height, mark.height()));
        picture.map(|mut image| {
            work.check_time()?;
            blend::lay(&mut image, mark, place);
            Ok(image)
        })
    }
}

impl Task for Watermark {
    fn apply(&self, picture: Picture, work: &Work<'_>) -> Result<Picture, ConvertError> {
        let bytes = work.file(&self.file)?;
        let Some(size) = self.size else {
            let mark = decode::decode(bytes, &Wish::default(), work)?;
            return self.lay(picture, &mark, work);
        };
        let width = decode::measure(bytes)?.size.scaled(size / 100.0).width;
        let resize = Resize { width: Some(width), height: None, fit: Fit::Clip, align: Align::default() };
        let mut mark = decode::decode(bytes, &Wish { enough: Some(&resize), ..Wish::default() }, work)?;
        mark.frames.truncate(1);
        let mark = resize.apply(mark, work)?;
        self.lay(picture, &mark, work)
    }

    fn files(&self) -> Vec<&str> {
        vec![&self.file]
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::{apply_to, refused, task};
    use super::*;
    use crate::{Format, Horizontal, Limits, Vertical};
    use image::{Rgba, RgbaImage};
    use serde_json::json;
    use std::collections::HashMap;

    fn white(width: u32, height: u32) -> Picture {
        Picture::still(RgbaImage::from_pixel(width, height, Rgba([255; 4])), Format::Png)
    }

    #[test]
    fn it_lies_where_it_is_said_and_what_is_beyond_the_edge_is_left_out() {
        let (limits, files) = (Limits::default(), HashMap::new());
        let mark = Picture::still(RgbaImage::from_pixel(4, 2, Rgba([0, 0, 0, 128])), Format::Png);
        let lower_right = Align { vertical: Vertical::Bottom, horizontal: Horizontal::Right };
        for (position, size, at, not_at) in [
            (Align::default(), (8, 8), (2, 3), (1, 3)),
            (lower_right, (8, 8), (7, 6), (3, 6)),
            (lower_right, (3, 8), (0, 7), (0, 5)),
        ] {
            let task = Watermark { file: String::new(), size: None, position };
            let made = task.lay(white(size.0, size.1), &mark, &Work::new(&limits, &files)).unwrap();
            let image = &made.frames[0].image;
            assert_eq!(image.dimensions(), size);
            assert_eq!(
                [image.get_pixel(at.0, at.1).0, image.get_pixel(not_at.0, not_at.1).0],
                [[127, 127, 127, 255], [255; 4]]
            );
        }
    }

    #[test]
    fn it_names_its_file_and_misses_it() {
        assert_eq!(task("watermark", json!({"file": "abc"})).unwrap().files(), ["abc"]);
        let error = apply_to("watermark", json!({"file": "abc", "size": 20}), white(1, 1)).unwrap_err();
        assert!(error.to_string().contains("`abc` was not fetched"));
        assert_eq!(refused("watermark", json!({})), "watermark: it takes `file`, the image that is laid on top");
        assert!(refused("watermark", json!({"file": "abc", "size": 501})).contains("0 to 500"));
    }
}
