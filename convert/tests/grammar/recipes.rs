//! What a call makes of its tasks.

use super::{HANDLE, read};
use bowerbird_convert::call::{Cache, Fallback, Security, is_task};
use bowerbird_convert::encode::Encoding;
use bowerbird_convert::{Color, Format, RecipeError, tasks};

fn encoding(tasks: &str) -> Encoding {
    let recipe =
        read(&format!("{tasks}/{HANDLE}")).unwrap().recipe().unwrap_or_else(|error| panic!("{tasks}: {error}"));
    assert!(recipe.steps.is_empty());
    recipe.encoding
}

fn error(tasks: &str) -> RecipeError {
    read(&format!("{tasks}/{HANDLE}")).unwrap().recipe().expect_err(tasks)
}

#[test]
fn what_writes_folds_into_one_encoding() {
    let none = Encoding::default();
    assert_eq!(encoding("store/security=p:a,s:b/cache=false/fallback=handle:x/zip/imagesize/metadata=0:size"), none);
    assert_eq!(encoding("no_metadata/auto_image/quality"), none);
    let quality = Encoding { quality: Some(5), ..none.clone() };
    assert_eq!(encoding("quality=v:50/quality=value:5"), quality);
    let progressive = Encoding { format: Some(Format::Jpeg), progressive: true, quality: Some(1), ..none.clone() };
    assert_eq!(encoding("pjpg=quality:0,metadata:true"), progressive);
    assert_eq!(encoding("output=format:pjpg,quality:1,strip:false"), progressive);
    let formats = [
        ("jpg", Format::Jpeg),
        ("jpeg", Format::Jpeg),
        ("png", Format::Png),
        ("webp", Format::Webp),
        ("avif", Format::Avif),
        ("gif", Format::Gif),
    ];
    for (name, format) in formats {
        let expected = Encoding { format: Some(format), ..none.clone() };
        assert_eq!(encoding(&format!("pjpg/output=f:{name}")), expected, "{name}");
    }
    let all = Encoding {
        format: Some(Format::Webp),
        quality: None,
        progressive: false,
        compress: true,
        background: Some(Color::parse("red").unwrap()),
    };
    let said =
        "quality=v:5/output=f:webp,q:input,c:true,b:red,t:true,o:RGB,density:300,page:1,docinfo:false,secure:false";
    assert_eq!(encoding(said), all);
    assert!(encoding("compress=m:true").compress);
    assert!(!encoding("compress/output=compress:false").compress);
}

#[test]
fn what_is_said_wrongly_is_refused_with_what_is_right() {
    let cases = [
        ("quality=value:0", "`value` takes a whole number from 1 to 100; it was given \"0\""),
        ("quality=value:101", "from 1 to 100"),
        ("pjpg=quality:101", "from 0 to 100"),
        ("pjpg=metadata:perhaps", "true or false"),
        ("output=format:bmp", "`webp`"),
        ("output=quality:best", "from 1 to 100"),
        ("output=colorspace:cmyk", "`rgb`"),
        ("output=page:2", "`1`"),
        ("output=density:501", "from 1 to 500"),
        ("output=docinfo:true", "`false`"),
        ("output=pageformat:a4", "`pageformat` is for documents"),
        ("output=background:nocolor", "a colour"),
        ("output=size:5", "there is no argument `size`; there is `format`"),
        ("no_metadata=x:1", "it takes no argument"),
        ("compress=quality:1", "there is no argument `quality`"),
        ("resize=width:5,align:faces", "`align:faces` is not offered: it takes a trained model to find faces"),
        ("smart_crop=mode:face,width:5", "`mode:face` is not offered"),
    ];
    for (tasks, part) in cases {
        let error = error(tasks);
        assert!(matches!(error, RecipeError::Argument { .. }), "{tasks}: {error:?}");
        assert!(error.to_string().contains(part), "{tasks}: {error}");
    }
}

#[test]
fn what_is_not_offered_says_why() {
    let names = [
        "animate",
        "ascii",
        "blur_faces",
        "caption",
        "copyright",
        "crop_faces",
        "detect_faces",
        "doc_detection",
        "doc_to_images",
        "image_sentiment",
        "minify_css",
        "minify_js",
        "ocr",
        "pdfconvert",
        "pdfinfo",
        "pixelate_faces",
        "preview",
        "redeye",
        "sfw",
        "tags",
        "text_sentiment",
        "urlscreenshot",
        "video_convert",
    ];
    for name in names {
        assert!(is_task(name), "{name}");
        let error = error(&format!("{name}=a:1"));
        assert!(matches!(&error, RecipeError::NotOffered { task, .. } if task == name), "{error:?}");
    }
    for format in ["pdf", "docx", "svg", "xlsx"] {
        assert!(matches!(error(&format!("output=format:{format}")), RecipeError::NotOffered { .. }), "{format}");
    }
}

#[test]
fn an_unknown_task_is_told_the_nearest_known() {
    let unknown = |tasks: &str| error(tasks).to_string();
    assert_eq!(unknown("outptu"), "there is no task `outptu`; `output` was meant?");
    assert_eq!(unknown("qualty=value:5"), "there is no task `qualty`; `quality` was meant?");
    assert_eq!(unknown("xylophone"), "there is no task `xylophone`");
}

#[test]
fn the_service_reads_what_is_its_own() {
    let call = |tasks: &str| read(&format!("{tasks}/{HANDLE}")).unwrap();
    assert_eq!(call("flip").cache(), Ok(None));
    let cache = |tasks: &str| call(tasks).cache().unwrap().unwrap();
    assert_eq!(cache("cache"), Cache { on: true, expiry: None });
    assert_eq!(cache("cache=true"), Cache { on: true, expiry: None });
    assert_eq!(cache("cache=false"), Cache { on: false, expiry: None });
    assert_eq!(cache("cache=expiry:666"), Cache { on: true, expiry: Some(666) });
    assert_eq!(cache("cache=e:max"), Cache { on: true, expiry: Some(31_536_000) });
    assert!(call("cache=expiry:soon").cache().is_err());
    assert!(call("cache=never").cache().is_err());
    let fallback = Fallback { handle: "http:test.com".to_owned(), cache: Some(9) };
    assert_eq!(call("fallback=handle:http:test.com,cache:9").fallback(), Ok(Some(fallback)));
    assert!(call("fallback=cache:9").fallback().is_err());
    assert!(call("fallback=handle:a,cache:31536001").fallback().is_err());
    let security = Security { policy: "ey/+J==".to_owned(), signature: "ab".to_owned() };
    for task in ["security=policy:\"ey/+J==\",signature:ab", "flip/security=s:ab,p:%22ey%2F+J==%22"] {
        assert_eq!(call(task).security(), Ok(Some(security.clone())), "{task}");
    }
    assert!(call("security=policy:a").security().is_err());
    assert!(call("auto_image").auto_image() && !call("flip").auto_image());
    assert_eq!(call("store=filename:a").service("store").unwrap().text("filename"), Ok(Some("a".to_owned())));
}

#[test]
fn every_task_of_filestacks_schema_is_offered_or_left_out_for_a_reason() {
    for name in super::client::SCHEMA {
        assert!(is_task(name), "{name}");
    }
    for name in tasks::names() {
        assert!(super::client::SCHEMA.contains(&name), "{name}");
    }
    let recipe = read(&format!("rotate=exif:false/resize=w:5/{HANDLE}")).unwrap().recipe().unwrap();
    assert!(recipe.as_it_lies && recipe.steps.len() == 2);
}
