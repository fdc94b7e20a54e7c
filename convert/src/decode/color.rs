//! Colour profiles: everything becomes sRGB.

use image::RgbaImage;
use moxcms::{CicpProfile, ColorProfile, DataColorSpace, Layout, Transform8BitExecutor, TransformOptions};
use std::sync::Arc;

/// Turns colours of one profile into sRGB.
pub(super) enum Conversion {
    /// Four channels into red, green, blue and alpha.
    Channels(Arc<Transform8BitExecutor>),
    /// What each grey becomes.
    Greys(Vec<[u8; 4]>),
}

/// What is this near to sRGB is taken to be sRGB: nobody sees it, and ordinary photos cost nothing.
const NEAR: u8 = 2;

impl Conversion {
    /// For images of red, green and blue, or of grey. `None` if there is nothing to do: the profile is sRGB, or broken, or made for
    /// other channels, which browsers overlook too.
    pub(super) fn of_icc(icc: &[u8]) -> Option<Self> {
        let profile = ColorProfile::new_from_slice(icc).ok()?;
        match profile.color_space {
            DataColorSpace::Rgb => Self::of_rgb(&profile),
            DataColorSpace::Gray => {
                let greys: Vec<u8> = (0..=255).collect();
                let mut colors = [0; 1024];
                let transform =
                    profile.create_transform_8bit(Layout::Gray, &ColorProfile::new_srgb(), Layout::Rgba, options());
                transform.ok()?.transform(&greys, &mut colors).ok()?;
                let colors = colors.as_chunks::<4>().0.to_vec();
                let same = greys.iter().zip(&colors).all(|(grey, color)| grey.abs_diff(color[0]) <= NEAR);
                (!same).then_some(Self::Greys(colors))
            }
            _ => None,
        }
    }

    /// For images that name their colours by the numbers of ITU-T H.273.
    pub(super) fn of_cicp(primaries: u16, transfer: u16) -> Option<Self> {
        // Most name those of sRGB or BT.709, or none at all.
        if matches!(primaries, 1 | 2) && matches!(transfer, 1 | 2 | 6 | 13) {
            return None;
        }
        let number = |number: u16, unknown: u8| if number == 2 { unknown } else { u8::try_from(number).unwrap_or(0) };
        let transfer = match transfer {
            // Browsers show the curves of television as that of sRGB.
            1 | 2 | 6 | 14 | 15 => 13,
            other => number(other, 13),
        };
        let mut profile = ColorProfile::new_srgb();
        profile.update_rgb_colorimetry_from_cicp(CicpProfile {
            color_primaries: number(primaries, 1).try_into().ok()?,
            transfer_characteristics: transfer.try_into().ok()?,
            matrix_coefficients: 0.try_into().ok()?,
            full_range: true,
        });
        Self::of_rgb(&profile)
    }

    /// For images of ink: 255 is all of it.
    pub(super) fn of_inks(icc: &[u8]) -> Option<Self> {
        let profile = ColorProfile::new_from_slice(icc).ok()?;
        (profile.color_space == DataColorSpace::Cmyk).then(|| channels(&profile))?.map(Self::Channels)
    }

    fn of_rgb(profile: &ColorProfile) -> Option<Self> {
        let transform = channels(profile)?;
        let samples: Vec<u8> = (0..125u8).flat_map(|at| [at % 5 * 63, at / 5 % 5 * 63, at / 25 * 63, 255]).collect();
        let mut colors = vec![0; samples.len()];
        transform.transform(&samples, &mut colors).ok()?;
        let same = samples.iter().zip(&colors).all(|(sample, color)| sample.abs_diff(*color) <= NEAR);
        (!same).then_some(Self::Channels(transform))
    }

    /// Converts every pixel.
    pub(super) fn convert(&self, image: &mut RgbaImage) {
        match self {
            Self::Channels(transform) => {
                let mut converted = [0; 16_384];
                for pixels in image.chunks_mut(converted.len()) {
                    let converted = &mut converted[..pixels.len()];
                    // It fails only where the lengths do not fit.
                    if transform.transform(pixels, converted).is_ok() {
                        pixels.copy_from_slice(converted);
                    }
                }
            }
            Self::Greys(colors) => {
                for pixel in image.as_chunks_mut::<4>().0 {
                    let [red, green, blue, _] = colors[usize::from(pixel[0])];
                    *pixel = [red, green, blue, pixel[3]];
                }
            }
        }
    }
}

fn channels(profile: &ColorProfile) -> Option<Arc<Transform8BitExecutor>> {
    profile.create_transform_8bit(Layout::Rgba, &ColorProfile::new_srgb(), Layout::Rgba, options()).ok()
}

fn options() -> TransformOptions {
    TransformOptions::default()
}

/// Takes back that colours were multiplied by their alpha.
pub(super) fn unmultiply(image: &mut RgbaImage) {
    for pixel in image.as_chunks_mut::<4>().0 {
        let alpha = u32::from(pixel[3]);
        if alpha != 0 && alpha != 255 {
            for channel in &mut pixel[..3] {
                *channel = ((u32::from(*channel) * 255 + alpha / 2) / alpha).min(255) as u8;
            }
        }
    }
}
