//! Albums and photos: `POST /folder/list`.

use crate::Shared;
use crate::apps::Authorized;
use crate::db::ConnectionRow;
use crate::error::ApiError;
use crate::oauth;
use crate::providers::{Entry, Failure, Page, Provider};
use crate::session::{self, Session};
use crate::thumbnail;
use axum::Json;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bowerbird_protocol::listing::{Contents, Item, ListCloud, ListReply, ListRequest, Listing};
use bowerbird_protocol::problem::{Problem, ProblemCode};
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
    let Authorized { app, body } = request;
    let session = session::resume_or_start(&companion, &app, body.token.as_deref()).await?;
    let listings = body.clouds.iter().map(|(source, asked)| {
        let (companion, session) = (&companion, &session);
        async move { Ok::<_, ApiError>((source.clone(), one(companion, session, source, asked).await?)) }
    });
    let clouds = try_join_all(listings).await?.into_iter().collect();
    Ok(Json(ListReply { token: session.token, clouds }))
}

async fn one(companion: &Shared, session: &Session, source: &str, asked: &ListCloud) -> Result<Listing, ApiError> {
    let Some(provider) = companion.provider(source) else {
        tracing::warn!(
            source,
            code = ProblemCode::UnknownSource.as_str(),
            "a source was asked for that is not offered"
        );
        return Ok(failed(ProblemCode::UnknownSource));
    };
    let Some(connection) = companion.db.connection(&session.id, source).await? else {
        return Ok(Listing::Auth { auth: oauth::begin(companion, session, source).await? });
    };
    let after = match asked.next.as_deref() {
        None | Some("") => None,
        Some(next) => match unwrap_cursor(next) {
            Some(after) => Some(after),
            None => return Ok(failed(ProblemCode::ListChanged)),
        },
    };
    match pages(provider, &connection, &asked.path, after).await {
        Ok(page) => Ok(Listing::Contents(contents(companion, source, &connection, asked, page))),
        Err(failure) => trouble(companion, session, source, &connection, failure).await,
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

async fn trouble(
    companion: &Shared,
    session: &Session,
    source: &str,
    connection: &ConnectionRow,
    failure: Failure,
) -> Result<Listing, ApiError> {
    tracing::warn!(source, code = failure.code().as_str(), cause = failure.cause(), "a listing failed");
    match failure.code() {
        ProblemCode::SignInAgain => {
            companion.db.delete_connection(&connection.id).await?;
            Ok(Listing::Auth { auth: oauth::begin(companion, session, source).await? })
        }
        // Listing again leads to a sign-in that asks for the permission; with the connection kept it would fail for ever.
        ProblemCode::PermissionDeclined => {
            companion.db.mark_declined(&session.id, source, ProblemCode::PermissionDeclined.as_str()).await?;
            companion.db.unlink(&session.id, source).await?;
            Ok(failed(ProblemCode::PermissionDeclined))
        }
        // It is the folder that is gone.
        ProblemCode::PhotoGone => Ok(failed(ProblemCode::ListChanged)),
        code => Ok(failed(code)),
    }
}

fn failed(code: ProblemCode) -> Listing {
    Listing::Failed { error: Problem::new(code) }
}

fn contents(companion: &Shared, source: &str, connection: &ConnectionRow, asked: &ListCloud, page: Page) -> Contents {
    let first_of_root = asked.path == "/" && asked.next.as_deref().unwrap_or_default().is_empty();
    let item = |Entry { item, picture }: Entry| Item {
        thumbnail: picture.map(|url| thumbnail::sign(companion, &connection.link, &url)).unwrap_or_default(),
        ..item
    };
    Contents {
        contents: page.entries.into_iter().map(item).collect(),
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
