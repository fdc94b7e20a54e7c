//! One side of `cargo xtask bench convert`: makes its files, runs conversions, and judges results. The other is `bench/sharp.mjs`.
//!
//! ```text
//! bench inputs <folder> <photo> <photo> <photo> <photo>
//! bench run <input> <call> <result> <seconds> <in flight>     a line of JSON
//! bench reference <input> <width> <height> <result>           resized without loss, by neither side, to fill that size
//! bench score <reference> <result>                            SSIMULACRA 2
//! bench match <input> <call> <reference> <score>              the least quality that has that score; Q in the call stands for it
//! ```

use bowerbird_convert::call::Call;
use bowerbird_convert::decode::{self, Wish};
use bowerbird_convert::encode::Encoding;
use bowerbird_convert::{Format, Limits, Picture, Recipe, Work};
use image::imageops::{self, FilterType};
use image::{Rgba, RgbaImage};
use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

#[path = "../tests/golden/compare.rs"]
mod compare;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["inputs", folder, photos @ ..] => inputs(Path::new(folder), photos),
        ["run", input, call, result, seconds, in_flight] => {
            run(&fs::read(input)?, &recipe(call)?, Path::new(result), seconds.parse()?, in_flight.parse()?)
        }
        ["reference", input, width, height, result] => reference(input, width.parse()?, height.parse()?, result),
        ["score", reference, result] => {
            println!("{}", likeness(&read(reference)?, &read(result)?));
            Ok(())
        }
        ["match", input, call, reference, score] => {
            let quality = least_quality(&fs::read(input)?, call, &read(reference)?, score.parse()?)?;
            println!("{quality}");
            Ok(())
        }
        _ => Err("see the head of examples/bench.rs".into()),
    }
}

/// As large as from a camera: four photos, enlarged, with a sensor's noise. JPEG of 12 and 6 megapixels, PNG of 6.
fn inputs(folder: &Path, photos: &[&str]) -> Result<()> {
    let photos = photos.iter().map(|photo| read(photo)).collect::<Result<Vec<_>>>()?;
    for (name, width, height, format) in [
        ("12-megapixels.jpg", 4_000, 3_000, Format::Jpeg),
        ("6-megapixels.jpg", 3_000, 2_000, Format::Jpeg),
        ("6-megapixels.png", 3_000, 2_000, Format::Png),
    ] {
        let mut image = RgbaImage::new(width, height);
        for (at, photo) in photos.iter().enumerate() {
            let part = filled(photo, width / 2, height / 2);
            let (left, top) = (at as u32 % 2 * width / 2, at as u32 / 2 * height / 2);
            imageops::replace(&mut image, &part, left.into(), top.into());
        }
        let mut state = 1_u32;
        for pixel in image.pixels_mut() {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = [8, 16, 24].map(|shift| (state >> shift & 7) as i16 - 3);
            let [red, green, blue, _] = pixel.0;
            let [red, green, blue] = [(red, 0), (green, 1), (blue, 2)]
                .map(|(value, channel)| (i16::from(value) + noise[channel]).clamp(0, 255) as u8);
            *pixel = Rgba([red, green, blue, 255]);
        }
        let encoding = Encoding { quality: Some(89), ..Encoding::default() };
        let written = encoding.write(Picture::still(image, format), &work(&Limits::default(), &HashMap::new()))?;
        fs::write(folder.join(name), written.bytes)?;
    }
    Ok(())
}

/// The middle of an image, filling this size.
fn filled(image: &RgbaImage, width: u32, height: u32) -> RgbaImage {
    let whole = covering(image, width, height, FilterType::CatmullRom);
    let (left, top) = ((whole.width() - width) / 2, (whole.height() - height) / 2);
    imageops::crop_imm(&whole, left, top, width, height).to_image()
}

/// All of an image, just large enough to fill this size.
fn covering(image: &RgbaImage, width: u32, height: u32, filter: FilterType) -> RgbaImage {
    let side = |side: u32, to: u32, of: u32| (f64::from(side) * f64::from(to) / f64::from(of)).round() as u32;
    // An image of this shape is brought to it, though the shorter side was rounded.
    let by_width = side(image.height(), width, image.width());
    if by_width >= height {
        return imageops::resize(image, width, by_width, filter);
    }
    imageops::resize(image, side(image.width(), height, image.height()).max(width), height, filter)
}

/// SSIMULACRA 2 of a result against a reference of which it may be the middle. Where that is no whole pixel, either side's rounding is
/// right.
fn likeness(reference: &RgbaImage, result: &RgbaImage) -> f64 {
    let (width, height) = result.dimensions();
    let (Some(right), Some(down)) = (reference.width().checked_sub(width), reference.height().checked_sub(height))
    else {
        return f64::MIN;
    };
    let corners = [(right / 2, down / 2), (right.div_ceil(2), down.div_ceil(2))];
    let score =
        |(left, top)| compare::score(&imageops::crop_imm(reference, left, top, width, height).to_image(), result);
    corners.map(score).into_iter().fold(f64::MIN, f64::max)
}

fn work<'a>(limits: &'a Limits, files: &'a HashMap<String, bytes::Bytes>) -> Work<'a> {
    Work::new(limits, files)
}

fn recipe(call: &str) -> Result<Recipe> {
    Ok(Call::from_path(&format!("{call}/bench0bench0bench0be"), |_| false)?.recipe()?)
}

fn convert(input: &[u8], recipe: &Recipe) -> Result<Vec<u8>> {
    Ok(recipe.run(input, &work(&Limits::default(), &HashMap::new()))?.bytes)
}

/// So many conversions in flight for so long; those under way then are waited for and counted.
fn run(input: &[u8], recipe: &Recipe, result: &Path, seconds: f64, in_flight: usize) -> Result<()> {
    let bytes = convert(input, recipe)?;
    fs::write(result, &bytes)?;
    let (images, began) = (AtomicU64::new(0), Instant::now());
    let time = Duration::from_secs_f64(seconds);
    std::thread::scope(|scope| {
        let one = || -> Result<()> {
            while began.elapsed() < time {
                convert(input, recipe)?;
                images.fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        };
        let threads: Vec<_> = (0..in_flight).map(|_| scope.spawn(one)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(|_| Err("a conversion panicked".into())))
    })?;
    let rate = images.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64();
    println!("{{\"rate\": {rate}, \"bytes\": {}, \"peak_kb\": {}}}", bytes.len(), peak_kb());
    Ok(())
}

/// The most memory that this process has had at once, where the system tells.
fn peak_kb() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

fn read(file: &str) -> Result<RgbaImage> {
    let picture = decode::decode(&fs::read(file)?, &Wish::default(), &work(&Limits::default(), &HashMap::new()))?;
    picture.frames.into_iter().next().map(|frame| frame.image).ok_or_else(|| "no frame".into())
}

fn reference(input: &str, width: u32, height: u32, result: &str) -> Result<()> {
    covering(&read(input)?, width, height, FilterType::Lanczos3).save(result)?;
    Ok(())
}

fn least_quality(input: &[u8], call: &str, reference: &RgbaImage, score: f64) -> Result<u8> {
    let (mut too_low, mut enough) = (0_u8, 100_u8);
    while enough - too_low > 1 {
        let quality = too_low.midpoint(enough);
        let bytes = convert(input, &recipe(&call.replace('Q', &quality.to_string()))?)?;
        let picture = decode::decode(&bytes, &Wish::default(), &work(&Limits::default(), &HashMap::new()))?;
        let reached = picture.frames.first().map_or(f64::MIN, |frame| likeness(reference, &frame.image));
        if reached >= score { enough = quality } else { too_low = quality }
    }
    Ok(enough)
}
