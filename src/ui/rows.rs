//! Which of many rows of one size are worth drawing.

use std::ops::Range;

/// Rows that are drawn on each side of what is seen, so that a quick scroll finds something.
const BESIDE: usize = 4;

/// The rows to draw of `count` that are `size` pixels each, where `before` pixels of them are scrolled away and `view` are seen.
pub(super) fn rows(before: i32, view: i32, size: i32, count: usize) -> Range<usize> {
    let whole = |pixels: i32| usize::try_from(pixels / size.max(1)).unwrap_or_default();
    let first = whole(before).saturating_sub(BESIDE);
    // One more, since the first and the last may be seen in part.
    let end = whole(before.max(0).saturating_add(view)) + 1 + BESIDE;
    first.min(count)..end.min(count)
}

#[cfg(test)]
mod tests {
    use super::rows;

    #[test]
    fn only_what_is_seen_and_a_little_more_is_drawn() {
        assert_eq!(rows(0, 500, 72, 1000), 0..11);
        assert_eq!(rows(7200, 500, 72, 1000), 96..111);
        assert_eq!(rows(71_600, 500, 72, 1000), 990..1000, "the end");
        assert_eq!(rows(-300, 500, 72, 1000), 0..11, "the list begins further down");
        assert_eq!(rows(0, 500, 72, 3), 0..3);
        assert_eq!(rows(9000, 500, 72, 3), 3..3, "the list has become shorter");
    }
}
