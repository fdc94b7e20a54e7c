//! What Meta's errors mean for who publishes: a sentence each, with what to do.
//!
//! <https://developers.facebook.com/docs/graph-api/guides/error-handling>,
//! <https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/error-codes>, and Outstand's table of common
//! errors; checked November 2026.

use super::run::Stop;
use crate::providers::{GraphError, failure};
use bowerbird_protocol::problem::ProblemCode;

/// An error, explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// By which programs know it.
    pub code: ProblemCode,
    /// What is wrong and what to do, in plain English.
    pub text: String,
    /// Whether the same may go well some time later.
    pub again: bool,
}

/// A row: Meta's code, its subcode (0 is any), words of its message in small letters (none is any), what that is, and the sentence.
type Row = (i64, i64, &'static str, ProblemCode, &'static str);

use ProblemCode as Code;

/// The first row that fits counts.
const TABLE: &[Row] = &[
    (324, 0, "", Code::NoFile, "Meta got no file (#324). The media's bytes did not arrive; publish it again."),
    (
        100,
        0,
        "invalid image",
        Code::NotAccepted,
        "Meta cannot read the image (#100). Is it a whole JPEG or PNG? Allow it to be fitted, or save it anew.",
    ),
    (
        100,
        2_207_023,
        "",
        Code::BadRequest,
        "Meta does not know this type of media. Publish an image, a reel, a story or a carousel.",
    ),
    (100, 2_207_028, "", Code::BadRequest, "A carousel has 2 to 10 images and videos."),
    (100, 2_207_040, "", Code::BadRequest, "The caption names more than 20 accounts."),
    (100, 33, "", Code::PhotoGone, "What was to be published is not at Meta any more, or this account may not see it."),
    (100, 0, "", Code::BadRequest, "Meta does not take one of the values (#100)."),
    (506, 0, "", Code::BadRequest, "The account has just published the very same (#506). Change the text, or wait."),
    (197, 0, "", Code::BadRequest, "The post is empty (#197): write a text, or add a link, a photo or a video."),
    (1500, 0, "", Code::BadRequest, "The link is no address that Meta can open (#1500)."),
    (1_609_005, 0, "", Code::BadRequest, "Meta cannot read the page that the link leads to. Is it public?"),
    (
        368,
        0,
        "",
        Code::AccountBlocked,
        "Meta has blocked the account from publishing for a time (#368), since it took something for abuse. Its owner sees more at Meta.",
    ),
    (
        200,
        0,
        "",
        Code::PermissionDeclined,
        "The account may not be published to (#200): its owner has to allow publishing, with a role on the Page that creates content. Connect it again.",
    ),
    (
        10,
        0,
        "",
        Code::PermissionDeclined,
        "The app lacks the permission to publish (#10). Connect the account again and allow it.",
    ),
    (3, 0, "", Code::PermissionNotReviewed, "Meta has not yet approved this app for publishing (#3)."),
    (
        36_000,
        0,
        "",
        Code::TooLarge,
        "Instagram takes images of at most 8 MB (#36000). Allow it to be fitted, or save it smaller.",
    ),
    (36_001, 0, "", Code::NotAccepted, "Instagram takes JPEG images only (#36001). Allow it to be fitted."),
    (
        36_003,
        0,
        "",
        Code::NotAccepted,
        "Instagram takes images from 4:5 upright to 1.91:1 wide (#36003). Allow it to be padded or cropped.",
    ),
    (
        36_004,
        0,
        "",
        Code::BadRequest,
        "Instagram takes captions of at most 2200 characters, 30 hashtags and 20 accounts (#36004).",
    ),
    (9007, 0, "", Code::SourceUnavailable, "Meta is still preparing the media (#9007)."),
    (
        9004,
        0,
        "",
        Code::SourceUnavailable,
        "Meta could not fetch the media (#9004). It must be reachable from the internet: set public_url, and see what `bowerbird-companion check` says.",
    ),
    (-2, 2_207_020, "", Code::SourceUnavailable, "What was prepared at Meta has expired."),
    (
        -2,
        0,
        "",
        Code::SourceUnavailable,
        "Meta took too long to fetch the media. Is the companion reachable, and fast enough?",
    ),
    (-1, 0, "", Code::SourceUnavailable, "Instagram has trouble of its own; it is asked again."),
    (9, 0, "", Code::RateLimited, "The account has published as much as Instagram lets it within 24 hours (#9)."),
    (
        4,
        2_207_051,
        "",
        Code::AccountBlocked,
        "Instagram took this for spam and stopped it. Its owner sees more in the app.",
    ),
    (24, 0, "", Code::PhotoGone, "What was prepared at Instagram is gone (#24); it is kept for 24 hours."),
    (
        25,
        0,
        "",
        Code::AccountBlocked,
        "The Instagram account is restricted (#25). Its owner has to sign in to the app and do what it asks.",
    ),
    (352, 0, "", Code::NotAccepted, "Meta cannot read the video (#352). Save it as MP4 with H.264 and AAC."),
    (389, 0, "", Code::SourceUnavailable, "Meta could not fetch the video from its address (#389)."),
    (382, 0, "", Code::BadRequest, "The video is too small (#382)."),
    (390, 0, "", Code::SourceUnavailable, "Meta took too long for the video (#390)."),
    (6000, 0, "", Code::SourceUnavailable, "The video did not arrive at Meta as a whole (#6000)."),
    (6001, 0, "", Code::SourceUnavailable, "The video did not arrive at Meta as a whole (#6001)."),
    (1_363_040, 0, "", Code::NotAccepted, "Meta does not take videos of this shape."),
    (1_363_127, 0, "", Code::NotAccepted, "The video has too few pixels for Meta."),
    (1_363_128, 0, "", Code::NotAccepted, "The video is too short or too long for Meta."),
    (1_363_129, 0, "", Code::NotAccepted, "The video has too few or too many pictures a second for Meta."),
];

/// What is tried again although Meta does not call it transient: what was prepared is prepared anew, what Meta is at comes to an end.
const AGAIN: &[i64] = &[-2, -1, 24, 324, 389, 390, 6000, 6001, 9007];

/// What nobody has said whether it was done: Meta's unknown error, and no answer at all.
pub const UNKNOWN: &str = "Meta had trouble of its own (#1). It was asked several times, and found not to have published; try again in some minutes.";
/// Meta wants no calls.
pub const LIMITED: &str = "Meta has had too many calls for this account and wants none for a while.";

/// What an error means.
pub fn explain(status: u16, error: &GraphError) -> Explained {
    let message = error.message.to_lowercase();
    let fits = |row: &&Row| {
        let (code, subcode, words, ..) = **row;
        code == error.code && (subcode == 0 || subcode == error.error_subcode) && message.contains(words)
    };
    let row = TABLE.iter().find(fits);
    // What is about the token is the same whoever asks; and of a missing permission it is known which is meant.
    let failure = failure(status, error);
    let (code, text) = match row {
        _ if failure.ends_token() => (failure.code(), failure.code().english().to_owned()),
        Some(&(.., code, text)) => (code, text.to_owned()),
        None => (failure.code(), failure.code().english().to_owned()),
    };
    // Meta says of some more than a table can: of which value, and in words for who publishes.
    let said = error.error_user_msg.as_deref().filter(|said| !said.trim().is_empty());
    let said = said.or((error.code == 100 && !error.message.is_empty()).then_some(error.message.as_str()));
    let text = said.map_or_else(|| text.clone(), |said| format!("{text} Meta says: {said}"));
    let again = !failure.ends_token() && (error.is_transient || AGAIN.contains(&error.code) || status >= 500);
    Explained { code, text, again }
}

/// What is wrong with a container: Instagram says it by a subcode at the end of a sentence.
pub fn of_container(status: &str) -> Stop {
    let subcode = status.rsplit(|c: char| !c.is_ascii_digit()).find(|digits| !digits.is_empty());
    let row = subcode.and_then(|subcode| OF_CONTAINERS.iter().find(|(known, _)| known.to_string() == subcode));
    let text = row.map_or_else(
        || format!("Instagram could not prepare the media. It says: {status}"),
        |(_, text)| (*text).to_owned(),
    );
    Stop::refused(Code::NotAccepted, text)
}

/// <https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/error-codes>.
const OF_CONTAINERS: &[(i64, &str)] = &[
    (2_207_003, "Instagram took too long to fetch the media. Is the companion reachable, and fast enough?"),
    (2_207_026, "Instagram cannot read the video. Save it as MP4 with H.264 and AAC."),
    (
        2_207_052,
        "Instagram could not fetch the media. It must be reachable from the internet; see what `bowerbird-companion check` says.",
    ),
    (2_207_053, "Instagram could not prepare the media, and does not say why. Save it anew and publish it again."),
    (2_207_077, "Instagram could not fetch the video."),
    (2_207_082, "The video did not arrive at Instagram as a whole. Publish it again."),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn explained(code: i64, subcode: i64, message: &str) -> Explained {
        let error = GraphError { code, error_subcode: subcode, message: message.to_owned(), ..GraphError::default() };
        explain(400, &error)
    }

    #[test]
    fn each_common_error_has_its_sentence() {
        // Outstand's table.
        let upload = explained(324, 0, "(#324) Requires upload file");
        assert!(upload.text.contains("#324") && upload.again, "{upload:?}");
        let image = explained(100, 0, "(#100) Invalid image");
        assert!(image.text.contains("JPEG or PNG") && !image.again, "{image:?}");
        assert!(UNKNOWN.contains("try again in some minutes"));
        // Those of Instagram, by code and subcode.
        for (code, subcode, words) in [
            (36_000, 2_207_004, "8 MB"),
            (36_001, 2_207_005, "JPEG"),
            (36_003, 2_207_009, "4:5"),
            (36_004, 2_207_010, "2200"),
            (9004, 2_207_052, "public_url"),
            (9007, 2_207_027, "preparing"),
            (9, 2_207_042, "24 hours"),
            (4, 2_207_051, "spam"),
            (24, 2_207_008, "24 hours"),
            (25, 2_207_050, "restricted"),
            (352, 2_207_026, "H.264"),
            (100, 2_207_028, "2 to 10"),
            (368, 1_390_008, "blocked"),
            (200, 0, "#200"),
            (506, 1_455_006, "very same"),
        ] {
            let explained = explained(code, subcode, "");
            assert!(explained.text.contains(words), "{code}: {explained:?}");
        }
    }

    #[test]
    fn a_token_that_is_over_is_said_to_be_whatever_else_fits() {
        let over = explained(190, 460, "the user changed their password");
        assert_eq!((over.code, over.again), (ProblemCode::PasswordChanged, false));
    }

    #[test]
    fn what_meta_says_of_a_value_is_told() {
        let text = explained(100, 0, "(#100) Param place must be a valid ID").text;
        assert!(text.ends_with("Meta says: (#100) Param place must be a valid ID"), "{text}");
    }
}
