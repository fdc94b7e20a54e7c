//! Which languages the dialog speaks, and how pages name them.

/// Every language, English first. Those of Filestack's picker.
pub const ALL: &[&str] = &[
    "en", "ar", "ca", "da", "de", "es", "fr", "he", "it", "ja", "ko", "nl", "no", "pl", "pt", "ru", "sv", "tr", "vi",
    "zh",
];

/// A language of the dialog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Language {
    /// Whose sentences: one of [`ALL`].
    pub name: &'static str,
    /// How numbers and dates are written: the same, with the region if there is one, as in `pt-br`.
    pub locale: String,
}

impl Language {
    /// The built-in one.
    pub fn english() -> Self {
        Self { name: "en", locale: "en".to_owned() }
    }

    /// The language of a tag such as `de`, `pt-BR` or `zh-Hant-TW`, in any case, if the dialog speaks it.
    pub fn of(tag: &str) -> Option<Self> {
        let tag = tag.trim().to_ascii_lowercase();
        let mut parts = tag.split(['-', '_']);
        let name = match parts.next()? {
            "nb" | "nn" => "no",
            // What Hebrew was called until 1989.
            "iw" => "he",
            other => other,
        };
        let name = ALL.iter().find(|known| **known == name)?;
        // A single letter begins what is no region, as `u-ca-buddhist`. Intl throws at tags that are odd, so nothing else of the tag
        // is handed to it.
        let is_region = |part: &&str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_lowercase());
        let region = parts.take_while(|part| part.len() > 1).find(is_region);
        Some(Self { name, locale: region.map_or_else(|| (*name).to_owned(), |region| format!("{name}-{region}")) })
    }

    /// The language that the page is written in, as its `<html lang>` says, or English.
    pub fn of_page() -> Self {
        let root = web_sys::window().and_then(|window| window.document()?.document_element());
        root.and_then(|root| Self::of(&root.get_attribute("lang")?)).unwrap_or_else(Self::english)
    }

    /// The language of this tag, or English; without a tag that of the page.
    pub fn wanted(tag: Option<&str>) -> Self {
        match tag {
            Some(tag) => Self::of(tag).unwrap_or_else(Self::english),
            None => Self::of_page(),
        }
    }

    /// Which way it is written, as an element's `dir`.
    pub fn direction(name: &str) -> &'static str {
        if matches!(name, "ar" | "he") { "rtl" } else { "ltr" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_lead_to_languages() {
        let of = |tag| Language::of(tag).map(|language| (language.name, language.locale));
        for (tag, name, locale) in [
            ("de", "de", "de"),
            ("DE", "de", "de"),
            (" pt-BR ", "pt", "pt-br"),
            ("pt_PT", "pt", "pt-pt"),
            ("nb", "no", "no"),
            ("nn-NO", "no", "no-no"),
            ("iw", "he", "he"),
            ("zh-Hant-TW", "zh", "zh-tw"),
            ("es-419", "es", "es"),
            ("th-TH-u-ca-buddhist", "", ""),
            ("ar-u-nu-latn", "ar", "ar"),
            ("en-GB-x-ab", "en", "en-gb"),
            ("english", "", ""),
            ("", "", ""),
        ] {
            let expected = (!name.is_empty()).then(|| (name, locale.to_owned()));
            assert_eq!(of(tag), expected, "{tag}");
        }
    }

    #[test]
    fn two_languages_run_from_right_to_left() {
        let rtl: Vec<_> = ALL.iter().filter(|name| Language::direction(name) == "rtl").collect();
        assert_eq!(rtl, [&"ar", &"he"]);
    }
}
