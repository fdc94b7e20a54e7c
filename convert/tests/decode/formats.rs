//! What is read is what others read.

use super::*;
use image::imageops;

/// The file, what it looks like, and how far it may be from that: on average, and anywhere.
const FILES: &[(&str, &str, f64, u8)] = &[
    ("plain.jpg", "plain.jpg.png", 0.0, 0),
    ("progressive.jpg", "progressive.jpg.png", 0.0, 0),
    ("full-chroma.jpg", "full-chroma.jpg.png", 0.0, 0),
    ("srgb.jpg", "srgb.jpg.png", 0.0, 0),
    ("broken-profile.jpg", "broken-profile.jpg.png", 0.0, 0),
    ("grey.jpg", "grey.jpg.png", 0.0, 0),
    ("cmyk.jpg", "cmyk.jpg.png", 0.5, 2),
    ("ycck.jpg", "ycck.jpg.png", 0.5, 2),
    ("cmyk-profile.jpg", "cmyk-profile.jpg.png", 2.0, 30),
    ("p3.jpg", "p3.jpg.png", 0.8, 6),
    ("adobe-rgb.jpg", "adobe-rgb.jpg.png", 0.8, 6),
    ("base.png", "base.png", 0.0, 0),
    ("alpha.png", "alpha.png", 0.0, 0),
    ("grey8.png", "grey.png", 0.0, 0),
    ("grey16.png", "grey.png", 0.0, 0),
    ("grey-alpha.png", "grey-alpha.png.png", 0.0, 0),
    ("rgb16.png", "base.png", 0.0, 0),
    ("rgba16.png", "alpha.png", 0.0, 0),
    ("palette.png", "palette.png.png", 0.0, 0),
    ("palette-alpha.png", "palette-alpha.png.png", 0.0, 0),
    ("bits.png", "bits.png.png", 0.0, 0),
    ("interlaced.png", "base.png", 0.0, 0),
    ("animated.png", "base.png", 0.0, 0),
    ("adobe-rgb.png", "adobe-rgb.png.png", 0.8, 6),
    ("grey-profile.png", "grey-profile.png.png", 0.5, 2),
    ("turned.png", "small.png", 0.0, 0),
    ("still.gif", "still.gif.png", 0.0, 0),
    ("animated.gif", "animated.gif.png", 0.0, 0),
    ("lossy.webp", "lossy.webp.png", 0.5, 4),
    ("lossy-alpha.webp", "lossy-alpha.webp.png", 0.5, 4),
    ("lossless.webp", "alpha.png", 0.0, 0),
    ("animated.webp", "animated.webp.png", 0.5, 1),
    ("profile.webp", "profile.webp.png", 0.8, 6),
    ("turned.webp", "small.png", 0.0, 0),
    ("8-420-full-6.avif", "8-420-full-6.avif.png", 1.0, 12),
    ("8-422-limited-1.avif", "8-422-limited-1.avif.png", 1.0, 12),
    ("8-444-full-9.avif", "8-444-full-9.avif.png", 0.5, 2),
    ("8-400-full-6.avif", "8-400-full-6.avif.png", 0.5, 1),
    ("10-420-limited-6.avif", "10-420-limited-6.avif.png", 1.0, 12),
    ("10-444-full-1.avif", "10-444-full-1.avif.png", 0.5, 2),
    ("12-422-full-6.avif", "12-422-full-6.avif.png", 1.0, 12),
    ("12-400-limited-1.avif", "12-400-limited-1.avif.png", 0.5, 1),
    ("lossless.avif", "base.png", 0.0, 0),
    ("alpha.avif", "alpha.avif.png", 1.0, 12),
    ("multiplied.avif", "multiplied.avif.png", 2.0, 255),
    ("grid.avif", "grid.avif.png", 1.0, 20),
    ("p3.avif", "p3.avif.png", 1.0, 8),
    ("turned.avif", "small.png", 2.0, 20),
    ("mirrored.avif", "small.png", 2.0, 20),
    ("both.avif", "small.png", 2.0, 20),
    ("plain.heic", "plain.heic.png", 1.5, 50),
    ("alpha.heic", "alpha.heic.png", 1.5, 50),
    ("profile.heic", "profile.heic.png", 1.5, 50),
    ("turned.heic", "small.png", 2.0, 20),
    ("plain.bmp", "base.png", 0.0, 0),
    ("palette.bmp", "palette.bmp.png", 0.0, 0),
    ("plain.tiff", "base.png", 0.0, 0),
    ("jpeg.tiff", "jpeg.tiff.png", 1.0, 12),
    ("deep.tiff", "base.png", 0.0, 0),
    ("cmyk.tiff", "cmyk.tiff.png", 0.5, 2),
    ("turned.tiff", "small.png", 0.0, 0),
];

#[test]
fn every_format_looks_as_it_does_to_others() {
    let mut wrong = Vec::new();
    for (name, like, mean, worst) in FILES {
        let (apart, most) = distance(&stack(&read(name)), &reference(like));
        if apart > *mean || most > *worst {
            wrong.push(format!("{name}: {apart:.2} on average, {most} at worst"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_format_is_measured_as_it_is_read() {
    for (name, ..) in FILES {
        let picture = read(name);
        let animated = picture.frames.len() > 1;
        let expected = Measured { format: picture.format, size: picture.full, animated };
        assert_eq!(measure(&file(name)).unwrap(), expected, "{name}");
        assert_eq!(picture.size(), picture.full, "{name}");
    }
}

#[test]
fn formats_are_told_by_their_bytes() {
    let formats = [
        ("jpg", Format::Jpeg),
        ("png", Format::Png),
        ("gif", Format::Gif),
        ("webp", Format::Webp),
        ("avif", Format::Avif),
        ("heic", Format::Heic),
        ("bmp", Format::Bmp),
        ("tiff", Format::Tiff),
    ];
    for (name, ..) in FILES {
        let (_, format) = formats.iter().find(|(ending, _)| name.ends_with(ending)).unwrap();
        assert_eq!(measure(&file(name)).unwrap().format, *format, "{name}");
    }
    let error = read_with(b"<svg/>", &Wish::default(), &Limits::default()).unwrap_err();
    assert!(error.to_string().contains("none of JPEG, PNG"), "{error}");
}

#[test]
fn photos_are_turned_upright() {
    for number in 1..=8 {
        let name = format!("turned-{number}.jpg");
        let (apart, most) = distance(&read(&name).frames[0].image, &reference("small.png"));
        assert!(apart < 1.5 && most < 16, "{name}: {apart} on average, {most} at worst");
        assert_eq!(measure(&file(&name)).unwrap(), measured(Format::Jpeg, 40, 30, false), "{name}");
    }
}

#[test]
fn photos_are_left_as_they_lie_where_that_is_wished() {
    let wish = Wish { as_it_lies: true, ..Wish::default() };
    for name in ["turned-6.jpg", "turned.png", "turned.webp", "turned.tiff", "turned.avif"] {
        let picture = read_with(&file(name), &wish, &Limits::default()).unwrap();
        assert_eq!((picture.size(), picture.full), (size(30, 40), size(30, 40)), "{name}");
        let image = &picture.frames[0].image;
        let back = if name == "turned.avif" { imageops::rotate270(image) } else { imageops::rotate90(image) };
        let (apart, _) = distance(&back, &reference("small.png"));
        assert!(apart < 2.0, "{name}: {apart}");
    }
}

#[test]
fn a_photo_is_read_no_larger_than_is_enough() {
    let bytes = file("large.jpg");
    let whole = read_with(&bytes, &Wish::default(), &Limits::default()).unwrap();
    assert_eq!((whole.size(), whole.full), (size(402, 302), size(402, 302)));
    // It lies on its side, and 403 and 303 eighths are rounded up.
    let cases = [
        (size(402, 302), size(402, 302)),
        (size(202, 10), size(402, 302)),
        (size(201, 10), size(201, 151)),
        (size(10, 152), size(402, 302)),
        (size(10, 151), size(201, 151)),
        (size(101, 76), size(101, 76)),
        (size(51, 38), size(51, 38)),
        (size(1, 1), size(51, 38)),
        (size(9999, 1), size(402, 302)),
    ];
    for (enough, expected) in cases {
        let task = Enough(enough);
        let wish = Wish { enough: Some(&task), as_it_lies: false };
        let picture = read_with(&bytes, &wish, &Limits::default()).unwrap();
        assert_eq!((picture.size(), picture.full), (expected, size(402, 302)), "enough is {enough}");
        let like = imageops::thumbnail(&whole.frames[0].image, expected.width, expected.height);
        let (apart, _) = distance(&picture.frames[0].image, &like);
        assert!(apart < 8.0, "{enough}: {apart}");
    }
}

#[test]
fn animations_keep_their_times() {
    let times = |picture: &Picture| -> Vec<u32> { picture.frames.iter().map(|frame| frame.delay_ms).collect() };
    let gif = read("animated.gif");
    assert_eq!((times(&gif), gif.loops), (vec![100, 250, 70, 500], 3));
    let webp = read("animated.webp");
    assert_eq!((times(&webp), webp.loops), (vec![80, 120, 40], 2));
    let still = read("still.gif");
    assert_eq!((times(&still), still.loops), (vec![0], 1));
}

#[test]
fn animations_end_where_the_limits_say() {
    let limits = Limits { frames: 2, ..Limits::default() };
    for name in ["animated.gif", "animated.webp"] {
        let picture = read_with(&file(name), &Wish::default(), &limits).unwrap();
        assert_eq!(picture.frames.len(), 2, "{name}");
        let limits = Limits { pixels: 1200, animated_pixels: 2400, ..Limits::default() };
        let error = read_with(&file(name), &Wish::default(), &limits).unwrap_err();
        assert!(matches!(error, ConvertError::TooLarge(_)), "{name}: {error}");
    }
}
