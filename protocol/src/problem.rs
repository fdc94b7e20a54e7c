//! What can go wrong, named so that each side can act on it and the widget can say it in the visitor's language.

use serde::{Deserialize, Serialize};

/// `{"error": {"text": "…", "code": "…"}}`: the shape of every failure, as a whole reply or as one cloud's member of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorReply {
    /// What went wrong.
    pub error: Problem,
}

/// One failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// English, for a developer's console and for clients that show Filestack's `error.text` as it is.
    pub text: String,
    /// Which failure it is. Absent from Filestack's own replies; then it reads as [`ProblemCode::Other`].
    #[serde(default)]
    pub code: ProblemCode,
}

impl Problem {
    /// A problem with the plain English words that belong to its code.
    pub fn new(code: ProblemCode) -> Self {
        Self { text: code.english().to_owned(), code }
    }

    /// A problem whose words name the very thing that is wrong (an option, a key, a path).
    pub fn with_text(code: ProblemCode, text: impl Into<String>) -> Self {
        Self { text: text.into(), code }
    }
}

macro_rules! problem_codes {
    ($($(#[$doc:meta])* $variant:ident $name:literal $english:literal;)*) => {
        /// The failures that the widget has words for. On the wire a snake_case string.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
        #[non_exhaustive]
        pub enum ProblemCode {
            $($(#[$doc])* $variant,)*
            /// A code that this version does not know.
            #[default]
            Other,
        }

        impl ProblemCode {
            /// Every code but [`ProblemCode::Other`], for tests that each has its words.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* Self::Other => "other" }
            }

            /// Plain English for a developer; visitors read the widget's own words.
            pub fn english(self) -> &'static str {
                match self { $(Self::$variant => $english,)* Self::Other => "Something went wrong." }
            }

            /// The code of a name on the wire; an unknown name is [`ProblemCode::Other`].
            pub fn from_name(name: &str) -> Self {
                match name { $($name => Self::$variant,)* _ => Self::Other }
            }
        }
    };
}

problem_codes! {
    /// The API key is not one of this companion's.
    UnknownKey "unknown_key" "This API key is not known here. Check the key passed to init().";
    /// The page's origin is not on the key's list.
    OriginNotAllowed "origin_not_allowed" "This site is not on the list of the API key.";
    /// The site lets this be done only with a policy that allows it, or by the session that stored the file.
    NotAllowed "not_allowed" "This is not allowed without a policy that allows it.";
    /// The request does not have the shape it should.
    BadRequest "bad_request" "The request is not understood.";
    /// The source is not one that this companion serves.
    UnknownSource "unknown_source" "This source is not offered here.";
    /// The path does not belong to the source.
    BadPath "bad_path" "This path does not belong to the source.";
    /// The session token is missing, unknown or expired: begin again without one.
    SessionExpired "session_expired" "The session has ended.";
    /// Somebody asks more often than this companion allows.
    TooManyRequests "too_many_requests" "Too many requests. Try again after the seconds that Retry-After names.";
    /// The client does not complete sign-ins, and the key does not allow that.
    SignInUnbound "sign_in_unbound" "This key takes sign-ins from Bowerbird's dialog only; its setting unbound_sign_in allows other clients.";
    /// The provider's answer is there, but its code could not reach the tab that began: no opener, and no listed address.
    NotHandedBack "not_handed_back" "The sign-in could not be handed back to the page. List the page's address for the key.";
    /// The provider no longer takes the visitor's sign-in.
    SignInAgain "sign_in_again" "The sign-in is no longer valid. Sign in again.";
    /// The visitor pressed cancel on the provider's page.
    SignInCancelled "sign_in_cancelled" "The sign-in was cancelled.";
    /// The visitor signed in but did not let the app see photos.
    PermissionDeclined "permission_declined" "Access to the photos was not granted.";
    /// The sign-in took too long or its link was used twice.
    SignInExpired "sign_in_expired" "This sign-in took too long. Start it again.";
    /// The provider refused the sign-in for a reason of its own that is none of the others here (a wrong secret, say).
    SignInRefused "sign_in_refused" "The provider refused the sign-in.";
    /// The visitor has removed the app at the provider.
    AccessRemoved "access_removed" "The visitor has removed the app at the provider. Sign in again.";
    /// The visitor has changed their password, which ends all tokens.
    PasswordChanged "password_changed" "The password was changed. Sign in again.";
    /// The provider wants the visitor to do something on its own site first.
    AccountCheckpoint "account_checkpoint" "The provider wants the visitor to confirm their account on its own site first.";
    /// The provider has blocked the account or the app for some time.
    AccountBlocked "account_blocked" "The provider has blocked this for a while.";
    /// The Meta app is in development mode and the visitor has no role on it.
    AppInDevelopment "app_in_development" "The provider's app is in development mode: only people with a role on it can use it.";
    /// The Meta app has not been reviewed for a permission.
    PermissionNotReviewed "permission_not_reviewed" "The provider has not reviewed the app for this permission.";
    /// Meta wants the business behind the app verified.
    BusinessUnverified "business_unverified" "The provider wants the business behind the app verified.";
    /// The provider offers no way to take access back from here.
    RemoveElsewhere "remove_elsewhere" "Access can be removed in the provider's own settings only.";
    /// Instagram serves professional accounts only.
    PersonalAccount "personal_account" "Instagram shares photos of professional accounts only.";
    /// The provider has had too many calls.
    RateLimited "rate_limited" "The provider asks for a pause. Try again in a few minutes.";
    /// The provider does not answer, or answers with trouble of its own.
    SourceUnavailable "source_unavailable" "The provider does not answer at the moment.";
    /// The list has changed since its last page was read: begin it again.
    ListChanged "list_changed" "The list has changed. Open it again.";
    /// The photo was removed, or is no longer visible to the visitor.
    PhotoGone "photo_gone" "This photo is no longer there.";
    /// The provider gives no file for it (a video, or media it withholds).
    NoFile "no_file" "The provider gives no file for this photo.";
    /// The bytes that arrived are not an image.
    NotAnImage "not_an_image" "What arrived is not an image.";
    /// The transfer ended before the photo was whole.
    PhotoIncomplete "photo_incomplete" "The photo did not arrive whole.";
    /// The photo is larger than this companion takes.
    TooLarge "too_large" "The photo is too large.";
    /// The photo has fewer pixels than the page takes.
    ImageTooSmall "image_too_small" "The photo has fewer pixels than the page takes.";
    /// The photo has more pixels than the page takes.
    ImageTooLarge "image_too_large" "The photo has more pixels than the page takes.";
    /// The photo is none of the types that the page accepts.
    NotAccepted "not_accepted" "The page does not take this type of file.";
    /// This session has stored as many photos as the key allows.
    StoreLimit "store_limit" "This session has stored as many photos as the key allows.";
    /// The visitor took the wish back before the photo was stored. Asking for it again begins a new copy.
    Cancelled "cancelled" "The visitor cancelled it.";
    /// The storage did not take the bytes.
    StorageFailed "storage_failed" "The photo could not be saved.";
    /// A fault of the companion; its log has the cause.
    Internal "internal" "Something went wrong on our side.";
}

impl Serialize for ProblemCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ProblemCode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from_name(&String::deserialize(deserializer)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_survives_the_wire() {
        for code in ProblemCode::ALL {
            let json = serde_json::to_string(&Problem::new(*code)).unwrap();
            assert_eq!(serde_json::from_str::<Problem>(&json).unwrap().code, *code, "{json}");
        }
    }

    #[test]
    fn filestacks_error_without_a_code_is_read() {
        let problem: ErrorReply = serde_json::from_str(r#"{"error":{"text":"nope"}}"#).unwrap();
        assert_eq!(problem.error, Problem::with_text(ProblemCode::Other, "nope"));
    }
}
