//! Effects: source, task, golden, and how alike they have to be.

use crate::compare;
use bowerbird_convert::{Arguments, Format, Limits, Picture, Work, tasks};
use image::RgbaImage;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::path::PathBuf;

/// Made by ImageMagick (make-effects.sh). Its oval lies half a pixel further right and down than the middle, which the measure notices in
/// the faint edge of a vignette laid over black.
const BY_IMAGEMAGICK: &[(&str, &str, &str, f64)] = &[
    ("photo", "blur", "blur-2", 95.0),
    ("cup", "blur=amount:20", "blur-20", 94.0),
    ("drawing", "blur=amount:4", "blur-drawing", 94.0),
    ("photo", "sharpen", "sharpen-2", 95.0),
    ("cup", "sharpen=amount:5", "sharpen-5", 95.0),
    ("photo", "pixelate", "pixelate-2", 95.0),
    ("photo", "pixelate=amount:10", "pixelate-10", 93.0),
    ("drawing", "pixelate=amount:8", "pixelate-drawing", 93.0),
    ("photo", "blackwhite", "blackwhite", 99.0),
    ("photo", "monochrome", "monochrome", 96.0),
    ("cup", "sepia", "sepia", 92.0),
    ("drawing", "negative", "negative-drawing", 99.0),
    ("photo", "modulate=brightness:120,saturation:150,hue:90", "modulate", 93.0),
    ("cup", "modulate=brightness:80,saturation:300,hue:240", "modulate-hue", 96.0),
    ("photo", "vignette", "vignette", 87.0),
    ("cup", "vignette=amount:5", "vignette-5", 73.0),
    ("photo", "shadow", "shadow", 96.0),
    ("drawing", "shadow=blur:2,opacity:100,vector:[10,-6]", "shadow-drawing", 95.0),
    ("photo", "polaroid", "polaroid-0", 95.0),
    ("photo", "polaroid=rotate:25", "polaroid-25", 85.0),
];

/// Our own results, looked at by a person; a change shows here. ImageMagick's `-paint` has other strokes: it counts 256 shades.
const OURS: &[(&str, &str, &str)] = &[
    ("photo", "enhance", "enhance-auto"),
    ("photo", "enhance=preset:vivid", "enhance-vivid"),
    ("photo", "enhance=preset:beautify_plus", "enhance-beautify_plus"),
    ("cup", "enhance=preset:fix_dark", "enhance-fix_dark"),
    ("cup", "enhance=preset:fix_tint", "enhance-fix_tint"),
    ("cup", "enhance=preset:fireworks", "enhance-fireworks"),
    ("cup", "vignette=blurmode:linear,amount:10", "vignette-linear"),
    ("cup", "torn_edges", "torn_edges"),
    ("cup", "torn_edges=spread:[5,30]", "torn_edges-wide"),
    ("photo", "oil_paint", "oil_paint-2"),
    ("cup", "oil_paint=amount:5", "oil_paint-5"),
    ("photo", "partial_blur=objects:[[95,15,60,70],[180,100,40,40]],type:oval", "partial_blur"),
    ("photo", "partial_pixelate=objects:[[95,15,60,70]],amount:12,blur:0", "partial_pixelate"),
];

#[test]
fn effects_look_as_imagemagick_makes_them() {
    let mut unlike = Vec::new();
    for (source, call, golden, least) in BY_IMAGEMAGICK {
        let score = compare::score(&result(source, call), &read(&golden_path(golden)));
        println!("{score:8.2} {call} of {source}");
        if score < *least {
            unlike.push(format!("{call} of {source}: {score:.2}, not {least}"));
        }
    }
    assert!(unlike.is_empty(), "{unlike:#?}");
}

#[test]
fn effects_of_our_own_look_as_they_did() {
    for (source, call, golden) in OURS {
        let result = result(source, call);
        let path = golden_path(golden);
        if std::env::var_os("GOLDEN_WRITE").is_some() && !path.exists() {
            result.save(&path).expect("written");
        }
        let score = compare::score(&result, &read(&path));
        assert!(score > 99.0, "{call} of {source}: {score:.2}");
    }
}

fn result(source: &str, call: &str) -> RgbaImage {
    let source = read(&folder().join(format!("sources/effects-{source}.png")));
    let (name, said) = call.split_once('=').unwrap_or((call, ""));
    let mut arguments = Arguments::new(name, arguments(said));
    let task = tasks::read(name, &mut arguments).expect(call).expect("a task");
    let (limits, files) = (Limits::default(), HashMap::new());
    let picture = task.apply(Picture::still(source, Format::Png), &Work::new(&limits, &files)).expect(call);
    picture.frames.into_iter().next().expect("a frame").image
}

/// `k:v,k:[a,b]`: a comma before a name begins the next argument.
fn arguments(mut said: &str) -> Map<String, Value> {
    let mut arguments = Map::new();
    while let Some((name, rest)) = said.split_once(':') {
        let begins =
            rest.char_indices().find(|&(at, sign)| sign == ',' && rest[at + 1..].starts_with(char::is_alphabetic));
        let (value, others) = begins.map_or((rest, ""), |(at, _)| (&rest[..at], &rest[at + 1..]));
        let value = if value.starts_with('[') { serde_json::from_str(value).expect(value) } else { value.into() };
        arguments.insert(name.to_owned(), value);
        said = others;
    }
    arguments
}

fn read(path: &PathBuf) -> RgbaImage {
    image::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).into_rgba8()
}

fn golden_path(name: &str) -> PathBuf {
    folder().join(format!("pictures/effects/{name}.png"))
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}
