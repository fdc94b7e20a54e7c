//! A source file, and the names that its code mentions.

use anyhow::{Result, anyhow};
use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// Words that a path can follow and none begins with.
const KEYWORDS: &[&str] =
    &["as", "dyn", "else", "for", "if", "impl", "in", "match", "move", "mut", "return", "use", "where"];

/// A Rust file without its tests.
pub struct Source {
    /// From the repository's root, with `/`.
    pub path: String,
    /// Lines before the tests.
    pub lines: usize,
    /// Every path in the code, whole: `use a::{b, c::d}` mentions `a::b` and `a::c::d`. Comments and strings mention nothing.
    pub names: Vec<Name>,
}

/// A path such as `crate::companion::Client`.
pub struct Name {
    /// Its parts.
    pub segments: Vec<String>,
    /// Where it begins, counted from 1.
    pub line: usize,
}

impl Source {
    /// Reads the text of the file at `path`.
    pub fn parse(path: &str, text: &str) -> Result<Self> {
        let code = without_tests(text);
        let tokens: TokenStream = code.parse().map_err(|error| anyhow!("{path} is not Rust: {error}"))?;
        let mut names = Vec::new();
        collect(tokens, &[], &mut names);
        Ok(Self { path: path.to_owned(), lines: code.lines().count(), names })
    }
}

/// The text up to the test module, which stands last in a file.
fn without_tests(text: &str) -> &str {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let rest = &text[at..];
        if line.starts_with("#[cfg(")
            && line.contains("test")
            && rest.lines().nth(1).is_some_and(|next| next.starts_with("mod "))
        {
            return &text[..at];
        }
        at += line.len();
    }
    text
}

/// Collects the paths of `tokens`. A non-empty `prefix` means that they are the inside of `prefix::{…}`.
fn collect(tokens: TokenStream, prefix: &[String], names: &mut Vec<Name>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at] {
            // A lifetime is a quote and an identifier, which is no name of anything elsewhere.
            TokenTree::Punct(punct) if punct.as_char() == '\'' => at += 2,
            // `use a as b`: the new name is not a path.
            TokenTree::Ident(ident) if ident == "as" && !prefix.is_empty() => at += 2,
            TokenTree::Ident(ident) => {
                let line = ident.span().start().line;
                let mut segments = prefix.to_vec();
                segments.push(ident.to_string());
                at += 1;
                let mut whole = true;
                // What follows `use ::a` or `impl ::a` is a path of its own.
                let begins_path = !KEYWORDS.contains(&segments.last().map_or("", |word| word.as_str()));
                while begins_path && is_path_separator(&tokens[at..]) {
                    match tokens.get(at + 2) {
                        Some(TokenTree::Ident(next)) => segments.push(next.to_string()),
                        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                            collect(group.stream(), &segments, names);
                            whole = false;
                        }
                        Some(TokenTree::Punct(punct)) if punct.as_char() == '*' => segments.push("*".to_owned()),
                        // A turbofish ends the path; its inside is read on its own.
                        _ => {
                            at += 2;
                            break;
                        }
                    }
                    at += 3;
                }
                if whole {
                    names.push(Name { segments, line });
                }
            }
            TokenTree::Group(group) => {
                collect(group.stream(), &[], names);
                at += 1;
            }
            _ => at += 1,
        }
    }
}

fn is_path_separator(tokens: &[TokenTree]) -> bool {
    matches!(tokens, [TokenTree::Punct(first), TokenTree::Punct(second), ..]
        if first.as_char() == ':' && first.spacing() == Spacing::Joint && second.as_char() == ':')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        Source::parse("x.rs", text).unwrap().names.iter().map(|name| name.segments.join("::")).collect()
    }

    #[test]
    fn nested_imports_are_whole_paths() {
        let found = names("use crate::{a, b::{C, d::*}, e as f};\nuse ::g::h;");
        for path in ["crate::a", "crate::b::C", "crate::b::d::*", "crate::e", "g::h"] {
            assert!(found.iter().any(|name| name == path), "{path} in {found:?}");
        }
        assert!(!found.iter().any(|name| name.ends_with("::f")), "{found:?}");
    }

    #[test]
    fn expressions_macros_and_attributes_count() {
        let found = names("#[x::y] fn f() { m!(<a::B as c::D>::e(), g::<h::I>()); }");
        for path in ["x::y", "a::B", "c::D", "h::I", "g"] {
            assert!(found.iter().any(|name| name == path), "{path} in {found:?}");
        }
    }

    #[test]
    fn comments_strings_lifetimes_and_tests_do_not() {
        let text = "// a::b\n/// c::d\nconst E: &'static str = \"f::g\";\n\n#[cfg(test)]\nmod tests { use h::i; }\n";
        let source = Source::parse("x.rs", text).unwrap();
        assert_eq!(source.lines, 4);
        let found = names(text);
        assert!(
            !found.iter().any(|name| ["a::b", "c::d", "f::g", "h::i", "static"].contains(&name.as_str())),
            "{found:?}"
        );
    }

    #[test]
    fn lines_are_counted_from_one() {
        let source = Source::parse("x.rs", "\nuse a::b;\n").unwrap();
        let name = source.names.iter().find(|name| name.segments == ["a", "b"]).unwrap();
        assert_eq!(name.line, 2);
    }
}
