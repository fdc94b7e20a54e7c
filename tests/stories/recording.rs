//! The picture and the short recording of README: a visitor picks three photos, as the story goes. Run by hand where the dialog has
//! changed: `cargo test --test stories -- --ignored recording`.

use crate::stage::Stage;
use crate::tell;
use crate::visitor::Visitor;
use image::{RgbImage, imageops};
use serde_json::json;
use std::path::Path;
use std::time::Duration;
use webp::{AnimEncoder, AnimFrame, WebPConfig};

const WIDTH: u32 = 1000;
const HEIGHT: u32 = 680;
/// The recording is kept smaller than the picture by this.
const SCALE: u32 = 2;
/// At this letters can be read, and photos are photos.
const QUALITY: f32 = 72.0;

#[tokio::test]
#[ignore = "it writes docs/images"]
async fn a_pick_is_recorded() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        visitor.has_a_screen_of(WIDTH, HEIGHT).await;
        let mut recording = Recording::default();
        visitor.opens(&stage.page, json!({"fromSources": ["facebook", "instagram"], "maxFiles": 5})).await;
        recording.shows(&visitor, 1200).await;
        visitor.starts_picking().await;
        visitor.sees("[data-action='connect']").await;
        recording.shows(&visitor, 1400).await;
        visitor.connects_as("alice").await;
        visitor.sees(".tile.folder").await;
        recording.shows(&visitor, 1200).await;
        visitor.opens_folder("Holidays in Lisbon").await;
        recording.shows(&visitor, 900).await;
        for place in [0, 3, 5] {
            visitor.picks(&[place]).await;
            recording.shows(&visitor, 500).await;
        }
        keeps("pick.png", &png(recording.frames.last().unwrap()));
        visitor.confirms().await;
        for _ in 0..3 {
            recording.shows_as_it_is(&visitor, 250).await;
        }
        assert_eq!(visitor.receives().await["filesUploaded"].as_array().map(Vec::len), Some(3));
        recording.shows(&visitor, 2500).await;
        keeps("pick.webp", &recording.encode());
    })
    .await;
}

/// What was seen, and for how many milliseconds.
#[derive(Default)]
struct Recording {
    frames: Vec<RgbImage>,
    lasting: Vec<i32>,
}

impl Recording {
    async fn shows(&mut self, visitor: &Visitor, milliseconds: i32) {
        visitor.settles().await;
        self.shows_as_it_is(visitor, milliseconds).await;
    }

    async fn shows_as_it_is(&mut self, visitor: &Visitor, milliseconds: i32) {
        let png = visitor.driver().screenshot_as_png().await.unwrap();
        self.frames.push(image::load_from_memory(&png).unwrap().into_rgb8());
        self.lasting.push(milliseconds);
    }

    fn encode(&self) -> Vec<u8> {
        let (width, height) = (WIDTH / SCALE, HEIGHT / SCALE);
        let mut config = WebPConfig::new().unwrap();
        (config.lossless, config.quality) = (0, QUALITY);
        let small: Vec<_> = self.frames.iter().map(|frame| imageops::thumbnail(frame, width, height)).collect();
        let mut encoder = AnimEncoder::new(width, height, &config);
        let mut at = 0;
        for (frame, lasting) in small.iter().zip(&self.lasting) {
            encoder.add_frame(AnimFrame::from_rgb(frame, width, height, at));
            at += lasting;
        }
        // How long the last is seen is said by one more.
        encoder.add_frame(AnimFrame::from_rgb(small.last().unwrap(), width, height, at));
        encoder.encode().to_vec()
    }
}

fn png(frame: &RgbImage) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    frame.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

fn keeps(name: &str, bytes: &[u8]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/images");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(name), bytes).unwrap();
}
