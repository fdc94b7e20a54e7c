//! The sizes in pixels that a page takes, as one more step of a recipe.

use crate::error::ApiError;
use bowerbird_convert::tasks::{self, Task};
use bowerbird_convert::{Arguments, ConvertError, Picture, Size, Work};
use bowerbird_protocol::problem::ProblemCode;
use bowerbird_protocol::store::ImageLimits;
use serde_json::{Map, json};

/// The longest side that a page can ask for, as in the task `resize`.
const MAX_SIDE: u32 = 10_000;

/// Reads the limits of a request. None where every size will do.
///
/// # Errors
/// A size that no image has, or a least size beyond the largest.
pub fn read_limits(limits: &ImageLimits) -> Result<Option<ImageLimits>, ApiError> {
    let bad = |text: String| Err(ApiError::with_text(ProblemCode::BadRequest, text));
    let dim = limits.dim.unwrap_or_default();
    let sides = [("min", limits.min), ("max", limits.max)].map(|(name, size)| (name, size.map(|sides| sides.to_vec())));
    let dim_sides = limits.dim.map(|sides| sides.into_iter().flatten().collect());
    for (name, sides) in sides.into_iter().chain([("dim", dim_sides)]) {
        if sides.into_iter().flatten().any(|side| !(1..=MAX_SIDE).contains(&side)) {
            return bad(format!("image.{name}: a side has between 1 and {MAX_SIDE} pixels."));
        }
    }
    if limits.dim.is_some() && dim == [None, None] {
        return bad("image.dim: a width, a height or both.".to_owned());
    }
    if let (Some(min), Some(max)) = (limits.min, limits.max)
        && (min[0] > max[0] || min[1] > max[1])
    {
        return bad("image.min: no side may be longer than in image.max.".to_owned());
    }
    Ok((!limits.is_none()).then_some(*limits))
}

/// Brings a picture to a size that a page takes, keeping its shape.
#[derive(Debug, Clone, Copy)]
pub struct Fit(pub ImageLimits);

/// A side of the result, in pixels; the other follows.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Side {
    Width(u32),
    Height(u32),
}

impl Side {
    fn factor(self, full: Size) -> f64 {
        match self {
            Self::Width(width) => f64::from(width) / f64::from(full.width),
            Self::Height(height) => f64::from(height) / f64::from(full.height),
        }
    }
}

impl Fit {
    /// Why a page that does not have images resized refuses one of this size.
    pub fn refusal(&self, full: Size) -> Option<ProblemCode> {
        let Self(limits) = self;
        let below = |[width, height]: [u32; 2]| full.width < width || full.height < height;
        let beyond = |[width, height]: [u32; 2]| full.width > width || full.height > height;
        match limits.block {
            true if limits.min.is_some_and(below) => Some(ProblemCode::ImageTooSmall),
            true if limits.max.is_some_and(beyond) => Some(ProblemCode::ImageTooLarge),
            _ => None,
        }
    }

    /// Whether an image of this size is to become another.
    pub fn changes(&self, full: Size) -> bool {
        self.side(full).is_some()
    }

    /// The side that decides. `max` goes before `min` where no size has the shape and is within both.
    fn side(&self, full: Size) -> Option<Side> {
        let Self(ImageLimits { min, max, dim, block }) = *self;
        let narrower = |one: Side, other: Side| if one.factor(full) <= other.factor(full) { one } else { other };
        let side = match dim.map(|[width, height]| (width.map(Side::Width), height.map(Side::Height))) {
            Some((Some(width), Some(height))) => Some(narrower(width, height)),
            Some((width, height)) => width.or(height),
            None if block => None,
            None => {
                let sides = |[width, height]: [u32; 2]| (Side::Width(width), Side::Height(height));
                let most = max.map(sides).map(|(width, height)| narrower(width, height));
                let least =
                    min.map(sides).map(|(width, height)| if narrower(width, height) == width { height } else { width });
                let least = least.filter(|side| side.factor(full) > 1.0);
                let by = least.map_or(1.0, |side| side.factor(full));
                most.filter(|side| side.factor(full) < by).or(least)
            }
        };
        side.filter(|side| full.scaled(side.factor(full)) != full)
    }
}

impl Task for Fit {
    fn apply(&self, picture: Picture, work: &Work<'_>) -> Result<Picture, ConvertError> {
        let said = match self.side(picture.full) {
            None => return Ok(picture),
            Some(Side::Width(width)) => ("width".to_owned(), json!(width)),
            Some(Side::Height(height)) => ("height".to_owned(), json!(height)),
        };
        let resize = tasks::read("resize", &mut Arguments::new("resize", Map::from_iter([said])));
        match resize {
            Ok(Some(resize)) => resize.apply(picture, work),
            Ok(None) => Err(ConvertError::Unwritable("there is no task `resize`".to_owned())),
            Err(error) => Err(ConvertError::Unwritable(error.to_string())),
        }
    }

    fn enough(&self, full: Size) -> Option<Size> {
        let becomes = self.side(full).map_or(full, |side| full.scaled(side.factor(full)));
        Some(Size::new(becomes.width.min(full.width), becomes.height.min(full.height)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn fit(limits: Value) -> Fit {
        Fit(read_limits(&serde_json::from_value(limits).unwrap()).unwrap().unwrap())
    }

    #[test]
    fn each_limit_gives_its_size_and_none_where_it_fits() {
        for (limits, full, becomes) in [
            (json!({"max": [100, 100]}), (300, 200), (100, 67)),
            (json!({"max": [300, 200]}), (300, 200), (300, 200)),
            (json!({"max": [9, 10_000]}), (300, 200), (9, 6)),
            (json!({"min": [400, 400]}), (300, 200), (600, 400)),
            (json!({"min": [300, 100]}), (300, 200), (300, 200)),
            (json!({"min": [10_000, 1]}), (100, 150), (10_000, 15_000)),
            (json!({"min": [50, 50], "max": [100, 100]}), (300, 200), (100, 67)),
            // No size has this shape and both limits.
            (json!({"min": [50, 50], "max": [100, 100]}), (10, 100), (10, 100)),
            (json!({"min": [50, 50], "max": [100, 100]}), (10, 50), (20, 100)),
            (json!({"dim": [150, null]}), (300, 200), (150, 100)),
            (json!({"dim": [null, 400]}), (300, 200), (600, 400)),
            (json!({"dim": [600, 600], "max": [9, 9]}), (300, 200), (600, 400)),
            (json!({"dim": [null, 200]}), (300, 200), (300, 200)),
            (json!({"max": [9, 9], "block": true}), (300, 200), (300, 200)),
            (json!({"dim": [30, null], "max": [900, 900], "block": true}), (300, 200), (30, 20)),
        ] {
            let (fit, full) = (fit(limits.clone()), Size::new(full.0, full.1));
            let made = fit.side(full).map_or(full, |side| full.scaled(side.factor(full)));
            assert_eq!((made.width, made.height), becomes, "{limits}");
            assert_eq!(fit.changes(full), made != full, "{limits}");
        }
    }

    #[test]
    fn a_page_that_blocks_names_what_is_wrong() {
        let refusal = |limits, width, height| fit(limits).refusal(Size::new(width, height));
        let limits = json!({"min": [100, 100], "max": [200, 300], "block": true});
        assert_eq!(refusal(limits.clone(), 100, 300), None);
        assert_eq!(refusal(limits.clone(), 150, 99), Some(ProblemCode::ImageTooSmall));
        assert_eq!(refusal(limits.clone(), 201, 150), Some(ProblemCode::ImageTooLarge));
        assert_eq!(refusal(json!({"max": [200, 300]}), 201, 150), None);
    }
}
