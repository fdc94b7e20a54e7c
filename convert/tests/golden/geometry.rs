//! Sizes, shapes and places.

use super::compare::score;
use bowerbird_convert::{Arguments, ConvertError, Format, Limits, Picture, Work, tasks};
use image::RgbaImage;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Source, task, golden, and the least score that is good enough. `make.mjs` and `make.sh` say how the goldens were made.
const ROWS: &[(&str, &str, &str, f64)] = &[
    ("cat", "resize=width:100,height:100", "cat-clip", 90.0),
    ("cat", "resize=width:77,fit:max", "cat-width", 90.0),
    ("cat", "resize=width:300", "cat-enlarged", 90.0),
    ("cat", "resize=width:60,height:140,fit:scale", "cat-scale", 90.0),
    ("cat", "resize=width:80,height:80,fit:crop", "cat-crop-center", 90.0),
    ("cat", "resize=width:80,height:80,fit:crop,align:[top,left]", "cat-crop-left", 90.0),
    ("cat", "resize=width:80,height:80,fit:crop,align:right", "cat-crop-right", 90.0),
    ("cup", "resize=width:160,height:60,fit:crop,align:top", "cup-crop-top", 90.0),
    ("cup", "resize=width:160,height:60,fit:crop,align:[bottom,center]", "cup-crop-bottom", 90.0),
    ("drawing", "resize=width:70,height:70", "drawing-clip", 86.0),
    ("drawing", "resize=width:300", "drawing-enlarged", 90.0),
    ("drawing", "upscale", "drawing-upscale", 90.0),
    ("cat", "crop=dim:[60,20,100,90]", "cat-cut", 99.9),
    ("drawing", "flip", "drawing-flip", 99.9),
    ("drawing", "flop", "drawing-flop", 99.9),
    ("drawing", "rotate=deg:90", "drawing-rotate-90", 99.9),
    ("drawing", "rotate=deg:180", "drawing-rotate-180", 99.9),
    ("drawing", "rotate=deg:270", "drawing-rotate-270", 99.9),
    ("cat", "rotate=deg:30", "cat-rotate-30", 90.0),
    ("drawing", "rotate=deg:45", "drawing-rotate-45", 90.0),
    ("drawing", "rotate=deg:200", "drawing-rotate-200", 90.0),
    ("cat", "border=width:12", "cat-border", 99.9),
    ("cat", "circle", "cat-circle", 90.0),
    ("cat", "rounded_corners=radius:30,blur:0", "cat-rounded", 90.0),
    ("cup", "rounded_corners=radius:max", "cup-rounded-max", 90.0),
    // These are Bowerbird's own, looked at and kept.
    ("astronaut", "smart_crop=width:60,height:90", "astronaut-smart", 95.0),
];

/// Rows that read other files.
const ROWS_OF_SEVERAL: &[(&str, &str, &str, f64)] = &[
    ("cat", "watermark=file:drawing,size:60,position:[bottom,right]", "cat-watermark", 90.0),
    ("cat", "collage=files:[cup,drawing,astronaut],width:240,height:200,margin:6", "collage", 95.0),
];

#[test]
fn sizes_shapes_and_places_are_as_sharp_and_imagemagick_make_them() {
    judge(ROWS);
}

#[test]
fn other_images_are_laid_on_and_beside() {
    judge(ROWS_OF_SEVERAL);
}

/// Compares every row before it fails. What was made lies in the target folder, to be looked at.
fn judge(rows: &[(&str, &str, &str, f64)]) {
    let mut wrong = Vec::new();
    for (source, task, golden, least) in rows {
        let made = run(source, task).unwrap_or_else(|error| panic!("{task}: {error}"));
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("geometry");
        std::fs::create_dir_all(&folder).expect("a folder");
        made.save(folder.join(format!("{golden}.png"))).expect("a place for it");
        let score = picture(golden).map_or(f64::MIN, |golden| score(&made, &golden));
        println!("{score:8.2} {source} {task}, {} by {}", made.width(), made.height());
        if score < *least {
            wrong.push(format!("{task} of {source} scores {score:.2} against {golden}.png, not {least}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn run(source: &str, task: &str) -> Result<RgbaImage, ConvertError> {
    let (name, said) = task.split_once('=').unwrap_or((task, ""));
    let mut arguments = Arguments::new(name, arguments(said));
    let step = tasks::read(name, &mut arguments).expect("the row is right").expect("the task is there");
    let bytes = |name: &str| (name.to_owned(), std::fs::read(path(name)).expect("the picture").into());
    let files: HashMap<_, _> = step.files().into_iter().map(bytes).collect();
    let limits = Limits::default();
    let source = Picture::still(picture(source).expect("the source"), Format::Png);
    let mut made = step.apply(source, &Work::new(&limits, &files))?;
    Ok(made.frames.remove(0).image)
}

/// `name:value,name:[value,value]`.
fn arguments(said: &str) -> Map<String, Value> {
    let mut depth = 0;
    let pairs = said.split(|letter| {
        depth += i32::from(letter == '[') - i32::from(letter == ']');
        letter == ',' && depth == 0
    });
    let value = |text: &str| match text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        Some(list) => list.split(',').map(Value::from).collect(),
        None => Value::from(text),
    };
    pairs.filter_map(|pair| pair.split_once(':')).map(|(name, said)| (name.to_owned(), value(said))).collect()
}

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/pictures/{name}.png"))
}

fn picture(name: &str) -> Option<RgbaImage> {
    Some(image::open(path(name)).ok()?.to_rgba8())
}
