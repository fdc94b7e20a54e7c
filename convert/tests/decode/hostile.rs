//! Files that are broken, or made to do harm.

use super::*;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};

fn names() -> Vec<String> {
    let paths = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let read = |path: &PathBuf| path.extension().is_some_and(|kind| kind != "py" && kind != "md");
    let mut names: Vec<_> =
        paths.filter(read).map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect();
    names.retain(|name| name.matches('.').count() == 1);
    names.sort();
    names
}

/// Reads and measures; whatever comes of it, it comes back.
fn survive(bytes: &[u8]) {
    let limits = Limits { pixels: 1_000_000, animated_pixels: 2_000_000, ..Limits::default() };
    let read = read_with(bytes, &Wish::default(), &limits);
    if let Ok(picture) = read {
        assert!(!picture.frames.is_empty());
        assert!(picture.frames.iter().all(|frame| frame.image.dimensions() == picture.frames[0].image.dimensions()));
    }
    let _ = measure(bytes);
}

/// Numbers that are the same every time (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}

#[test]
fn nothing_that_breaks_off_does_harm() {
    quietly();
    for name in names() {
        let bytes = file(&name);
        let step = (bytes.len() / 40).max(1);
        (0..bytes.len().min(64)).chain((64..bytes.len()).step_by(step)).for_each(|end| survive(&bytes[..end]));
    }
}

#[test]
fn nothing_that_was_changed_does_harm() {
    quietly();
    let rounds = std::env::var("BOWERBIRD_DECODE_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(40);
    let mut numbers = Numbers(0x2545_F491_4F6C_DD1D);
    for name in names() {
        let whole = file(&name);
        for _ in 0..rounds {
            let mut bytes = whole.clone();
            for _ in 0..=numbers.below(8) {
                // Half of them in what comes first, where the headers are.
                let within = if numbers.below(2) == 0 { bytes.len().min(600) } else { bytes.len() };
                let at = numbers.below(within);
                bytes[at] = numbers.below(256) as u8;
            }
            survive(&bytes);
        }
    }
}

/// Decoders' panics are caught; their words would drown the tests' own.
fn quietly() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if info.location().is_some_and(|place| place.file().contains("tests")) {
                before(info);
            }
        }));
    });
}

#[test]
fn a_photo_without_its_end_is_shown_as_far_as_it_goes() {
    let bytes = file("plain.jpg");
    let picture = read_with(&bytes[..bytes.len() * 3 / 4], &Wish::default(), &Limits::default()).unwrap();
    let whole = reference("plain.jpg.png");
    let rows = |image: &RgbaImage, top, height| image::imageops::crop_imm(image, 0, top, 80, height).to_image();
    let image = &picture.frames[0].image;
    assert_eq!(rows(image, 0, 16), rows(&whole, 0, 16));
    assert_ne!(rows(image, 44, 16), rows(&whole, 44, 16));

    let start = bytes.windows(2).position(|pair| pair == [0xFF, 0xDA]).unwrap();
    let error = read_with(&bytes[..start + 14], &Wish::default(), &Limits::default()).unwrap_err();
    assert!(error.to_string().contains("before its pixels"), "{error}");
}

#[test]
fn an_animation_without_its_end_keeps_the_frames_that_are_there() {
    let bytes = file("animated.gif");
    let picture = read_with(&bytes[..bytes.len() - 20], &Wish::default(), &Limits::default()).unwrap();
    assert_eq!(picture.frames.len(), 3);
}

fn too_large(bytes: &[u8], what: &str) {
    let result = read_with(bytes, &Wish::default(), &Limits::default());
    assert!(matches!(result, Err(ConvertError::TooLarge(_))), "{what}: {:?}", result.err());
}

#[test]
fn what_says_to_be_huge_is_refused() {
    let mut png = file("base.png");
    png[16..24].copy_from_slice(&[0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60]);
    let sum = crc(&png[12..29]);
    png[29..33].copy_from_slice(&sum.to_be_bytes());
    too_large(&png, "PNG");

    let mut gif = file("animated.gif");
    gif[6..10].copy_from_slice(&[0xFF; 4]);
    too_large(&gif, "GIF");

    let mut bmp = file("plain.bmp");
    bmp[18..26].copy_from_slice(&[0x60, 0xEA, 0, 0, 0x60, 0xEA, 0, 0]);
    too_large(&bmp, "BMP");

    for (name, marker) in [("plain.jpg", 0xC0), ("progressive.jpg", 0xC2)] {
        let mut jpeg = file(name);
        let at = jpeg.windows(2).position(|pair| pair == [0xFF, marker]).unwrap();
        jpeg[at + 5..at + 9].copy_from_slice(&[0xFF; 4]);
        too_large(&jpeg, name);
        // Not even reduced to a tenth.
        let task = Enough(size(1, 1));
        let wish = Wish { enough: Some(&task), as_it_lies: false };
        let result = read_with(&jpeg, &wish, &Limits::default());
        assert!(matches!(result, Err(ConvertError::TooLarge(_))), "{name}: {:?}", result.err());
    }

    let mut avif = file("8-420-full-6.avif");
    let at = avif.windows(4).position(|name| name == b"ispe").unwrap();
    avif[at + 8..at + 16].copy_from_slice(&[0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60]);
    too_large(&avif, "AVIF");
}

#[test]
fn av1_that_is_larger_than_its_box_says_is_refused() {
    let mut avif = file("8-420-full-6.avif");
    let at = avif.windows(4).position(|name| name == b"ispe").unwrap();
    avif[at + 8..at + 16].copy_from_slice(&[0, 0, 0, 8, 0, 0, 0, 8]);
    let limits = Limits { pixels: 1000, animated_pixels: 1000, ..Limits::default() };
    assert!(read_with(&avif, &Wish::default(), &limits).is_err());
}

#[test]
fn a_large_photo_is_read_if_it_is_enough_to_read_it_small() {
    // 402 by 302 has 121,404 pixels; a quarter of each side has 7,676.
    let limits = Limits { pixels: 40_000, animated_pixels: 40_000, ..Limits::default() };
    let task = Enough(size(100, 70));
    let wish = Wish { enough: Some(&task), as_it_lies: false };
    assert_eq!(read_with(&file("large.jpg"), &wish, &limits).unwrap().size(), size(101, 76));
    assert!(matches!(read_with(&file("large.jpg"), &Wish::default(), &limits), Err(ConvertError::TooLarge(_))));
    let limits = Limits { pixels: 30_000, ..limits };
    assert!(matches!(read_with(&file("large.jpg"), &wish, &limits), Err(ConvertError::TooLarge(_))));
}

#[test]
fn a_photo_of_endless_passes_is_refused() {
    let mut jpeg = file("progressive.jpg");
    let at = jpeg.windows(2).rposition(|pair| pair == [0xFF, 0xDA]).unwrap();
    let last = jpeg[at..jpeg.len() - 2].to_vec();
    jpeg.truncate(jpeg.len() - 2);
    (0..500).for_each(|_| jpeg.extend_from_slice(&last));
    let limits = Limits { pixels: 10_000, animated_pixels: 10_000, ..Limits::default() };
    let error = read_with(&jpeg, &Wish::default(), &limits).unwrap_err();
    assert!(error.to_string().contains("passes"), "{error}");
}

#[test]
fn a_profile_that_unpacks_to_gigabytes_is_refused() {
    let mut bytes = Vec::new();
    let mut encoder = PngEncoder::new(&mut bytes);
    encoder.set_icc_profile(vec![0; 200 << 20]).unwrap();
    encoder.write_image(&[0; 4], 1, 1, ExtendedColorType::Rgba8).unwrap();
    assert!(bytes.len() < 1 << 20);
    let result = read_with(&bytes, &Wish::default(), &Limits::default());
    assert!(!matches!(result, Err(ConvertError::Unreadable(_))), "{:?}", result.err());
}

/// As PNG sums up its chunks.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xEDB8_8320 } else { sum >> 1 })
    })
}
