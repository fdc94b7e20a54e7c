//! The ten digits, drawn with a round pen, and the plates they are printed on.

use std::f32::consts::PI;
use std::sync::OnceLock;

use image::{DynamicImage, GrayImage, Luma, imageops::FilterType};

/// A point in the box of a digit, from 0 to 1 in both directions, y down.
type Point = (f32, f32);

const MASK_WIDTH: u32 = 96;
const MASK_HEIGHT: u32 = 136;
const PEN: f32 = 0.075;

/// Part of an ellipse as short lines; angles in half turns, 0 to the right, growing clockwise.
fn arc(centre: Point, radius: Point, from: f32, to: f32) -> Vec<Point> {
    const STEPS: usize = 24;
    (0..=STEPS)
        .map(|step| {
            let angle = (from + (to - from) * step as f32 / STEPS as f32) * PI;
            (centre.0 + radius.0 * angle.cos(), centre.1 + radius.1 * angle.sin())
        })
        .collect()
}

/// The strokes of a digit, each a line through its points.
fn strokes(digit: u8) -> Vec<Vec<Point>> {
    match digit {
        0 => vec![arc((0.5, 0.5), (0.26, 0.37), 0.0, 2.0)],
        1 => vec![vec![(0.33, 0.28), (0.54, 0.13), (0.54, 0.87)]],
        2 => {
            let mut line = arc((0.5, 0.35), (0.25, 0.22), -0.95, 0.2);
            line.extend([(0.24, 0.87), (0.77, 0.87)]);
            vec![line]
        }
        3 => {
            let mut line = arc((0.48, 0.32), (0.24, 0.19), -0.85, 0.5);
            line.extend(arc((0.48, 0.69), (0.27, 0.19), -0.5, 0.85));
            vec![line]
        }
        4 => vec![vec![(0.64, 0.87), (0.64, 0.13), (0.22, 0.66), (0.8, 0.66)]],
        5 => {
            let mut line = vec![(0.73, 0.13), (0.33, 0.13), (0.29, 0.46)];
            line.extend(arc((0.48, 0.64), (0.27, 0.23), -0.72, 0.8));
            vec![line]
        }
        6 => {
            let mut curve = arc((0.62, 0.62), (0.38, 0.49), -0.55, -1.0);
            curve.push((0.24, 0.63));
            vec![curve, arc((0.5, 0.64), (0.26, 0.23), 0.0, 2.0)]
        }
        7 => vec![vec![(0.23, 0.13), (0.77, 0.13), (0.42, 0.87)]],
        8 => vec![arc((0.5, 0.31), (0.22, 0.18), 0.0, 2.0), arc((0.5, 0.68), (0.26, 0.19), 0.0, 2.0)],
        _ => strokes(6).into_iter().map(|line| line.into_iter().map(|(x, y)| (1.0 - x, 1.0 - y)).collect()).collect(),
    }
}

/// How far a point is from a line between two others, in a box whose height is 1.
fn distance(point: Point, from: Point, to: Point) -> f32 {
    let aspect = MASK_WIDTH as f32 / MASK_HEIGHT as f32;
    let scale = |p: Point| (p.0 * aspect, p.1);
    let ((px, py), (ax, ay), (bx, by)) = (scale(point), scale(from), scale(to));
    let (dx, dy) = (bx - ax, by - ay);
    let length = dx * dx + dy * dy;
    let along = if length == 0.0 { 0.0 } else { (((px - ax) * dx + (py - ay) * dy) / length).clamp(0.0, 1.0) };
    let (nx, ny) = (px - ax - along * dx, py - ay - along * dy);
    (nx * nx + ny * ny).sqrt()
}

fn mask(digit: u8) -> DynamicImage {
    static MASKS: OnceLock<Vec<DynamicImage>> = OnceLock::new();
    let masks = MASKS.get_or_init(|| (0..10).map(draw).collect());
    masks[usize::from(digit % 10)].clone()
}

fn draw(digit: u8) -> DynamicImage {
    let strokes = strokes(digit);
    let soft = 1.0 / MASK_HEIGHT as f32;
    DynamicImage::ImageLuma8(GrayImage::from_fn(MASK_WIDTH, MASK_HEIGHT, |x, y| {
        let point = ((x as f32 + 0.5) / MASK_WIDTH as f32, (y as f32 + 0.5) / MASK_HEIGHT as f32);
        let nearest = strokes
            .iter()
            .flat_map(|line| line.windows(2))
            .map(|ends| distance(point, ends[0], ends[1]))
            .fold(f32::MAX, f32::min);
        Luma([((PEN - nearest) / soft + 0.5).clamp(0.0, 1.0).mul_add(255.0, 0.0) as u8])
    }))
}

/// A digit on a plate, as RGB pixels of this size: light ink on the plate's colour.
pub fn plate(digit: u8, width: u32, height: u32, colour: [u8; 3]) -> Vec<u8> {
    const INK: [u8; 3] = [255, 252, 244];
    let mask = mask(digit).resize_exact(width, height, FilterType::Triangle).into_luma8();
    let mut pixels = Vec::with_capacity((width * height * 3) as usize);
    for ink in mask.as_raw() {
        let ink = u32::from(*ink);
        for channel in 0..3 {
            let mixed = (u32::from(INK[channel]) * ink + u32::from(colour[channel]) * (255 - ink)) / 255;
            pixels.push(mixed as u8);
        }
    }
    pixels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_ten_digits_look_different() {
        let drawn: Vec<Vec<u8>> = (0..10).map(|digit| plate(digit, 32, 48, [0, 0, 0])).collect();
        for one in 0..10 {
            for two in 0..one {
                let differing = drawn[one].iter().zip(&drawn[two]).filter(|(a, b)| a.abs_diff(**b) > 128).count();
                assert!(differing > 90, "{one} and {two} differ in {differing} bytes only");
            }
        }
    }

    #[test]
    fn the_ink_stays_inside_the_plate() {
        for digit in 0..10 {
            let pixels = plate(digit, 64, 96, [10, 20, 30]);
            let at = |x: usize, y: usize| &pixels[(y * 64 + x) * 3..(y * 64 + x) * 3 + 3];
            assert!((0..64).all(|x| at(x, 0) == [10, 20, 30] && at(x, 95) == [10, 20, 30]), "digit {digit}");
            assert!((0..96).all(|y| at(0, y) == [10, 20, 30] && at(63, y) == [10, 20, 30]), "digit {digit}");
        }
    }
}
