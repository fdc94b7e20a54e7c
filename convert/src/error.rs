//! What goes wrong.

/// A call or a task that says what cannot be done. The text is for the developer who wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecipeError {
    /// The address or body is not written as calls are.
    #[error("{0}")]
    Grammar(String),
    /// A task by a name that nobody knows.
    #[error("there is no task `{task}`{}", .meant.map(|name| format!("; `{name}` was meant?")).unwrap_or_default())]
    UnknownTask {
        /// The name.
        task: String,
        /// The known name that is much like it, if one is.
        meant: Option<&'static str>,
    },
    /// A task of Filestack's that this product leaves out.
    #[error("the task `{task}` is not offered: {reason}")]
    NotOffered {
        /// Its name.
        task: String,
        /// Why, as a clause: "it takes a trained model".
        reason: &'static str,
    },
    /// Arguments that the task does not take.
    #[error("{task}: {reason}")]
    Argument {
        /// Its name.
        task: String,
        /// What is wrong and what is right.
        reason: String,
    },
}

/// Why bytes were not converted.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    /// Not an image, of a format that is not read, or broken. The cause is for the log.
    #[error("the image cannot be read: {0}")]
    Unreadable(String),
    /// Larger than the limits allow, or becoming so. The text names the limit.
    #[error("{0}")]
    TooLarge(String),
    /// The time for one conversion is over.
    #[error("the conversion took too long and was ended")]
    TooSlow,
    /// The recipe does not fit this image (a crop beyond its edges). The text names the task.
    #[error("{0}")]
    Unfit(String),
    /// An encoder failed, which none should.
    #[error("the image cannot be written: {0}")]
    Unwritable(String),
}

impl From<image::ImageError> for ConvertError {
    fn from(error: image::ImageError) -> Self {
        match error {
            image::ImageError::Limits(limits) => Self::TooLarge(limits.to_string()),
            other => Self::Unreadable(other.to_string()),
        }
    }
}
