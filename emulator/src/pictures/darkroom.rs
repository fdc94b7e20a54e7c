//! Where pictures are made: ten real photographs, cropped, mirrored, coloured and numbered.
//!
//! Each way of cropping a photograph is encoded once for each size, when it is first asked for, and kept for the life
//! of the process. A picture is then that encoding with the plates of its number spliced in and its colours turned up
//! or down.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use image::{DynamicImage, ImageFormat, imageops::FilterType};

use super::digits;
use super::jpeg::{BLOCK, Gains, Overlay, Segmented};
use crate::world::{Picture, Rendition};

/// A photograph, and the two colours that a grey one is printed in (its shadows and its lights).
struct Photograph {
    file: &'static [u8],
    duotone: Option<([u8; 3], [u8; 3])>,
}

macro_rules! photograph {
    ($name:literal) => {
        Photograph { file: include_bytes!(concat!("../../photos/", $name)), duotone: None }
    };
    ($name:literal, $shadows:expr, $lights:expr) => {
        Photograph { file: include_bytes!(concat!("../../photos/", $name)), duotone: Some(($shadows, $lights)) }
    };
}

const PHOTOGRAPHS: [Photograph; 10] = [
    photograph!("coffee-cup.jpg"),
    photograph!("chelsea-the-cat.jpg"),
    photograph!("rocket-launch.jpg"),
    photograph!("astronaut.jpg"),
    photograph!("hubble-deep-field.jpg"),
    photograph!("grass.jpg", [12, 34, 10], [206, 232, 150]),
    photograph!("brick-wall.jpg", [52, 14, 8], [240, 190, 158]),
    photograph!("photographer.jpg", [30, 22, 40], [255, 240, 214]),
    photograph!("gravel.jpg", [28, 30, 44], [236, 224, 206]),
    photograph!("clock-in-motion.jpg", [8, 26, 56], [222, 240, 250]),
];

/// How the photographs are dealt out, by their places above: faces and things more often than walls and lawns.
const DEAL: [u8; 20] = [0, 1, 2, 3, 4, 7, 0, 1, 2, 3, 4, 7, 0, 1, 2, 3, 5, 6, 8, 9];

/// The colours of the plates: dark, so that light ink reads well at any saturation.
const PLATES: [[u8; 3]; 6] = [[20, 24, 32], [120, 24, 36], [18, 66, 112], [24, 84, 52], [96, 44, 112], [124, 66, 14]];

/// Which photograph, and how it is cropped and mirrored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Crop {
    photograph: usize,
    /// 0 shows all that fits, 1 and 2 show the left and the right part, larger.
    part: u8,
    mirrored: bool,
}

/// How a picture looks; decided by its seed.
#[derive(Clone, Copy, Debug)]
struct Look {
    crop: Crop,
    gains: Gains,
    plate: usize,
    /// In which corner the number stands: bit 0 right, bit 1 top.
    corner: u8,
}

impl Look {
    fn of(seed: u64) -> Look {
        let level = |shift: u32| ((seed >> shift) % 8) as f32 / 7.0;
        Look {
            crop: Crop {
                photograph: usize::from(DEAL[(seed % DEAL.len() as u64) as usize]),
                part: ((seed >> 12) % 3) as u8,
                mirrored: seed >> 16 & 1 == 1,
            },
            gains: Gains { luma: 0.88 + 0.18 * level(20), blue: 0.55 + 0.95 * level(24), red: 0.55 + 0.95 * level(28) },
            plate: ((seed >> 32) % PLATES.len() as u64) as usize,
            corner: ((seed >> 36) % 4) as u8,
        }
    }
}

/// How the number is laid out at a size: in blocks, so that plates and segments fit each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Layout {
    /// Blocks in a segment; divides the blocks in a row.
    interval: u32,
    /// Segments that a digit is wide.
    segments: u32,
    /// Rows of blocks that a digit is high.
    rows: u32,
}

impl Layout {
    /// A digit takes about a ninth of the width, and the segments are as long as that allows.
    fn at(rendition: Rendition) -> Layout {
        let blocks = rendition.width.div_ceil(BLOCK);
        let wished = (blocks as f32 / 9.0).max(1.0);
        let fits = |width: u32| width as f32 >= wished * 0.7 && width as f32 <= wished * 1.5;
        let interval = (1..=blocks)
            .rev()
            .find(|interval| {
                let digit = ((wished / *interval as f32).round() as u32).max(1) * interval;
                blocks.is_multiple_of(*interval) && fits(digit)
            })
            .unwrap_or(1);
        let segments = ((wished / interval as f32).round() as u32).max(1);
        let rows = ((segments * interval) as f32 * 1.4).round().max(1.0) as u32;
        Layout { interval, segments, rows }
    }
}

type Once<T> = Arc<OnceLock<T>>;

/// What has been encoded so far.
#[derive(Default)]
struct Shelf {
    crops: Mutex<HashMap<(Crop, Rendition), Once<Segmented>>>,
    plates: Mutex<HashMap<(u8, usize, Layout), Once<Segmented>>>,
}

fn shelf() -> &'static Shelf {
    static SHELF: OnceLock<Shelf> = OnceLock::new();
    SHELF.get_or_init(Shelf::default)
}

fn slot<K: std::hash::Hash + Eq, V>(shelf: &Mutex<HashMap<K, Once<V>>>, key: K) -> Once<V> {
    shelf.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default().clone()
}

/// The bytes of a picture at a size, always the same for the same id. Slow when its crop is first asked for at this
/// size (a second or so for twelve megapixels), and a copy of bytes from then on.
pub fn develop(id: &str, picture: &Picture, rendition: Rendition) -> Vec<u8> {
    let look = Look::of(picture.seed);
    let layout = Layout::at(rendition);
    let ground = slot(&shelf().crops, (look.crop, rendition));
    let ground = ground.get_or_init(|| expose(look.crop, rendition, layout));

    let digits: Vec<u8> = match picture.number {
        0 => Vec::new(),
        number => number.to_string().bytes().map(|byte| byte - b'0').collect(),
    };
    let plates: Vec<Once<Segmented>> =
        digits.iter().map(|digit| slot(&shelf().plates, (*digit, look.plate, layout))).collect();
    let wide = digits.len() as u32 * layout.segments;
    // A margin of one segment, or none where the number needs all the room there is.
    let margin = u32::from(ground.per_row() > wide + 1);
    let left = if look.corner & 1 == 0 { margin } else { ground.per_row().saturating_sub(wide + margin) };
    let below = ground.rows().saturating_sub(layout.rows);
    let top = if look.corner & 2 == 0 { below.saturating_sub(1) } else { below.min(1) };
    let overlays: Vec<Overlay> = plates
        .iter()
        .zip(&digits)
        .enumerate()
        .map(|(place, (plate, digit))| Overlay {
            tile: plate.get_or_init(|| cut(*digit, look.plate, layout)),
            column: left + place as u32 * layout.segments,
            row: top,
        })
        .collect();
    ground.write(&overlays, look.gains, &format!("Emulated picture {id}"))
}

/// Encodes a digit's plate.
fn cut(digit: u8, plate: usize, layout: Layout) -> Segmented {
    let width = layout.interval * layout.segments * BLOCK;
    let height = layout.rows * BLOCK;
    Segmented::encode(&digits::plate(digit, width, height, PLATES[plate]), width, height, layout.interval)
}

/// Encodes a crop of a photograph at a size.
fn expose(crop: Crop, rendition: Rendition, layout: Layout) -> Segmented {
    let photograph = &PHOTOGRAPHS[crop.photograph];
    let mut picture = image::load_from_memory_with_format(photograph.file, ImageFormat::Jpeg)
        .expect("the photographs that come with the package can be read");
    if let Some((shadows, lights)) = photograph.duotone {
        picture = tint(&picture, shadows, lights);
    }
    let (width, height) = (picture.width(), picture.height());
    let part = |of: u32| if crop.part == 0 { of } else { of * 2 / 3 };
    let ratio = rendition.width as f32 / rendition.height as f32;
    let crop_width = (part(width) as f32).min(part(height) as f32 * ratio);
    let crop_height = crop_width / ratio;
    let x = match crop.part {
        0 => (width as f32 - crop_width) / 2.0,
        1 => 0.0,
        _ => width as f32 - crop_width,
    };
    // Faces are above the middle.
    let y = (height as f32 - crop_height) * 0.3;
    picture = picture.crop_imm(x as u32, y as u32, crop_width as u32, crop_height as u32);
    if crop.mirrored {
        picture = picture.fliph();
    }
    let picture = picture.resize_exact(rendition.width, rendition.height, FilterType::CatmullRom).into_rgb8();
    Segmented::encode(picture.as_raw(), rendition.width, rendition.height, layout.interval)
}

/// Prints a grey photograph in two colours.
fn tint(picture: &DynamicImage, shadows: [u8; 3], lights: [u8; 3]) -> DynamicImage {
    let mut printed = picture.to_rgb8();
    for pixel in printed.pixels_mut() {
        let light = u32::from(pixel.0[0]);
        for channel in 0..3 {
            let mixed = u32::from(lights[channel]) * light + u32::from(shadows[channel]) * (255 - light);
            pixel.0[channel] = (mixed / 255) as u8;
        }
    }
    DynamicImage::ImageRgb8(printed)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::time::Instant;

    use image::RgbImage;

    use super::*;
    use crate::world::{FACEBOOK, Media, Photo, Shape, picture};

    fn decode(bytes: &[u8]) -> RgbImage {
        image::load_from_memory_with_format(bytes, ImageFormat::Jpeg).unwrap().into_rgb8()
    }

    fn clara() -> usize {
        FACEBOOK.iter().position(|account| account.key == "clara").unwrap()
    }

    #[test]
    fn every_size_of_every_shape_decodes_to_that_size() {
        use Shape::*;
        // The large shapes are decoded elsewhere: twelve megapixels take their time in a debug build.
        for shape in [Landscape, Portrait, Square, InstagramPortrait, InstagramSquare, InstagramWide] {
            for rendition in shape.renditions() {
                let bytes = develop("1", &Picture { number: 98_765, seed: 5, shape }, rendition);
                assert_eq!(decode(&bytes).dimensions(), (rendition.width, rendition.height), "{shape:?}");
            }
        }
    }

    #[test]
    fn twelve_megapixels_decode_too() {
        for shape in [Shape::LandscapeLarge, Shape::PortraitLarge] {
            let rendition = shape.largest();
            let bytes = develop("1", &Picture { number: 1234, seed: 7, shape }, rendition);
            assert_eq!(decode(&bytes).dimensions(), (rendition.width, rendition.height));
        }
    }

    #[test]
    fn bytes_are_always_the_same_for_the_same_picture() {
        let picture = Picture { number: 17, seed: 99, shape: Shape::Landscape };
        let rendition = picture.shape.at_least(400);
        assert_eq!(develop("a", &picture, rendition), develop("a", &picture, rendition));
        assert_ne!(develop("a", &picture, rendition), develop("b", &picture, rendition));
    }

    #[test]
    fn the_number_can_be_seen() {
        let look_alike = |number| Picture { number, seed: 1, shape: Shape::Landscape };
        let rendition = Rendition { width: 960, height: 640 };
        let without = decode(&develop("x", &look_alike(0), rendition));
        let one = decode(&develop("x", &look_alike(1), rendition));
        let seven = decode(&develop("x", &look_alike(7), rendition));
        let differing = |a: &RgbImage, b: &RgbImage| {
            a.pixels().zip(b.pixels()).filter(|(a, b)| a.0.iter().zip(b.0).any(|(a, b)| a.abs_diff(b) > 60)).count()
        };
        let layout = Layout::at(rendition);
        let plate = (layout.interval * layout.segments * layout.rows * BLOCK * BLOCK) as usize;
        let changed = differing(&without, &one);
        assert!(changed > plate / 3 && changed <= plate * 12 / 10, "{changed} of {plate}");
        assert!(differing(&one, &seven) > plate / 20);
    }

    #[test]
    fn a_thousand_photos_in_a_row_are_all_different_files() {
        let rendition_of = |photo: &Photo| photo.shape.at_least(100);
        let files: HashSet<Vec<u8>> = Photo::all_of(clara(), 0)
            .take(1000)
            .map(|photo| develop(&photo.id, &picture(&photo.id).unwrap(), rendition_of(&photo)))
            .collect();
        assert_eq!(files.len(), 1000);
    }

    #[test]
    fn two_photos_of_the_same_look_still_differ_by_what_can_be_seen() {
        let looks = |photo: &Photo| {
            let look = Look::of(photo.seed);
            (look.crop, photo.shape, look.plate, look.corner)
        };
        let photos: Vec<Photo> = Photo::all_of(clara(), 0).take(3000).collect();
        let first = photos.iter().find(|one| photos.iter().filter(|two| looks(one) == looks(two)).count() > 1).unwrap();
        let second = photos.iter().rfind(|two| looks(first) == looks(two)).unwrap();
        let rendition = first.shape.at_least(400);
        let see = |photo: &Photo| decode(&develop(&photo.id, &picture(&photo.id).unwrap(), rendition));
        let (a, b) = (see(first), see(second));
        let differing =
            a.pixels().zip(b.pixels()).filter(|(a, b)| a.0.iter().zip(b.0).any(|(a, b)| a.abs_diff(b) > 40));
        assert!(differing.count() > 500);
    }

    #[test]
    fn serving_again_encodes_nothing() {
        let media = Media::all_of(0).next().unwrap();
        let rendition = media.shape.largest();
        let known = picture(&media.id).unwrap();
        develop(&media.id, &known, rendition);
        let begun = Instant::now();
        let copies: usize = (0..20).map(|_| develop(&media.id, &known, rendition).len()).sum();
        // Encoding one of this size takes some hundred milliseconds in a debug build.
        assert!(begun.elapsed().as_millis() < 400, "{copies} bytes took {:?}", begun.elapsed());
    }

    #[test]
    fn plates_always_find_room() {
        use Shape::*;
        for shape in [Landscape, Portrait, Square, LandscapeLarge, PortraitLarge, InstagramWide] {
            for rendition in shape.renditions() {
                let layout = Layout::at(rendition);
                let blocks = rendition.width.div_ceil(BLOCK);
                assert_eq!(blocks % layout.interval, 0);
                assert!(layout.segments * 5 <= blocks / layout.interval, "{rendition:?} {layout:?}");
                assert!(layout.rows <= rendition.height.div_ceil(BLOCK) / 2, "{rendition:?} {layout:?}");
            }
        }
    }
}
