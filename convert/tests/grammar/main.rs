//! What addresses and bodies are read as, and what is said of those that are wrong.

#![allow(clippy::unwrap_used, reason = "what is not there fails the test")]

mod client;
mod recipes;

use bowerbird_convert::RecipeError;
use bowerbird_convert::call::{Call, MAX_PATH, is_task};
use serde_json::{Value, json};

/// A handle.
const HANDLE: &str = "5aYkEQJSQCmYShsoCnZN";

fn read(path: &str) -> Result<Call, RecipeError> {
    Call::from_path(path, |piece| piece == "DEFAULT_API_KEY")
}

/// The tasks of a path as JSON: `[["resize", {"width": "200"}], …]`.
fn tasks(path: &str) -> Value {
    let call = read(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    call.tasks.iter().map(|said| json!([said.name, said.arguments])).collect()
}

/// The one task's arguments, of a path to a handle.
fn arguments(task: &str) -> Value {
    tasks(&format!("{task}/{HANDLE}"))[0][1].clone()
}

fn sources(path: &str) -> Vec<String> {
    read(path).unwrap_or_else(|error| panic!("{path}: {error}")).sources
}

fn error(path: &str) -> String {
    read(path).expect_err(path).to_string()
}

#[test]
fn a_value_is_text_a_list_or_lists_in_lists() {
    assert_eq!(arguments("crop=dim:[1,2,3,4]"), json!({"dim": ["1", "2", "3", "4"]}));
    assert_eq!(arguments("crop=dim:[ 1, 2 ,\"3\", 4 ] , x: y "), json!({"dim": ["1", "2", "3", "4"], "x": "y"}));
    assert_eq!(arguments("a=b:[[1,2],[3]],c:[[[x]]]"), json!({"b": [["1", "2"], ["3"]], "c": [[["x"]]]}));
    assert_eq!(arguments("a=b:[],c:[\"\"],d:"), json!({"b": [], "c": [""], "d": ""}));
    assert_eq!(arguments("a=b:\"x,y/z:[]\",c:d:e"), json!({"b": "x,y/z:[]", "c": "d:e"}));
    assert_eq!(arguments("rotate=deg:\"exif\""), json!({"deg": "exif"}));
    assert_eq!(arguments("cache=false"), json!({"false": true}));
    assert_eq!(arguments("flip="), json!({}));
    assert_eq!(arguments("flip=,,"), json!({}));
}

#[test]
fn what_is_encoded_is_decoded_once_and_an_encoded_slash_parts_nothing() {
    assert_eq!(arguments("a=b:%22x%2Fy%2Cz%22,c:1%2F2"), json!({"b": "x/y,z", "c": "1/2"}));
    assert_eq!(arguments("crop=d:%5B10%2C20%2C200%2C250%5D"), json!({"dim": ["10", "20", "200", "250"]}));
    assert_eq!(arguments("a=b:%2541,c:1+2,d:100%,e:%zz"), json!({"b": "%41", "c": "1+2", "d": "100%", "e": "%zz"}));
    assert!(error(&format!("flip%2Fflop/{HANDLE}")).contains("`flip/flop` is no name of a task"));
    assert_eq!(arguments("resize%3Dwidth%3A1%2Cheight%3A2"), json!({"width": "1", "height": "2"}));
}

#[test]
fn text_in_quotes_may_have_the_escapes_of_json() {
    // As PHP's `json_encode` and `urlencode` write a list of files.
    let php = "collage=f:%5B%229K1BZLt6SAyztVaOtAQ4%22%2C%22https%3A%5C%2F%5C%2Fa.example%5C%2Fb.JPG%22%5D,w:8,h:6,i:auto,m:1,a:false";
    let files = json!(["9K1BZLt6SAyztVaOtAQ4", "https://a.example/b.JPG"]);
    let expected =
        json!({"files": files, "width": "8", "height": "6", "fit": "auto", "margin": "1", "autorotate": "false"});
    assert_eq!(arguments(php), expected);
    assert_eq!(arguments(r#"a=b:"say \"a/b\" é""#), json!({"b": "say \"a/b\" é"}));
}

#[test]
fn an_address_keeps_its_own_encoding_unless_encoded_as_a_whole() {
    let firebase = "https://a.example/o/images%2Fa%20b.jpg?alt=media&x=a/b";
    assert_eq!(sources(&format!("flip/{firebase}")), [firebase]);
    assert_eq!(sources(&format!("flip/\"{firebase}\"")), [firebase]);
    assert_eq!(sources(&format!("flip/%22{firebase}%22")), [firebase]);
    assert_eq!(sources("flip/https%3A%2F%2Fa.example%2Fa%2520b.jpg"), ["https://a.example/a%20b.jpg"]);
    let file = arguments("watermark=file:%22http://a.example/b%2Cc.png%22");
    assert_eq!(file, json!({"file": "http://a.example/b%2Cc.png"}));
}

#[test]
fn every_kind_of_source_is_read() {
    assert_eq!(sources(HANDLE), [HANDLE]);
    assert_eq!(sources(&format!("flip/{HANDLE}+jpg")), [HANDLE]);
    assert_eq!(sources("flip/https:/a.example/b/c.jpg"), ["https://a.example/b/c.jpg"]);
    assert_eq!(sources("flip/HTTP://a.example/b"), ["http://a.example/b"]);
    assert_eq!(sources("flip/src://alias/a%20b/c.jpg"), ["src://alias/a b/c.jpg"]);
    assert_eq!(sources("flip/\"src://alias/a,b.jpg\""), ["src://alias/a,b.jpg"]);
    assert_eq!(sources(&format!("zip/[{HANDLE},src://a/b]/")), [HANDLE, "src://a/b"]);
    assert_eq!(
        sources(&format!("zip/%5B%22{HANDLE}%22,%22https://a.example/b,c%22%5D")),
        [HANDLE, "https://a.example/b,c"]
    );
}

#[test]
fn base64_is_read_in_both_alphabets_padded_or_not() {
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
    let address = "https://a.example/~~~???>>>/ÿþ.jpg";
    let list = json!([{"name": "watermark", "params": {"f": address, "size": 20}}, {"name": "flip"}, {"name": "cache", "params": false}]);
    let expected = json!([["watermark", {"file": address, "size": 20}], ["flip", {}], ["cache", {"false": true}]]);
    for engine in [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD] {
        let encoded = engine.encode(list.to_string());
        for path in [
            format!("b64/{encoded}/b64://{}", engine.encode(address)),
            format!("DEFAULT_API_KEY/b64/{encoded}/b64:/{}", engine.encode(format!("[\"{address}\"]"))),
        ] {
            assert_eq!(tasks(&path), expected, "{path}");
            assert_eq!(sources(&path), [address], "{path}");
        }
        assert_eq!(sources(&format!("flip/b64://{}", engine.encode(HANDLE))), [HANDLE]);
    }
    assert_eq!(tasks(&format!("b64/{}/{HANDLE}", URL_SAFE.encode("[{\"name\":\"flip\"}]"))), json!([["flip", {}]]));
    assert!(error(&format!("b64/***/{HANDLE}")).contains("base64"));
    assert!(error(&format!("b64/{}/{HANDLE}", URL_SAFE.encode("{}"))).contains("JSON"));
}

#[test]
fn an_error_names_what_is_wrong() {
    let cases = [
        ("resize=width:200", "names no source"),
        ("", "names no source"),
        ("DEFAULT_API_KEY", "names no source"),
        ("flip/abc", "`abc` is no source; a source is a handle of 20 characters"),
        ("flip/https://", "is no source"),
        ("crop=dim:[1,2/5aYkEQJSQCmYShsoCnZN", "crop: a list is not closed, at `[1,2/5aYk"),
        ("a=b:\"c/5aYkEQJSQCmYShsoCnZN", "a: a text in double quotes is not closed, at `\"c/5aYk"),
        ("a=b:\"c\"d/5aYkEQJSQCmYShsoCnZN", "after the value of `b` comes `,` or `/`"),
        ("a=b:[\"c\"d]/5aYkEQJSQCmYShsoCnZN", "after a value in a list comes `,` or `]`"),
        ("a=b:[[[[1]]]]/5aYkEQJSQCmYShsoCnZN", "lists are at most 3 deep"),
        ("resize=w:1,width:2/5aYkEQJSQCmYShsoCnZN", "resize: `width` is said twice"),
        ("a=:5/5aYkEQJSQCmYShsoCnZN", "`` is no name of an argument"),
        ("a b/5aYkEQJSQCmYShsoCnZN", "`a b` is no name of a task"),
        ("a=b:%ff/5aYkEQJSQCmYShsoCnZN", "not UTF-8"),
        ("watermark=file:https://a.example/b/5aYkEQJSQCmYShsoCnZN", "stands in double quotes"),
        ("\"https://a.example/b\"/flip", "nothing comes after the source"),
        ("cache/cache=false/5aYkEQJSQCmYShsoCnZN", "the task `cache` is said twice"),
        ("run_workflow=id:1", "`run_workflow` is not offered"),
        ("wf://975092d5", "`wf://` is not offered"),
    ];
    for (path, part) in cases {
        assert!(error(path).contains(part), "{path}: {}", error(path));
    }
}

#[test]
fn calls_have_bounds() {
    let of = |tasks: usize| format!("{}{HANDLE}", "flip/".repeat(tasks));
    assert!(read(&of(30)).is_ok());
    assert!(error(&of(31)).contains("at most 30 tasks"));
    let of = |sources: usize| format!("zip/[{}]", vec![HANDLE; sources].join(","));
    assert!(read(&of(100)).is_ok());
    assert!(error(&of(101)).contains("100 sources"));
    assert!(error(&"[".repeat(MAX_PATH)).contains("at most 3 deep"));
    assert!(error(&"a/".repeat(MAX_PATH)).contains("longer than 8192 bytes"));
    let deep = json!({"name": "a", "params": {"b": [[[[1]]]]}});
    assert!(Call::from_json(&[deep], &[HANDLE]).is_err_and(|error| error.to_string().contains("more than 3 deep")));
    assert!(Call::from_json(&vec![json!({"name": "flip"}); 31], &[HANDLE]).is_err());
    assert!(Call::from_json(&[], &vec![HANDLE; 101]).is_err());
}

#[test]
fn json_says_the_same_as_an_address() {
    let list = [
        json!({"name": "resize", "params": {"w": 200.0, "height": "100"}}),
        json!({"name": "flip", "params": true}),
        json!({"name": "metadata", "params": ["size"]}),
    ];
    let call = Call::from_json(&list, &["https:/a.example/b"]).unwrap();
    let path = read("resize=height:100.0,width:200/flip/metadata=0:size/https://a.example/b").unwrap();
    assert_eq!(call.canonical(), path.canonical());
    for wrong in
        [json!("flip"), json!({}), json!({"name": 1}), json!({"name": "flip", "params": 1}), json!({"name": "b64"})]
    {
        assert!(Call::from_json(std::slice::from_ref(&wrong), &[HANDLE]).is_err(), "{wrong}");
    }
    assert!(Call::from_json(&list, &[] as &[&str]).is_err());
}

#[test]
fn canonical_is_one_text_for_one_meaning() {
    let same = [
        format!("DEFAULT_API_KEY/resize=w:200,h:100.50/{HANDLE}"),
        format!("resize=height:100.5,width:200.0,align:/cache=false/security=policy:a,signature:b/{HANDLE}+png"),
        format!("store=filename:x/resize=h:\"100.5\",w:200/fallback=handle:{HANDLE}/no_metadata/%22{HANDLE}%22"),
    ];
    for path in same {
        assert_eq!(read(&path).unwrap().canonical(), format!("resize=height:100.5,width:200/{HANDLE}"));
    }
    let different =
        ["border=color:000", "border=color:000000", "border=color:0", "border", "border=color:[0]", "border/border"];
    let texts: std::collections::HashSet<_> =
        different.iter().map(|task| read(&format!("{task}/{HANDLE}")).unwrap().canonical()).collect();
    assert_eq!(texts.len(), different.len(), "{texts:?}");
}

#[test]
fn canonical_is_read_as_what_it_was_written_from() {
    // Texts that each need some care, in every place that takes one.
    let texts = [
        "",
        "a",
        "1.50",
        "007.50",
        "-1.0",
        "[",
        "]",
        "[a]",
        ",",
        "/",
        ":",
        "\"",
        "\\",
        "\\/",
        "%41",
        "+",
        " a ",
        "http:",
        "http://a/%2F\"b\"",
        "ß\u{1}\n",
        "b64",
        "true",
    ];
    for first in texts {
        for second in texts {
            let list = [json!({"name": "x", "params": {"p": first, "q": [second, [first, second]]}})];
            let call = Call::from_json(&list, &["src://a/b c%20/\"d\"\\,e"]).unwrap();
            let written = call.canonical();
            let again = Call::from_path(&written, |_| false).unwrap_or_else(|error| panic!("{written}: {error}"));
            assert_eq!(again.canonical(), written);
            assert_eq!(again.sources, call.sources);
            let is_number = |text: &str| ["1.50", "-1.0"].contains(&text);
            if !is_number(first) && !is_number(second) && !first.is_empty() {
                assert_eq!(again.tasks, call.tasks, "{written}");
            }
        }
    }
}

#[test]
fn a_task_is_told_from_a_file_by_its_name() {
    for name in ["output", "security", "b64", "ascii", "detect_faces", "zip", "auto_image"] {
        assert!(is_task(name), "{name}");
    }
    for name in ["bowerbird.js", "", "api", HANDLE, "Output"] {
        assert!(!is_task(name), "{name}");
    }
}
