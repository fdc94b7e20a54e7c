//! Code that is typed against Filestack's package compiles with ours in its place, and what is wrong does not.

use super::package;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where `cargo xtask test tools` puts Filestack's package and the compiler.
fn tools() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/filestack");
    assert!(folder.join("node_modules/typescript").is_dir(), "`cargo xtask test tools` installs the compiler");
    folder
}

fn page(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/types").join(name)).unwrap()
}

/// What the compiler says of a page, with both packages in reach.
fn compile(page: &str, arguments: &[&str]) -> String {
    // Below the folder of Filestack's package, where it is found.
    let folder = tempfile::tempdir_in(tools()).unwrap();
    let ours = folder.path().join("node_modules/bowerbird");
    fs::create_dir_all(&ours).unwrap();
    for name in ["package.json", "bowerbird.d.ts", "bowerbird.mjs"] {
        fs::copy(package().join(name), ours.join(name)).unwrap();
    }
    fs::write(folder.path().join("page.ts"), page).unwrap();
    let mut tsc = Command::new("node");
    tsc.arg(tools().join("node_modules/typescript/bin/tsc"));
    tsc.args(["--strict", "--noEmit", "--pretty", "false", "--target", "es2022", "--lib", "es2022,dom", "--types", ""]);
    let said = tsc.args(arguments).arg("page.ts").current_dir(folder.path()).output().expect("Node.js");
    assert_eq!(said.stdout.is_empty(), said.status.success(), "{said:?}");
    String::from_utf8_lossy(&said.stdout).into_owned()
}

#[test]
fn a_page_typed_against_filestacks_package_compiles_with_ours() {
    let page = page("page.ts");
    let ours = page.replace("'filestack-js'", "'bowerbird'");
    for module in [
        ["--module", "esnext", "--moduleResolution", "bundler"],
        ["--module", "nodenext", "--skipDefaultLibCheck", "true"],
    ] {
        assert_eq!(compile(&ours, &module), "", "{module:?}");
    }
    // Its own types need others that it does not bring.
    assert_eq!(compile(&page, &["--module", "esnext", "--moduleResolution", "bundler", "--skipLibCheck"]), "");
}

#[test]
fn what_is_wrong_does_not_compile() {
    let page = page("wrong.ts");
    let said = compile(&page, &["--module", "esnext", "--moduleResolution", "bundler"]);
    let reported = said.lines().filter_map(|line| line.strip_prefix("page.ts(")?.split_once(',')?.0.parse().ok());
    let reported: BTreeSet<usize> = reported.collect();
    let lines = page.lines().zip(1..).filter(|(line, _)| line.ends_with("// wrong")).map(|(_, number)| number);
    assert_eq!(reported, lines.collect(), "{said}");
}

/// Filestack's types have enumerations, which are values too.
#[test]
fn words_and_signatures_are_those_of_filestacks_package() {
    let program = format!(
        "import {{ createRequire }} from 'node:module';
        import {{ deepStrictEqual }} from 'node:assert';
        const theirs = createRequire({:?})('filestack-js');
        const ours = await import({:?});
        const words = Object.keys(ours).filter(name => typeof ours[name] === 'object');
        for (const name of words) deepStrictEqual({{ ...ours[name] }}, {{ ...theirs[name] }}, name);
        const policy = {{ expiry: 253381964415, call: ['read', 'pick'], path: '/ä/' }};
        deepStrictEqual(ours.getSecurity(policy, 'secret'), theirs.getSecurity(policy, 'secret'));
        for (const signature of ['f00d', '8b4f1b9b6b5d0ff4f7ab9fcbdc8a1d4a']) {{
            const notice = ['secret', '{{}}', {{ timestamp: '17', signature }}];
            deepStrictEqual(ours.validateWebhookSignature(...notice), theirs.validateWebhookSignature(...notice));
        }}
        console.error(words.length);",
        tools().join("package.json"),
        package().join("bowerbird.mjs")
    );
    let said = Command::new("node").args(["--input-type=module", "--eval", &program]).output().expect("Node.js");
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
}
