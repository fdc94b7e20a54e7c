//! What visitors make of an image before it is stored: turned, cut, round. Pure.

use serde::{Deserialize, Serialize};

/// What whole is in an [`Area`].
const WHOLE: u32 = 1_000_000;

/// What is done to an image, in this order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// Quarter turns clockwise, 0 to 3.
    pub turns: u8,
    /// What is kept of the turned image; `None` is all of it.
    pub area: Option<Area>,
    /// Whether it becomes the largest circle within that, on nothing.
    pub circle: bool,
}

/// A part of an image, in millionths of its width and height, so that it means the same at every size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Area {
    left: u32,
    top: u32,
    width: u32,
    height: u32,
}

impl Edit {
    /// Whether something is cut off.
    pub fn crops(&self) -> bool {
        self.area.is_some() || self.circle
    }

    /// The size of an image once it is turned.
    pub fn turned(&self, [width, height]: [u32; 2]) -> [u32; 2] {
        if self.turns % 2 == 1 { [height, width] } else { [width, height] }
    }

    /// Left, top, width and height in pixels of what is kept, of a turned image of this size; of a circle the square around it.
    pub fn pixels(&self, turned: [u32; 2]) -> [u32; 4] {
        let [left, top, width, height] = self.rectangle(turned);
        if !self.circle {
            return [left, top, width, height];
        }
        // The largest in the middle, as the companion cuts it.
        let side = width.min(height);
        [left + (width - side) / 2, top + (height - side) / 2, side, side]
    }

    fn rectangle(&self, [across, down]: [u32; 2]) -> [u32; 4] {
        let Some(area) = self.area else { return [0, 0, across, down] };
        // As the companion rounds: `crop` of `convert`.
        let along = |start: u32, length: u32, side: u32| {
            let pixels = |share: u32| (f64::from(share) / f64::from(WHOLE) * f64::from(side)).round() as u32;
            let start = pixels(start).min(side.saturating_sub(1));
            (start, pixels(length).clamp(1, (side - start).max(1)))
        };
        let (left, width) = along(area.left, area.width, across);
        let (top, height) = along(area.top, area.height, down);
        [left, top, width, height]
    }

    /// The size of the image that was turned and cut to this one; where that was resized, in the scale of the result.
    pub fn size_before(&self, [width, height]: [u32; 2]) -> [u32; 2] {
        let grown =
            |side: u32, share: u32| (f64::from(side) * f64::from(WHOLE) / f64::from(share.max(1))).round() as u32;
        match self.area {
            Some(area) => [grown(width, area.width), grown(height, area.height)],
            None => [width, height],
        }
    }

    /// The same as the companion's tasks; `None` where it leaves the image as it is.
    pub fn recipe(&self) -> Option<String> {
        let mut tasks = Vec::new();
        if self.turns > 0 {
            tasks.push(format!("rotate=deg:{}", u32::from(self.turns) * 90));
        }
        if let Some(Area { left, top, width, height }) = self.area {
            let share = |share: u32| if share >= WHOLE { "1".to_owned() } else { format!("0.{share:06}") };
            tasks.push(format!("crop=area:[{}]", [left, top, width, height].map(share).join(",")));
        }
        if self.circle {
            tasks.push("circle".to_owned());
        }
        (!tasks.is_empty()).then(|| tasks.join("/"))
    }
}

/// The frame around what is to be kept, while it is drawn: shares of the width and the height of the turned image, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    /// From the left.
    pub left: f64,
    /// From the top.
    pub top: f64,
    /// How wide.
    pub width: f64,
    /// How high.
    pub height: f64,
}

/// The least share of a side that a frame has.
const LEAST: f64 = 0.04;

impl Frame {
    /// Around everything.
    pub const ALL: Self = Self { left: 0.0, top: 0.0, width: 1.0, height: 1.0 };

    /// The frame of what an edit keeps.
    pub fn of(edit: &Edit) -> Self {
        let share = |share: u32| f64::from(share) / f64::from(WHOLE);
        edit.area.map_or(Self::ALL, |Area { left, top, width, height }| Self {
            left: share(left),
            top: share(top),
            width: share(width),
            height: share(height),
        })
    }

    /// What it keeps; `None` where that is everything.
    pub fn area(self) -> Option<Area> {
        let share = |share: f64| (share * f64::from(WHOLE)).round() as u32;
        let area =
            Area { left: share(self.left), top: share(self.top), width: share(self.width), height: share(self.height) };
        (area.width < WHOLE || area.height < WHOLE).then_some(area)
    }

    /// The largest with this `shape` (its width by its height, in shares of the image; `None` is any) around the same middle that the image
    /// has room for, made smaller by `by`.
    pub fn fitted(self, shape: Option<f64>, by: f64) -> Self {
        let (width, height) = match shape {
            Some(shape) => (shape.min(1.0), (1.0 / shape).min(1.0)),
            None => (1.0, 1.0),
        };
        self.around_its_middle(width * by, height * by)
    }

    /// With this shape, as large as before as far as there is room.
    pub fn shaped(self, shape: Option<f64>) -> Self {
        let Some(shape) = shape else { return self };
        let height = (self.width * self.height / shape).sqrt().min(1.0).min(1.0 / shape);
        self.around_its_middle(height * shape, height)
    }

    fn around_its_middle(self, width: f64, height: f64) -> Self {
        let (x, y) = (self.left + self.width / 2.0, self.top + self.height / 2.0);
        Self { left: x - width / 2.0, top: y - height / 2.0, width, height }.inside()
    }

    /// Moved, but not beyond the edges.
    pub fn moved(self, x: f64, y: f64) -> Self {
        Self { left: self.left + x, top: self.top + y, ..self }.inside()
    }

    fn inside(self) -> Self {
        let place = |start: f64, length: f64| start.clamp(0.0, (1.0 - length).max(0.0));
        Self { left: place(self.left, self.width), top: place(self.top, self.height), ..self }
    }

    /// With the edges pulled that `pull` names (-1 is the left or the upper one, 1 the other, 0 neither) while the opposite ones stay. A frame of
    /// a shape keeps it.
    pub fn pulled(self, pull: [i8; 2], by: [f64; 2], shape: Option<f64>) -> Self {
        let sized = |length: f64, pull: i8, by: f64| length + f64::from(pull) * by;
        let room = |start: f64, length: f64, pull: i8| match pull {
            -1 => start + length,
            1 => 1.0 - start,
            // Both ends give way alike.
            _ => 2.0 * (start + length / 2.0).min(1.0 - start - length / 2.0),
        };
        let (most_wide, most_high) = (room(self.left, self.width, pull[0]), room(self.top, self.height, pull[1]));
        let mut width = sized(self.width, pull[0], by[0]).clamp(LEAST, most_wide.max(LEAST));
        let mut height = sized(self.height, pull[1], by[1]).clamp(LEAST, most_high.max(LEAST));
        if let Some(shape) = shape {
            let change = |now: f64, before: f64| (now / before - 1.0).abs();
            let by_width = pull[1] == 0 || pull[0] != 0 && change(width, self.width) >= change(height, self.height);
            height = if by_width { width / shape } else { height };
            height = height.min(most_high).min(most_wide / shape).max(LEAST.max(LEAST / shape));
            width = height * shape;
        }
        let start = |start: f64, before: f64, now: f64, pull: i8| match pull {
            -1 => start + before - now,
            1 => start,
            _ => start + (before - now) / 2.0,
        };
        let left = start(self.left, self.width, width, pull[0]);
        let top = start(self.top, self.height, height, pull[1]);
        Self { left, top, width, height }.inside()
    }

    /// What it is once the image is turned by a quarter, clockwise or the other way.
    pub fn turned(self, clockwise: bool) -> Self {
        let Self { left, top, width, height } = self;
        let (left, top) = if clockwise { (1.0 - top - height, left) } else { (top, 1.0 - left - width) };
        Self { left, top, width: height, height: width }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(frame: Frame, [left, top, width, height]: [f64; 4]) {
        let found = [frame.left, frame.top, frame.width, frame.height];
        let all = found.iter().zip([left, top, width, height]).all(|(found, wanted)| (found - wanted).abs() < 1e-9);
        assert!(all, "{frame:?} is not [{left}, {top}, {width}, {height}]");
    }

    #[test]
    fn an_edit_is_a_recipe_of_the_companions() {
        assert_eq!(Edit::default().recipe(), None);
        let frame = Frame { left: 0.25, top: 0.0, width: 0.5, height: 1.0 };
        let edit = Edit { turns: 3, area: frame.area(), circle: true };
        assert_eq!(edit.recipe().unwrap(), "rotate=deg:270/crop=area:[0.250000,0.000000,0.500000,1]/circle");
        assert!(edit.crops() && !Edit { turns: 1, ..Edit::default() }.crops());
        assert_eq!(Frame::ALL.area(), None);
    }

    #[test]
    fn pixels_are_those_of_the_turned_image_and_lie_within_it() {
        let frame = Frame { left: 0.1, top: 0.5, width: 0.9, height: 0.5 };
        let edit = Edit { turns: 1, area: frame.area(), circle: false };
        let turned = edit.turned([300, 200]);
        assert_eq!(turned, [200, 300]);
        assert_eq!(edit.pixels(turned), [20, 150, 180, 150]);
        assert_eq!(edit.pixels([1, 1]), [0, 0, 1, 1]);
        assert_eq!(Edit { circle: true, ..edit }.pixels(turned), [35, 150, 150, 150]);
        assert_eq!(edit.size_before([180, 150]), [200, 300]);
        assert_eq!(Edit::default().pixels([7, 5]), [0, 0, 7, 5]);
    }

    #[test]
    fn a_frame_keeps_its_shape_and_stays_inside() {
        // A square of an image that is twice as wide as high is half as wide as high, in shares.
        let square = Frame::ALL.fitted(Some(0.5), 1.0);
        close(square, [0.25, 0.0, 0.5, 1.0]);
        close(square.moved(0.5, 0.5), [0.5, 0.0, 0.5, 1.0]);
        close(square.pulled([1, 1], [-0.25, 0.0], Some(0.5)), [0.25, 0.0, 0.25, 0.5]);
        close(square.pulled([1, 1], [-0.25, -0.5], Some(0.5)), [0.25, 0.0, 0.25, 0.5]);
        close(square.pulled([-1, 0], [0.25, 0.0], Some(0.5)), [0.5, 0.25, 0.25, 0.5]);
        close(square.pulled([-1, -1], [-1.0, -1.0], Some(0.5)), [0.25, 0.0, 0.5, 1.0]);
        close(Frame::ALL.shaped(Some(0.5)), [0.25, 0.0, 0.5, 1.0]);
    }

    #[test]
    fn a_free_frame_goes_as_far_as_the_edges_and_never_vanishes() {
        let frame = Frame { left: 0.2, top: 0.2, width: 0.4, height: 0.4 };
        close(frame.pulled([1, 0], [0.9, 0.9], None), [0.2, 0.2, 0.8, 0.4]);
        close(frame.pulled([-1, -1], [-0.9, 0.1], None), [0.0, 0.3, 0.6, 0.3]);
        close(frame.pulled([1, 1], [-0.9, -0.9], None), [0.2, 0.2, LEAST, LEAST]);
    }

    #[test]
    fn a_frame_turns_with_its_image() {
        let frame = Frame { left: 0.1, top: 0.2, width: 0.3, height: 0.4 };
        close(frame.turned(true), [0.4, 0.1, 0.4, 0.3]);
        close(frame.turned(true).turned(false), [0.1, 0.2, 0.3, 0.4]);
        close(frame.turned(true).turned(true).turned(true).turned(true), [0.1, 0.2, 0.3, 0.4]);
    }
}
