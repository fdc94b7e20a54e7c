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
}
