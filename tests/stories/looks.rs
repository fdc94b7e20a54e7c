//! How every screen looks: whether it fits, and whether it looks as in the pictures of `snapshots/`.
//!
//! A picture is compared by the mean colours of small squares, so that another way of smoothing letters passes and
//! something that moved does not. What differs is put into `target/screenshots/looks`; `UPDATE_LOOKS=1` takes what is
//! seen for right and rewrites the pictures that differ.

use crate::browser::{Engine, Options};
use crate::stage::Stage;
use crate::tell_in;
use crate::tour::{Judge, Tour};
use crate::visitor::Visitor;
use image::codecs::jpeg::JpegEncoder;
use image::{ImageFormat, RgbImage, imageops};
use serde_json::json;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Pictures are kept at half their size.
const SCALE: u32 = 2;
/// Pixels across and down of a square, at that size.
const SQUARE: u32 = 4;
/// How far the mean of a square may be off in red, green or blue, of 255.
const NOTICEABLE: i32 = 14;
/// How many squares may be off by more.
const FEW: usize = 5;
/// At this, what people look for can be seen, and a picture has some ten kilobytes.
const QUALITY: u8 = 40;

/// Circumstances under which the dialog is looked at.
#[derive(Clone, Copy)]
pub struct Look {
    /// What it is called in the names of pictures.
    pub name: &'static str,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Whether the system's colours are dark.
    pub dark: bool,
    /// Whether the system gives few colours of its own, as high contrast does in Windows.
    pub forced: bool,
}

impl Look {
    /// A desk's screen, in light colours.
    pub const DESK: Look = Look { name: "1280", width: 1280, height: 800, dark: false, forced: false };
    /// The same in dark colours.
    pub const DESK_DARK: Look = Look { name: "1280-dark", dark: true, ..Look::DESK };
    /// The same in a language that runs from right to left.
    pub const DESK_RTL: Look = Look { name: "1280-rtl", ..Look::DESK };
    /// The same in the system's colours.
    pub const DESK_FORCED: Look = Look { name: "1280-forced", forced: true, ..Look::DESK };
    /// A phone's screen.
    pub const PHONE: Look = Look { name: "390", width: 390, height: 844, ..Look::DESK };
    /// The narrowest screen that loses nothing; as wide is a desk's at 400 %.
    pub const NARROW: Look = Look { name: "320", width: 320, height: 640, ..Look::DESK };
    /// The same in dark colours.
    pub const NARROW_DARK: Look = Look { name: "320-dark", dark: true, ..Look::NARROW };
    /// The same in a language that runs from right to left.
    pub const NARROW_RTL: Look = Look { name: "320-rtl", ..Look::NARROW };

    /// Has the visitor look so from now on, without motion.
    pub async fn is_put_on(self, visitor: &Visitor) {
        visitor.has_a_screen_of(self.width, self.height).await;
        let feature = |name: &str, value: &str| json!({"name": name, "value": value});
        let media = json!({"features": [
            feature("prefers-color-scheme", if self.dark { "dark" } else { "light" }),
            feature("forced-colors", if self.forced { "active" } else { "none" }),
            feature("prefers-reduced-motion", "reduce"),
        ]});
        visitor.driver().cdp().send_raw("Emulation.setEmulatedMedia", media).await.expect("a look");
        visitor.runs(STEADY).await;
        // What the pointer happens to be on looks otherwise.
        let aside = json!({"type": "mouseMoved", "x": 0, "y": 0});
        visitor.driver().cdp().send_raw("Input.dispatchMouseEvent", aside).await.expect("the pointer moves");
        visitor.settles().await;
    }
}

/// Has the dialog show the same on every machine and in every run: with fonts that `cargo xtask test tools` installs, without
/// a caret that blinks or scroll bars, which are there on some screens and not on others, and with a code that is always the
/// same.
const STEADY: &str =
    "document.documentElement.style.setProperty('--bowerbird-font', '\"Noto Sans\", \"Noto Sans Arabic\", sans-serif');
    document.documentElement.style.scrollbarWidth = 'none';
    const root = document.querySelector('[data-bowerbird]')?.shadowRoot ?? document;
    if (!root.steady) {
        root.steady = new CSSStyleSheet();
        root.steady.replaceSync('* { caret-color: transparent !important; scrollbar-width: none !important }');
        root.adoptedStyleSheets.push(root.steady);
    }
    const code = root.querySelector('.code');
    if (code) code.firstChild.data = code.firstChild.data.replace(/[A-Z0-9]/g, 'H')";

#[tokio::test]
async fn every_screen_fits_and_looks_as_it_did() {
    tell_in(Engine::Chromium, Options::default(), Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        let mut album = Album::new(&[Look::DESK, Look::DESK_DARK, Look::NARROW, Look::NARROW_DARK]);
        Tour::takes(&visitor, &stage, json!({}), &mut album).await;
        album.looks = &[Look::DESK_RTL, Look::NARROW_RTL];
        Tour::takes(&visitor, &Stage::set(Duration::ZERO).await, json!({"lang": "ar"}), &mut album).await;
        album.closes();
    })
    .await;
}

/// The same against the dialog itself: a button that moves by twelve pixels, and another accent.
#[tokio::test]
async fn a_button_that_moves_and_another_accent_are_noticed() {
    tell_in(Engine::Chromium, Options::default(), Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        visitor.opens(&stage.page, json!({"fromSources": "facebook"})).await;
        visitor.starts_picking().await;
        visitor.sees("[data-action='connect']").await;
        Look::DESK.is_put_on(&visitor).await;
        let before = picture(&visitor).await;
        Look::DESK_DARK.is_put_on(&visitor).await;
        Look::DESK.is_put_on(&visitor).await;
        assert_eq!(off(&before, &picture(&visitor).await).len(), 0, "nothing has changed");
        let button = "const button = document.querySelector('[data-bowerbird]').shadowRoot.querySelector('.primary');";
        visitor.runs(&format!("{button} button.style.marginInlineStart = '24px'")).await;
        visitor.settles().await;
        assert!(off(&before, &picture(&visitor).await).len() > FEW, "12 pixels aside");
        visitor.runs(&format!("{button} button.style.marginInlineStart = ''")).await;
        visitor.runs("document.documentElement.style.setProperty('--bowerbird-accent', '#1d7a5f')").await;
        visitor.settles().await;
        assert!(off(&before, &picture(&visitor).await).len() > FEW, "another accent");
    })
    .await;
}

/// Keeps a picture in `target/screenshots`, for people to look at, and judges whether what it shows fits.
pub async fn shows(visitor: &Visitor, look: &str, screen: &str) {
    visitor.photographs(&format!("{look}-{screen}")).await;
    assert_eq!(visitor.runs(TOO_WIDE).await, json!([]), "wider than the screen at {look} {screen}");
}

/// The pictures of one tour, beside those that are kept.
struct Album<'a> {
    looks: &'a [Look],
    accepts: bool,
    seen: BTreeSet<String>,
    wrong: Vec<String>,
}

impl Judge for Album<'_> {
    async fn judges(&mut self, visitor: &Visitor, screen: &str) {
        for look in self.looks {
            look.is_put_on(visitor).await;
            let name = format!("{screen}-{}", look.name);
            let too_wide = visitor.runs(TOO_WIDE).await;
            if too_wide != json!([]) {
                self.wrong.push(format!("{name}: wider than the screen: {too_wide}"));
            }
            let picture = picture(visitor).await;
            if let Err(remark) = compare(&picture, &kept().join(format!("{name}.jpg")), self.accepts) {
                keep_for_people(&picture, &format!("{name}.png"));
                self.wrong.push(format!("{name}: {remark}"));
            }
            self.seen.insert(format!("{name}.jpg"));
        }
        Look::DESK.is_put_on(visitor).await;
    }
}

impl<'a> Album<'a> {
    fn new(looks: &'a [Look]) -> Self {
        let accepts = std::env::var_os("UPDATE_LOOKS").is_some_and(|value| value == "1");
        let _ = std::fs::remove_dir_all(for_people());
        Self { looks, accepts, seen: BTreeSet::new(), wrong: Vec::new() }
    }

    fn closes(mut self) {
        for entry in std::fs::read_dir(kept()).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if self.seen.contains(&name) {
                continue;
            }
            if self.accepts {
                std::fs::remove_file(entry.path()).expect("a picture of nothing can be removed");
            } else {
                self.wrong.push(format!("{name}: there is no such screen"));
            }
        }
        assert!(
            self.wrong.is_empty(),
            "not as it was:\n  {}\nWhat is seen, and where it differs, is in {}. Where it is right as it is: UPDATE_LOOKS=1 \
             cargo test --test stories looks",
            self.wrong.join("\n  "),
            for_people().display()
        );
    }
}

/// What is wider than the screen, of those parts that must not be.
const TOO_WIDE: &str = "const dialog = document.querySelector('[data-bowerbird]')?.shadowRoot.querySelector('.dialog');
    const parts = dialog ? [dialog, ...dialog.querySelectorAll('.browse, div.folder, .header, .footer')] : [document.body];
    return parts.filter(part => part.scrollWidth > part.clientWidth + 1
            || part.getBoundingClientRect().right > innerWidth + 1 || part.getBoundingClientRect().left < -1)
        .map(part => part.className || part.tagName)";

async fn picture(visitor: &Visitor) -> RgbImage {
    let png = visitor.driver().screenshot_as_png().await.expect("a screenshot");
    let whole = image::load_from_memory_with_format(&png, ImageFormat::Png).expect("a PNG").into_rgb8();
    imageops::thumbnail(&whole, whole.width() / SCALE, whole.height() / SCALE)
}

/// Compares a picture with the one that is kept, or keeps it.
fn compare(picture: &RgbImage, kept: &Path, accepts: bool) -> Result<(), String> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, QUALITY).encode_image(picture).expect("a JPEG");
    // What is kept has lost a little in being kept. So does this one, or the loss would be noticed where colours meet.
    let picture = image::load_from_memory_with_format(&bytes, ImageFormat::Jpeg).expect("a JPEG").into_rgb8();
    let before = image::open(kept).ok().map(image::DynamicImage::into_rgb8);
    let remark = match &before {
        None => "there is no picture of it yet".to_owned(),
        Some(before) if before.dimensions() != picture.dimensions() => "it has another size".to_owned(),
        Some(before) => {
            let off = off(before, &picture);
            if off.len() <= FEW {
                return Ok(());
            }
            let name = kept.file_stem().unwrap_or_default().to_string_lossy();
            keep_for_people(&marked(before, &off), &format!("{name}.difference.png"));
            let (x, y) = off[off.len() / 2];
            let side = SQUARE * SCALE;
            format!("{} squares differ, one of them at {}, {}", off.len(), x * side, y * side)
        }
    };
    if !accepts {
        return Err(remark);
    }
    std::fs::create_dir_all(kept.parent().expect("a folder")).expect("a folder");
    std::fs::write(kept, bytes).expect("a picture can be kept");
    Ok(())
}

/// The squares that are noticeably different.
fn off(before: &RgbImage, after: &RgbImage) -> Vec<(u32, u32)> {
    let across = before.width().div_ceil(SQUARE);
    let down = before.height().div_ceil(SQUARE);
    let squares = (0..down).flat_map(|y| (0..across).map(move |x| (x, y)));
    let differs = |&(x, y): &(u32, u32)| {
        let (one, other) = (mean(before, x, y), mean(after, x, y));
        one.iter().zip(other).any(|(one, other)| (one - other).abs() > NOTICEABLE)
    };
    squares.filter(differs).collect()
}

fn mean(picture: &RgbImage, x: u32, y: u32) -> [i32; 3] {
    let mut sum = [0; 3];
    let mut count = 0;
    for y in (y * SQUARE..(y + 1) * SQUARE).take_while(|y| *y < picture.height()) {
        for x in (x * SQUARE..(x + 1) * SQUARE).take_while(|x| *x < picture.width()) {
            count += 1;
            for (sum, value) in sum.iter_mut().zip(picture.get_pixel(x, y).0) {
                *sum += i32::from(value);
            }
        }
    }
    sum.map(|sum| sum / count.max(1))
}

/// The picture that is kept, with the squares that differ in red.
fn marked(before: &RgbImage, off: &[(u32, u32)]) -> RgbImage {
    let mut picture = before.clone();
    for &(x, y) in off {
        for (x, y) in (0..SQUARE).flat_map(|dy| (0..SQUARE).map(move |dx| (x * SQUARE + dx, y * SQUARE + dy))) {
            if let Some(pixel) = picture.get_pixel_mut_checked(x, y) {
                pixel.0 = [255, pixel.0[1] / 3, pixel.0[2] / 3];
            }
        }
    }
    picture
}

fn keep_for_people(picture: &RgbImage, name: &str) {
    std::fs::create_dir_all(for_people()).expect("a folder");
    picture.save(for_people().join(name)).expect("a picture can be written");
}

fn kept() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/stories/snapshots")
}

fn for_people() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/screenshots/looks")
}

/// The judge himself: what he overlooks, and what he does not.
#[test]
fn a_part_that_moved_or_changed_its_colour_is_noticed_and_noise_is_not() {
    let screen = |left: u32, colour: [u8; 3]| {
        let mut picture = RgbImage::from_pixel(1280, 800, image::Rgb([255; 3]));
        for (x, y) in (0..140).flat_map(|x| (0..44).map(move |y| (left + x, 700 + y))) {
            picture.put_pixel(x, y, image::Rgb(colour));
        }
        imageops::thumbnail(&picture, 640, 400)
    };
    let blue = [37, 99, 235];
    let before = screen(1000, blue);
    assert_eq!(off(&before, &screen(1000, blue)).len(), 0);
    assert!(off(&before, &screen(1012, blue)).len() > FEW, "12 pixels aside");
    assert!(off(&before, &screen(1000, [37, 130, 200])).len() > FEW, "another blue");
    assert!(off(&before, &screen(1000, [41, 102, 230])).len() <= FEW, "as good as the same blue");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("kept.jpg");
    assert!(compare(&before, &file, false).is_err(), "nothing is kept yet");
    assert_eq!(compare(&before, &file, true), Ok(()));
    assert_eq!(compare(&before, &file, false), Ok(()), "what JPEG loses is not noticed");
    assert!(compare(&screen(1012, blue), &file, false).is_err());
}
