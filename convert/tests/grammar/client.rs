//! What Filestack's own client writes (`filelink.spec.ts` of filestack-js 4.3.8 has these addresses), and which tasks it knows.

use super::{HANDLE, read, sources, tasks};
use serde_json::json;

/// The tasks of `transforms.schema.ts`.
pub const SCHEMA: &[&str] = &[
    "flip",
    "auto_image",
    "no_metadata",
    "compress",
    "flop",
    "enhance",
    "redeye",
    "monochrome",
    "negative",
    "tags",
    "sfw",
    "imagesize",
    "smart_crop",
    "animate",
    "metadata",
    "resize",
    "crop",
    "rotate",
    "detect_faces",
    "crop_faces",
    "pixelate_faces",
    "blur_faces",
    "rounded_corners",
    "vignette",
    "polaroid",
    "torn_edges",
    "shadow",
    "circle",
    "border",
    "sharpen",
    "blur",
    "blackwhite",
    "sepia",
    "pixelate",
    "oil_paint",
    "modulate",
    "ascii",
    "collage",
    "urlscreenshot",
    "upscale",
    "output",
    "pjpg",
    "quality",
    "cache",
    "video_convert",
    "store",
    "watermark",
    "partial_blur",
    "partial_pixelate",
    "security",
    "pdfinfo",
    "pdfconvert",
    "fallback",
    "zip",
    "minify_css",
    "minify_js",
];

#[test]
fn every_address_of_filestacks_client_is_read() {
    let cases = [
        (r#"5aYkEQJSQCmYShsoCnZN"#, json!([])),
        (r#"resize=t:1/5aYkEQJSQCmYShsoCnZN"#, json!([["resize", {"t": "1"}]])),
        (r#"DEFAULT_API_KEY/5aYkEQJSQCmYShsoCnZN"#, json!([])),
        (
            r#"resize=width:200/rotate=deg:90/crop=dim:[20,20,250,250]/5aYkEQJSQCmYShsoCnZN"#,
            json!([["resize", {"width": "200"}], ["rotate", {"deg": "90"}], ["crop", {"dim": ["20", "20", "250", "250"]}]]),
        ),
        (r#"upscale/"https://cdn.filestackcontent.com/5aYkEQJSQCmYShsoCnZN""#, json!([["upscale", {}]])),
        (r#"upscale/5aYkEQJSQCmYShsoCnZN"#, json!([["upscale", {}]])),
        (r#"[5aYkEQJSQCmYShsoCnZN,4aYkEQJSQCmYShsoCnZN]"#, json!([])),
        (
            r#"DEFAULT_API_KEY/["src://test123/example.jpg","src://test123/flug_9-trans_atlantik-400dpi.jpg"]"#,
            json!([]),
        ),
        (r#"DEFAULT_API_KEY/auto_image/5aYkEQJSQCmYShsoCnZN"#, json!([["auto_image", {}]])),
        (r#"DEFAULT_API_KEY/flip/5aYkEQJSQCmYShsoCnZN"#, json!([["flip", {}]])),
        (r#"DEFAULT_API_KEY/flop/5aYkEQJSQCmYShsoCnZN"#, json!([["flop", {}]])),
        (r#"DEFAULT_API_KEY/imagesize/5aYkEQJSQCmYShsoCnZN"#, json!([["imagesize", {}]])),
        (r#"DEFAULT_API_KEY/no_metadata/5aYkEQJSQCmYShsoCnZN"#, json!([["no_metadata", {}]])),
        (
            r#"DEFAULT_API_KEY/pjpg=quality:50,metadata:false/5aYkEQJSQCmYShsoCnZN"#,
            json!([["pjpg", {"quality": "50", "metadata": "false"}]]),
        ),
        (
            r#"DEFAULT_API_KEY/smart_crop=mode:auto,width:1000,height:1000/5aYkEQJSQCmYShsoCnZN"#,
            json!([["smart_crop", {"mode": "auto", "width": "1000", "height": "1000"}]]),
        ),
        (
            r#"DEFAULT_API_KEY/watermark=file:"http://welcome-swiss.com/wp-content/uploads/2015/12/Swiss-landscape.jpg",size:20,position:top/5aYkEQJSQCmYShsoCnZN"#,
            json!([["watermark", {"file": "http://welcome-swiss.com/wp-content/uploads/2015/12/Swiss-landscape.jpg", "size": "20", "position": "top"}]]),
        ),
        (r#"DEFAULT_API_KEY/enhance/5aYkEQJSQCmYShsoCnZN"#, json!([["enhance", {}]])),
        (r#"DEFAULT_API_KEY/redeye/5aYkEQJSQCmYShsoCnZN"#, json!([["redeye", {}]])),
        (r#"DEFAULT_API_KEY/monochrome/5aYkEQJSQCmYShsoCnZN"#, json!([["monochrome", {}]])),
        (r#"DEFAULT_API_KEY/negative/5aYkEQJSQCmYShsoCnZN"#, json!([["negative", {}]])),
        (r#"DEFAULT_API_KEY/tags/5aYkEQJSQCmYShsoCnZN"#, json!([["tags", {}]])),
        (r#"DEFAULT_API_KEY/sfw/5aYkEQJSQCmYShsoCnZN"#, json!([["sfw", {}]])),
        (r#"DEFAULT_API_KEY/store/5aYkEQJSQCmYShsoCnZN"#, json!([["store", {}]])),
        (r#"DEFAULT_API_KEY/cache=false/5aYkEQJSQCmYShsoCnZN"#, json!([["cache", {"false": true}]])),
        (r#"DEFAULT_API_KEY/cache=expiry:666/5aYkEQJSQCmYShsoCnZN"#, json!([["cache", {"expiry": "666"}]])),
        (
            r#"DEFAULT_API_KEY/animate=loop:1,delay:10,width:10,height:10,fit:scale,background:transparent,align:[top,center]/5aYkEQJSQCmYShsoCnZN"#,
            json!([["animate", {"loop": "1", "delay": "10", "width": "10", "height": "10", "fit": "scale", "background": "transparent", "align": ["top", "center"]}]]),
        ),
        (r#"DEFAULT_API_KEY/resize=width:200/5aYkEQJSQCmYShsoCnZN"#, json!([["resize", {"width": "200"}]])),
        (
            r#"DEFAULT_API_KEY/crop=dim:[20,20,250,250]/5aYkEQJSQCmYShsoCnZN"#,
            json!([["crop", {"dim": ["20", "20", "250", "250"]}]]),
        ),
        (r#"DEFAULT_API_KEY/rotate=deg:90/5aYkEQJSQCmYShsoCnZN"#, json!([["rotate", {"deg": "90"}]])),
        (r#"DEFAULT_API_KEY/detect_faces/5aYkEQJSQCmYShsoCnZN"#, json!([["detect_faces", {}]])),
        (r#"DEFAULT_API_KEY/crop_faces/5aYkEQJSQCmYShsoCnZN"#, json!([["crop_faces", {}]])),
        (r#"DEFAULT_API_KEY/pixelate_faces/5aYkEQJSQCmYShsoCnZN"#, json!([["pixelate_faces", {}]])),
        (
            r#"DEFAULT_API_KEY/blur_faces=amount:3,blur:5,type:oval/5aYkEQJSQCmYShsoCnZN"#,
            json!([["blur_faces", {"amount": "3", "blur": "5", "type": "oval"}]]),
        ),
        (
            r#"DEFAULT_API_KEY/rounded_corners=radius:50,blur:5/5aYkEQJSQCmYShsoCnZN"#,
            json!([["rounded_corners", {"radius": "50", "blur": "5"}]]),
        ),
        (
            r#"DEFAULT_API_KEY/polaroid=color:ff0000,rotate:50/5aYkEQJSQCmYShsoCnZN"#,
            json!([["polaroid", {"color": "ff0000", "rotate": "50"}]]),
        ),
        (
            r#"DEFAULT_API_KEY/vignette=background:ff0000,amount:5/5aYkEQJSQCmYShsoCnZN"#,
            json!([["vignette", {"background": "ff0000", "amount": "5"}]]),
        ),
        (r#"DEFAULT_API_KEY/torn_edges/5aYkEQJSQCmYShsoCnZN"#, json!([["torn_edges", {}]])),
        (r#"DEFAULT_API_KEY/shadow/5aYkEQJSQCmYShsoCnZN"#, json!([["shadow", {}]])),
        (r#"DEFAULT_API_KEY/circle/5aYkEQJSQCmYShsoCnZN"#, json!([["circle", {}]])),
        (r#"DEFAULT_API_KEY/border/5aYkEQJSQCmYShsoCnZN"#, json!([["border", {}]])),
        (r#"DEFAULT_API_KEY/vignette/5aYkEQJSQCmYShsoCnZN"#, json!([["vignette", {}]])),
        (r#"DEFAULT_API_KEY/sharpen=amount:5/5aYkEQJSQCmYShsoCnZN"#, json!([["sharpen", {"amount": "5"}]])),
        (r#"DEFAULT_API_KEY/blur=amount:5/5aYkEQJSQCmYShsoCnZN"#, json!([["blur", {"amount": "5"}]])),
        (
            r#"DEFAULT_API_KEY/blackwhite=threshold:50/5aYkEQJSQCmYShsoCnZN"#,
            json!([["blackwhite", {"threshold": "50"}]]),
        ),
        (r#"DEFAULT_API_KEY/sepia/5aYkEQJSQCmYShsoCnZN"#, json!([["sepia", {}]])),
        (r#"DEFAULT_API_KEY/pixelate/5aYkEQJSQCmYShsoCnZN"#, json!([["pixelate", {}]])),
        (r#"DEFAULT_API_KEY/oil_paint/5aYkEQJSQCmYShsoCnZN"#, json!([["oil_paint", {}]])),
        (r#"DEFAULT_API_KEY/modulate/5aYkEQJSQCmYShsoCnZN"#, json!([["modulate", {}]])),
        (
            r#"DEFAULT_API_KEY/partial_pixelate=objects:[[20,20,50,50]]/5aYkEQJSQCmYShsoCnZN"#,
            json!([["partial_pixelate", {"objects": [["20", "20", "50", "50"]]}]]),
        ),
        (
            r#"DEFAULT_API_KEY/partial_blur=amount:5,objects:[[20,20,50,50]]/5aYkEQJSQCmYShsoCnZN"#,
            json!([["partial_blur", {"amount": "5", "objects": [["20", "20", "50", "50"]]}]]),
        ),
        (
            r#"DEFAULT_API_KEY/collage=files:["http://welcome-swiss.com/wp-content/uploads/2015/12/Swiss-landscape.jpg"],width:200,height:200/5aYkEQJSQCmYShsoCnZN"#,
            json!([["collage", {"files": ["http://welcome-swiss.com/wp-content/uploads/2015/12/Swiss-landscape.jpg"], "width": "200", "height": "200"}]]),
        ),
        (r#"DEFAULT_API_KEY/upscale/5aYkEQJSQCmYShsoCnZN"#, json!([["upscale", {}]])),
        (r#"DEFAULT_API_KEY/ascii/5aYkEQJSQCmYShsoCnZN"#, json!([["ascii", {}]])),
        (r#"DEFAULT_API_KEY/quality=value:5/5aYkEQJSQCmYShsoCnZN"#, json!([["quality", {"value": "5"}]])),
        (
            r#"DEFAULT_API_KEY/security=policy:examplePolicy,signature:exampleSignature/5aYkEQJSQCmYShsoCnZN"#,
            json!([["security", {"policy": "examplePolicy", "signature": "exampleSignature"}]]),
        ),
        (r#"DEFAULT_API_KEY/output=format:png/5aYkEQJSQCmYShsoCnZN"#, json!([["output", {"format": "png"}]])),
        (
            r#"DEFAULT_API_KEY/video_convert=aspect_mode:letterbox,upscale:true/5aYkEQJSQCmYShsoCnZN"#,
            json!([["video_convert", {"aspect_mode": "letterbox", "upscale": "true"}]]),
        ),
        (r#"DEFAULT_API_KEY/urlscreenshot/5aYkEQJSQCmYShsoCnZN"#, json!([["urlscreenshot", {}]])),
        (r#"DEFAULT_API_KEY/pdfinfo/5aYkEQJSQCmYShsoCnZN"#, json!([["pdfinfo", {}]])),
        (r#"DEFAULT_API_KEY/pdfconvert/5aYkEQJSQCmYShsoCnZN"#, json!([["pdfconvert", {}]])),
        (r#"DEFAULT_API_KEY/cache/5aYkEQJSQCmYShsoCnZN"#, json!([["cache", {}]])),
        (
            r#"DEFAULT_API_KEY/fallback=handle:http:test.com/5aYkEQJSQCmYShsoCnZN"#,
            json!([["fallback", {"handle": "http:test.com"}]]),
        ),
        (r#"DEFAULT_API_KEY/zip/5aYkEQJSQCmYShsoCnZN"#, json!([["zip", {}]])),
        (
            r#"DEFAULT_API_KEY/minify_js=mangle:true,gzip:true/5aYkEQJSQCmYShsoCnZN"#,
            json!([["minify_js", {"mangle": "true", "gzip": "true"}]]),
        ),
        (
            r#"DEFAULT_API_KEY/minify_css=level:1,gzip:true/5aYkEQJSQCmYShsoCnZN"#,
            json!([["minify_css", {"level": "1", "gzip": "true"}]]),
        ),
    ];
    for (path, expected) in cases {
        assert_eq!(tasks(path), expected, "{path}");
        let call = read(path).unwrap();
        assert_eq!(call.key.is_some(), path.starts_with("DEFAULT_API_KEY"), "{path}");
        // As browsers send it.
        let sent = path.replace('"', "%22");
        assert_eq!(read(&sent).unwrap(), call, "{sent}");
    }
}

#[test]
fn sources_of_filestacks_client_are_read() {
    let two = [HANDLE, "4aYkEQJSQCmYShsoCnZN"];
    assert_eq!(sources("[5aYkEQJSQCmYShsoCnZN,4aYkEQJSQCmYShsoCnZN]"), two);
    assert_eq!(sources("b64://WzVhWWtFUUpTUUNtWVNoc29DblpOLDRhWWtFUUpTUUNtWVNoc29DblpOXQ=="), two);
    let stored = r#"DEFAULT_API_KEY/["src://test123/example.jpg","src://test123/flug_9-trans_atlantik-400dpi.jpg"]"#;
    assert_eq!(sources(stored), ["src://test123/example.jpg", "src://test123/flug_9-trans_atlantik-400dpi.jpg"]);
    let address = r#"upscale/"https://cdn.filestackcontent.com/5aYkEQJSQCmYShsoCnZN""#;
    assert_eq!(sources(address), ["https://cdn.filestackcontent.com/5aYkEQJSQCmYShsoCnZN"]);
    let encoded = "DEFAULT_API_KEY/b64/W3sibmFtZSI6InVwc2NhbGUifV0=/b64://NWFZa0VRSlNRQ21ZU2hzb0NuWk4=";
    assert_eq!((tasks(encoded), sources(encoded)), (json!([["upscale", {}]]), vec![HANDLE.to_owned()]));
}

#[test]
fn short_names_of_filestacks_php_client_are_read() {
    let cases = [
        ("resize=w:100,h:90,f:scale,a:left", json!({"width": "100", "height": "90", "fit": "scale", "align": "left"})),
        ("rotate=b:00FF00,d:45,e:false", json!({"background": "00FF00", "deg": "45", "exif": "false"})),
        ("rounded_corners=b:white,l:0.3,r:5", json!({"background": "white", "blur": "0.3", "radius": "5"})),
        (
            "partial_blur=a:10,l:4,o:%5B%5B1%2C2%2C3%2C4%5D%5D,t:oval",
            json!({"amount": "10", "blur": "4", "objects": [["1", "2", "3", "4"]], "type": "oval"}),
        ),
        ("vignette=a:20,b:white,m:gaussian", json!({"amount": "20", "background": "white", "blurmode": "gaussian"})),
        ("watermark=f:x,p:center,s:30", json!({"file": "x", "position": "center", "size": "30"})),
        ("upscale=n:none,s:photo,u:true", json!({"noise": "none", "style": "photo", "upscale": "true"})),
        ("sepia=t:50", json!({"tone": "50"})),
    ];
    for (task, expected) in cases {
        assert_eq!(super::arguments(task), expected, "{task}");
    }
}
