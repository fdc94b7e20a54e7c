//! What a file is, where the browser does not say, or a page asks to look.

use web_sys::File;

/// Types by extension that browsers leave out, at least some of them.
const BY_EXTENSION: &[(&str, &str)] = &[
    ("heic", "image/heic"),
    ("heif", "image/heif"),
    ("avif", "image/avif"),
    ("webp", "image/webp"),
    ("tif", "image/tiff"),
    ("tiff", "image/tiff"),
    ("bmp", "image/bmp"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("png", "image/png"),
    ("gif", "image/gif"),
    ("mp4", "video/mp4"),
    ("mov", "video/quicktime"),
    ("pdf", "application/pdf"),
    // As Filestack's client has it for subtitles.
    ("srt", "application/x-subrip"),
];

/// The type of a file: the browser's word, or else that of its extension; empty where neither knows.
pub fn mimetype_of(file: &File) -> String {
    let told = file.type_();
    if told.is_empty() { of_name(&file.name()).to_owned() } else { told }
}

/// The type that an extension stands for; empty for one that is not known.
pub fn of_name(name: &str) -> &'static str {
    let extension = name.rsplit_once('.').map_or(name, |(_, extension)| extension).to_ascii_lowercase();
    BY_EXTENSION.iter().find(|(known, _)| *known == extension).map_or("", |(_, kind)| kind)
}

/// The type by the first sixteen bytes, of what pages take most; empty for anything else.
pub fn of_bytes(head: &[u8]) -> &'static str {
    match head {
        [0xFF, 0xD8, 0xFF, ..] => "image/jpeg",
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [b'G', b'I', b'F', b'8', ..] => "image/gif",
        [b'B', b'M', ..] => "image/bmp",
        [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..] => "image/tiff",
        [b'%', b'P', b'D', b'F', ..] => "application/pdf",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "image/webp",
        [_, _, _, _, b'f', b't', b'y', b'p', brand @ ..] => match brand {
            [b'a', b'v', b'i', b'f' | b's', ..] => "image/avif",
            [b'h', b'e', b'i', ..] | [b'h', b'e', b'v', ..] | [b'm', b'i', b'f', b'1', ..] => "image/heic",
            [b'q', b't', ..] => "video/quicktime",
            _ => "video/mp4",
        },
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_bytes_tell_what_a_file_is() {
        assert_eq!(of_name("IMG_1.HEIC"), "image/heic");
        assert_eq!(of_name("notes"), "");
        assert_eq!(of_bytes(b"\xFF\xD8\xFF\xE1"), "image/jpeg");
        assert_eq!(of_bytes(b"RIFF\0\0\0\0WEBPVP8 "), "image/webp");
        assert_eq!(of_bytes(b"\0\0\0\x18ftypheic"), "image/heic");
        assert_eq!(of_bytes(b"\0\0\0\x18ftypisom"), "video/mp4");
        assert_eq!(of_bytes(b"hello"), "");
    }
}
