//! The sizes in pixels that a page takes, as one more step of a recipe.

use crate::error::ApiError;
use bowerbird_convert::tasks::{self, Task};
use bowerbird_convert::{Arguments, ConvertError, Picture, Size, Work};
use bowerbird_protocol::problem::ProblemCode;
use bowerbird_protocol::store::ImageLimits;
use serde_json::json;

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

impl Fit {
    /// Why a page that does not have images resized refuses one of this size.
    pub fn refusal(&self, full: Size) -> Option<ProblemCode> {
        self.0.refusal([full.width, full.height])
    }

    /// Whether an image of this size is to become another.
    pub fn changes(&self, full: Size) -> bool {
        self.target(full).is_some()
    }

    fn target(&self, full: Size) -> Option<Size> {
        self.0.target([full.width, full.height]).map(|[width, height]| Size::new(width, height))
    }
}

impl Task for Fit {
    fn apply(&self, picture: Picture, work: &Work<'_>) -> Result<Picture, ConvertError> {
        let Some(size) = self.target(picture.full) else { return Ok(picture) };
        let said = json!({"width": size.width, "height": size.height, "fit": "scale"});
        let said = said.as_object().cloned().unwrap_or_default();
        let resize = tasks::read("resize", &mut Arguments::new("resize", said));
        match resize {
            Ok(Some(resize)) => resize.apply(picture, work),
            Ok(None) => Err(ConvertError::Unwritable("there is no task `resize`".to_owned())),
            Err(error) => Err(ConvertError::Unwritable(error.to_string())),
        }
    }

    fn enough(&self, full: Size) -> Option<Size> {
        let becomes = self.target(full).unwrap_or(full);
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
            let made = fit.target(full).unwrap_or(full);
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
