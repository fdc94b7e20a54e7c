//! Style sheets as they are built in: without what only their authors read, which every page would load.

/// The text of sheets in `style/`, one after the other, without comments and without the blanks around their lines.
macro_rules! sheet {
    ($($name:literal),+ $(,)?) => {{
        const TEXT: &[u8] = concat!($(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/style/", $name))),+).as_bytes();
        const BARE: ([u8; TEXT.len()], usize) = $crate::sheet::bare(TEXT);
        const SHEET: &str = match ::core::str::from_utf8(BARE.0.split_at(BARE.1).0) {
            Ok(text) => text,
            Err(_) => panic!("a style sheet is not UTF-8"),
        };
        SHEET
    }};
}
pub(crate) use sheet;

/// What is left of a text, and how long that is. Between two lines a line break stays where the first does not end in what needs none.
pub(crate) const fn bare<const N: usize>(text: &[u8]) -> ([u8; N], usize) {
    let (mut bare, mut length, mut at) = ([0; N], 0, 0);
    let mut begins = true;
    while at < text.len() {
        if text[at] == b'/' && at + 1 < text.len() && text[at + 1] == b'*' {
            at += 2;
            while !(text[at] == b'*' && text[at + 1] == b'/') {
                at += 1;
            }
            at += 2;
            continue;
        }
        let needs_none = length == 0 || matches!(bare[length - 1], b'{' | b'}' | b';' | b',' | b'\n');
        if text[at] == b'\n' {
            begins = true;
            if !needs_none {
                bare[length] = b'\n';
                length += 1;
            }
        } else if !(text[at] == b' ' && (begins || needs_none)) {
            begins = false;
            bare[length] = text[at];
            length += 1;
        }
        at += 1;
    }
    (bare, length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_reads_stays() {
        const TEXT: &[u8] =
            b"/* Why. */\n.a, .b\n.c { top: 0;\n  left: calc(1px + 2px); } /* x */\n\n.d::before { content: '/'; }\n";
        let (bare, length) = bare::<{ TEXT.len() }>(TEXT);
        let text = std::str::from_utf8(&bare[..length]).unwrap();
        assert_eq!(text, ".a,.b\n.c {top: 0;left: calc(1px + 2px);}.d::before {content: '/';}");
        for sheet in [sheet!("tokens.css", "dialog.css"), sheet!("tile.css")] {
            assert!(!sheet.contains("/*") && sheet.matches('{').count() == sheet.matches('}').count(), "{sheet}");
        }
    }
}
