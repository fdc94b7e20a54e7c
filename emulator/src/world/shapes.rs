//! The sizes in which a picture is offered.

/// One size of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rendition {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

/// The proportions of a picture, with the sizes that Meta would offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// Three to two.
    Landscape,
    /// Three to four.
    Portrait,
    /// One to one.
    Square,
    /// Four to three, twelve megapixels.
    LandscapeLarge,
    /// Three to four, twelve megapixels.
    PortraitLarge,
    /// Instagram's four to five: 1080 by 1350 and no other size.
    InstagramPortrait,
    /// Instagram's square: 1080 by 1080 and no other size.
    InstagramSquare,
    /// Instagram's wide format: 1440 by 754 and no other size.
    InstagramWide,
}

const LANDSCAPE: &[(u32, u32)] =
    &[(2048, 1365), (1440, 960), (960, 640), (720, 480), (480, 320), (320, 213), (195, 130)];
const PORTRAIT: &[(u32, u32)] =
    &[(1536, 2048), (1080, 1440), (720, 960), (540, 720), (360, 480), (240, 320), (130, 173)];
const SQUARE: &[(u32, u32)] = &[(1080, 1080), (720, 720), (480, 480), (320, 320), (130, 130)];
const LANDSCAPE_LARGE: &[(u32, u32)] =
    &[(4000, 3000), (2048, 1536), (1440, 1080), (960, 720), (720, 540), (480, 360), (320, 240), (173, 130)];
const PORTRAIT_LARGE: &[(u32, u32)] =
    &[(3000, 4000), (1536, 2048), (1080, 1440), (720, 960), (540, 720), (360, 480), (240, 320), (130, 173)];

impl Shape {
    /// Every size, the largest first.
    pub fn renditions(self) -> impl DoubleEndedIterator<Item = Rendition> {
        let sizes = match self {
            Shape::Landscape => LANDSCAPE,
            Shape::Portrait => PORTRAIT,
            Shape::Square => SQUARE,
            Shape::LandscapeLarge => LANDSCAPE_LARGE,
            Shape::PortraitLarge => PORTRAIT_LARGE,
            Shape::InstagramPortrait => &[(1080, 1350)],
            Shape::InstagramSquare => &[(1080, 1080)],
            Shape::InstagramWide => &[(1440, 754)],
        };
        sizes.iter().map(|&(width, height)| Rendition { width, height })
    }

    /// The largest size.
    pub fn largest(self) -> Rendition {
        self.renditions().next().unwrap_or(Rendition { width: 1, height: 1 })
    }

    /// The smallest size that is at least so many pixels wide, or the largest.
    pub fn at_least(self, width: u32) -> Rendition {
        self.renditions().rev().find(|rendition| rendition.width >= width).unwrap_or_else(|| self.largest())
    }
}
