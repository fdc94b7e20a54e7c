//! The names of tasks and arguments: which there are, which are left out and why, and which have a short form.

use crate::{RecipeError, tasks};

/// Those that the caller carries out, before or after an image is converted.
const SERVICE: &[&str] = &["store", "security", "cache", "fallback", "zip", "imagesize", "metadata"];

/// Those that say how the result is written.
pub(super) const WRITING: &[&str] = &["output", "quality", "pjpg", "compress", "no_metadata", "auto_image"];

const FACES: &str = "it takes a trained model to find faces";
const MEANING: &str = "it takes a trained model to tell what an image shows";
const TEXT: &str = "it takes a trained model to read or judge text";
const DOCUMENTS: &str = "it is for documents, and only images are converted";
const SCRIPTS: &str = "it is for scripts and style sheets, and only images are converted";
const WORKFLOWS: &str = "there are no workflows";

/// Filestack's tasks that are left out, and why.
const NOT_OFFERED: &[(&str, &str)] = &[
    ("animate", "it makes an animation of several files, and only animations that are there already are converted"),
    ("ascii", "its result is text, and only images are made"),
    ("blur_faces", FACES),
    ("caption", MEANING),
    ("copyright", MEANING),
    ("crop_faces", FACES),
    ("detect_faces", FACES),
    ("doc_detection", MEANING),
    ("doc_to_images", DOCUMENTS),
    ("image_sentiment", MEANING),
    ("minify_css", SCRIPTS),
    ("minify_js", SCRIPTS),
    ("ocr", TEXT),
    ("pdfconvert", DOCUMENTS),
    ("pdfinfo", DOCUMENTS),
    ("pixelate_faces", FACES),
    ("preview", DOCUMENTS),
    ("redeye", "it takes a trained model to find eyes"),
    ("run_workflow", WORKFLOWS),
    ("sfw", MEANING),
    ("tags", MEANING),
    ("text_sentiment", TEXT),
    ("urlscreenshot", "it takes a browser on the server"),
    ("video_convert", "it is for videos and sound, and only images are converted"),
    ("workflow_status", WORKFLOWS),
];

/// Short names of arguments. Filestack's documentation names `security` and `cache`, its PHP client's tests (`FilelinkTest.php`,
/// seen 2026-11) most others; `t` and `o` of `output` and `q` of `pjpg` stand in published sites.
const SHORT_NAMES: &[(&str, &[(&str, &str)])] = &[
    ("blackwhite", &[("t", "threshold")]),
    ("blur", &[("a", "amount")]),
    ("border", &[("b", "background"), ("c", "color"), ("w", "width")]),
    ("cache", &[("e", "expiry"), ("f", "false")]),
    ("circle", &[("b", "background")]),
    (
        "collage",
        &[
            ("a", "autorotate"),
            ("c", "color"),
            ("f", "files"),
            ("h", "height"),
            ("i", "fit"),
            ("m", "margin"),
            ("w", "width"),
        ],
    ),
    ("compress", &[("m", "metadata")]),
    ("crop", &[("d", "dim")]),
    ("modulate", &[("b", "brightness"), ("h", "hue"), ("s", "saturation")]),
    ("oil_paint", &[("a", "amount")]),
    (
        "output",
        &[
            ("b", "background"),
            ("c", "compress"),
            ("f", "format"),
            ("o", "colorspace"),
            ("q", "quality"),
            ("t", "strip"),
        ],
    ),
    ("partial_blur", &[("a", "amount"), ("l", "blur"), ("o", "objects"), ("t", "type")]),
    ("partial_pixelate", &[("a", "amount"), ("l", "blur"), ("o", "objects"), ("t", "type")]),
    ("pixelate", &[("a", "amount")]),
    ("pjpg", &[("m", "metadata"), ("q", "quality")]),
    ("polaroid", &[("b", "background"), ("c", "color"), ("r", "rotate")]),
    ("quality", &[("v", "value")]),
    ("resize", &[("a", "align"), ("f", "fit"), ("h", "height"), ("w", "width")]),
    ("rotate", &[("b", "background"), ("d", "deg"), ("e", "exif")]),
    ("rounded_corners", &[("b", "background"), ("l", "blur"), ("r", "radius")]),
    ("security", &[("p", "policy"), ("s", "signature")]),
    ("sepia", &[("t", "tone")]),
    ("shadow", &[("b", "background"), ("c", "color"), ("l", "blur"), ("o", "opacity"), ("v", "vector")]),
    ("sharpen", &[("a", "amount")]),
    ("smart_crop", &[("h", "height"), ("m", "mode"), ("w", "width")]),
    ("torn_edges", &[("b", "background"), ("s", "spread")]),
    ("upscale", &[("n", "noise"), ("s", "style"), ("u", "upscale")]),
    ("vignette", &[("a", "amount"), ("b", "background"), ("m", "blurmode")]),
    ("watermark", &[("f", "file"), ("p", "position"), ("s", "size")]),
];

/// Whether a piece of a path by this name, without its arguments, is a task or says that tasks follow: one that is offered, or one of
/// Filestack's that is not. A web server tells calls from files by it.
pub fn is_task(name: &str) -> bool {
    name == "b64" || all().any(|task| task == name)
}

pub(super) fn is_service(name: &str) -> bool {
    SERVICE.contains(&name)
}

/// Fails for a task that is left out, with the reason.
pub(super) fn refuse(name: &str) -> Result<(), RecipeError> {
    match NOT_OFFERED.iter().find(|(task, _)| *task == name) {
        Some((task, reason)) => Err(RecipeError::NotOffered { task: (*task).to_owned(), reason }),
        None => Ok(()),
    }
}

/// The error about a task that nobody knows, with the name that was perhaps meant.
pub(super) fn unknown(name: &str) -> RecipeError {
    let nearest = all().map(|task| (strsim::jaro_winkler(task, name), task)).max_by(|one, two| one.0.total_cmp(&two.0));
    let meant = nearest.filter(|(likeness, _)| *likeness > 0.85).map(|(_, task)| task);
    RecipeError::UnknownTask { task: name.to_owned(), meant }
}

/// The long name of a task's argument.
pub(super) fn long_name<'a>(task: &str, name: &'a str) -> &'a str {
    let names = SHORT_NAMES.iter().find(|(of, _)| *of == task).map_or(&[][..], |(_, names)| names);
    names.iter().find(|(short, _)| *short == name).map_or(name, |(_, long)| long)
}

fn all() -> impl Iterator<Item = &'static str> {
    let left_out = NOT_OFFERED.iter().map(|(task, _)| *task);
    tasks::names().chain(WRITING.iter().copied()).chain(SERVICE.iter().copied()).chain(left_out)
}
