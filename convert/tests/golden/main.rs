//! Each task against a golden picture, compared as eyes would. The goldens are made by sharp and ImageMagick where they have the task.

mod compare;
mod effects;
mod geometry;
mod reduced;

#[test]
fn the_measure_tells_images_apart() {
    let grey = image::RgbaImage::from_fn(32, 32, |x, y| image::Rgba([(x * 8) as u8, (y * 8) as u8, 90, 255]));
    let mut other = grey.clone();
    image::imageops::invert(&mut other);
    assert!(compare::score(&grey, &grey) > 99.9);
    assert!(compare::score(&grey, &other) < 0.0);
}
