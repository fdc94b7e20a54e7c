//! JPEGs in restart segments, so that a part of one can be replaced by a part of another without encoding anything.
//!
//! A JPEG's data may be cut into segments of so many blocks, with a marker between them and nothing carried over from
//! one to the next (ITU-T T.81, F.1.1.5.2). A segment of a small picture that was encoded with the same tables can
//! therefore stand in for a segment of a large one. The same file keeps its quantisation tables in its head, and
//! multiplying what is in them multiplies every frequency on decoding: that is contrast for the first table, and
//! saturation for the others.

use std::ops::Range;

use jpeg_encoder::{ChromaSubsamplingMethod, ColorType, Encoder, SamplingFactor};

/// Pixels along a side of the block that segments are counted in: two by two 8x8 blocks of brightness.
pub const BLOCK: u32 = 16;

/// Rough enough that the numbers in the quantisation tables are large, so that they can be multiplied in small steps.
const QUALITY: u8 = 74;

/// A JPEG taken apart.
pub struct Segmented {
    /// Everything up to the data: tables, size, scan header.
    head: Vec<u8>,
    /// Where in `head` the three quantisation tables' values are: brightness, blue difference, red difference.
    tables: [Range<usize>; 3],
    /// The data with the restart markers between the segments, without the end marker.
    data: Vec<u8>,
    /// Where in `data` each segment is, markers not included.
    segments: Vec<Range<usize>>,
    /// Segments in a row of blocks.
    per_row: u32,
}

/// How strong contrast and the two colour differences are decoded; 1 is as encoded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gains {
    /// Contrast.
    pub luma: f32,
    /// Blue to yellow.
    pub blue: f32,
    /// Red to green.
    pub red: f32,
}

/// Part of another picture, laid over this one: its top left corner in segments and rows of blocks.
pub struct Overlay<'a> {
    /// What is laid over.
    pub tile: &'a Segmented,
    /// Segments from the left edge.
    pub column: u32,
    /// Rows of blocks from the top.
    pub row: u32,
}

impl Segmented {
    /// Encodes RGB pixels with segments of `interval` blocks, which must divide the number of blocks in a row.
    pub fn encode(rgb: &[u8], width: u32, height: u32, interval: u32) -> Segmented {
        assert_eq!(width.div_ceil(BLOCK) % interval, 0, "segments must not run over the end of a row");
        let mut file = Vec::with_capacity(rgb.len() / 12);
        let mut encoder = Encoder::new(&mut file, QUALITY);
        encoder.set_sampling_factor(SamplingFactor::R_4_2_0);
        encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Nearest);
        encoder.set_restart_interval(interval as u16);
        encoder
            .encode(rgb, width as u16, height as u16, ColorType::Rgb)
            .expect("pixels of the right length in a size that JPEG allows can be encoded");
        Segmented::take_apart(&file, width.div_ceil(BLOCK) / interval)
    }

    fn take_apart(file: &[u8], per_row: u32) -> Segmented {
        let mut head = file[..2].to_vec();
        let mut tables: [Range<usize>; 3] = Default::default();
        let mut at = 2;
        loop {
            let marker = file[at + 1];
            let length = usize::from(u16::from_be_bytes([file[at + 2], file[at + 3]]));
            let segment = &file[at..at + 2 + length];
            let begin = head.len();
            head.extend_from_slice(segment);
            at += segment.len();
            match marker {
                // Frame header: the third component gets a quantisation table of its own.
                0xc0 => head[begin + 18] = 2,
                // Quantisation tables: 65 bytes each, the first of which is its number.
                0xdb => {
                    let values = begin + 5..begin + 5 + 64;
                    if segment[4] == 0 {
                        tables[0] = values;
                    } else {
                        tables[1] = values;
                        let copy = head.len();
                        head.extend_from_slice(segment);
                        head[copy + 4] = 2;
                        tables[2] = copy + 5..copy + 5 + 64;
                    }
                }
                // Scan header: the data begins.
                0xda => break,
                _ => {}
            }
        }
        let data = file[at..file.len() - 2].to_vec();
        let mut segments = Vec::new();
        let mut begin = 0;
        for position in 0..data.len().saturating_sub(1) {
            if data[position] == 0xff && (0xd0..=0xd7).contains(&data[position + 1]) {
                segments.push(begin..position);
                begin = position + 2;
            }
        }
        segments.push(begin..data.len());
        Segmented { head, tables, data, segments, per_row }
    }

    /// Rows of blocks.
    pub fn rows(&self) -> u32 {
        self.segments.len() as u32 / self.per_row
    }

    /// Segments in a row of blocks.
    pub fn per_row(&self) -> u32 {
        self.per_row
    }

    /// Writes a JPEG: this picture with others laid over it, decoded with these gains, and a comment in its head.
    /// It copies bytes and encodes nothing.
    pub fn write(&self, overlays: &[Overlay], gains: Gains, comment: &str) -> Vec<u8> {
        let mut replaced: Vec<(usize, &[u8])> = Vec::new();
        for overlay in overlays {
            for (place, segment) in overlay.tile.segments.iter().enumerate() {
                let (row, column) = (place as u32 / overlay.tile.per_row, place as u32 % overlay.tile.per_row);
                let target = (overlay.row + row) * self.per_row + overlay.column + column;
                debug_assert!(overlay.column + column < self.per_row, "an overlay hangs over the right edge");
                replaced.push((target as usize, &overlay.tile.data[segment.clone()]));
            }
        }
        replaced.sort_by_key(|(target, _)| *target);

        let mut out = Vec::with_capacity(self.head.len() + self.data.len() + 4096);
        let jfif = 2 + 18;
        out.extend_from_slice(&self.head[..jfif]);
        out.extend_from_slice(&[0xff, 0xfe]);
        out.extend_from_slice(&(comment.len() as u16 + 2).to_be_bytes());
        out.extend_from_slice(comment.as_bytes());
        let shift = out.len() - jfif;
        out.extend_from_slice(&self.head[jfif..]);
        for (table, gain) in self.tables.iter().zip([gains.luma, gains.blue, gains.red]) {
            for value in &mut out[table.start + shift..table.end + shift] {
                *value = (f32::from(*value) * gain).round().clamp(1.0, 255.0) as u8;
            }
        }

        let mut copied = 0;
        for (target, bytes) in replaced {
            let segment = &self.segments[target];
            out.extend_from_slice(&self.data[copied..segment.start]);
            out.extend_from_slice(bytes);
            copied = segment.end;
        }
        out.extend_from_slice(&self.data[copied..]);
        out.extend_from_slice(&[0xff, 0xd9]);
        out
    }
}

#[cfg(test)]
mod tests {
    use image::RgbImage;

    use super::*;

    const PLAIN: Gains = Gains { luma: 1.0, blue: 1.0, red: 1.0 };

    fn flat(width: u32, height: u32, colour: [u8; 3], interval: u32) -> Segmented {
        let picture = RgbImage::from_pixel(width, height, image::Rgb(colour));
        Segmented::encode(picture.as_raw(), width, height, interval)
    }

    fn decode(file: &[u8]) -> RgbImage {
        image::load_from_memory_with_format(file, image::ImageFormat::Jpeg).unwrap().into_rgb8()
    }

    fn close(pixel: &image::Rgb<u8>, colour: [u8; 3]) -> bool {
        pixel.0.iter().zip(colour).all(|(a, b)| a.abs_diff(b) < 14)
    }

    #[test]
    fn a_picture_taken_apart_and_written_again_is_the_same_picture() {
        let whole = flat(100, 70, [200, 30, 60], 7);
        assert_eq!((whole.per_row(), whole.rows()), (1, 5));
        let picture = decode(&whole.write(&[], PLAIN, "plain"));
        assert_eq!(picture.dimensions(), (100, 70));
        assert!(picture.pixels().all(|pixel| close(pixel, [200, 30, 60])));
    }

    #[test]
    fn a_tile_is_laid_over_just_where_it_was_asked_for() {
        // Twelve segments a row, so that the numbers of the restart markers wrap around.
        let ground = flat(12 * 16, 6 * 16, [20, 40, 200], 1);
        let tile = flat(2 * 16, 2 * 16, [240, 240, 20], 1);
        let file = ground.write(&[Overlay { tile: &tile, column: 5, row: 3 }], PLAIN, "spliced");
        for (x, y, pixel) in decode(&file).enumerate_pixels() {
            let inside = (80..112).contains(&x) && (48..80).contains(&y);
            // Decoders smooth colours over the edge, by a block of them at most.
            let beside = (72..120).contains(&x) && (40..88).contains(&y);
            if inside && (82..110).contains(&x) && (50..78).contains(&y) {
                assert!(close(pixel, [240, 240, 20]), "{x},{y}: {pixel:?}");
            } else if !beside {
                assert!(close(pixel, [20, 40, 200]), "{x},{y}: {pixel:?}");
            }
        }
    }

    #[test]
    fn gains_change_the_colours() {
        let ground = flat(64, 64, [180, 100, 100], 4);
        let plain = decode(&ground.write(&[], PLAIN, ""));
        let redder = decode(&ground.write(&[], Gains { red: 1.6, ..PLAIN }, ""));
        let (before, after) = (plain.get_pixel(30, 30), redder.get_pixel(30, 30));
        assert!(after.0[0] > before.0[0] + 15, "{before:?} {after:?}");
        assert!(after.0[1] + 5 < before.0[1], "{before:?} {after:?}");
    }

    #[test]
    fn the_comment_is_part_of_the_file() {
        let ground = flat(32, 32, [1, 2, 3], 2);
        let (one, two) = (ground.write(&[], PLAIN, "photo 1"), ground.write(&[], PLAIN, "photo 2"));
        assert_ne!(one, two);
        assert_eq!(decode(&one), decode(&two));
    }
}
