//! Where the keys lead in a grid.

/// What there is to move in.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// How many tiles.
    pub count: usize,
    /// How many in a row.
    pub columns: usize,
    /// How many rows a Page key goes.
    pub page: usize,
    /// Whether lines run from right to left.
    pub mirrored: bool,
}

impl Room {
    /// The place that a key leads to from `place`; `None` for keys that lead nowhere. `far` is Ctrl, or Cmd on a Mac.
    pub fn go(self, key: &str, far: bool, place: usize) -> Option<usize> {
        let last = self.count.checked_sub(1)?;
        let (begin, column) = (place - place % self.columns, place % self.columns);
        let row_end = (begin + self.columns - 1).min(last);
        // Down from the last but one row may find nothing below, and takes the last tile then.
        let down = |rows: usize| {
            let rows_left = last / self.columns - place / self.columns;
            (place + rows.min(rows_left) * self.columns).min(last)
        };
        let up = |rows: usize| (begin / self.columns).saturating_sub(rows) * self.columns + column;
        let (next, previous) = if self.mirrored { ("ArrowLeft", "ArrowRight") } else { ("ArrowRight", "ArrowLeft") };
        Some(match key {
            key if key == next => (place + 1).min(last),
            key if key == previous => place.saturating_sub(1),
            "ArrowDown" => down(1),
            "ArrowUp" => up(1),
            "PageDown" => down(self.page),
            "PageUp" => up(self.page),
            "Home" if far => 0,
            "End" if far => last,
            "Home" => begin,
            "End" => row_end,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: Room = Room { count: 23, columns: 5, page: 2, mirrored: false };

    fn goes(from: usize, keys: &[(&str, usize)]) {
        for (key, to) in keys {
            assert_eq!(ROOM.go(key, false, from), Some(*to), "{key} from {from}");
        }
    }

    #[test]
    fn keys_lead_where_one_looks() {
        goes(7, &[("ArrowRight", 8), ("ArrowLeft", 6), ("ArrowDown", 12), ("ArrowUp", 2), ("Home", 5), ("End", 9)]);
        goes(12, &[("PageDown", 22), ("PageUp", 2)]);
        assert_eq!(ROOM.go("Home", true, 12), Some(0));
        assert_eq!(ROOM.go("End", true, 12), Some(22));
        assert_eq!(ROOM.go("x", false, 12), None);
    }

    #[test]
    fn nothing_leads_out_of_the_grid() {
        goes(0, &[("ArrowLeft", 0), ("ArrowUp", 0), ("PageUp", 0)]);
        goes(22, &[("ArrowRight", 22), ("ArrowDown", 22), ("PageDown", 22), ("End", 22)]);
        goes(19, &[("ArrowDown", 22), ("PageDown", 22)]);
        assert_eq!(Room { count: 0, ..ROOM }.go("End", true, 0), None);
    }

    #[test]
    fn lines_that_run_from_right_to_left_turn_the_arrows() {
        let room = Room { mirrored: true, ..ROOM };
        assert_eq!(room.go("ArrowLeft", false, 7), Some(8));
        assert_eq!(room.go("ArrowRight", false, 7), Some(6));
    }
}
