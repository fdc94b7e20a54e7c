//! Albums and photos: `POST /folder/list`.

use crate::Shared;
use crate::apps::{Authorized, Caller};
use crate::db::ConnectionRow;
use crate::error::ApiError;
use crate::notices::{self, Event};
use crate::oauth;
use crate::policy::{Call, Deed};
use crate::providers::{Entry, Failure, PAGES, Page, Provider, hint};
use crate::rights::Shown;
use crate::session::{self, Session};
use crate::thumbnail;
use axum::Json;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bowerbird_protocol::listing::{Contents, Item, ListCloud, ListReply, ListRequest, Listing};
use bowerbird_protocol::problem::{Problem, ProblemCode};
use bowerbird_protocol::session::AuthNeeded;
use futures_util::future::try_join_all;

/// A page may be empty and have a next one. So many are followed here before the browser is asked to.
const EMPTY_PAGES: usize = 3;
/// Meta's cursors are up to about 1300 characters.
const MAX_CURSOR: usize = 8192;

/// `POST /folder/list`: one member a source, whatever happens to the others.
pub async fn list(
    State(companion): State<Shared>,
    request: Authorized<ListRequest>,
) -> Result<Json<ListReply>, ApiError> {
    let Authorized { caller, body } = request;
    let shown = Shown { policy: body.policy.clone(), signature: body.signature.clone() };
    shown.allows(&caller.app, Call::Pick, Deed::default())?;
    let session = session::resume_or_start(&companion, &caller, body.token.as_deref(), body.remember).await?;
    if session.is_new {
        tell_of_dialog(&companion, &caller, &body).await;
    }
    let asking = Asking { companion: &companion, caller: &caller, session: &session, body: &body };
    let listings = body.clouds.iter().map(|(source, asked)| {
        let asking = &asking;
        async move { Ok::<_, ApiError>((source.clone(), asking.one(source, asked).await?)) }
    });
    let clouds = try_join_all(listings).await?.into_iter().collect();
    Ok(Json(ListReply { token: session.token, clouds }))
}

/// Tells the site that a visitor opened the dialog. That it could not be written down is no reason to show them nothing.
async fn tell_of_dialog(companion: &Shared, caller: &Caller, body: &ListRequest) {
    let offered = |source: &&str| *source != PAGES && caller.app.provider(source).is_some();
    let sources: Vec<&str> = body.clouds.keys().map(String::as_str).filter(offered).collect();
    let accept = body.accept.as_deref().unwrap_or_default();
    let notices = notices::about(companion, caller.app.key(), Event::DialogOpened { accept, sources: &sources });
    match companion.db.insert_notices(&notices).await {
        Ok(()) => notices::told(companion, &notices),
        Err(error) => tracing::error!(cause = %error, "that a dialog was opened could not be written down"),
    }
}

/// A request for listings, and whose it is.
struct Asking<'a> {
    companion: &'a Shared,
    caller: &'a Caller,
    session: &'a Session,
    body: &'a ListRequest,
}

impl Asking<'_> {
    async fn one(&self, source: &str, asked: &ListCloud) -> Result<Listing, ApiError> {
        let Some(provider) = self.caller.app.provider(source) else {
            tracing::warn!(
                source,
                code = ProblemCode::UnknownSource.as_str(),
                "a source was asked for that is not offered"
            );
            return Ok(failed(ProblemCode::UnknownSource));
        };
        let connection = self.companion.db.connection(&self.session.id, source).await?;
        // A token of another app than the site's present one is worth nothing with that app's secret.
        let connection = connection.filter(|connection| connection.client_id == provider.client_id());
        let Some(connection) = connection else { return self.sign_in(source, asked, None).await };
        let after = match asked.next.as_deref() {
            None | Some("") => None,
            Some(next) => match unwrap_cursor(next) {
                Some(after) => Some(after),
                None => return Ok(failed(ProblemCode::ListChanged)),
            },
        };
        match pages(provider, &connection, &asked.path, after).await {
            Ok(page) => Ok(Listing::Contents(contents(self.companion, source, &connection, asked, page).await)),
            Err(failure) => self.trouble(source, asked, &connection, failure).await,
        }
    }

    /// `ended` says why the sign-in before this one is over, where it has just been found to be.
    async fn sign_in(&self, source: &str, asked: &ListCloud, ended: Option<ProblemCode>) -> Result<Listing, ApiError> {
        let wish = oauth::Wish {
            completes: self.body.completes,
            appurl: self.body.appurl.as_deref(),
            switch_account: asked.switch_account,
        };
        Ok(match oauth::begin(self.companion, self.caller, self.session, source, &wish).await? {
            Ok(auth) => Listing::Auth { auth: AuthNeeded { problem: ended.map(Problem::new), ..auth } },
            Err(code) => failed(code),
        })
    }

    async fn trouble(
        &self,
        source: &str,
        asked: &ListCloud,
        connection: &ConnectionRow,
        failure: Failure,
    ) -> Result<Listing, ApiError> {
        let Asking { companion, session, .. } = self;
        let code = failure.code();
        tracing::warn!(source, code = code.as_str(), cause = failure.cause(), hint = hint(code), "a listing failed");
        match failure {
            Failure::SignInAgain { code, .. } => {
                companion.db.delete_connection(&connection.id).await?;
                self.sign_in(source, asked, Some(code)).await
            }
            // Listing again leads to a sign-in that asks for the permission; with the connection kept it would fail for ever.
            Failure::Tell { code: code @ ProblemCode::PermissionDeclined, .. } => {
                companion.db.mark_declined(&session.id, source, code.as_str()).await?;
                companion.db.unlink(&session.id, source).await?;
                Ok(failed(code))
            }
            // It is the folder that is gone.
            Failure::Tell { code: ProblemCode::PhotoGone, .. } => Ok(failed(ProblemCode::ListChanged)),
            failure => Ok(failed(failure.code())),
        }
    }
}

async fn pages(
    provider: &dyn Provider,
    connection: &ConnectionRow,
    path: &str,
    mut after: Option<String>,
) -> Result<Page, Failure> {
    let mut page = provider.list(&connection.access_token, path, after.as_deref()).await?;
    for _ in 0..EMPTY_PAGES {
        match page.after {
            Some(_) if page.entries.is_empty() => after = page.after,
            _ => break,
        }
        page = provider.list(&connection.access_token, path, after.as_deref()).await?;
    }
    Ok(page)
}

fn failed(code: ProblemCode) -> Listing {
    Listing::Failed { error: Problem::new(code) }
}

async fn contents(
    companion: &Shared,
    source: &str,
    connection: &ConnectionRow,
    asked: &ListCloud,
    page: Page,
) -> Contents {
    let first_of_root = asked.path == "/" && asked.next.as_deref().unwrap_or_default().is_empty();
    let mut contents = Vec::with_capacity(page.entries.len());
    for Entry { item, picture } in page.entries {
        let thumbnail = match picture {
            Some(picture) => thumbnail::sign(companion, &connection.link, source, &picture).await,
            None => String::new(),
        };
        contents.push(Item { thumbnail, ..item });
    }
    Contents {
        contents,
        next: page.after.map(|after| wrap_cursor(&after)).unwrap_or_default(),
        client: source.to_owned(),
        // A folder's name would cost a second call; the widget has it from the folder's own item.
        filename: String::new(),
        account: first_of_root.then(|| connection.account_name.clone()).filter(|name| !name.is_empty()),
    }
}

/// What the browser gets to see of a cursor, and sends back: nothing to read or build on.
fn wrap_cursor(after: &str) -> String {
    URL_SAFE_NO_PAD.encode(after)
}

fn unwrap_cursor(next: &str) -> Option<String> {
    if next.len() > MAX_CURSOR {
        return None;
    }
    String::from_utf8(URL_SAFE_NO_PAD.decode(next).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_was() {
        assert_eq!(unwrap_cursor(&wrap_cursor("QVFI&limit=1 ?")).as_deref(), Some("QVFI&limit=1 ?"));
        assert_eq!(unwrap_cursor("not base64!"), None);
        assert_eq!(unwrap_cursor(&"A".repeat(MAX_CURSOR + 1)), None);
    }
}
