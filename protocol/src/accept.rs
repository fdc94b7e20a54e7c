//! Which files a page takes: the picker's `accept`.

/// One rule of `accept`.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Rule {
    Any,
    /// `image/*`, kept as `image/`.
    Family(String),
    /// `image/jpeg`.
    Type(String),
    /// `.jpg`, kept as `jpg`.
    Extension(String),
}

/// A checked list of `accept` rules. An empty list takes everything.
///
/// A rule is a MIME type (`image/png`), a family (`image/*`), an extension with or without its dot (`.png`), or `*/*`.
/// Case does not matter. A file is taken when one rule fits its type or its name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accept(Vec<Rule>);

impl Accept {
    /// Reads the rules. The error is the first one that is none.
    pub fn parse<S: AsRef<str>>(rules: &[S]) -> Result<Self, String> {
        rules
            .iter()
            .map(|rule| read(rule.as_ref()).ok_or_else(|| rule.as_ref().to_owned()))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The rules as strings, for sending them on; reading these again gives the same list.
    pub fn rules(&self) -> Vec<String> {
        let written = |rule: &Rule| match rule {
            Rule::Any => "*/*".to_owned(),
            Rule::Family(family) => format!("{family}*"),
            Rule::Type(kind) => kind.clone(),
            Rule::Extension(extension) => format!(".{extension}"),
        };
        self.0.iter().map(written).collect()
    }

    /// Whether a file of this type and name is taken. An empty type (not known yet) is judged by the name alone,
    /// and taken where neither can tell.
    pub fn takes(&self, mimetype: &str, filename: &str) -> bool {
        if self.0.is_empty() {
            return true;
        }
        let mimetype = mimetype.to_ascii_lowercase();
        let extension = filename.rsplit_once('.').map(|(_, extension)| normal_extension(extension));
        self.0.iter().any(|rule| match rule {
            Rule::Any => true,
            Rule::Family(family) => mimetype.starts_with(family.as_str()),
            Rule::Type(wanted) => mimetype == *wanted,
            Rule::Extension(wanted) => extension.as_deref() == Some(wanted) || extension_of(&mimetype) == Some(wanted),
        }) || (mimetype.is_empty() && extension.is_none())
    }
}

fn read(rule: &str) -> Option<Rule> {
    let rule = rule.trim().to_ascii_lowercase();
    let word = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "-+._".contains(c));
    match rule.split_once('/') {
        Some(("*", "*")) => Some(Rule::Any),
        Some((family, "*")) if word(family) => Some(Rule::Family(format!("{family}/"))),
        // `image/jpg` is no registered type, but pages write it.
        Some(("image", "jpg")) => Some(Rule::Type("image/jpeg".to_owned())),
        Some((family, kind)) if word(family) && word(kind) => Some(Rule::Type(rule.clone())),
        Some(_) => None,
        None if rule == "*" => Some(Rule::Any),
        None => {
            let extension = rule.strip_prefix('.').unwrap_or(&rule);
            word(extension).then(|| Rule::Extension(normal_extension(extension)))
        }
    }
}

fn normal_extension(extension: &str) -> String {
    let extension = extension.to_ascii_lowercase();
    if extension == "jpeg" { "jpg".to_owned() } else { extension }
}

/// The extension that a stored file of this type is named with; `None` for types other than the web's raster images.
pub fn extension_of(mimetype: &str) -> Option<&'static str> {
    Some(match mimetype {
        "image/jpeg" => "jpg",
        "image/png" => "png",
        "image/gif" => "gif",
        "image/webp" => "webp",
        "image/avif" => "avif",
        "image/heic" | "image/heif" => "heic",
        "image/bmp" => "bmp",
        "image/tiff" => "tif",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(rules: &[&str], mimetype: &str, filename: &str) -> bool {
        Accept::parse(rules).unwrap().takes(mimetype, filename)
    }

    #[test]
    fn rules_fit_types_families_and_extensions() {
        assert!(takes(&[], "video/mp4", "a.mp4"));
        assert!(takes(&["image/*"], "image/jpeg", "a"));
        assert!(!takes(&["image/*"], "video/mp4", "a.mp4"));
        assert!(takes(&["IMAGE/PNG"], "image/png", "a"));
        assert!(!takes(&["image/png"], "image/jpeg", "a.jpg"));
        assert!(takes(&[".JPG"], "image/jpeg", "no extension"));
        assert!(takes(&["jpeg"], "", "A.JPG"));
        assert!(takes(&["image/jpg"], "image/jpeg", "a"));
        assert!(takes(&["*/*"], "application/pdf", "a.pdf"));
        assert!(!takes(&["image/*"], "imagery/jpeg", "a"));
    }

    #[test]
    fn rules_survive_being_sent_on() {
        let accept = Accept::parse(&["image/*", "IMAGE/JPG", ".JPEG", "*/*"]).unwrap();
        assert_eq!(accept.rules(), ["image/*", "image/jpeg", ".jpg", "*/*"]);
        assert_eq!(Accept::parse(&accept.rules()), Ok(accept));
    }

    #[test]
    fn a_rule_that_is_none_is_named() {
        assert_eq!(Accept::parse(&["image/*", "im age/png"]), Err("im age/png".to_owned()));
        assert_eq!(Accept::parse(&["image/"]), Err("image/".to_owned()));
        assert_eq!(Accept::parse(&[""]), Err(String::new()));
    }
}
