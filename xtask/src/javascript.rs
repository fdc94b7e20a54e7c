//! Puts the package's scripts together from the texts in `npm/`, and takes out what only their readers need.

use anyhow::{Result, bail};

/// The line at which [`assemble`] puts the shared text in.
const INCLUDE: &str = "//= core.js";

/// `wrapper` with `core` in its place and every `%NAME%` replaced, without comments, behind a one-line banner.
pub fn assemble(wrapper: &str, core: &str, names: &[(&str, &str)], banner: &str) -> Result<String> {
    let Some(at) = wrapper.lines().position(|line| line.trim() == INCLUDE) else {
        bail!("there is no line `{INCLUDE}`")
    };
    let lines: Vec<&str> = wrapper.lines().collect();
    let whole = [&lines[..at], &core.lines().collect::<Vec<_>>()[..], &lines[at + 1..]].concat().join("\n");
    Ok(format!("/*! {banner} */\n{}", strip(&fill(&whole, names)?)?))
}

/// `text` with every `%NAME%` replaced. Errors on a name that is left over.
pub fn fill(text: &str, names: &[(&str, &str)]) -> Result<String> {
    let text = names.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("%{name}%"), value));
    let left = text
        .split('%')
        .skip(1)
        .step_by(2)
        .find(|word| !word.is_empty() && word.chars().all(|c| c.is_ascii_uppercase()));
    match left {
        Some(name) => bail!("nothing is said about %{name}%"),
        None => Ok(text),
    }
}

/// Takes out indentation, empty lines and the comments that have their lines to themselves. A comment behind code
/// stays, so that `import(/* @vite-ignore */ url)` keeps its meaning to bundlers.
///
/// Errors when a template literal goes on over several lines, because its indentation is part of what it says.
pub fn strip(source: &str) -> Result<String> {
    let mut out = String::with_capacity(source.len());
    let mut in_comment = false;
    for line in source.lines() {
        let line = line.trim();
        if in_comment {
            in_comment = !line.ends_with("*/");
        } else if line.starts_with("/*") && !line.starts_with("/*!") && (!line.contains("*/") || line.ends_with("*/")) {
            in_comment = !line.contains("*/");
        } else if !line.is_empty() && !line.starts_with("//") {
            if line.matches('`').count() % 2 == 1 {
                bail!("a template literal goes on over several lines: {line}");
            }
            out.push_str(line);
            out.push('\n');
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_with_their_own_lines_go() {
        let source = "/** Says\n * what.\n */\n  const a = 1; // stays\n\n  // goes\n  import(/* @vite-ignore */ b);\n/* one line */\n/*! licence */\n";
        assert_eq!(strip(source).unwrap(), "const a = 1; // stays\nimport(/* @vite-ignore */ b);\n/*! licence */\n");
    }

    #[test]
    fn code_behind_a_comment_stays() {
        assert_eq!(strip("/* a */ const b = 1;\n/* c */ d();\n").unwrap(), "/* a */ const b = 1;\n/* c */ d();\n");
    }

    #[test]
    fn a_template_literal_of_several_lines_is_refused() {
        assert!(strip("const a = `one\n  two`;").is_err());
        assert!(strip("const a = `one${b}`;").is_ok());
    }

    #[test]
    fn the_core_takes_its_place_and_names_are_filled_in() {
        let script =
            assemble("(() => {\n  //= core.js\n})();\n", "const url = '%URL%';\n", &[("URL", "x.js")], "B 1").unwrap();
        assert_eq!(script, "/*! B 1 */\n(() => {\nconst url = 'x.js';\n})();\n");
        assert!(assemble("(() => {})();", "", &[], "").unwrap_err().to_string().contains("core.js"));
    }

    #[test]
    fn a_forgotten_name_is_an_error() {
        assert!(fill("a %GLUE% b", &[]).unwrap_err().to_string().contains("%GLUE%"));
        assert_eq!(fill("100 % and 50 %", &[]).unwrap(), "100 % and 50 %");
    }
}
