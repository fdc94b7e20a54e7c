//! Whether every screen is for everyone, as far as a program can judge it: axe-core on the whole page, which sees into the
//! dialog's open shadow root.

use crate::browser::{Engine, Options};
use crate::looks::Look;
use crate::stage::Stage;
use crate::tell_in;
use crate::tour::{Judge, Tour};
use crate::visitor::Visitor;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

/// The rules of WCAG 2.2 AA, and what axe-core's makers hold for good practice.
const RULES: [&str; 6] = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/// The dialog's place on the page: axe-core judges what is to be seen in the body alone, and else the dialog lies behind it.
const IN_SIGHT: &str = "body";

#[tokio::test]
async fn every_screen_is_for_everyone() {
    let Some(axe) = axe() else { return };
    tell_in(Engine::Chromium, Options::default(), Duration::ZERO, async move |visitor: Visitor, stage: Stage| {
        let looks = [Look::DESK, Look::DESK_DARK, Look::DESK_FORCED, Look::PHONE];
        let mut walk = Walk { axe, looks: &looks, violations: BTreeMap::new() };
        Tour::takes(&visitor, &stage, json!({"container": IN_SIGHT}), &mut walk).await;
        let violations: Vec<_> =
            walk.violations.iter().map(|(what, on)| format!("{what}\n    {}", on.join(", "))).collect();
        assert!(violations.is_empty(), "axe-core finds:\n{}", violations.join("\n"));
    })
    .await;
}

/// A dialog of which a part is broken on purpose: the walk would else pass for nothing where axe-core did not see into it.
#[tokio::test]
async fn axe_sees_what_is_wrong_inside_of_the_dialog() {
    let Some(axe) = axe() else { return };
    tell_in(Engine::Chromium, Options::default(), Duration::ZERO, async move |visitor: Visitor, stage: Stage| {
        visitor.opens(&stage.page, json!({"fromSources": "facebook", "container": IN_SIGHT})).await;
        visitor.starts_picking().await;
        visitor.sees("[data-action='connect']").await;
        let found = violations(&visitor, &axe).await;
        assert!(found.is_empty(), "{found:?}");
        let spoil = "const root = document.querySelector('[data-bowerbird]').shadowRoot;
            root.querySelector('[aria-label=Close]').removeAttribute('aria-label');
            root.querySelector('.hint').style.color = '#bbb'";
        visitor.runs(spoil).await;
        let found = violations(&visitor, &axe).await.join("\n");
        assert!(found.contains("button-name") && found.contains("color-contrast"), "{found}");
    })
    .await;
}

/// Goes through all screens with axe-core.
struct Walk<'a> {
    axe: String,
    looks: &'a [Look],
    /// Each with the screens that it is on.
    violations: BTreeMap<String, Vec<String>>,
}

impl Judge for Walk<'_> {
    async fn judges(&mut self, visitor: &Visitor, screen: &str) {
        for look in self.looks {
            look.is_put_on(visitor).await;
            let found = violations(visitor, &self.axe).await;
            for violation in found {
                self.violations.entry(violation).or_default().push(format!("{screen}-{}", look.name));
            }
        }
        Look::DESK.is_put_on(visitor).await;
    }
}

/// What axe-core has against the page as it is now.
async fn violations(visitor: &Visitor, axe: &str) -> Vec<String> {
    if visitor.runs("return typeof window.axe").await != "object" {
        visitor.runs(axe).await;
    }
    let options = json!({
        "runOnly": {"type": "tag", "values": RULES},
        // It is of WCAG 2.2 AA, and switched off by default.
        "rules": {"target-size": {"enabled": true}},
    });
    let found = visitor.driver().execute_async(RUN, vec![options]).await.expect("axe-core runs").json().clone();
    let words = |line: &Value| line.as_str().unwrap_or_default().to_owned();
    found.as_array().map(|lines| lines.iter().map(words).collect()).unwrap_or_default()
}

/// Runs axe-core and gives its violations as lines of text.
///
/// Where no colour of the dialog is judged, that is a fault too. What lies behind a dialog within the dialog can neither be seen
/// nor reached, which axe-core does not know, and is left out.
const RUN: &str = "const done = arguments[arguments.length - 1];
    const said = node => `${node.target.flat().join(' in ')}: ${node.failureSummary.replace(/\\s+/g, ' ')}`;
    const uppermost = document.querySelector('[data-bowerbird]')?.shadowRoot.querySelector('.dialog dialog[open]');
    axe.run(uppermost ?? document, arguments[0]).then(found => {
        const deep = document.querySelector('[data-bowerbird]') ? 2 : 1;
        const judged = [...found.passes, ...found.violations].filter(rule => rule.id === 'color-contrast')
            .flatMap(rule => rule.nodes).filter(node => node.target.flat().length >= deep).length;
        done([
            ...found.violations.flatMap(rule => rule.nodes.map(node => `${rule.id} ${said(node)}`)),
            ...(judged ? [] : ['axe-core sees no words of the dialog']),
        ]);
    }, error => done([`axe-core fails: ${error}`]))";

/// axe-core, where `cargo xtask test tools` has put it. In CI it has to be there; elsewhere this says loudly that it is not.
fn axe() -> Option<String> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |folder| root.join(folder));
    if let Ok(axe) = std::fs::read_to_string(target.join("tools/axe.min.js")) {
        return Some(axe);
    }
    let hint = "`cargo xtask test tools` fetches it or says what to do";
    assert!(std::env::var_os("CI").is_none(), "CI is set, and axe-core is not here; {hint}");
    // Not `eprintln!`, which a test that passes keeps to itself.
    let _ = writeln!(std::io::stderr(), "!!! NOT TESTED by axe-core: it is not here; {hint} !!!");
    None
}
