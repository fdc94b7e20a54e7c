//! The tasks that say how the result is written. Several add up, and the last to speak of something has the word.

use crate::encode::Encoding;
use crate::{Arguments, Format, RecipeError};

/// Formats that images are written in, and whether in passes.
const FORMATS: &[(&str, (Format, bool))] = &[
    ("jpg", (Format::Jpeg, false)),
    ("jpeg", (Format::Jpeg, false)),
    ("pjpg", (Format::Jpeg, true)),
    ("png", (Format::Png, false)),
    ("webp", (Format::Webp, false)),
    ("avif", (Format::Avif, false)),
    ("gif", (Format::Gif, false)),
];

/// Filestack's other formats.
const DOCUMENTS: &[&str] =
    &["doc", "docx", "html", "odp", "ods", "odt", "pdf", "ppt", "pptx", "svg", "txt", "xls", "xlsx"];

/// Takes up what the task says, if it is one of [`super::names::WRITING`]. Nothing said of metadata changes anything: it is never kept.
pub(super) fn fold(arguments: &mut Arguments, encoding: &mut Encoding) -> Result<bool, RecipeError> {
    match arguments.task() {
        "output" => output(arguments, encoding)?,
        "quality" => {
            if let Some(quality) = arguments.integer("value", 1..=100)? {
                encoding.quality = Some(quality as u8);
            }
        }
        "pjpg" => {
            (encoding.format, encoding.progressive) = (Some(Format::Jpeg), true);
            // Filestack takes 0 here, and 1 is the least that encoders do.
            if let Some(quality) = arguments.integer("quality", 0..=100)? {
                encoding.quality = Some(quality.max(1) as u8);
            }
            arguments.flag("metadata")?;
        }
        "compress" => {
            encoding.compress = true;
            arguments.flag("metadata")?;
        }
        // What they say is done anyway, or by the caller.
        "no_metadata" | "auto_image" => {}
        _ => return Ok(false),
    }
    arguments.finish()?;
    Ok(true)
}

fn output(arguments: &mut Arguments, encoding: &mut Encoding) -> Result<(), RecipeError> {
    if let Some(format) = DOCUMENTS.iter().find(|format| arguments.says("format", format)) {
        let reason = "it is a format of documents or drawings, and only photos are written";
        return Err(RecipeError::NotOffered { task: format!("output=format:{format}"), reason });
    }
    if let Some((format, progressive)) = arguments.choice("format", FORMATS)? {
        (encoding.format, encoding.progressive) = (Some(format), progressive);
    }
    // `input` is what each format does unless told.
    if arguments.says("quality", "input") {
        arguments.value("quality");
        encoding.quality = None;
    } else if let Some(quality) = arguments.integer("quality", 1..=100)? {
        encoding.quality = Some(quality as u8);
    }
    if let Some(compress) = arguments.flag("compress")? {
        encoding.compress = compress;
    }
    if let Some(background) = arguments.color("background")? {
        encoding.background = Some(background);
    }
    arguments.choice("colorspace", &[("rgb", ()), ("RGB", ())])?;
    arguments.flag("strip")?;
    // For what has no pixels of its own; photos have.
    arguments.integer("density", 1..=500)?;
    arguments.choice("page", &[("1", ())])?;
    arguments.choice("docinfo", &[("false", ())])?;
    arguments.choice("secure", &[("false", ())])?;
    for name in ["pageformat", "pageorientation"] {
        if arguments.value(name).is_some() {
            return Err(arguments.wrong(format!("`{name}` is for documents, and only images are converted")));
        }
    }
    Ok(())
}
