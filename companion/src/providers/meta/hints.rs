//! What the operator should do about a failure: a sentence for the log, beside the code that the visitor is told.

use bowerbird_protocol::problem::ProblemCode;

macro_rules! see {
    ($section:literal, $words:literal) => {
        Some(concat!($words, "; docs/meta-app.md#", $section))
    };
}

/// What the operator should do about it, and the section that explains it. None for what is no operator's matter.
pub fn hint(code: ProblemCode) -> Option<&'static str> {
    match code {
        ProblemCode::AccessRemoved => {
            see!("access_removed", "nothing, unless many report it at once: then see whether the app was restricted")
        }
        ProblemCode::PasswordChanged => see!("password_changed", "nothing, the visitor signs in again"),
        ProblemCode::AccountCheckpoint => {
            see!(
                "account_checkpoint",
                "nothing, the visitor has to follow the provider's instructions on its own site first"
            )
        }
        ProblemCode::AccountBlocked => {
            see!("account_blocked", "wait; if it hits everybody, read the alerts in the app's dashboard")
        }
        ProblemCode::AppInDevelopment => {
            see!("app_in_development", "give the visitor a role on the app, or publish the app")
        }
        ProblemCode::PermissionNotReviewed => {
            see!("permission_not_reviewed", "ask Meta for Advanced Access to the permission, by App Review")
        }
        ProblemCode::BusinessUnverified => {
            see!("business_unverified", "verify the business behind the app, then ask for Advanced Access again")
        }
        ProblemCode::RemoveElsewhere => {
            see!("remove_elsewhere", "nothing, the visitor can remove the access in Instagram's settings")
        }
        ProblemCode::PersonalAccount => {
            see!("personal_account", "say before people connect that Instagram accounts have to be professional ones")
        }
        ProblemCode::RateLimited => {
            see!(
                "rate_limited",
                "wait, calling on lengthens it; if it comes back, give the busiest key an app of its own"
            )
        }
        ProblemCode::PermissionDeclined => {
            see!(
                "permission_declined",
                "nothing, unless everybody declines: then the permission is missing from the app's use case"
            )
        }
        ProblemCode::SignInRefused => {
            see!("sign_in_refused", "compare app id, app secret and redirect URI with those in the app's dashboard")
        }
        ProblemCode::NotHandedBack => {
            see!("not_handed_back", "list the page's address for the key, or give init an appUrl that is listed")
        }
        ProblemCode::SignInAgain => see!("others", "nothing, the visitor signs in again"),
        ProblemCode::SourceUnavailable => {
            see!("others", "look at https://metastatus.com, and at this server's way out")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a failure of Meta's can be, as `errors.rs` and the sign-ins say; what is gone or declined by a click apart.
    const OF_META: [ProblemCode; 14] = [
        ProblemCode::SignInAgain,
        ProblemCode::AccessRemoved,
        ProblemCode::PasswordChanged,
        ProblemCode::AccountCheckpoint,
        ProblemCode::AccountBlocked,
        ProblemCode::AppInDevelopment,
        ProblemCode::PermissionNotReviewed,
        ProblemCode::BusinessUnverified,
        ProblemCode::RemoveElsewhere,
        ProblemCode::PersonalAccount,
        ProblemCode::RateLimited,
        ProblemCode::PermissionDeclined,
        ProblemCode::SignInRefused,
        ProblemCode::SourceUnavailable,
    ];

    #[test]
    fn every_code_that_comes_from_meta_has_a_hint_that_leads_to_its_section() {
        for code in OF_META {
            let hint = hint(code).unwrap_or_else(|| panic!("{code:?} has no hint"));
            let (words, section) = hint.split_once("; docs/meta-app.md#").unwrap_or_else(|| panic!("{hint}"));
            assert!(words.len() > 10, "{hint}");
            assert!(section == code.as_str() || section == "others", "{code:?}: {section}");
        }
    }
}
