//! The manual and the code: what has a name in the one stands on the page of the other.

use super::tree::Text;
use std::collections::BTreeSet;

/// The page of the options, and the table that they are in.
const OPTIONS: (&str, &str) = ("docs/options.md", "src/options/mod.rs");
/// The page of the languages, and the folder of their sentences.
const LANGUAGES: (&str, &str) = ("docs/languages.md", "src/text/");
/// The page of everything that somebody may read, the folder of the scripts that write to the console, and that of the program that
/// writes the log.
const TROUBLE: (&str, &str, &str) = ("docs/troubleshooting.md", "npm/", "companion/src/");
/// Where a page's options are refused.
const REFUSALS: &str = "src/options/";
/// The shortest that a sentence is; less is a name or a status.
const SENTENCE: usize = 9;

/// One line for each name or sentence that is missing on its page.
pub fn violations(texts: &[Text]) -> Vec<String> {
    let page = |path: &str| texts.iter().find(|text| text.path == path).map_or("", |text| text.text.as_str());
    let mut found = Vec::new();
    let mut missing = |path: &str, what: String| found.push(format!("{path}: {what} is not on this page"));
    for name in options(page(OPTIONS.1)) {
        if !page(OPTIONS.0).contains(&format!("`{name}`")) {
            missing(OPTIONS.0, format!("the option `{name}`"));
        }
    }
    let sentences = texts.iter().filter_map(|text| text.path.strip_prefix(LANGUAGES.1)?.strip_suffix(".json"));
    for code in sentences.filter(|name| name.len() == 2) {
        if !page(LANGUAGES.0).contains(&format!("`{code}`")) {
            missing(LANGUAGES.0, format!("the language `{code}`"));
        }
    }
    for text in texts {
        let sentences = match () {
            () if text.path.starts_with(TROUBLE.1) && text.path.ends_with(".js") => errors(&text.text),
            () if text.path.starts_with(TROUBLE.2) && text.path.ends_with(".rs") => logged(&text.text),
            () if text.path.starts_with(REFUSALS) => refusals(&text.text),
            () => continue,
        };
        for words in sentences {
            if !page(TROUBLE.0).contains(words.as_str()) {
                missing(TROUBLE.0, format!("\"{words}\" of {}", text.path));
            }
        }
    }
    found
}

/// What a companion's code writes into the log as a warning or an error: the last text of each such call.
fn logged(code: &str) -> BTreeSet<String> {
    let code = code.split("#[cfg(test)]").next().unwrap_or_default();
    let calls = ["tracing::warn!(", "tracing::error!("].into_iter().flat_map(|start| code.split(start).skip(1));
    let last = calls.filter_map(|rest| rest.split(");\n").next()?.rsplit('"').nth(1));
    let fixed = last.filter_map(|words| words.split(['{', '}']).step_by(2).max_by_key(|part| part.len()));
    fixed.map(|words| words.trim().to_owned()).filter(|words| words.len() >= SENTENCE).collect()
}

/// The sentences with which options are refused, or warned about. What is shorter, or begins with an article, is a part of "takes …; it
/// got …".
fn refusals(code: &str) -> BTreeSet<String> {
    const WHOLE: usize = 24;
    let code = code.split("#[cfg(test)]").next().unwrap_or_default();
    let starts = ["Err(\"", "Err(format!(\"", "warn(format!(\"", "ok_or(\"", "=> format!(\"", "|| format!(\""];
    let said = starts.into_iter().flat_map(|start| code.split(start).skip(1)).filter_map(|rest| rest.split('"').next());
    let fixed = said.filter_map(|words| words.split(['{', '}']).max_by_key(|part| part.len()));
    let is_whole = |words: &String| words.len() >= WHOLE && !words.starts_with("a ");
    fixed.map(|words| words.trim().to_owned()).filter(is_whole).collect()
}

/// The names in the table of the options, and those that are ignored: strings that stand first in their line.
fn options(code: &str) -> BTreeSet<&str> {
    let code = code.split("#[cfg(test)]").next().unwrap_or_default();
    let first = code.lines().filter_map(|line| line.trim_start().strip_prefix('"')?.split_once('"'));
    let is_row = |rest: &str| rest == "," || rest.starts_with(' ') && rest.contains(':');
    let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    first.filter(|(name, rest)| is_name(name) && is_row(rest)).map(|(name, _)| name).collect()
}

/// The sentences of errors in a script: of each the longest part that nothing is filled into.
fn errors(script: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for start in ["new Error(", "complain(", "wrong("] {
        for (at, _) in script.match_indices(start) {
            let rest = &script[at + start.len()..];
            let Some(quote) = rest.chars().next().filter(|first| ['\'', '`'].contains(first)) else { continue };
            let mut words = String::new();
            let mut escaped = false;
            for letter in rest[1..].chars() {
                if letter == quote && !escaped {
                    break;
                }
                if letter != '\\' || escaped {
                    words.push(letter);
                }
                escaped = letter == '\\' && !escaped;
            }
            let words = words.strip_prefix("bowerbird: ").unwrap_or(&words);
            let fixed = words.split("${").enumerate();
            let fixed =
                fixed.map(|(place, part)| if place == 0 { part } else { part.split_once('}').map_or("", |it| it.1) });
            let longest = fixed.max_by_key(|part| part.len()).unwrap_or_default().trim();
            if longest.len() >= SENTENCE {
                found.insert(longest.to_owned());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(path: &str, text: &str) -> Text {
        Text { path: path.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn options_are_read_from_their_table() {
        let code = "options! {\n    \"accept\" accept: Accept = Accept::default(), read_accept;\n}\n\
                    const OTHERS: &[&str] = &[\n    \"loadCss\",\n];\nfn f() {\n    \"no option\".len();\n}\n";
        assert_eq!(options(code).into_iter().collect::<Vec<_>>(), ["accept", "loadCss"]);
    }

    #[test]
    fn of_an_error_the_longest_fixed_part_counts() {
        let script = "throw new Error(`bowerbird: ${url} could not be loaded (${cause.message})`);\n\
                      complain('init takes {url}: the companion\\'s address');\nnew Error('HTTP ' + status)";
        let found: Vec<String> = errors(script).into_iter().collect();
        assert_eq!(found, ["could not be loaded (", "init takes {url}: the companion's address"]);
    }

    #[test]
    fn of_the_log_warnings_and_errors_count() {
        let code = "tracing::info!(\"all is as it should be\");\n\
                    tracing::warn!(hint = \"look\", \"nothing can be found\");\n\
                    tracing::error!(\n    %cause,\n    \"the files in {} cannot be read\",\n    folder()\n);\n\
                    #[cfg(test)]\nmod tests { tracing::warn!(\"only in a test, this\");\n }\n";
        let found: Vec<String> = logged(code).into_iter().collect();
        assert_eq!(found, ["cannot be read", "nothing can be found"]);
    }

    #[test]
    fn refusals_of_options_are_told_from_their_parts() {
        let code = "return Err(\"pick takes an object of options\".to_owned());\n\
                    Err(format!(\"minFiles ({}) is more than maxFiles ({})\", 2, 1));\nErr(\"true or false\") Err(\"a string or an array of strings\")";
        let found: Vec<String> = refusals(code).into_iter().collect();
        assert_eq!(found, [") is more than maxFiles (", "pick takes an object of options"]);
    }

    #[test]
    fn what_is_missing_is_named_with_its_page() {
        let texts = [
            text("src/options/mod.rs", "    \"accept\" accept: A = a(), b;\n    \"theme\" theme: A = a(), b;\n"),
            text("docs/options.md", "`accept`"),
            text("src/text/de.json", "{}"),
            text("src/text/filestack.json", "{}"),
            text("npm/core.js", "new Error('bowerbird: nothing of the kind')"),
        ];
        let found = violations(&texts);
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].contains("`theme`") && found[1].contains("`de`") && found[2].contains("nothing of the kind"));
    }
}
