//! The rules of the house that a program can check. ARCHITECTURE.md says why the house is built so.

use super::source::Source;

/// A name that code in some place must not mention.
pub struct Rule {
    /// What is kept, as ARCHITECTURE.md words it.
    pub says: &'static str,
    /// Files, or folders ending with `/`, that it is kept in.
    pub within: &'static [&'static str],
    /// Where it need not be kept, and the reason.
    pub except: &'static [(&'static str, &'static str)],
    /// Names, each as a run of path segments; `$` at the end means that the path ends there.
    pub forbids: &'static [&'static str],
}

/// The table.
pub const RULES: &[Rule] = &[
    Rule {
        says: "only api.rs exports to JavaScript",
        within: &["src/", "protocol/src/"],
        except: &[("src/api.rs", "it is the one")],
        forbids: &["wasm_bindgen$"],
    },
    Rule {
        says: "JsValue stops at the edge",
        within: &["src/", "protocol/src/"],
        except: &[
            ("src/api.rs", "takes what the page passes and gives it the promise"),
            ("src/options/", "reads what the page passes"),
            ("src/result.rs", "builds what the page receives"),
            ("src/picker/callbacks.rs", "hands results to the page's callbacks"),
            ("src/ui/outward/hold.rs", "hands publications to the page's function, from a part that is loaded later"),
            ("src/mount/", "the History API takes its state as a JsValue"),
            ("src/device/", "files, folders and canvases answer with untyped values"),
            ("src/session.rs", "windows hand over untyped messages"),
            ("src/text/", "Intl takes its locales as a JsValue"),
        ],
        forbids: &["JsValue"],
    },
    Rule {
        says: "companion.rs is the only HTTP client of the widget",
        within: &["src/"],
        except: &[("src/companion/", "it is the one")],
        forbids: &["gloo_net"],
    },
    Rule {
        says: "ui never calls the companion",
        within: &["src/ui/"],
        except: &[],
        forbids: &["crate::companion", "super::companion", "gloo_net"],
    },
    Rule {
        says: "state and selection know neither DOM nor network",
        within: &["src/state.rs", "src/state/", "src/selection.rs", "src/selection/"],
        except: &[],
        forbids: &["web_sys", "js_sys", "leptos", "gloo_net", "wasm_bindgen", "crate::companion", "super::companion"],
    },
    Rule {
        says: "companion.rs uses the protocol and of the widget only its errors and its memory",
        within: &["src/companion/"],
        except: &[],
        forbids: &[
            "crate::ui",
            "crate::picker",
            "crate::state",
            "crate::mount",
            "crate::api",
            "crate::listing",
            "crate::store",
        ],
    },
    Rule {
        says: "the protocol uses nothing of ours",
        within: &["protocol/src/"],
        except: &[],
        forbids: &["bowerbird", "bowerbird_companion", "bowerbird_emulator", "web_sys", "js_sys", "axum"],
    },
    Rule {
        says: "providers know nothing of serving HTTP, the database or the bucket",
        within: &["companion/src/providers/", "companion/src/providers.rs"],
        except: &[],
        forbids: &[
            "axum",
            "tower_http",
            "sqlx",
            "object_store",
            "crate::db",
            "crate::bucket",
            "crate::routes",
            "super::super::db",
        ],
    },
    Rule {
        says: "the emulator uses none of our crates",
        within: &["emulator/src/", "emulator/tests/"],
        except: &[],
        forbids: &["bowerbird", "bowerbird_protocol", "bowerbird_companion"],
    },
    Rule {
        says: "the companion runs without the emulator",
        within: &["companion/src/"],
        except: &[],
        forbids: &["bowerbird_emulator"],
    },
    Rule {
        says: "only db has SQL",
        within: &["companion/src/"],
        except: &[("companion/src/db.rs", "it is the one"), ("companion/src/db/", "it is the one")],
        forbids: &[
            "sqlx::query",
            "sqlx::query_as",
            "sqlx::query_scalar",
            "sqlx::query_with",
            "sqlx::raw_sql",
            "sqlx::QueryBuilder",
            "sqlx::Executor",
            "sqlx::*",
        ],
    },
    Rule {
        says: "only fetch makes outgoing requests",
        within: &["companion/src/"],
        except: &[("companion/src/fetch.rs", "it is the one"), ("companion/src/fetch/", "it is the one")],
        forbids: &[
            "reqwest::Client::new",
            "reqwest::Client::builder",
            "reqwest::ClientBuilder",
            "reqwest::get",
            "reqwest::blocking",
            "Client::builder",
            "ClientBuilder",
        ],
    },
    Rule {
        says: "only config and cli read the environment",
        within: &["companion/src/"],
        except: &[
            ("companion/src/config/", "it is the one"),
            ("companion/src/cli/", "it hands the variables to config"),
        ],
        forbids: &["env::var", "env::vars", "env::var_os", "env::vars_os"],
    },
];

impl Rule {
    /// The mentions in `source` that the rule forbids.
    pub fn violations(&self, source: &Source) -> Vec<String> {
        let lies_in = |place: &str| source.path == place || (place.ends_with('/') && source.path.starts_with(place));
        if !self.within.iter().copied().any(lies_in) || self.except.iter().any(|(place, _)| lies_in(place)) {
            return Vec::new();
        }
        let breaks = |segments: &[String]| self.forbids.iter().any(|forbidden| mentions(segments, forbidden));
        let found = source.names.iter().filter(|name| breaks(&name.segments));
        found
            .map(|name| format!("{}:{}: `{}`, but {}", source.path, name.line, name.segments.join("::"), self.says))
            .collect()
    }
}

fn mentions(segments: &[String], forbidden: &str) -> bool {
    let (forbidden, at_end) = match forbidden.strip_suffix('$') {
        Some(forbidden) => (forbidden, true),
        None => (forbidden, false),
    };
    let wanted: Vec<&str> = forbidden.split("::").collect();
    let fits = |run: &[String]| run.iter().zip(&wanted).all(|(segment, wanted)| segment == wanted);
    if at_end {
        return segments.len() >= wanted.len() && fits(&segments[segments.len() - wanted.len()..]);
    }
    // A crate is named by the first segment only: `x::leptos` is somebody's module.
    if let [name] = wanted[..]
        && name.chars().all(|c| c.is_lowercase() || c == '_')
    {
        return segments.first().is_some_and(|first| first == name) && segments.len() > 1;
    }
    segments.windows(wanted.len()).any(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// For every rule, where and how it could be broken, and something near it that is allowed.
    const SAMPLES: &[(&str, &str, &str, &str)] = &[
        (
            "only api.rs exports to JavaScript",
            "src/store.rs",
            "#[wasm_bindgen] pub fn x() {}",
            "use wasm_bindgen::JsCast;",
        ),
        ("JsValue stops at the edge", "src/ui/grid.rs", "fn f(x: wasm_bindgen::JsValue) {}", "// JsValue"),
        (
            "companion.rs is the only HTTP client of the widget",
            "src/listing.rs",
            "use gloo_net::http::Request;",
            "const A: &str = \"gloo_net\";",
        ),
        (
            "ui never calls the companion",
            "src/ui/dialog.rs",
            "use crate::{companion::Companion, state};",
            "use crate::state::companion_name;",
        ),
        (
            "state and selection know neither DOM nor network",
            "src/state/event.rs",
            "fn f() { web_sys::window(); }",
            "use std::fmt;",
        ),
        (
            "companion.rs uses the protocol and of the widget only its errors and its memory",
            "src/companion/mod.rs",
            "use crate::state::State;",
            "use crate::error::Trouble;",
        ),
        (
            "the protocol uses nothing of ours",
            "protocol/src/store.rs",
            "use bowerbird::PickOptions;",
            "use serde::Serialize;",
        ),
        (
            "providers know nothing of serving HTTP, the database or the bucket",
            "companion/src/providers/meta.rs",
            "use crate::{db::Db, fetch};",
            "use crate::fetch::Fetcher;",
        ),
        (
            "the emulator uses none of our crates",
            "emulator/src/lib.rs",
            "use bowerbird_protocol::accept;",
            "use bowerbird_emulator::Emulator;",
        ),
        (
            "the companion runs without the emulator",
            "companion/src/lib.rs",
            "use bowerbird_emulator::Emulator;",
            "use axum::Router;",
        ),
        (
            "only db has SQL",
            "companion/src/store/mod.rs",
            "async fn f() { sqlx::query(\"select 1\"); }",
            "fn f(e: sqlx::Error) {}",
        ),
        (
            "only fetch makes outgoing requests",
            "companion/src/providers/meta.rs",
            "fn f() { reqwest::Client::new(); }",
            "fn f(s: reqwest::StatusCode) {}",
        ),
        (
            "only config and cli read the environment",
            "companion/src/apps.rs",
            "fn f() { std::env::var(\"A\"); }",
            "fn f() { std::env::temp_dir(); }",
        ),
    ];

    #[test]
    fn every_rule_catches_a_violation_and_lets_its_neighbour_be() {
        for rule in RULES {
            let sample = SAMPLES.iter().find(|(says, ..)| *says == rule.says);
            let (_, path, broken, kept) = sample.unwrap_or_else(|| panic!("no sample for `{}`", rule.says));
            let violations = |text| rule.violations(&Source::parse(path, text).unwrap());
            assert_eq!(violations(broken).len(), 1, "{}: {broken}", rule.says);
            assert_eq!(violations(kept), Vec::<String>::new(), "{}", rule.says);
        }
        assert_eq!(SAMPLES.len(), RULES.len(), "a sample without a rule");
    }

    #[test]
    fn a_violation_says_where_and_why() {
        let rule = RULES.iter().find(|rule| rule.says.starts_with("ui never")).unwrap();
        let source = Source::parse("src/ui/x.rs", "\nuse super::super::companion;\n").unwrap();
        assert_eq!(
            rule.violations(&source),
            ["src/ui/x.rs:2: `super::super::companion`, but ui never calls the companion"]
        );
    }

    #[test]
    fn exceptions_are_files_that_the_rule_is_about() {
        for rule in RULES {
            for (place, reason) in rule.except {
                assert!(!reason.is_empty() && rule.within.iter().any(|within| place.starts_with(within)), "{place}");
            }
        }
    }
}
