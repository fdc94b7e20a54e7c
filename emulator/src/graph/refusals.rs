//! What Meta answers when it is not the call that is wrong but the app, the person or the day.
//! <https://developers.facebook.com/docs/graph-api/guides/error-handling/>

use serde::{Deserialize, Serialize};

use super::errors::{GraphError, OAUTH};
use crate::apps::{App, Network};

/// Why a call is refused although nothing is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalKind {
    /// The app's use of the permission was not reviewed (code 10).
    NotReviewed,
    /// The app has not the capability for the call (code 3).
    Capability,
    /// The business that owns the app is not verified (code 10).
    BusinessVerification,
    /// The app is in development mode, and the person has no role on it (code 10). It hits people with a role too.
    DevelopmentMode,
    /// The person took the permission back in their settings (code 200).
    PermissionRemoved,
    /// The person has to follow instructions on the network's own site first (code 190, subcode 459).
    Checkpoint,
    /// The person's account is not confirmed (code 190, subcode 464).
    Unconfirmed,
    /// The person changed their password (code 190, subcode 460).
    PasswordChanged,
    /// The person removed the app (code 190, subcode 458).
    AppRemoved,
    /// The person logged out (code 190, subcode 467).
    SessionInvalidated,
    /// The app or the person is blocked for a time (code 368).
    Blocked,
    /// The service is down (code 2, transient, status 503).
    Down,
}

impl RefusalKind {
    /// Whether it is the token that is not taken, so that it is good for nothing else either.
    pub fn is_about_token(self) -> bool {
        matches!(
            self,
            RefusalKind::Checkpoint
                | RefusalKind::Unconfirmed
                | RefusalKind::PasswordChanged
                | RefusalKind::AppRemoved
                | RefusalKind::SessionInvalidated
        )
    }
}

impl GraphError {
    /// The app lacks a permission, whatever the person granted.
    pub fn app_lacks_permission() -> GraphError {
        GraphError::new(400, OAUTH, 10, "(#10) Application does not have permission for this action")
    }

    /// A call that is refused although nothing is wrong with it.
    pub fn refused(kind: RefusalKind, app: &App) -> GraphError {
        let (permission, site) = match app.network {
            Network::Facebook => ("user_photos", "www.facebook.com"),
            Network::Instagram => ("instagram_business_basic", "www.instagram.com"),
        };
        let of_token = |subcode: i64, words: &str| {
            let message = format!("Error validating access token: {words}");
            GraphError::new(400, OAUTH, 190, message).subcode(subcode).challenged("invalid_token")
        };
        match kind {
            RefusalKind::NotReviewed => {
                let message = format!(
                    "(#10) To use '{permission}', your use of this endpoint must be reviewed and approved by Facebook. \
                     To submit this '{permission}' feature for review please read our documentation on reviewable \
                     features: https://developers.facebook.com/docs/apps/review."
                );
                GraphError::new(400, OAUTH, 10, message)
            }
            RefusalKind::Capability => {
                let message = "(#3) Application does not have the capability to make this API call.";
                GraphError::new(400, OAUTH, 3, message)
            }
            RefusalKind::BusinessVerification => {
                let message = format!(
                    "(#10) To use '{permission}', the business that owns this app must complete Business Verification. \
                     Please read our documentation: \
                     https://developers.facebook.com/docs/development/release/business-verification."
                );
                GraphError::new(400, OAUTH, 10, message)
            }
            RefusalKind::DevelopmentMode => GraphError::app_lacks_permission(),
            RefusalKind::PermissionRemoved => GraphError::permission_missing(),
            RefusalKind::Checkpoint => {
                let words =
                    format!("You cannot access the app till you log in to {site} and follow the instructions given.");
                of_token(459, &words)
            }
            RefusalKind::Unconfirmed => {
                of_token(464, "Sessions for the user are not allowed because the user is not a confirmed user.")
            }
            RefusalKind::PasswordChanged => of_token(
                460,
                "The session has been invalidated because the user changed their password or Facebook has changed the \
                 session for security reasons.",
            ),
            RefusalKind::AppRemoved => GraphError::app_removed(&app.id),
            RefusalKind::SessionInvalidated => of_token(467, "The session is invalid because the user logged out."),
            RefusalKind::Blocked => {
                let message = "The action attempted has been deemed abusive or is otherwise disallowed";
                GraphError::new(400, OAUTH, 368, message)
            }
            RefusalKind::Down => GraphError::new(503, OAUTH, 2, "(#2) Service temporarily unavailable").transient(),
        }
    }
}
