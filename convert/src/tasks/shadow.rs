//! `shadow`: a drop shadow, for which the image grows.

use super::{Task, blend, blur, mask};
use crate::{Arguments, Color, ConvertError, Picture, RecipeError, Size, Work};
use image::{Rgba, RgbaImage};

/// A shadow that an image casts.
#[derive(Debug)]
pub(super) struct Shadow {
    /// The sigma of its edge in pixels.
    pub blur: f64,
    /// 0 to 1.
    pub opacity: f64,
    /// How far right of and below the image it lies, in pixels.
    pub vector: [i64; 2],
    /// Its colour.
    pub color: Color,
    /// What both lie on.
    pub background: Color,
}

/// Reads `shadow`: `blur` is the sigma of its edge in pixels, 0 to 20, unless said 4; `opacity` is percent, 0 to 100, unless said 60;
/// `vector` is how far right and down it lies in pixels, each -1000 to 1000, unless said `[4,4]`; `color` is black and `background`
/// transparent unless said.
pub(super) fn read(arguments: &mut Arguments) -> Result<Box<dyn Task>, RecipeError> {
    // Filestack's schema says 100 for the blur that is not said, and 20 for the largest.
    let blur = arguments.number("blur", 0.0..=20.0)?.unwrap_or(4.0);
    let opacity = arguments.integer("opacity", 0..=100)?.unwrap_or(60) as f64 / 100.0;
    let vector = arguments.integers("vector", [-1000..=1000, -1000..=1000])?.unwrap_or([4, 4]);
    let color = arguments.color("color")?.unwrap_or(Color::BLACK);
    let background = arguments.color("background")?.unwrap_or(Color::TRANSPARENT);
    arguments.finish()?;
    Ok(Box::new(Shadow { blur, opacity, vector, color, background }))
}

impl Task for Shadow {
    fn apply(&self, picture: Picture, work: &Work<'_>) -> Result<Picture, ConvertError> {
        let frames = picture.frames.len();
        picture.map(|image| self.cast(&image, frames, work))
    }
}

impl Shadow {
    /// The image with its shadow, on a canvas that holds both.
    pub(super) fn cast(&self, image: &RgbaImage, frames: usize, work: &Work<'_>) -> Result<RgbaImage, ConvertError> {
        work.check_time()?;
        // Two sigmas show of the edge, as much as ImageMagick leaves room for.
        let margin = (2.0 * self.blur).round() as u32;
        let [x, y] = self.vector;
        let across = Span::of(image.width(), x, margin);
        let down = Span::of(image.height(), y, margin);
        let size = Size::new(across.length, down.length);
        work.check_size(size, frames)?;

        let shade = blur::soften(mask::of_alpha(image, margin), self.blur)?;
        let Rgba([red, green, blue, alpha]) = self.color.0;
        let opacity = self.opacity * f64::from(alpha) / 255.0;
        let shades: [u8; 256] = std::array::from_fn(|part| (part as f64 * opacity).round() as u8);
        let mut canvas = RgbaImage::new(size.width, size.height);
        let canvas_rows = canvas.chunks_exact_mut(size.width as usize * 4).skip(down.shadow);
        for (row, shade) in canvas_rows.zip(shade.chunks_exact(shade.width() as usize)) {
            for (pixel, &part) in row.chunks_exact_mut(4).skip(across.shadow).zip(shade) {
                pixel.copy_from_slice(&[red, green, blue, shades[usize::from(part)]]);
            }
        }
        blend::lay(&mut canvas, image, (i64::from(across.image), i64::from(down.image)));
        blend::ground(&mut canvas, self.background);
        Ok(canvas)
    }
}

/// One axis of the canvas.
struct Span {
    length: u32,
    image: u32,
    shadow: usize,
}

impl Span {
    fn of(image: u32, shift: i64, margin: u32) -> Self {
        let (length, margin) = (i64::from(image), i64::from(margin));
        let before = (margin - shift).max(0);
        let after = (shift + margin).max(0);
        // Both bounds hold far within: the largest shift is 1000.
        Self {
            length: (before + length + after) as u32,
            image: before as u32,
            shadow: (before + shift - margin) as usize,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::{apply, apply_to, refused};
    use super::*;
    use crate::{Format, Frame};
    use serde_json::json;

    fn grey() -> RgbaImage {
        RgbaImage::from_pixel(40, 30, Rgba([120, 120, 120, 255]))
    }

    #[test]
    fn the_canvas_holds_image_and_shadow() {
        // Four sigmas of blur need 8 pixels; the shadow lies 4 to the right and down.
        let shown = apply("shadow", json!({}), grey());
        assert_eq!(shown.dimensions(), (4 + 40 + 12, 4 + 30 + 12));
        assert_eq!([shown.get_pixel(4, 4).0, shown.get_pixel(43, 33).0], [[120, 120, 120, 255]; 2]);
        assert_eq!(shown.get_pixel(3, 3).0[..3], [0; 3]);
        assert!((100..=153).contains(&shown.get_pixel(44, 20).0[3]), "{:?}", shown.get_pixel(44, 20));
    }

    #[test]
    fn a_sharp_shadow_lies_where_the_vector_says() {
        let shown = apply("shadow", json!({"blur": 0, "opacity": 100, "vector": [-5, 7]}), grey());
        assert_eq!(shown.dimensions(), (45, 37));
        let at = |x, y| shown.get_pixel(x, y).0;
        assert_eq!([at(5, 0), at(44, 29)], [[120, 120, 120, 255]; 2]);
        assert_eq!([at(0, 7), at(4, 36), at(39, 36)], [[0, 0, 0, 255]; 3]);
        assert_eq!([at(4, 6), at(40, 30), at(0, 0)], [[0; 4]; 3]);
        let far = apply("shadow", json!({"blur": 0, "vector": [1000, -1000]}), grey());
        assert_eq!(far.dimensions(), (1040, 1030));
        assert_eq!((far.get_pixel(1000, 0).0, far.get_pixel(0, 1000).0), ([0, 0, 0, 153], [120, 120, 120, 255]));
    }

    #[test]
    fn colours_and_backgrounds_are_laid_beneath() {
        let shadow = Shadow {
            blur: 0.0,
            opacity: 0.5,
            vector: [5, 5],
            color: Color(Rgba([200, 0, 0, 255])),
            background: Color(Rgba([0, 0, 100, 255])),
        };
        let shown =
            shadow.apply(Picture::still(grey(), Format::Png), &Work::new(&Default::default(), &Default::default()));
        let shown = shown.unwrap().frames.remove(0).image;
        assert_eq!((shown.get_pixel(44, 34).0, shown.get_pixel(44, 0).0), ([100, 0, 50, 255], [0, 0, 100, 255]));
    }

    #[test]
    fn every_frame_gets_one_and_none_may_become_too_large() {
        let frame = || Frame { image: grey(), delay_ms: 70 };
        let animated = Picture { frames: vec![frame(), frame()], ..Picture::still(grey(), Format::Gif) };
        let shown = apply_to("shadow", json!({}), animated).unwrap();
        assert_eq!((shown.frames.len(), shown.frames[1].delay_ms, shown.full), (2, 70, Size::new(56, 46)));
        assert_eq!(shown.frames[0].image, shown.frames[1].image);
        let wide = Picture::still(RgbaImage::new(15_990, 1), Format::Png);
        assert!(matches!(apply_to("shadow", json!({}), wide), Err(ConvertError::TooLarge(_))));
    }

    #[test]
    fn other_arguments_are_refused() {
        assert!(refused("shadow", json!({"vector": [1001, 0]})).contains("[-1000 to 1000, -1000 to 1000]"));
        assert!(refused("shadow", json!({"blur": 21})).contains("from 0 to 20"));
        assert!(refused("shadow", json!({"opacity": 101})).contains("from 0 to 100"));
    }
}
