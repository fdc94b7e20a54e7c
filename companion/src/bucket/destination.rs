//! What a client asks for, made into a key that cannot leave its place.

/// Folders of a key beyond this many are dropped, characters of a segment too.
const MAX_FOLDERS: usize = 8;
const MAX_SEGMENT: usize = 80;

/// Where one file goes: the prefix, settled when the job begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination(String);

impl Destination {
    /// From what the client asked for. Segments that climb or hide are dropped, odd characters become `-`.
    pub fn new(container: Option<&str>, path: Option<&str>) -> Self {
        let segments = container.into_iter().chain(path).flat_map(|part| part.split(['/', '\\'])).map(clean);
        let segments = segments.filter(|segment| !segment.is_empty()).take(MAX_FOLDERS);
        Self(segments.map(|segment| segment + "/").collect())
    }

    /// As it was read from a job's row.
    pub fn from_row(prefix: String) -> Self {
        Self(prefix)
    }

    /// For a job's row: empty, or segments that each end with `/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key of a file that is written for the `claim`th time. Each time has its own, so that a process that is late with the one
    /// before cannot touch what the later one wrote.
    pub fn key(&self, handle: &str, claim: i64, filename: &str) -> String {
        let again = if claim > 1 { format!("-{claim}") } else { String::new() };
        format!("{}{handle}{again}_{}", self.0, clean(filename))
    }

    /// The key of a file that has no handle in it. From 2 on, the number stands behind the name.
    pub fn plain_key(&self, filename: &str, number: u32) -> String {
        let name = clean(filename);
        let name = if name.is_empty() { "file" } else { &name };
        let (stem, extension) = split_name(name);
        let number = if number > 1 { format!("-{number}") } else { String::new() };
        let extension = extension.map(|extension| format!(".{extension}")).unwrap_or_default();
        format!("{}{stem}{number}{extension}", self.0)
    }
}

/// A file's name without its extension, and the extension: up to five letters and digits after the last dot, one of which is a letter, so
/// that `v1.2` and `Dr. No` have none.
pub fn split_name(name: &str) -> (&str, Option<&str>) {
    let is_extension = |end: &str| {
        (1..=5).contains(&end.len())
            && end.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && end.bytes().any(|byte| byte.is_ascii_alphabetic())
    };
    match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() && is_extension(extension) => (stem, Some(extension)),
        _ => (name, None),
    }
}

/// The key of an upload's part, which waits there for the others.
pub fn part_key(upload: &str, part: i64) -> String {
    format!("{PARTS}{upload}/{part}")
}

/// The upload to which a key of a part belongs.
pub fn upload_of(key: &str) -> Option<&str> {
    key.strip_prefix(PARTS)?.split('/').next()
}

/// The key of a conversion's result. `once` tells it from that of another process that makes the same.
pub fn result_key(id: &str, once: &str) -> String {
    format!("{RESULTS}{}/{id}-{once}", &id[..2])
}

/// No file lies there: a segment of its key cannot begin with a dot.
const PARTS: &str = ".uploads/";
const RESULTS: &str = ".converted/";

fn clean(segment: &str) -> String {
    let kept = |c: char| if c.is_alphanumeric() || "._-() ".contains(c) { c } else { '-' };
    // Bytes are counted, because file systems do: 255 of them, handle included.
    let mut room = MAX_SEGMENT * 2;
    let cleaned: String = segment.trim().chars().take(MAX_SEGMENT).map(kept).collect();
    let cut = cleaned.chars().take_while(|c| {
        room = room.saturating_sub(c.len_utf8());
        room > 0
    });
    cut.collect::<String>().trim_matches(|c: char| c == '.' || c.is_whitespace()).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use object_store::path::Path as Key;

    #[test]
    fn a_key_never_leaves_its_place() {
        let key = |container: Option<&str>, path: Option<&str>| Destination::new(container, path).key("H", 1, "1.jpg");
        assert_eq!(key(None, None), "H_1.jpg");
        assert_eq!(key(Some("box"), Some("/a/b/")), "box/a/b/H_1.jpg");
        assert_eq!(key(None, Some("../../etc")), "etc/H_1.jpg");
        assert_eq!(key(Some(".."), Some("./..\\.hidden/%2e%2e/a\0b")), "hidden/-2e-2e/a-b/H_1.jpg");
        assert_eq!(key(None, Some("写真/été")), "写真/été/H_1.jpg");
        assert!(Key::parse(key(None, Some(&"x/".repeat(1000)))).is_ok());
        assert!(Destination::new(None, Some(&"字".repeat(500))).as_str().len() < 200);
        assert_eq!(Destination::new(None, None).key("H", 1, "../x#1.jpg"), "H_-x-1.jpg");
        assert_eq!(Destination::new(None, None).key("H", 2, "1.jpg"), "H-2_1.jpg");
    }

    #[test]
    fn a_plain_key_is_path_and_name_and_never_leaves_its_place_either() {
        let key = |name: &str, number| Destination::new(None, Some("/a/../b")).plain_key(name, number);
        assert_eq!((key("1.jpg", 1), key("1.jpg", 2)), ("a/b/1.jpg".to_owned(), "a/b/1-2.jpg".to_owned()));
        assert_eq!((key("v1.2", 3), key("../x/.jpg", 1)), ("a/b/v1.2-3".to_owned(), "a/b/-x-.jpg".to_owned()));
        assert_eq!((key("..", 1), key("...", 2)), ("a/b/file".to_owned(), "a/b/file-2".to_owned()));
        assert!(Key::parse(key(&"字".repeat(255), 1_000_000)).is_ok());
    }

    #[test]
    fn an_extension_is_told_from_the_rest_of_a_name() {
        for (name, split) in [
            ("a.b.JPEG", ("a.b", Some("JPEG"))),
            ("clip.mp4", ("clip", Some("mp4"))),
            ("v1.2", ("v1.2", None)),
            ("Dr. No", ("Dr. No", None)),
            (".jpg", (".jpg", None)),
            ("a.", ("a.", None)),
            ("plain", ("plain", None)),
        ] {
            assert_eq!(split_name(name), split);
        }
    }
}
