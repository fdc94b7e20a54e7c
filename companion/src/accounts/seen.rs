//! Whether a connected account still works.

use super::words;
use crate::Companion;
use crate::apps::App;
use crate::db::{AccountRow, Millis, now};
use crate::error::ApiError;
use crate::providers::{Accounts, Failure, Seen, hint};
use bowerbird_protocol::problem::ProblemCode;

/// Instagram renews no younger token.
const OLD_ENOUGH: Millis = 24 * 3600 * 1000;

/// Tokens of Instagram Login live 60 days.
const DUE: Millis = 30 * OLD_ENOUGH;

/// Renews the tokens that end otherwise, long before they do. What fails is tried again at the next sweep.
pub async fn renew(companion: &Companion) -> Result<(), ApiError> {
    for account in companion.db.accounts_to_renew(now() - DUE).await? {
        if let Some(app) = companion.apps.get(&account.app_key) {
            // Trouble with one is logged, and does not keep the others.
            drop(refresh(companion, &app, account).await?);
        }
    }
    Ok(())
}

/// Asks the provider whether an account's token is still taken, and what the account is called now; a token of Instagram Login that is
/// a day old is renewed. Answers the account as it is then. The inner error is a code of why not: a token that is dead is written
/// down as the account's problem, everything else may pass.
pub async fn refresh(
    companion: &Companion,
    app: &App,
    account: AccountRow,
) -> Result<Result<AccountRow, ProblemCode>, ApiError> {
    let failure = match look(companion, app, &account).await {
        Ok(seen) => {
            companion.db.account_seen(&account.id, &seen).await?;
            let Seen { name, username, picture_url, token: _ } = seen;
            return Ok(Ok(AccountRow { name, username, picture_url, problem: None, ..account }));
        }
        Err(failure) => failure,
    };
    let code = end_of(&failure);
    let told = code.unwrap_or_else(|| failure.code());
    tracing::warn!(
        network = account.network,
        key = account.app_key,
        account = account.id,
        code = told.as_str(),
        cause = failure.cause(),
        hint = hint(told),
        "{}",
        if code.is_some() { words(told.as_str()) } else { "an account could not be looked at" }
    );
    if let Some(code) = code {
        companion.db.account_problem(&account.id, code.as_str()).await?;
    }
    Ok(Err(told))
}

async fn look(companion: &Companion, app: &App, account: &AccountRow) -> Result<Seen, Failure> {
    let login = if account.page_id.is_empty() { "instagram" } else { "facebook" };
    let credentials = app.app_with_id(&account.client_id).cloned();
    let provider =
        credentials.and_then(|credentials| Accounts::of(login, &companion.config, &companion.fetcher, credentials));
    let Some(provider) = provider else {
        let cause = "the key no longer has the app that the account was connected with";
        return Err(Failure::tell(ProblemCode::UnknownSource, cause));
    };
    let Some(token) = &account.access_token else {
        return Err(Failure::SignInAgain {
            code: ProblemCode::SignInAgain,
            cause: "its token cannot be opened".to_owned(),
        });
    };
    let renewable = account.refreshed_ms < now() - OLD_ENOUGH;
    provider.look(&account.network, &account.account_id, token, renewable).await
}

/// Why a token is of no use any more, if it is not.
fn end_of(failure: &Failure) -> Option<ProblemCode> {
    match failure {
        Failure::SignInAgain { code, .. } => Some(*code),
        // The Page is gone, or the person has no role on it.
        Failure::Tell { code: ProblemCode::PhotoGone, .. } => Some(ProblemCode::SignInAgain),
        Failure::Tell { code: ProblemCode::PermissionDeclined, .. } => Some(ProblemCode::PermissionDeclined),
        _ => None,
    }
}
