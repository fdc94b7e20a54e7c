//! Albums and pages of photos: asking for them.

use crate::companion::Companion;
use crate::error::Trouble;
use crate::session;
use crate::sources::Source;
use crate::state::PageRequest;
use bowerbird_protocol::listing::{ListCloud, Listing};
use bowerbird_protocol::problem::ProblemCode;

/// Asks for pages, at most one a source, in one request; each gets its answer.
pub async fn load(
    companion: &Companion,
    pages: Vec<(&'static Source, PageRequest)>,
) -> Vec<(PageRequest, Result<Listing, Trouble>)> {
    let cloud = |page: &PageRequest| ListCloud {
        path: page.path.clone(),
        next: page.cursor.clone(),
        switch_account: page.switch_account,
    };
    let clouds = pages.iter().map(|(source, page)| (source.name.to_owned(), cloud(page))).collect();
    let appurl = session::address(companion.site().app_url.as_deref());
    let answer = companion.list(clouds, appurl).await;
    let of = |source: &Source| match &answer {
        Ok(answers) => answers.get(source.name).cloned().ok_or_else(|| ProblemCode::Other.into()),
        Err(trouble) => Err(trouble.clone()),
    };
    pages.into_iter().map(|(source, page)| (page, of(source))).collect()
}
