//! What is made of an image that does not fit: a JPEG, scaled, and padded or cropped.

use super::media::Image;
use super::rows::{ImageRow, Range};
use crate::secrets::HANDLE_LENGTH;
use bowerbird_convert::call::Call;
use bowerbird_convert::{ConvertError, Converted, Size, Work};
use serde::{Deserialize, Serialize};

/// What is tried until the file is small enough: how much smaller the image becomes, and the quality; `None` is one that is hard to tell
/// from the original.
const ATTEMPTS: &[(f64, Option<u8>)] = &[
    (1.0, None),
    (1.0, Some(80)),
    (1.0, Some(65)),
    (0.7, Some(65)),
    (0.5, Some(65)),
    (0.35, Some(65)),
    (0.25, Some(65)),
    (0.1, Some(65)),
];

/// What becomes of an image whose shape is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shaping {
    /// White is added at two sides.
    Pad,
    /// Two sides are cut, alike.
    Crop,
}

/// How an image is made to fit: data, so that it can be kept and be carried out later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fitting {
    /// The most bytes of the result.
    pub bytes: u64,
    /// Tasks as addresses of conversions write them, tried in turn until a result has no more.
    pub recipes: Vec<String>,
}

impl Fitting {
    /// How this image is made to fit this row, and to be what is preferred too. `shaping` is for a shape that is not taken.
    pub fn new(row: &ImageRow, image: &Image, shaping: Shaping) -> Self {
        let shapes = row.shapes.map(|shapes| shapes.is);
        let around_and_within = shapes.map_or((image.size, image.size), |shapes| shapes.around_and_within(image.size));
        let size = match shaping {
            Shaping::Pad => around_and_within.0,
            Shaping::Crop => around_and_within.1,
        };
        let [widths, heights] = [row.better_width, row.better_height].map(|better| better.map(|better| better.is));
        let by = scale(size, widths, heights);
        let recipe = |&(smaller, quality): &(f64, Option<u8>)| {
            let by = by * smaller;
            let becomes = shapes.map_or(size.scaled(by), |shapes| shapes.scaled(size, by));
            let quality = quality.map_or_else(String::new, |quality| format!(",quality:{quality}"));
            format!("{}output=format:jpg{quality}", shaping.tasks(image.size, becomes))
        };
        let bytes = row.better_bytes.map_or(row.bytes.is, |better| better.is.min(row.bytes.is));
        Self { bytes, recipes: ATTEMPTS.iter().map(recipe).collect() }
    }

    /// Makes it. Blocks, and takes what conversions take.
    ///
    /// # Errors
    /// The image cannot be read, or has more pixels than the limits of the work allow; or no attempt is small enough.
    pub fn run(&self, bytes: &[u8], work: &Work<'_>) -> Result<Converted, ConvertError> {
        for recipe in &self.recipes {
            let unwritable = |error| ConvertError::Unwritable(format!("{recipe}: {error}"));
            // A call ends with what it is about; here that is at hand.
            let call =
                Call::from_path(&format!("{recipe}/{}", "0".repeat(HANDLE_LENGTH)), |_| false).map_err(unwritable)?;
            let made = call.recipe().map_err(unwritable)?.run(bytes, work)?;
            if made.bytes.len() as u64 <= self.bytes {
                return Ok(made);
            }
        }
        Err(ConvertError::TooLarge(format!("it cannot be made to have no more than {} bytes", self.bytes)))
    }
}

impl Shaping {
    /// The tasks that make of an image one of another size.
    fn tasks(self, image: Size, becomes: Size) -> String {
        let Size { width, height } = becomes;
        let resize = |size: Size, fit| format!("resize=width:{},height:{},fit:{fit}/", size.width, size.height);
        let by = |becomes: u32, is: u32| f64::from(becomes) / f64::from(is);
        let inner = image.scaled(by(width, image.width).min(by(height, image.height)));
        let (right, below) = (width.saturating_sub(inner.width), height.saturating_sub(inner.height));
        match self {
            _ if image == becomes => String::new(),
            // What is left or beyond is less than a pixel, from rounding.
            _ if right.max(below) <= 1 => resize(becomes, "scale"),
            Self::Crop => resize(becomes, "crop"),
            Self::Pad => {
                let border = right.max(below).div_ceil(2);
                let (left, top) = (border - right / 2, border - below / 2);
                let resize = if inner == image { String::new() } else { resize(inner, "scale") };
                format!("{resize}border=width:{border},color:white/crop=dim:[{left},{top},{width},{height}]/")
            }
        }
    }
}

/// By how much a size is scaled to lie within these. What is both too long and too short is made no longer than is taken.
fn scale(size: Size, widths: Option<Range<u32>>, heights: Option<Range<u32>>) -> f64 {
    let (mut least, mut most) = (0.0_f64, f64::INFINITY);
    for (side, range) in [(size.width, widths), (size.height, heights)] {
        if let Some(range) = range {
            least = least.max(f64::from(range.least) / f64::from(side));
            most = most.min(f64::from(range.most) / f64::from(side));
        }
    }
    1.0_f64.max(least).min(most)
}

#[cfg(test)]
mod tests {
    use super::super::check::{Allowed, Post, Verdict, check};
    use super::super::limits::TABLE;
    use super::super::media::{Media, measure_image};
    use super::super::rows::Kind;
    use super::*;
    use bowerbird_convert::Limits;
    use image::{ImageFormat, Rgba, RgbaImage};
    use std::collections::HashMap;
    use std::io::Cursor;

    fn file(image: &RgbaImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    fn run(fitting: &Fitting, bytes: &[u8]) -> Converted {
        fitting.run(bytes, &Work::new(&Limits::default(), &HashMap::new())).unwrap()
    }

    #[test]
    fn what_is_fitted_fits() {
        let (red, formats) = (Rgba([200, 0, 0, 255]), [ImageFormat::WebP, ImageFormat::Png]);
        let sizes = [(300, 900), (901, 300), (1440, 100), (90, 91), (2000, 2001), (1, 1)];
        for (size, format) in sizes.into_iter().flat_map(|size| formats.map(|format| (size, format))) {
            let bytes = file(&RgbaImage::from_pixel(size.0, size.1, red), format);
            for row in TABLE.iter().filter(|row| row.image.is_some()) {
                for allowed in [Allowed::Pad, Allowed::Crop] {
                    let what = format!("{:?} {size:?} {format:?} {allowed:?}", row.kind);
                    let judge = |bytes: &[u8]| {
                        let media = vec![Media::Image(measure_image(bytes).unwrap()); row.media.is.least];
                        check(row.kind, &Post { text: "", link: None, media: &media, used: None }, allowed)
                    };
                    let changes = match judge(&bytes) {
                        Verdict::Fits { better } if better.is_empty() => continue,
                        Verdict::Fits { better } => better,
                        Verdict::Fitted { changes } => changes,
                        Verdict::Refused { reasons } => panic!("{what}: {reasons:?}"),
                    };
                    // It is data that may have lain somewhere.
                    let fitting = serde_json::from_str(&serde_json::to_string(&changes[0].fitting).unwrap()).unwrap();
                    let made = run(&fitting, &bytes);
                    let verdict = judge(&made.bytes);
                    // Of a strip no size is both high enough and narrow enough.
                    let is_strip = size == (1440, 100) && row.image.unwrap().shapes.is_none();
                    assert!(
                        matches!(&verdict, Verdict::Fits { better } if is_strip || better.is_empty()),
                        "{what}: {} {verdict:?}",
                        made.size
                    );
                }
            }
        }
    }

    #[test]
    fn padding_adds_and_cropping_cuts() {
        let red = Rgba([200, 0, 0, 255]);
        let bytes = file(&RgbaImage::from_pixel(300, 901, red), ImageFormat::Png);
        let image = measure_image(&bytes).unwrap();
        let fitting = |shaping| Fitting::new(Kind::InstagramImage.row().image.unwrap(), &image, shaping);
        let pixels = |made: Converted| image::load_from_memory(&made.bytes).unwrap().into_rgb8();
        let padded = pixels(run(&fitting(Shaping::Pad), &bytes));
        assert_eq!(padded.dimensions(), (721, 901));
        assert!(padded.get_pixel(5, 450).0[1] > 240 && padded.get_pixel(715, 450).0[1] > 240);
        assert!([1, 899].into_iter().all(|y| padded.get_pixel(360, y).0[1] < 20));
        let cropped = pixels(run(&fitting(Shaping::Crop), &bytes));
        assert_eq!(cropped.dimensions(), (320, 400));
        assert!(cropped.pixels().all(|pixel| pixel.0[1] < 20));
    }

    #[test]
    fn a_file_becomes_as_small_as_it_has_to() {
        let noise = RgbaImage::from_fn(700, 700, |x, y| {
            let value = (x * 7919 + y * 104_729).wrapping_mul(2_654_435_761) >> 8;
            Rgba([value as u8, (value >> 8) as u8, (value >> 16) as u8, 255])
        });
        let bytes = file(&noise, ImageFormat::Png);
        let image = measure_image(&bytes).unwrap();
        let row = ImageRow { better_bytes: None, ..*Kind::PagePhoto.row().image.unwrap() };
        let made = |most| {
            let fitting = Fitting { bytes: most, ..Fitting::new(&row, &image, Shaping::Pad) };
            run(&fitting, &bytes)
        };
        let (whole, less, least) = (made(10_000_000), made(200_000), made(20_000));
        assert!(less.bytes.len() <= 200_000 && least.bytes.len() <= 20_000);
        assert!(whole.size == image.size && least.size.width < less.size.width, "{} {}", less.size, least.size);
        let none = Fitting { bytes: 10, ..Fitting::new(&row, &image, Shaping::Pad) };
        let error = none.run(&bytes, &Work::new(&Limits::default(), &HashMap::new())).unwrap_err();
        assert!(matches!(error, ConvertError::TooLarge(_)), "{error}");
    }
}
