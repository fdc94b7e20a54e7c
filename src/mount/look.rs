//! The style sheet of a picker: the tokens in the colours that the page asked for, then what uses them.

use crate::options::Theme;
use crate::sheet::sheet;
use crate::ui;

const TOKENS: &str = sheet!("tokens.css");
const DARK: &str = sheet!("dark.css");

/// The sheet for a theme.
pub fn sheet(theme: Theme) -> String {
    let dark = match theme {
        Theme::Auto => ["@media (prefers-color-scheme: dark) {", DARK, "}"],
        Theme::Dark => ["", DARK, ""],
        Theme::Light => [""; 3],
    };
    [TOKENS, &dark.concat(), ui::STYLE].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_theme_decides_when_the_dark_colours_hold() {
        assert!(!sheet(Theme::Light).contains(DARK));
        assert!(sheet(Theme::Dark).contains(&[TOKENS, DARK].concat()));
        assert!(sheet(Theme::Auto).contains(&["(prefers-color-scheme: dark) {", DARK].concat()));
    }
}
