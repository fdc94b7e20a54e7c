//! What the page receives.

use crate::device;
use crate::edit::Edit;
use crate::error::Trouble;
use crate::options::PickOptions;
use crate::selection::Chosen;
use crate::sources::Kind;
use crate::state::{Photo, Progress};
use bowerbird_protocol::store::StoredFile;
use js_sys::{Array, Reflect};
use serde::Serialize;
use wasm_bindgen::JsValue;

/// What `pick` resolves with, in the order in which the visitor chose. A photo that the visitor cancelled while it was copied is
/// in neither list: the page hears of it through `onFileUploadCancel`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PickResponse {
    /// The photos that are in the site's storage.
    pub files_uploaded: Vec<PickedFile>,
    /// Those that were confirmed but could not be stored.
    pub files_failed: Vec<PickedFile>,
}

/// One photo: Filestack's PickerFileMetadata, and what the source tells besides.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PickedFile {
    /// A name for people, with an extension.
    pub filename: String,
    /// Twenty letters and digits that name the stored file; empty while it is not stored.
    pub handle: String,
    /// Where everyone reads the stored file; empty while it is not stored.
    pub url: String,
    /// The type: judged from the bytes once stored, the source's promise before.
    pub mimetype: String,
    /// Bytes; 0 while unknown.
    pub size: u64,
    /// The source's name.
    pub source: String,
    /// Folder names and file name as the visitor saw them: `/Holidays/123.jpg`.
    pub original_path: String,
    /// Names this file within this pick.
    pub upload_id: String,
    /// `"Stored"`, or absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Where in the storage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// `storeTo.container`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// What was kept of an image that the visitor cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cropped: Option<Cropped>,
    /// How the visitor turned it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotated: Option<Rotated>,
    /// Words that stand for the photo: the visitor's own, the caption, or empty.
    pub alt: String,
    /// Pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// The words that the visitor gave the photo at the source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// When it was taken or, where the source tells only that, published there; RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_taken: Option<String>,
    /// SHA-256 of the stored bytes, hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Hex HMAC-SHA256 of `<handle>.<sha256>.<size>.<source>` under the key's secret, where it has one: the site's server verifies it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// Of a file of the device: what the browser knows of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_file: Option<OriginalFile>,
    /// Why it failed; only in `filesFailed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<FileError>,
}

/// What was kept of an image, in pixels of it as the visitor had turned it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cropped {
    /// Where and how much.
    pub crop_area: CropArea,
    /// Width and height of all of it. Where the source does not tell them, before it is stored they are unknown and `cropped` is absent, and then
    /// they are in the scale of what was stored.
    pub original_image_size: [u32; 2],
}

/// A part of an image, in pixels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CropArea {
    /// From the left and the top.
    pub position: [u32; 2],
    /// Width and height.
    pub size: [u32; 2],
}

/// How an image was turned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rotated {
    /// Degrees.
    pub value: u32,
    /// `CW`, clockwise, or `CCW`, the other way.
    pub direction: &'static str,
}

impl Rotated {
    fn of(edit: &Edit) -> Option<Self> {
        let (value, direction) = match edit.turns {
            0 => return None,
            3 => (90, "CCW"),
            turns => (u32::from(turns) * 90, "CW"),
        };
        Some(Self { value, direction })
    }
}

impl Cropped {
    /// Of an edit that cuts an image that was so large when it was turned.
    fn of(edit: &Edit, turned: [u32; 2]) -> Option<Self> {
        let [left, top, width, height] = edit.pixels(turned);
        let crop_area = CropArea { position: [left, top], size: [width, height] };
        edit.crops().then_some(Self { crop_area, original_image_size: turned })
    }
}

/// A file of the visitor's device, as it was before anything was done to it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct OriginalFile {
    /// Its name.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Its type, as far as the browser tells.
    #[serde(rename = "type")]
    pub mimetype: String,
    /// Its path, where the page asked for the file itself in place of all this.
    #[serde(skip)]
    pub(crate) exposed: Option<String>,
}

/// Why a file failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileError {
    /// A name to act on, such as `photo_gone`.
    pub code: String,
    /// English, for developers.
    pub message: String,
}

impl PickResponse {
    /// What came of the photos that were confirmed. One that has not ended, or that the visitor cancelled, is in neither list.
    pub(crate) fn of(photos: &[Photo], options: &PickOptions) -> Self {
        let mut response = Self::default();
        for Photo { chosen, progress } in photos {
            match progress {
                Progress::Stored(file) => {
                    response.files_uploaded.push(PickedFile::stored(chosen, file).of(chosen, options));
                }
                Progress::Failed(trouble) => {
                    response.files_failed.push(PickedFile::failed(chosen, trouble).of(chosen, options));
                }
                Progress::Waiting | Progress::Moving { .. } | Progress::Cancelled => {}
            }
        }
        response
    }

    /// A plain JavaScript object of it.
    pub(crate) fn to_js(&self) -> JsValue {
        let object = js_sys::Object::new();
        for (name, files) in [("filesUploaded", &self.files_uploaded), ("filesFailed", &self.files_failed)] {
            let _ = Reflect::set(&object, &name.into(), &files_to_js(files));
        }
        object.into()
    }
}

/// An array of plain JavaScript objects.
pub(crate) fn files_to_js(files: &[PickedFile]) -> JsValue {
    files.iter().map(PickedFile::to_js).collect::<Array>().into()
}

impl PickedFile {
    /// A photo as the listing knows it.
    pub(crate) fn chosen(chosen: &Chosen) -> Self {
        let item = &chosen.item;
        let is_local = chosen.source.kind == Kind::Device;
        let edit = chosen.edit();
        let size = item.width.zip(item.height).map(|(width, height)| edit.turned([width, height]));
        Self {
            filename: item.name.clone(),
            mimetype: item.mimetype.clone(),
            size: item.bytes,
            source: chosen.source.name.to_owned(),
            original_path: format!("{}{}", chosen.folder, item.name),
            upload_id: chosen.id.clone(),
            cropped: size.and_then(|size| Cropped::of(&edit, size)),
            rotated: Rotated::of(&edit),
            alt: chosen.changes.alt.clone().or_else(|| item.caption.clone()).unwrap_or_default(),
            width: item.width,
            height: item.height,
            caption: item.caption.clone(),
            date_taken: item.date.clone(),
            original_file: is_local.then(|| OriginalFile {
                name: item.name.clone(),
                size: item.bytes,
                mimetype: item.mimetype.clone(),
                exposed: None,
            }),
            ..Self::default()
        }
    }

    /// The same with the file itself, where it is one of the device.
    pub(crate) fn exposing(mut self, path: &str) -> Self {
        if let Some(original) = &mut self.original_file {
            original.exposed = Some(path.to_owned());
        }
        self
    }

    /// What a page with these options is told of it.
    pub(crate) fn of(self, chosen: &Chosen, options: &PickOptions) -> Self {
        if options.expose_original_file { self.exposing(&chosen.item.path) } else { self }
    }

    /// A plain JavaScript object of it.
    pub(crate) fn to_js(&self) -> JsValue {
        let object = to_js(self);
        let exposed = self.original_file.as_ref().and_then(|original| original.exposed.as_deref());
        if let Some(file) = exposed.and_then(device::file) {
            let _ = Reflect::set(&object, &"originalFile".into(), &file);
        }
        object
    }

    /// A photo that is in the storage.
    pub(crate) fn stored(chosen: &Chosen, file: &StoredFile) -> Self {
        let listed = Self::chosen(chosen);
        let edit = chosen.edit();
        let size = file.width.zip(file.height).map(|(width, height)| edit.size_before([width, height]));
        Self {
            cropped: listed.cropped.clone().or_else(|| Cropped::of(&edit, size?)),
            filename: file.filename.clone(),
            handle: file.handle.clone(),
            url: file.url.clone(),
            mimetype: file.mimetype.clone(),
            size: file.size,
            original_path: format!("{}{}", chosen.folder, file.filename),
            status: Some("Stored".to_owned()),
            key: (!file.key.is_empty()).then(|| file.key.clone()),
            container: file.container.clone(),
            width: file.width.or(listed.width),
            height: file.height.or(listed.height),
            sha256: (!file.sha256.is_empty()).then(|| file.sha256.clone()),
            signature: file.signature.clone(),
            ..listed
        }
    }

    /// A photo that could not be stored.
    pub(crate) fn failed(chosen: &Chosen, trouble: &Trouble) -> Self {
        let error = FileError { code: trouble.code_name().to_owned(), message: trouble.english() };
        Self { error: Some(error), ..Self::chosen(chosen) }
    }
}

fn to_js(value: &impl Serialize) -> JsValue {
    // These types hold nothing that JavaScript has no form for, so there is no error to report.
    value.serialize(&serde_wasm_bindgen::Serializer::json_compatible()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::selection::Changes;
    use crate::sources::ALL;
    use bowerbird_protocol::listing::Item;
    use bowerbird_protocol::problem::ProblemCode;

    fn photo(progress: Progress) -> Photo {
        let item = Item {
            name: "17.jpg".to_owned(),
            caption: Some("Lisbon".to_owned()),
            width: Some(40),
            date: Some("2018-02-22T10:40:45Z".to_owned()),
            ..Item::default()
        };
        Photo {
            chosen: Chosen {
                source: &ALL[1],
                item: item.into(),
                folder: "/Holidays/".to_owned(),
                id: "u1".to_owned(),
                changes: Changes::default(),
            },
            progress,
        }
    }

    #[test]
    fn a_stored_photo_has_filestacks_fields_and_the_sources_own() {
        let file = StoredFile {
            filename: "17.png".to_owned(),
            handle: "h".to_owned(),
            size: 9,
            width: Some(41),
            ..StoredFile::default()
        };
        let response = PickResponse::of(&[photo(Progress::Stored(Box::new(file)))], &PickOptions::default());
        let json = serde_json::to_value(&response).unwrap();
        assert_eq!(
            json["filesUploaded"][0],
            serde_json::json!({
                "filename": "17.png", "handle": "h", "url": "", "mimetype": "", "size": 9, "source": "facebook",
                "originalPath": "/Holidays/17.png", "uploadId": "u1", "status": "Stored", "alt": "Lisbon", "width": 41,
                "caption": "Lisbon", "dateTaken": "2018-02-22T10:40:45Z",
            })
        );
        assert_eq!(json["filesFailed"], serde_json::json!([]));
    }

    #[test]
    fn a_failed_photo_says_why_and_one_under_way_is_in_neither_list() {
        let failed = photo(Progress::Failed(ProblemCode::PhotoGone.into()));
        let response =
            PickResponse::of(&[photo(Progress::Waiting), failed, photo(Progress::Cancelled)], &PickOptions::default());
        assert!(response.files_uploaded.is_empty());
        assert_eq!(response.files_failed.len(), 1);
        assert_eq!(response.files_failed[0].error.as_ref().unwrap().code, "photo_gone");
    }
}
