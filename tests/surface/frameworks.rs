//! The components for React, Vue and Svelte: on a server, and to the compiler. `tests/stories/frameworks.rs` has them in a browser.

#[path = "../frameworks/mod.rs"]
mod site;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn a_server_draws_the_place_and_loads_nothing() {
    let folder = site::site();
    let program = site::build(&folder, "server");
    let said = site::node(&folder, &[program.to_str().unwrap()]);
    insta::assert_snapshot!(said, @r#"
    react PickerOverlay 
    vue PickerOverlay <!---->
    svelte PickerOverlay <!--[--><!--]-->
    react PickerInline <div style="height:500px"></div>
    vue PickerInline <div style="height:500px;"></div>
    svelte PickerInline <!--[--><div style="height: 500px"></div><!--]-->
    react PickerDropPane <div></div>
    vue PickerDropPane <div style=""></div>
    svelte PickerDropPane <!--[--><div></div><!--]-->
    "#);
}

#[test]
fn typed_use_compiles_and_what_is_wrong_does_not() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = site::site();
    for name in ["react.tsx", "vue.ts", "svelte.ts"] {
        let page = fs::read_to_string(root.join("tests/frameworks/types").join(name)).unwrap();
        fs::write(folder.path().join(name), &page).unwrap();
        let wrong = page.lines().zip(1..).filter(|(line, _)| line.ends_with("// wrong")).map(|(_, number)| number);
        let wrong: BTreeSet<usize> = wrong.collect();
        for module in [&["--module", "esnext", "--moduleResolution", "bundler"][..], &["--module", "nodenext"]] {
            let mut tsc = Command::new("node");
            tsc.arg(root.join("target/tools/filestack/node_modules/typescript/bin/tsc"));
            tsc.args(["--strict", "--noEmit", "--pretty", "false", "--target", "es2022", "--jsx", "react-jsx"]);
            tsc.args(["--lib", "es2022,dom,dom.iterable", "--types", ""]).args(module).arg(name);
            let said = tsc.current_dir(folder.path()).output().expect("Node.js");
            let said = String::from_utf8_lossy(&said.stdout).into_owned();
            // A line that goes on begins with a space; an error elsewhere than in the page has no number here.
            let errors = said.lines().filter(|line| line.contains("error TS"));
            let at = |line: &str| line.strip_prefix(name)?.strip_prefix('(')?.split_once(',')?.0.parse().ok();
            let reported: BTreeSet<usize> = errors.map(|line| at(line).unwrap_or(0)).collect();
            assert_eq!(reported, wrong, "{name} {module:?}: {said}");
        }
    }
}
