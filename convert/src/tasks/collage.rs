//! `collage`: several images in one.

use super::resize::{MAX_SIDE, Resize};
use super::smart_crop::SmartCrop;
use super::{Task, blend};
use crate::decode::{self, Wish};
use crate::{Arguments, Color, ConvertError, Picture, RecipeError, Size, Work};
use image::RgbaImage;

/// How many files a collage takes beside the call's source.
const MAX_FILES: usize = 100;

/// Lays images out in rows or columns that fill the whole area, the call's source first.
#[derive(Debug)]
struct Collage {
    files: Vec<String>,
    size: Size,
    /// Between the images and around them, in pixels.
    margin: u32,
    color: Color,
    /// Cuts what does not fit at both ends alike; otherwise where it draws the eye least.
    centered: bool,
}

/// `files`, `width` and `height` in pixels, `margin` in pixels (10 unless said), `color` between the images (white unless said), `fit`:
/// `auto` (unless said) keeps of each image what draws the eye, `crop` its middle. `autorotate` changes nothing, as images are upright.
pub(super) fn read(arguments: &mut Arguments) -> Result<Box<dyn Task>, RecipeError> {
    let files = arguments.texts("files", MAX_FILES)?;
    let (width, height) = (arguments.pixels("width", 1..=MAX_SIDE)?, arguments.pixels("height", 1..=MAX_SIDE)?);
    let margin = arguments.pixels("margin", 0..=100)?.unwrap_or(10);
    let color = arguments.color("color")?.unwrap_or(Color::WHITE);
    let centered = arguments.choice("fit", &[("auto", false), ("crop", true)])?.unwrap_or(false);
    arguments.flag("autorotate")?;
    arguments.finish()?;
    let (Some(files), Some(width), Some(height)) = (files, width, height) else {
        return Err(arguments.wrong("it takes `files`, `width` and `height`"));
    };
    Ok(Box::new(Collage { files, size: Size { width, height }, margin, color, centered }))
}

impl Collage {
    /// Fills a cell.
    fn fills(&self, cell: Size) -> Box<dyn Task> {
        let resize = Resize::filling(cell);
        if self.centered { Box::new(resize) } else { Box::new(SmartCrop(resize)) }
    }

    /// Lays the first frame over its cell.
    fn put(
        &self,
        canvas: &mut RgbaImage,
        cell: Cell,
        mut picture: Picture,
        work: &Work<'_>,
    ) -> Result<(), ConvertError> {
        picture.frames.truncate(1);
        let picture = self.fills(cell.size).apply(picture, work)?;
        if let Some(frame) = picture.frames.first() {
            blend::lay(canvas, &frame.image, cell.corner);
        }
        Ok(())
    }
}

impl Task for Collage {
    fn apply(&self, picture: Picture, work: &Work<'_>) -> Result<Picture, ConvertError> {
        work.check_size(self.size, 1)?;
        let files = self.files.iter().map(|name| work.file(name)).collect::<Result<Vec<_>, _>>()?;
        let mut sizes = vec![picture.full];
        for bytes in &files {
            sizes.push(decode::measure(bytes)?.size);
        }
        let cells = layout(&sizes, self.size, self.margin).ok_or_else(|| {
            let (count, margin, size) = (sizes.len(), self.margin, self.size);
            ConvertError::Unfit(format!(
                "collage: {size} pixels leave no room for {count} images with a margin of {margin}"
            ))
        })?;
        let mut canvas = RgbaImage::from_pixel(self.size.width, self.size.height, self.color.0);
        let format = picture.format;
        let mut cells = cells.into_iter();
        if let Some(cell) = cells.next() {
            self.put(&mut canvas, cell, picture, work)?;
        }
        for (cell, bytes) in cells.zip(files) {
            work.check_time()?;
            let fills = self.fills(cell.size);
            let picture = decode::decode(bytes, &Wish { enough: Some(fills.as_ref()), ..Wish::default() }, work)?;
            self.put(&mut canvas, cell, picture, work)?;
        }
        Ok(Picture::still(canvas, format))
    }

    fn enough(&self, full: Size) -> Option<Size> {
        // No cell is larger than the whole.
        self.fills(self.size).enough(full)
    }

    fn files(&self) -> Vec<&str> {
        self.files.iter().map(String::as_str).collect()
    }
}

/// Where an image goes.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Cell {
    corner: (i64, i64),
    size: Size,
}

/// Cells for images of these sizes, in their order, that fill the area but for the margins. `None` if there is no room.
///
/// Of all numbers of rows, and of columns, that one is taken by which the least has to be cut.
fn layout(sizes: &[Size], area: Size, margin: u32) -> Option<Vec<Cell>> {
    let shapes: Vec<f64> = sizes.iter().map(|size| f64::from(size.width) / f64::from(size.height)).collect();
    let turned: Vec<f64> = shapes.iter().map(|shape| 1.0 / shape).collect();
    let rows = Lines::best(&shapes, area, margin);
    let columns = Lines::best(&turned, area.turned(), margin);
    match (rows, columns) {
        (Some(rows), Some(columns)) if columns.cut < rows.cut => Some(columns.cells(true)),
        (Some(rows), _) => Some(rows.cells(false)),
        (None, columns) => Some(columns?.cells(true)),
    }
}

/// Images in lines. Said as of rows; columns are the same with all sizes the other way round.
struct Lines<'a> {
    /// Width by height of the images of each line.
    lines: Vec<&'a [f64]>,
    /// How high each line would be if nothing were cut.
    heights: Vec<f64>,
    /// How far what the lines take is from what there is: 0 if nothing is cut.
    cut: f64,
    area: Size,
    margin: u32,
}

impl<'a> Lines<'a> {
    /// The number of lines by which the least is cut.
    fn best(shapes: &'a [f64], area: Size, margin: u32) -> Option<Self> {
        let lines = (1..=shapes.len()).filter_map(|count| Self::of(shapes, count, area, margin));
        lines.min_by(|one, other| one.cut.total_cmp(&other.cut))
    }

    /// So many lines, as alike in length as their images allow. `None` if an image would be left without a pixel.
    fn of(shapes: &'a [f64], count: usize, area: Size, margin: u32) -> Option<Self> {
        let total: f64 = shapes.iter().sum();
        let (mut lines, mut rest, mut passed) = (Vec::with_capacity(count), shapes, 0.0);
        for left in (0..count).rev() {
            // Each line ends where the sum is nearest to its share, and leaves an image for each line to come.
            let share = total * (count - left) as f64 / count as f64;
            let mut length = 1;
            passed += rest[0];
            while rest.len() > length + left && (left == 0 || passed + rest[length] / 2.0 < share) {
                passed += rest[length];
                length += 1;
            }
            let (line, after) = rest.split_at(length);
            lines.push(line);
            rest = after;
        }
        let width = |line: &[f64]| room(area.width, margin, line.len()).filter(|width| *width >= line.len() as f64);
        let heights: Option<Vec<f64>> =
            lines.iter().map(|line| Some(width(line)? / line.iter().sum::<f64>())).collect();
        let heights = heights?;
        let there_is = room(area.height, margin, count).filter(|height| *height >= count as f64)?;
        let cut = (heights.iter().sum::<f64>() / there_is).ln().abs();
        Some(Self { lines, heights, cut, area, margin })
    }

    fn cells(&self, columns: bool) -> Vec<Cell> {
        let mut cells = Vec::new();
        let rows = shared(&self.heights, self.area.height, self.margin);
        for (line, (top, height)) in self.lines.iter().zip(rows) {
            for (left, width) in shared(line, self.area.width, self.margin) {
                let (corner, size) = ((left.into(), top.into()), Size { width, height });
                cells.push(match columns {
                    false => Cell { corner, size },
                    true => Cell { corner: (corner.1, corner.0), size: size.turned() },
                });
            }
        }
        cells
    }
}

/// What so many images leave of a length, with a margin around each.
fn room(length: u32, margin: u32, count: usize) -> Option<f64> {
    let margins = u64::from(margin) * (count as u64 + 1);
    u64::from(length).checked_sub(margins).map(|room| room as f64)
}

/// Shares a length out, with a margin around each: where each begins, and how long it is, at least a pixel.
fn shared(shares: &[f64], length: u32, margin: u32) -> Vec<(u32, u32)> {
    let room = room(length, margin, shares.len()).unwrap_or_default();
    let (total, count) = (shares.iter().sum::<f64>(), shares.len());
    let (mut passed, mut begin) = (0.0, 0u32);
    shares
        .iter()
        .enumerate()
        .map(|(at, share)| {
            passed += share;
            let most = room as u32 - (count - 1 - at) as u32;
            let end = ((room * passed / total).round() as u32).clamp(begin + 1, most);
            let place = (begin + margin * (at as u32 + 1), end - begin);
            begin = end;
            place
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::trial::{refused, task};
    use super::*;
    use serde_json::json;

    #[test]
    fn cells_fill_the_area_but_for_the_margins() {
        for count in 1..40u32 {
            let sizes: Vec<_> = (0..count).map(|at| Size::new(100 + at * 37 % 300, 100 + at * 91 % 200)).collect();
            for (width, height, margin) in [(800, 600, 0), (800, 600, 7), (300, 900, 3), (1000, 333, 1)] {
                let area = Size { width, height };
                let cells = layout(&sizes, area, margin).unwrap();
                assert_eq!(cells.len(), sizes.len());
                // Each cell, grown by a margin to the right and below, covers a part of the area of its own.
                let mut covered = vec![0u8; (width * height) as usize];
                for cell in &cells {
                    assert!(cell.size.width > 0 && cell.size.height > 0);
                    let (left, top) = (cell.corner.0 as u32, cell.corner.1 as u32);
                    assert!(left >= margin && top >= margin);
                    for y in top..top + cell.size.height + margin {
                        for x in left..left + cell.size.width + margin {
                            covered[(y * width + x) as usize] += 1;
                        }
                    }
                }
                let inside = |at: usize| at as u32 % width >= margin && at as u32 / width >= margin;
                let right = covered.iter().enumerate().all(|(at, times)| *times == u8::from(inside(at)));
                assert!(right, "{count} images, {area}, {margin}: {cells:?}");
            }
        }
    }

    #[test]
    fn the_layout_cuts_least() {
        let (wide, tall) = (Size::new(400, 200), Size::new(200, 400));
        let sizes = |cells: Option<Vec<Cell>>| cells.unwrap().into_iter().map(|cell| cell.size).collect::<Vec<_>>();
        assert_eq!(sizes(layout(&[wide, wide], Size::new(400, 400), 0)), [wide; 2]);
        assert_eq!(sizes(layout(&[tall, tall], Size::new(400, 400), 0)), [tall; 2]);
        assert_eq!(sizes(layout(&[wide, tall, tall], Size::new(400, 600), 0)), [wide, tall, tall]);
        assert_eq!(sizes(layout(&[tall, wide, wide], Size::new(600, 400), 0)), [tall, wide, wide]);
    }

    #[test]
    fn margins_that_leave_no_room_do_not_fit() {
        assert_eq!(layout(&[Size::new(9, 9); 3], Size::new(50, 50), 30), None);
        assert_eq!(layout(&[Size::new(9, 9); 10], Size::new(3, 3), 0), None);
        assert!(layout(&[Size::new(1, 10_000), Size::new(10_000, 1)], Size::new(2, 2), 0).is_some());
    }

    #[test]
    fn it_names_its_files_and_asks_for_a_size() {
        let said =
            json!({"files": ["a", "b"], "width": 9, "height": 9, "autorotate": true, "fit": "auto", "margin": 1});
        assert_eq!(task("collage", said).unwrap().files(), ["a", "b"]);
        assert_eq!(
            refused("collage", json!({"files": "a", "width": 9})),
            "collage: it takes `files`, `width` and `height`"
        );
        assert!(refused("collage", json!({"files": vec!["a"; 101], "width": 9, "height": 9})).contains("1 to 100"));
    }
}
