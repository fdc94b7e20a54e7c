//! Width to height, without rounding.

use bowerbird_convert::Size;
use std::fmt;

/// Width to height, as in 4:5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ratio {
    /// Of the width.
    pub width: u32,
    /// Of the height.
    pub height: u32,
}

/// Shapes from the tallest to the widest, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shapes {
    /// The tallest.
    pub tallest: Ratio,
    /// The widest.
    pub widest: Ratio,
}

impl Shapes {
    /// From `tallest` to `widest`.
    pub const fn new(tallest: (u32, u32), widest: (u32, u32)) -> Self {
        Self {
            tallest: Ratio { width: tallest.0, height: tallest.1 },
            widest: Ratio { width: widest.0, height: widest.1 },
        }
    }

    /// Whether this size has one of them. So many thousandths beyond are let pass: encoders of video round to even pixels.
    pub fn have(&self, size: Size, thousandths: u64) -> bool {
        let (width, height) = (u64::from(size.width), u64::from(size.height));
        let beyond = |larger: u64, smaller: u64| larger * 1000 > smaller * (1000 + thousandths);
        !beyond(height * u64::from(self.tallest.width), width * u64::from(self.tallest.height))
            && !beyond(width * u64::from(self.widest.height), height * u64::from(self.widest.width))
    }

    /// The smallest of them that holds this size, and the largest within it.
    pub fn around_and_within(&self, size: Size) -> (Size, Size) {
        let Self { tallest, widest } = self;
        let widths = |height: u32| times(height, tallest.width, tallest.height);
        let heights = |width: u32| times(width, widest.height, widest.width);
        if self.have(size, 0) {
            (size, size)
        } else if u64::from(size.width) * u64::from(tallest.height) < u64::from(size.height) * u64::from(tallest.width)
        {
            let within = times(size.width, tallest.height, tallest.width).0;
            (Size::new(widths(size.height).1, size.height), Size::new(size.width, within))
        } else {
            let within = times(size.height, widest.width, widest.height).0;
            (Size::new(size.width, heights(size.width).1), Size::new(within, size.height))
        }
    }

    /// This size at another scale, with a height that keeps it one of them.
    pub fn scaled(&self, size: Size, by: f64) -> Size {
        let scaled = size.scaled(by);
        let least = times(scaled.width, self.widest.height, self.widest.width).1;
        let most = times(scaled.width, self.tallest.height, self.tallest.width).0.max(least);
        Size::new(scaled.width, scaled.height.clamp(least, most))
    }
}

/// `side * by / of`, rounded down and up. At least one pixel.
fn times(side: u32, by: u32, of: u32) -> (u32, u32) {
    let (product, of) = (u64::from(side) * u64::from(by), u64::from(of));
    let pixels = |count: u64| u32::try_from(count).unwrap_or(u32::MAX).max(1);
    (pixels(product / of), pixels(product.div_ceil(of)))
}

impl fmt::Display for Ratio {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { width, height } = *self;
        if height == 100 {
            write!(formatter, "{}:1", f64::from(width) / 100.0)
        } else {
            write!(formatter, "{width}:{height}")
        }
    }
}

impl fmt::Display for Shapes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.tallest == self.widest {
            return self.tallest.fmt(formatter);
        }
        write!(formatter, "{} to {}", self.tallest, self.widest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FEED: Shapes = Shapes::new((4, 5), (191, 100));

    #[test]
    fn both_ends_belong_to_them() {
        for (width, height, has) in [
            (400, 500, true),
            (399, 500, false),
            (1910, 1000, true),
            (1911, 1000, false),
            (1, 1, true),
            (u32::MAX, 1, false),
        ] {
            assert_eq!(FEED.have(Size::new(width, height), 0), has, "{width}x{height}");
        }
        assert!(FEED.have(Size::new(397, 500), 10) && !FEED.have(Size::new(395, 500), 10));
    }

    #[test]
    fn what_is_around_within_or_scaled_has_one_of_them() {
        for width in (1..4000).step_by(37) {
            for height in (1..4000).step_by(41) {
                let size = Size::new(width, height);
                let (around, within) = FEED.around_and_within(size);
                assert!(around.width >= width && around.height >= height && FEED.have(around, 0), "{size}: {around}");
                // Of a single row or column nothing smaller has such a shape.
                let tiny = width < 4 || height < 4;
                assert!(within.width <= width && within.height <= height, "{size}: {within}");
                assert!(tiny || FEED.have(within, 0), "{size}: {within}");
                let scaled = FEED.scaled(around, 0.37);
                assert!(scaled.width < 4 || FEED.have(scaled, 0), "{size}: {scaled}");
            }
        }
        assert_eq!(FEED.around_and_within(Size::new(1000, 2000)), (Size::new(1600, 2000), Size::new(1000, 1250)));
        assert_eq!(FEED.around_and_within(Size::new(3820, 1000)), (Size::new(3820, 2000), Size::new(1910, 1000)));
    }
}
