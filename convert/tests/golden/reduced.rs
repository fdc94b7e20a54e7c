//! A JPEG that is read at a reduced size looks as if it had been read whole.

use crate::compare::score;
use bowerbird_convert::call::Call;
use bowerbird_convert::{Limits, Work};
use image::RgbaImage;
use std::collections::HashMap;

fn made(bytes: &[u8], tasks: &str) -> RgbaImage {
    let call = Call::from_path(&format!("{tasks}/output=format:png/abcdefghijABCDEFGHIJ"), |_| false);
    let recipe = call.and_then(|call| call.recipe()).expect("a call");
    let (limits, files) = (Limits::default(), HashMap::new());
    let made = recipe.run(bytes, &Work::new(&limits, &files)).expect("an image");
    image::load_from_memory(&made.bytes).expect("a PNG").to_rgba8()
}

#[test]
fn a_reduced_reading_is_not_seen() {
    let photo = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../emulator/photos/coffee-cup.jpg");
    let photo = std::fs::read(photo).expect("a photo of the emulator's");
    // Just below a half is the hardest: hardly anything is left for Lanczos to do.
    for (size, least) in [(64, 85.0), (100, 90.0), (149, 85.0), (151, 90.0), (290, 80.0)] {
        let reduced = made(&photo, &format!("resize=width:{size}"));
        // A task before it that changes nothing has every pixel read.
        let whole = made(&photo, &format!("blur=amount:0/resize=width:{size}"));
        let score = score(&whole, &reduced);
        println!("{size}: {score}");
        assert!(score > least, "{size} pixels wide: {score}");
    }
}
