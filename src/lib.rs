//! The widget: a photo picker that a web page embeds.
