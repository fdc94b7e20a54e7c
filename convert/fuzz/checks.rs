// What holds for whatever bytes come. The fuzzer's targets and the replay of its corpus (`tests/corpus.rs`) both take it from here.

use bowerbird_convert::call::{Call, MAX_PATH};
use bowerbird_convert::{Limits, Work, decode};
use serde_json::Value;
use std::collections::HashMap;
use std::time::Duration;

/// Reads the bytes as a path, and as the body of a request.
pub fn call(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(call) = Call::from_path(text, |piece| piece == "KEY") {
        judge(&call);
    }
    let Ok(body) = serde_json::from_str::<Value>(text) else { return };
    let (Some(tasks), Some(sources)) = (body["tasks"].as_array(), body["sources"].as_array()) else { return };
    let sources: Vec<_> = sources.iter().filter_map(Value::as_str).collect();
    if let Ok(call) = Call::from_json(tasks, &sources) {
        judge(&call);
    }
}

/// What is written canonically is read as the same, and does the same.
fn judge(call: &Call) {
    let _ = (call.fallback(), call.cache(), call.security());
    let written = call.canonical();
    if written.len() > MAX_PATH {
        return;
    }
    let again = Call::from_path(&written, |_| false).unwrap_or_else(|error| panic!("{written}: {error}"));
    assert_eq!(again.canonical(), written);
    assert_eq!(again.sources, call.sources, "{written}");
    if let Ok(recipe) = call.recipe() {
        let same = again.recipe().unwrap_or_else(|error| panic!("{written}: {error}"));
        assert_eq!(format!("{recipe:?}"), format!("{same:?}"), "{written}");
    }
}

/// Reads the bytes as an image, within small limits.
pub fn decode(bytes: &[u8]) {
    let limits =
        Limits { pixels: 1 << 18, animated_pixels: 1 << 19, frames: 8, side: 2_000, time: Duration::from_secs(5) };
    let files = HashMap::new();
    let work = Work::new(&limits, &files);
    let Ok(picture) = decode::decode(bytes, &decode::Wish::default(), &work) else { return };
    let size = picture.size();
    assert!((1..=limits.frames).contains(&picture.frames.len()), "{} frames", picture.frames.len());
    assert!(size.width <= limits.side && size.height <= limits.side, "{size}");
    let pixels = u64::from(size.width) * u64::from(size.height);
    assert!(pixels <= limits.pixels, "{size}");
    assert!(pixels * picture.frames.len() as u64 <= limits.animated_pixels, "{size}");
    assert!(picture.frames.iter().all(|frame| frame.image.dimensions() == (size.width, size.height)));
}
