//! What is done to an image, and how the result is written.

use crate::decode::{self, Wish};
use crate::encode::Encoding;
use crate::tasks::Task;
use crate::{ConvertError, Format, Size, Work};

/// Steps, and how the result is written.
#[derive(Debug, Default)]
pub struct Recipe {
    /// Carried out in order.
    pub steps: Vec<Box<dyn Task>>,
    /// How the result is written.
    pub encoding: Encoding,
    /// Leaves the image as its pixels lie, not as its EXIF data says that it is to be seen.
    pub as_it_lies: bool,
}

/// A result.
#[derive(Debug)]
pub struct Converted {
    /// The file.
    pub bytes: Vec<u8>,
    /// What it is.
    pub format: Format,
    /// Its size.
    pub size: Size,
}

impl Recipe {
    /// Reads, changes, writes.
    pub fn run(&self, bytes: &[u8], work: &Work<'_>) -> Result<Converted, ConvertError> {
        let first = self.steps.first();
        let wish = Wish { enough: first.map(Box::as_ref), as_it_lies: self.as_it_lies };
        let mut picture = decode::decode(bytes, &wish, work)?;
        for step in &self.steps {
            work.check_time()?;
            picture = step.apply(picture, work)?;
        }
        work.check_time()?;
        self.encoding.write(picture, work)
    }

    /// Every other file that a step draws from.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().flat_map(|step| step.files())
    }
}
