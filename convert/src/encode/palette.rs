//! The colours of images that have few.

/// What an index can name.
pub const MAX_COLORS: usize = 256;

/// Places of the table: a power of two, and large enough that most colours are found at the first look.
const SLOTS: usize = 1024;

/// Distinct colours, each by its index.
pub struct Palette {
    colors: Vec<[u8; 4]>,
    /// An index and one, at the place that a colour's bits tell or behind it; 0 is free.
    slots: Box<[u16; SLOTS]>,
}

impl Palette {
    /// Every colour of these pixels; `None` if there are more than `most`, which may be 256. Those that let something through come
    /// first, as PNG likes it.
    pub fn of(pixels: impl Iterator<Item = [u8; 4]>, most: usize) -> Option<Self> {
        let mut found = Self::new(Vec::new());
        let mut last = None;
        for pixel in pixels {
            if last != Some(pixel) {
                last = Some(pixel);
                if !found.add(pixel, most.min(MAX_COLORS)) {
                    return None;
                }
            }
        }
        let mut colors = found.colors;
        colors.sort_unstable_by_key(|&[red, green, blue, alpha]| [alpha, red, green, blue]);
        Some(Self::new(colors))
    }

    fn new(colors: Vec<[u8; 4]>) -> Self {
        let mut palette = Self { colors: Vec::with_capacity(MAX_COLORS), slots: Box::new([0; SLOTS]) };
        for color in colors {
            palette.add(color, MAX_COLORS);
        }
        palette
    }

    /// The colours by their index.
    pub fn colors(&self) -> &[[u8; 4]] {
        &self.colors
    }

    /// The index of one of its colours.
    pub fn index(&self, color: [u8; 4]) -> u8 {
        self.slots[self.slot(color)].saturating_sub(1) as u8
    }

    /// Whether there was room.
    fn add(&mut self, color: [u8; 4], most: usize) -> bool {
        let slot = self.slot(color);
        if self.slots[slot] == 0 {
            if self.colors.len() == most {
                return false;
            }
            self.colors.push(color);
            self.slots[slot] = self.colors.len() as u16;
        }
        true
    }

    /// Where it is, or where it would be. There is always a free place to stop at.
    fn slot(&self, color: [u8; 4]) -> usize {
        let mut slot = (u32::from_le_bytes(color).wrapping_mul(0x9E37_79B1) >> 22) as usize;
        while let Some(index) = self.slots[slot].checked_sub(1)
            && self.colors[usize::from(index)] != color
        {
            slot = (slot + 1) % SLOTS;
        }
        slot
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_colour_has_its_own_index_up_to_256() {
        let color = |n: u32| [(n * 7) as u8, (n / 3) as u8, n as u8, 255 - (n % 2) as u8];
        let palette = Palette::of((0..512).map(|n| color(n % 256)), 256).unwrap();
        assert_eq!(palette.colors().len(), 256);
        for n in 0..256 {
            assert_eq!(palette.colors()[usize::from(palette.index(color(n)))], color(n));
        }
        assert_eq!(palette.colors()[0][3], 254, "what is transparent comes first");
        assert!(Palette::of((0..256).map(color), 255).is_none());
    }
}
