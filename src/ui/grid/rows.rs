//! The rows that exist, by their number. One that stays in sight stays as it is.

use super::super::Ui;
use super::style;
use super::tile::{Tile, make, set};
use super::window::Layout;
use crate::state::{Shown, State};
use std::collections::BTreeMap;
use std::ops::Range;
use wasm_bindgen::JsCast;
use web_sys::{Document, HtmlElement};

/// The rows that exist.
#[derive(Default)]
pub struct Rows(BTreeMap<usize, Row>);

struct Row {
    element: HtmlElement,
    tiles: Vec<Tile>,
    first: usize,
}

impl Drop for Row {
    fn drop(&mut self) {
        self.element.remove();
    }
}

impl Rows {
    /// Takes all of them away.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The tile of a place, if it exists.
    pub fn tile(&self, place: usize) -> Option<&Tile> {
        self.0.values().find_map(|row| row.tiles.get(place.checked_sub(row.first)?))
    }

    /// The tiles of these rows.
    pub fn tiles(&mut self, rows: Range<usize>) -> impl Iterator<Item = &mut Tile> {
        self.0.range_mut(rows).flat_map(|(_, row)| &mut row.tiles)
    }

    /// Has exactly these rows: those of the window, and the one with the tile at which the Tab key stops, so that it can
    /// always be reached.
    #[expect(clippy::too_many_arguments, reason = "each is a thing of its own, and there is one caller")]
    pub fn draw(
        &mut self,
        ui: Ui,
        document: &Document,
        area: &HtmlElement,
        state: &State,
        layout: &Layout,
        list: &[Shown],
        (window, kept): (Range<usize>, usize),
        active: usize,
    ) {
        let there = layout.rows(list.len());
        let wanted = |row: usize| row < there && (window.contains(&row) || row == kept);
        self.0.retain(|row, _| wanted(*row));
        for row in window.clone().chain(Some(kept)).filter(|row| wanted(*row)) {
            let places = layout.places(row, list.len());
            let entries = &list[places.clone()];
            let fits =
                |it: &Row| it.tiles.len() == entries.len() && it.tiles.iter().zip(entries).all(|(a, b)| a.is_of(b));
            if self.0.get(&row).is_some_and(fits) {
                continue;
            }
            self.0.remove(&row);
            if let Some(made) = Row::new(ui, document, state, layout, row, places.start, entries) {
                let next = self.0.range(row..).next().map(|(_, row)| &row.element);
                let _ = area.insert_before(&made.element, next.map(|it| it.as_ref()));
                self.0.insert(row, made);
            }
        }
        for row in self.0.values_mut() {
            for (place, tile) in (row.first..).zip(&mut row.tiles) {
                tile.show(ui, state, place, place == active);
            }
        }
    }
}

impl Row {
    fn new(
        ui: Ui,
        document: &Document,
        state: &State,
        layout: &Layout,
        row: usize,
        first: usize,
        entries: &[Shown],
    ) -> Option<Self> {
        let element: HtmlElement = make(document, "div", "line")?.unchecked_into();
        set(&element, "role", "row");
        set(&element, "aria-rowindex", &(row + 1).to_string());
        style(&element, "transform", &format!("translateY({}px)", layout.top_of(row)));
        let new = |shown: &Shown| Tile::new(ui, document, shown, layout.arrangement, state);
        let tiles: Vec<Tile> = entries.iter().filter_map(new).collect();
        for tile in &tiles {
            element.append_child(&tile.element).ok()?;
        }
        Some(Self { element, tiles, first })
    }
}
