//! What Meta answers to those who publish.
//! <https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/error-codes/>

use serde_json::json;

use crate::graph::{GraphError, OAUTH};

fn error(code: i64, message: impl Into<String>) -> GraphError {
    GraphError::new(400, OAUTH, code, message)
}

fn titled(code: i64, subcode: i64, message: &str, title: &'static str, words: impl Into<String>) -> GraphError {
    error(code, message).subcode(subcode).user_words(title, words)
}

/// Pages.
impl GraphError {
    /// A person's token where a Page's is needed.
    pub fn page_token_needed() -> GraphError {
        error(190, "A Page access token is required for this call for the new Pages experience.").subcode(2_069_032)
    }

    /// Posting without the permissions, or without the task.
    pub fn posting_not_allowed() -> GraphError {
        let message = "(#200) If posting to a group, requires app being installed in the group, and \\\n          either \
                       publish_to_groups permission with user token, or both pages_read_engagement \\\n          and \
                       pages_manage_posts permission with page token; If posting to a page, \\\n          requires both \
                       pages_read_engagement and pages_manage_posts as an admin with \\\n          sufficient \
                       administrative permission";
        GraphError::new(403, OAUTH, 200, message)
    }

    /// Reading a Page without the permission.
    pub fn reading_not_allowed() -> GraphError {
        error(
            10,
            "(#10) This endpoint requires the 'pages_read_engagement' permission or the 'Page Public Content Access' \
             feature. Refer to https://developers.facebook.com/docs/apps/review/login-permissions#manage-pages and \
             https://developers.facebook.com/docs/apps/review/feature#reference-PAGES_ACCESS for details.",
        )
    }

    /// Neither a file nor a URL.
    pub fn upload_file_required() -> GraphError {
        error(324, "(#324) Requires upload file")
    }

    /// A URL that gave no picture.
    pub fn image_not_fetched() -> GraphError {
        error(324, "(#324) Missing or invalid image file")
    }

    /// A `url` that is none.
    pub fn url_invalid() -> GraphError {
        error(1500, "(#1500) The url you supplied is invalid")
    }

    /// A file that is no picture, or too large a one.
    pub fn photo_unreadable(title: &'static str) -> GraphError {
        let words = "Your photos couldn't be uploaded. Photos should be less than 10 MB and saved as JPG, PNG, GIF, TIFF, \
                     HEIF or WebP files.";
        titled(100, 1_366_046, "Invalid parameter", title, words)
    }

    /// A photo that was posted before.
    pub fn photo_used() -> GraphError {
        let words = "You've already posted these photos.";
        titled(100, 1_366_051, "Invalid parameter", "Already Posted", words)
    }

    /// A post without anything in it.
    pub fn post_empty() -> GraphError {
        error(197, "(#197) The post is empty. Please enter a message to share.")
    }

    /// A time that is too near or too far.
    pub fn schedule_wrong(words: &str) -> GraphError {
        error(100, format!("(#100) {words}"))
    }

    /// Deleting a photo that a post shows.
    pub fn photo_in_use() -> GraphError {
        error(100, "(#100) Unsupported delete request").subcode(33)
    }

    /// A post of another app.
    pub fn post_of_another_app() -> GraphError {
        error(100, "(#100) You can only edit posts that were created by your application")
    }

    /// Bytes that are no video.
    pub fn video_format() -> GraphError {
        let words = "The video file you selected is in a format that we don't support.";
        titled(352, 1_363_024, "Unsupported video format", "Unsupported Video Format", words)
    }

    /// A `file_url` that gave nothing.
    pub fn video_not_fetched() -> GraphError {
        let words = "We were unable to fetch the video file from the URL provided.";
        titled(389, 1_363_041, "Unable to fetch video file from URL.", "Unable to fetch video file from URL", words)
    }

    /// A part that begins somewhere else than the last one ended.
    pub fn offset_wrong(start: u64, end: u64) -> GraphError {
        let words = "Your video upload timed out before it could be completed. This is probably because of a slow network \
                     connection or because the video you're trying to upload is too large.";
        titled(6001, 1_363_037, "There was a problem uploading your video file.", "Video Upload Time Out", words)
            .data(json!({ "start_offset": start, "end_offset": end }))
            .transient()
    }

    /// A video that is not there as a whole.
    pub fn upload_incomplete() -> GraphError {
        let words = "The video has not been uploaded completely.";
        titled(6000, 1_363_030, "There was a problem uploading your video file.", "Video Upload Is Missing", words)
    }
}

/// Instagram.
impl GraphError {
    /// A URL that gave nothing.
    pub fn media_not_fetched() -> GraphError {
        let words = "The media could not be fetched from this URI. Please make sure that the URI is correct and publicly \
                     reachable.";
        let message = "Only photo or video can be accepted as media type.";
        titled(
            9004,
            2_207_052,
            message,
            "Media download has failed. The media URI doesn't meet our requirements.",
            words,
        )
    }

    /// More than 8 MiB.
    pub fn image_too_large() -> GraphError {
        let words = "The image is too large to download. It should be less than 8 MiB.";
        titled(36_000, 2_207_004, "The image is too large to download.", "Image Too Large", words)
    }

    /// Anything but JPEG.
    pub fn image_format() -> GraphError {
        let words = "The image format is not supported. Please check spec for supported formats.";
        titled(36_001, 2_207_005, "The image format is not supported.", "Unsupported Image Format", words)
    }

    /// Too tall or too wide.
    pub fn aspect_ratio(ratio: f64) -> GraphError {
        let words = format!(
            "The submitted image with aspect ratio ('{ratio:.3}',) cannot be published. Please submit an image with a valid \
             aspect ratio."
        );
        titled(36_003, 2_207_009, "The aspect ratio is not supported.", "Unsupported aspect ratio", words)
    }

    /// Too long a caption, or too many hashtags.
    pub fn caption_too_long() -> GraphError {
        let words = "The caption was too long. It can have 2200 characters, 30 hashtags and 20 mentions.";
        titled(36_004, 2_207_010, "The caption was too long.", "Caption Too Long", words)
    }

    /// A media type that does not exist, or does not fit.
    pub fn media_type_unknown(got: &str) -> GraphError {
        let words = format!("The media type {got} is unknown.");
        titled(100, 2_207_023, "Unknown media type.", "Unknown media type", words)
    }

    /// A carousel of one, or of more than ten.
    pub fn carousel_size() -> GraphError {
        let words = "A carousel needs 2 to 10 items.";
        titled(100, 2_207_028, "Carousel validation failed.", "Carousel validation failed", words)
    }

    /// A container that is not ready.
    pub fn container_not_ready() -> GraphError {
        let words = "The media is not ready for publishing, please wait for a moment";
        titled(9007, 2_207_027, "Media ID is not available", "The media is not ready for publishing", words)
    }

    /// A container that is not known, or too old.
    pub fn container_gone() -> GraphError {
        let words = "The media builder with this creation id does not exist or has expired.";
        titled(24, 2_207_008, "The media builder is expired.", "Media builder expired", words)
    }

    /// A container of another account's, or none at all.
    pub fn media_not_found() -> GraphError {
        let words = "The media with this id cannot be found.";
        titled(24, 2_207_006, "The requested resource does not exist", "Media not found", words)
    }

    /// A container that failed.
    pub fn container_failed() -> GraphError {
        titled(
            -1,
            2_207_032,
            "Create media failed.",
            "Create media failed",
            "Create media fail, please try to re-create media",
        )
    }

    /// The day's quota is used up.
    pub fn quota_reached() -> GraphError {
        let words = "You reached maximum number of posts that is allowed to be published by Content Publishing API.";
        titled(9, 2_207_042, "Application request limit reached", "Exceeded the number of allowed posts", words)
    }
}
