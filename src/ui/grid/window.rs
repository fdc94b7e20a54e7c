//! Where the tiles of a folder lie, and which of them are in sight. Arithmetic only.

use std::ops::Range;

/// No more tiles than this are drawn at a time, however large the dialog is.
const MOST: usize = 70;
/// How many lines of a list are in sight at a time, however high it is. Each is made of more than a tile is.
const MOST_LINES: i32 = 40;
/// Rows that are drawn above and below those in sight, at most.
const AROUND: usize = 3;
/// From this width on there is room for gaps and margins.
const WIDE: i32 = 560;
/// How many screens of loaded rows are kept below the one in sight.
const AHEAD: i32 = 3;
/// What stands below the cover of an album: its name and what is known of it.
const CAPTION: i32 = 52;

/// How a folder is laid out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Arrangement {
    /// Photos, side by side.
    #[default]
    Photos,
    /// Albums, each a card with its name.
    Cards,
    /// One below the other.
    List,
}

/// Sizes in whole pixels, and how many tiles stand in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// How it is laid out.
    pub arrangement: Arrangement,
    /// Tiles in a row.
    pub columns: usize,
    /// The side of a picture.
    pub side: i32,
    /// From the top of a row to the top of the next one.
    pub row: i32,
    /// Between two tiles.
    pub gap: i32,
    /// Around all of them.
    pub margin: i32,
    /// Pixels down that are seen at a time.
    pub height: i32,
    /// Pixels across.
    pub width: i32,
    /// Rows drawn above and below those in sight.
    pub around: usize,
}

impl Layout {
    /// The layout for a window of this size. Tiles grow with it, so that their number is bounded.
    pub fn of(arrangement: Arrangement, width: i32, height: i32) -> Self {
        let (width, height) = (width.max(1), height.max(1));
        let wide = width >= WIDE;
        let (least, gap, margin) = match arrangement {
            Arrangement::Photos if wide => (132, 6, 16),
            Arrangement::Photos => (100, 3, 3),
            Arrangement::Cards if wide => (168, 18, 24),
            Arrangement::Cards => (132, 14, 16),
            Arrangement::List if wide => (56, 0, 16),
            Arrangement::List => (56, 0, 4),
        };
        let inner = (width - 2 * margin).max(1);
        let most = match arrangement {
            Arrangement::List => 1,
            _ => ((inner + gap) / (least + gap)).max(1),
        };
        let with = |columns: i32| {
            let across = ((inner - (columns - 1) * gap) / columns).max(1);
            let (side, row) = match arrangement {
                Arrangement::Photos => (across, across + gap),
                Arrangement::Cards => (across, across + CAPTION + gap),
                // A row takes a finger; in a window that would hold too many of them they are higher.
                Arrangement::List => (least, 72.max(height / MOST_LINES)),
            };
            // One more than fit, since the first and the last may be seen in part.
            let seen = (height / row) as usize + 2;
            let around = (MOST / columns as usize).saturating_sub(seen) / 2;
            let layout = Self {
                arrangement,
                columns: columns as usize,
                side,
                row,
                gap,
                margin,
                height,
                width,
                around: around.min(AROUND),
            };
            (layout, (seen + 2 * layout.around) * layout.columns)
        };
        let fits = |columns: &i32| {
            let (layout, tiles) = with(*columns);
            layout.around > 0 && tiles <= MOST
        };
        let columns = (1..=most).rev().find(fits).unwrap_or(1);
        with(columns).0
    }

    /// The row of a place.
    pub fn row_of(&self, place: usize) -> usize {
        place / self.columns
    }

    /// How many rows so many tiles take.
    pub fn rows(&self, count: usize) -> usize {
        count.div_ceil(self.columns)
    }

    /// The places in a row.
    pub fn places(&self, row: usize, count: usize) -> Range<usize> {
        let first = (row * self.columns).min(count);
        first..(first + self.columns).min(count)
    }

    /// The height of so many rows, with the margins.
    pub fn height_of(&self, rows: usize) -> i32 {
        if rows == 0 { 0 } else { 2 * self.margin + rows as i32 * self.row - self.gap }
    }

    /// Where a row begins.
    pub fn top_of(&self, row: usize) -> i32 {
        self.margin + row as i32 * self.row
    }

    /// The first row of which something is seen.
    pub fn first_row(&self, top: i32) -> usize {
        ((top - self.margin) / self.row).max(0) as usize
    }

    /// The rows to be drawn when the window is scrolled to `top`.
    pub fn window(&self, top: i32, count: usize) -> Range<usize> {
        let rows = self.rows(count);
        let first = self.first_row(top).min(rows);
        let last = ((top + self.height - self.margin) / self.row + 1).max(0) as usize;
        first.saturating_sub(self.around)..(last + self.around).min(rows)
    }

    /// How many rows a Page key goes.
    pub fn page(&self) -> usize {
        ((self.height / self.row) as usize).max(1)
    }

    /// Where to scroll from `top` so that a row is seen whole, with as little movement as that takes.
    pub fn reveal(&self, top: i32, row: usize) -> i32 {
        let upper = self.top_of(row) - self.margin.max(8);
        let lower = self.top_of(row) + self.row - self.gap + self.margin.max(8) - self.height;
        // Where a row is higher than the window its upper end counts.
        top.max(lower).min(upper).max(0)
    }

    /// Whether the loaded rows end so near below the window that the next page is wanted.
    pub fn is_short(&self, top: i32, count: usize) -> bool {
        self.height_of(self.rows(count)) - top - self.height < AHEAD * self.height
    }

    /// The place nearest to a point of the folder, counted from its upper corner at the beginning of the lines.
    pub fn place_at(&self, along: i32, down: i32, count: usize) -> Option<usize> {
        let last = count.checked_sub(1)?;
        let row = ((down - self.margin) / self.row).clamp(0, self.row_of(last) as i32) as usize;
        let across = (self.width - 2 * self.margin + self.gap).max(1);
        let column = (along - self.margin) * self.columns as i32 / across;
        Some((row * self.columns + column.clamp(0, self.columns as i32 - 1) as usize).min(last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Arrangement; 3] = [Arrangement::Photos, Arrangement::Cards, Arrangement::List];

    #[test]
    fn a_dialog_of_any_size_draws_few_tiles() {
        for arrangement in ALL {
            for width in (200..=3840).step_by(40) {
                for height in (120..=2400).step_by(60) {
                    let layout = Layout::of(arrangement, width, height);
                    for top in [0, 1, 333, 100_000] {
                        let tiles = layout.window(top, 10_000).len() * layout.columns;
                        assert!(tiles <= MOST, "{tiles} tiles in {layout:?}");
                    }
                    let used = layout.columns as i32 * (layout.side + layout.gap) - layout.gap + 2 * layout.margin;
                    assert!(used <= width || layout.columns == 1, "{layout:?}");
                }
            }
        }
    }

    #[test]
    fn a_phone_has_three_columns_and_a_desk_more() {
        assert_eq!(Layout::of(Arrangement::Photos, 390, 650).columns, 3);
        assert_eq!(Layout::of(Arrangement::Photos, 320, 500).columns, 3);
        assert_eq!(Layout::of(Arrangement::Photos, 800, 560).columns, 5);
        assert_eq!(Layout::of(Arrangement::List, 800, 560).columns, 1);
    }

    #[test]
    fn every_row_in_sight_is_drawn_and_none_that_is_not_there() {
        for arrangement in ALL {
            let layout = Layout::of(arrangement, 1000, 600);
            let rows = layout.rows(1_001);
            for top in (0..layout.height_of(rows) - layout.height).step_by(7) {
                let window = layout.window(top, 1_001);
                let seen = |row: &usize| {
                    let upper = layout.top_of(*row);
                    upper < top + layout.height && upper + layout.row - layout.gap > top
                };
                assert!((0..rows).filter(seen).all(|row| window.contains(&row)), "{top} {layout:?}");
                assert!(window.end <= rows);
            }
            assert_eq!(layout.window(0, 0), 0..0);
        }
    }

    #[test]
    fn revealing_moves_only_what_is_needed() {
        let layout = Layout::of(Arrangement::Photos, 1000, 600);
        assert_eq!(layout.reveal(300, layout.first_row(300) + 2), 300);
        assert_eq!(layout.reveal(300, 0), 0);
        let row = 50;
        let top = layout.reveal(0, row);
        assert!(layout.top_of(row) + layout.row - layout.gap <= top + layout.height);
        assert_eq!(layout.reveal(top, row), top);
    }

    #[test]
    fn a_point_has_the_place_under_it_or_the_nearest() {
        let layout = Layout::of(Arrangement::Photos, 1000, 600);
        let columns = layout.columns;
        for place in [0, columns - 1, columns, 3 * columns + 2] {
            let (row, column) = (layout.row_of(place), place % columns);
            let along = layout.margin + column as i32 * (layout.side + layout.gap) + layout.side / 2;
            assert_eq!(layout.place_at(along, layout.top_of(row) + 5, 1_000), Some(place));
        }
        assert_eq!(layout.place_at(-50, -50, 10), Some(0));
        assert_eq!(layout.place_at(5_000, 90_000, 10), Some(9));
        assert_eq!(layout.place_at(0, 0, 0), None);
    }

    #[test]
    fn the_next_page_is_wanted_before_the_end_is_seen() {
        let layout = Layout::of(Arrangement::Photos, 1000, 600);
        let hundred = layout.height_of(layout.rows(100));
        assert!(layout.is_short(0, 20));
        assert!(!layout.is_short(0, 1_000));
        assert!(layout.is_short(hundred - 600, 100));
    }
}
