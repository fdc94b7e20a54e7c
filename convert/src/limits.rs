//! How much one conversion may take.

use crate::{ConvertError, Size};
use bytes::Bytes;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Bounds of one conversion.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Pixels of one image, read or made: width times height.
    pub pixels: u64,
    /// Pixels of all frames of an animation together.
    pub animated_pixels: u64,
    /// Frames of an animation. Those beyond are left out.
    pub frames: usize,
    /// The longest side of a result.
    pub side: u32,
    /// Time for everything but waiting.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            pixels: 100_000_000,
            animated_pixels: 200_000_000,
            frames: 500,
            side: 16_000,
            time: Duration::from_secs(30),
        }
    }
}

/// One conversion under way: its limits, when it has to be done, and the other files that it draws from.
#[derive(Debug)]
pub struct Work<'a> {
    /// What it may take.
    pub limits: &'a Limits,
    /// The bytes of each file that a task names ([`crate::tasks::Task::files`]), by that name.
    pub files: &'a HashMap<String, Bytes>,
    deadline: Instant,
}

impl<'a> Work<'a> {
    /// Begins now.
    pub fn new(limits: &'a Limits, files: &'a HashMap<String, Bytes>) -> Self {
        Self { limits, files, deadline: Instant::now() + limits.time }
    }

    /// The bytes of a file that a task names.
    pub fn file(&self, name: &str) -> Result<&'a Bytes, ConvertError> {
        self.files.get(name).ok_or_else(|| ConvertError::Unreadable(format!("`{name}` was not fetched")))
    }

    /// Fails once the time is over. Tasks whose work grows with the image ask between rows or frames.
    pub fn check_time(&self) -> Result<(), ConvertError> {
        if Instant::now() > self.deadline { Err(ConvertError::TooSlow) } else { Ok(()) }
    }

    /// Fails if an image of this size, so many frames of it, is more than the limits allow. Asked before memory is taken.
    pub fn check_size(&self, size: Size, frames: usize) -> Result<(), ConvertError> {
        let pixels = u64::from(size.width) * u64::from(size.height);
        if size.width > self.limits.side || size.height > self.limits.side {
            let side = self.limits.side;
            let text = format!("an image of {size} is larger than the {side} pixels that a side may have");
            return Err(ConvertError::TooLarge(text));
        }
        if pixels > self.limits.pixels || pixels * frames as u64 > self.limits.animated_pixels.max(self.limits.pixels) {
            let text = format!("an image of {size} has more pixels than the {} that are allowed", self.limits.pixels);
            return Err(ConvertError::TooLarge(text));
        }
        Ok(())
    }
}
