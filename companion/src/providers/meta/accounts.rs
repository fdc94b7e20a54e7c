//! Accounts that can be published to: a person's Pages and the Instagram accounts linked to them, with Facebook Login; an Instagram
//! account itself, with Instagram Login.
//!
//! <https://developers.facebook.com/docs/pages-api/getting-started> and
//! <https://developers.facebook.com/docs/instagram-platform/content-publishing>; checked November 2026.

use super::{Data, Me, PAGE_SIZE, TokenAnswer};
use crate::config::Config;
use crate::fetch::Fetcher;
use crate::providers::instagram::OneOrList;
use crate::providers::{CodeGrant, Credentials, Facebook, Failure, Instagram, meta};
use crate::secrets::Secret;
use bowerbird_protocol::problem::ProblemCode;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeSet;
use url::Url;

/// What Facebook's dialog is asked for. `business_management`, because Pages of a business are listed only with it.
pub const PAGES_SCOPE: &str = "pages_show_list,pages_read_engagement,pages_manage_posts,business_management,instagram_basic,\
                           instagram_content_publish";
const PUBLISHING: &str = "pages_manage_posts";
pub const PAGES_NEEDED: &[&str] = &["pages_show_list", PUBLISHING];
const LINKED_NEEDED: [&str; 2] = ["instagram_basic", "instagram_content_publish"];
const INSTAGRAM_SCOPE: &str = "instagram_business_basic,instagram_business_content_publish";
const PAGE_FIELDS: &str = "id,name,username,picture{url}";
const LINKED: &str = "instagram_business_account{id,username,name,profile_picture_url}";
const LINKED_FIELDS: &str = "id,username,name,profile_picture_url";
const OWN_FIELDS: &str = "id,user_id,username,name,account_type,profile_picture_url";
/// What somebody needs on a Page to publish there.
const TASK: &str = "CREATE_CONTENT";
/// Seconds that a token lives at least from which Page tokens are had that never expire.
const LONG_LIVED: u64 = 30 * 24 * 3600;
/// Lists of a hundred Pages that are read; a cursor that leads nowhere must not lead there for ever.
const MOST_LISTS: usize = 30;
/// Pages that are read one by one because no list has them, and how many of them at a time.
const MOST_OMITTED: usize = 300;
const AT_A_TIME: usize = 6;

/// An account that a person may publish to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// `facebook` for a Page, `instagram` for an Instagram account.
    pub network: String,
    /// The provider's id of it.
    pub id: String,
    /// The Page through which an Instagram account is reached, or the Page itself; empty with Instagram Login.
    pub page_id: String,
    /// What it is called.
    pub name: String,
    /// Its short name, where it has one.
    pub username: Option<String>,
    /// Its picture, at the provider.
    pub picture_url: Option<String>,
    /// Its token. Written out only into what is then sealed.
    #[serde(serialize_with = "exposed")]
    pub token: Secret,
}

fn exposed<S: Serializer>(token: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(token.expose())
}

/// What somebody's consent brought.
#[derive(Debug, Clone)]
pub struct Connected {
    /// The person's id with the app that asked: the one that its deauthorize callback names.
    pub user_id: String,
    /// What the provider calls the person.
    pub name: String,
    /// May be empty.
    pub found: Vec<Found>,
}

/// What an account is called now.
#[derive(Debug, Clone)]
pub struct Seen {
    /// What it is called.
    pub name: String,
    /// Its short name, where it has one.
    pub username: Option<String>,
    /// Its picture, at the provider.
    pub picture_url: Option<String>,
    /// Its token from now on, where it was renewed.
    pub token: Option<Secret>,
}

/// One of the two ways to connect accounts, with the app that asks.
#[derive(Debug)]
pub enum Accounts {
    /// Facebook Login.
    Pages(Facebook),
    /// Instagram Login.
    Instagram(Instagram),
}

impl Accounts {
    /// By the network that a person connects with.
    pub fn of(network: &str, config: &Config, fetcher: &Fetcher, app: Credentials) -> Option<Self> {
        match network {
            "facebook" => Some(Self::Pages(Facebook::new(config, fetcher.clone(), app))),
            "instagram" => Some(Self::Instagram(Instagram::new(config, fetcher.clone(), app))),
            _ => None,
        }
    }

    /// The id of the app that asks.
    pub fn client_id(&self) -> &str {
        match self {
            Self::Pages(facebook) => &facebook.app.client_id,
            Self::Instagram(instagram) => &instagram.app.client_id,
        }
    }

    /// The provider's page on which the person says which accounts may be published to.
    pub fn authorize_url(&self, redirect_uri: &str, state: &str) -> Url {
        let (dialog, app, scope) = match self {
            Self::Pages(facebook) => (&facebook.dialog, &facebook.app, PAGES_SCOPE),
            Self::Instagram(instagram) => (&instagram.dialog, &instagram.app, INSTAGRAM_SCOPE),
        };
        let mut url = dialog.clone();
        url.query_pairs_mut()
            .append_pair("client_id", &app.client_id)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("response_type", "code")
            .append_pair("scope", scope)
            .append_pair("state", state);
        if matches!(self, Self::Pages(_)) {
            // Facebook does not ask again for what was once declined unless told to.
            url.query_pairs_mut().append_pair("auth_type", "rerequest");
        }
        url
    }

    /// Exchanges the code and finds the accounts.
    pub async fn connect(&self, code: &str, redirect_uri: &str) -> Result<Connected, Failure> {
        let grant = CodeGrant { code, redirect_uri, verifier: None, long_lived: true };
        match self {
            Self::Pages(facebook) => pages(facebook, grant).await,
            Self::Instagram(instagram) => own(instagram, grant).await,
        }
    }

    /// Reads what an account is called with its own token, and so whether that is still taken. A token of Instagram Login is renewed
    /// if it is `renewable`: a day old at least.
    pub async fn look(&self, network: &str, id: &str, token: &Secret, renewable: bool) -> Result<Seen, Failure> {
        match self {
            Self::Pages(facebook) if network == "facebook" => {
                let page: Page = facebook.graph.get(token, id, &[("fields", PAGE_FIELDS)]).await?;
                let picture_url = page.picture();
                Ok(Seen { name: page.name, username: page.username, picture_url, token: None })
            }
            Self::Pages(facebook) => {
                Ok(facebook.graph.get::<Linked>(token, id, &[("fields", LINKED_FIELDS)]).await?.seen(None))
            }
            Self::Instagram(instagram) => {
                let renewed = if renewable { Some(instagram.renewed(token).await?.token) } else { None };
                let now = renewed.as_ref().unwrap_or(token);
                Ok(me(instagram, now).await?.account.seen(renewed.clone()))
            }
        }
    }
}

/// A person's Pages, and the Instagram accounts linked to them, from a code.
async fn pages(facebook: &Facebook, grant: CodeGrant<'_>) -> Result<Connected, Failure> {
    let token = long_lived(facebook, facebook.token_of(grant).await?).await?;
    let me: Me = facebook.graph.get(&token, "me", &[("fields", "id,name")]).await?;
    Ok(Connected { user_id: me.id, name: me.name, found: of_person(facebook, &token).await? })
}

/// The same, with the person's token.
pub async fn of_person(facebook: &Facebook, token: &Secret) -> Result<Vec<Found>, Failure> {
    let Credentials { client_id, client_secret } = &facebook.app;
    let of_app = Secret::new(format!("{client_id}|{}", client_secret.expose()));
    let debugged: Debugged = facebook.graph.get(&of_app, "debug_token", &[("input_token", token.expose())]).await?;
    let Granted { scopes, granular_scopes } = debugged.data;
    let has = |needed: &&str| scopes.iter().any(|scope| scope == needed);
    if let Some(missing) = PAGES_NEEDED.iter().find(|needed| !has(needed)) {
        let cause = format!("{missing} is not among the granted permissions");
        return Err(Failure::tell(ProblemCode::PermissionDeclined, cause));
    }
    // Unless everything is granted that publishing there needs, the accounts linked to Pages are none to choose.
    let linked = if LINKED_NEEDED.iter().all(has) { format!(",{LINKED}") } else { String::new() };
    let fields = format!("{PAGE_FIELDS},access_token{linked}");
    let mut found = listed(facebook, token, &fields).await?;
    let omitted = omitted(&granular_scopes, &found);
    if omitted.len() > MOST_OMITTED {
        tracing::warn!(pages = omitted.len(), "a person has more Pages that are not listed than are read");
    }
    let others: Vec<Option<Page>> = stream::iter(omitted.into_iter().take(MOST_OMITTED))
        .map(|id| one(facebook, token, id, &fields))
        .buffered(AT_A_TIME)
        .try_collect()
        .await?;
    found.extend(others.into_iter().flatten());
    Ok(found.into_iter().flat_map(accounts).collect())
}

/// What can be published to of one Page; nothing where the person has no role on it any more.
pub async fn of_page(facebook: &Facebook, token: &Secret, page: &str) -> Result<Vec<Found>, Failure> {
    let fields = format!("{PAGE_FIELDS},access_token,{LINKED}");
    let page = one(facebook, token, page.to_owned(), &fields).await?;
    Ok(page.into_iter().flat_map(accounts).collect())
}

/// From a token that ends within weeks come Page tokens that end with it.
async fn long_lived(facebook: &Facebook, answer: TokenAnswer) -> Result<Secret, Failure> {
    if answer.expires_in.is_none_or(|seconds| seconds >= LONG_LIVED) {
        return Ok(answer.access_token);
    }
    let form = [
        ("grant_type", "fb_exchange_token"),
        ("client_id", facebook.app.client_id.as_str()),
        ("client_secret", facebook.app.client_secret.expose()),
        ("fb_exchange_token", answer.access_token.expose()),
    ];
    Ok(facebook.token(&form).await?.access_token)
}

/// The Pages of `/me/accounts`, which leaves out those of businesses in which the person has no role.
async fn listed(facebook: &Facebook, token: &Secret, fields: &str) -> Result<Vec<Page>, Failure> {
    let fields = format!("{fields},tasks");
    let (mut pages, mut after) = (Vec::new(), None::<String>);
    for _ in 0..MOST_LISTS {
        let mut query = vec![("fields", fields.as_str()), ("limit", PAGE_SIZE)];
        query.extend(after.as_deref().map(|after| ("after", after)));
        let list: Data<Page> = facebook.graph.get(token, "me/accounts", &query).await?;
        after = list.after();
        pages.extend(list.data);
        if after.is_none() {
            break;
        }
    }
    Ok(pages)
}

/// The Pages that the person's consent to publishing names and that were not listed. Consent to all Pages, those to come included,
/// names none.
fn omitted(scopes: &[Scope], listed: &[Page]) -> Vec<String> {
    let named = scopes.iter().filter(|scope| scope.scope == PUBLISHING);
    let named: BTreeSet<&String> = named.flat_map(|scope| &scope.target_ids).collect();
    let is_new = |id: &&String| meta::is_id(id) && !listed.iter().any(|page| page.id == **id);
    named.into_iter().filter(is_new).cloned().collect()
}

/// A Page that no list has; none where the person has no role on it any more.
async fn one(facebook: &Facebook, token: &Secret, id: String, fields: &str) -> Result<Option<Page>, Failure> {
    let with_tasks = format!("{fields},tasks");
    let read = async |fields: &str| facebook.graph.get::<Page>(token, &id, &[("fields", fields)]).await;
    let page = match read(&with_tasks).await {
        // The tasks are documented for the list only, and one unknown field fails the whole call.
        Err(Failure::Upstream { transient: false, .. }) => read(fields).await,
        page => page,
    };
    match page {
        Ok(page) => Ok(Some(page)),
        Err(Failure::Tell { code: ProblemCode::PhotoGone | ProblemCode::PermissionDeclined, cause }) => {
            tracing::debug!(cause, "a Page that the consent names cannot be read");
            Ok(None)
        }
        Err(failure) => Err(failure),
    }
}

/// What can be published to of a Page: itself, and its Instagram account.
fn accounts(page: Page) -> Vec<Found> {
    let picture_url = page.picture();
    // Where the tasks are not told, the Page is one that the consent to publishing names.
    let may = page.tasks.as_ref().is_none_or(|tasks| tasks.iter().any(|task| task == TASK));
    let Some(token) = page.access_token.filter(|_| may) else { return Vec::new() };
    let linked = page.instagram_business_account.map(|account| account.found(&page.id, token.clone()));
    let page = Found {
        network: "facebook".to_owned(),
        page_id: page.id.clone(),
        id: page.id,
        name: page.name,
        username: page.username,
        picture_url,
        token,
    };
    [page].into_iter().chain(linked).collect()
}

/// The account of an Instagram login.
async fn own(instagram: &Instagram, grant: CodeGrant<'_>) -> Result<Connected, Failure> {
    let short = instagram.token_of(grant).await?;
    if let Some(missing) = INSTAGRAM_SCOPE.split(',').find(|scope| !short.permissions.iter().any(|it| it == scope)) {
        let cause = format!("{missing} is not among the permissions");
        return Err(Failure::tell(ProblemCode::PermissionDeclined, cause));
    }
    let token = instagram.long_lived(&short.access_token).await?.access_token;
    let me = me(instagram, &token).await?;
    if me.account_type.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("personal")) {
        return Err(Failure::tell(ProblemCode::PersonalAccount, "account_type is PERSONAL"));
    }
    let mut account = me.account;
    // The professional account's own id; `id` is the app's for it.
    account.id = me.user_id.unwrap_or(account.id);
    let found = account.found("", token);
    Ok(Connected { user_id: short.user_id, name: found.name.clone(), found: vec![found] })
}

async fn me(instagram: &Instagram, token: &Secret) -> Result<Own, Failure> {
    let me: OneOrList<Own> = instagram.graph.get(token, "me", &[("fields", OWN_FIELDS)]).await?;
    me.one().ok_or_else(|| Failure::Upstream { cause: "an empty account".to_owned(), transient: false })
}

#[derive(Deserialize)]
struct Debugged {
    data: Granted,
}

#[derive(Deserialize)]
struct Granted {
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    granular_scopes: Vec<Scope>,
}

#[derive(Deserialize)]
struct Scope {
    scope: String,
    #[serde(default)]
    target_ids: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Page {
    #[serde(deserialize_with = "meta::id")]
    id: String,
    #[serde(default)]
    name: String,
    username: Option<String>,
    picture: Option<Picture>,
    access_token: Option<Secret>,
    tasks: Option<Vec<String>>,
    instagram_business_account: Option<Linked>,
}

impl Page {
    fn picture(&self) -> Option<String> {
        self.picture.as_ref().and_then(|picture| picture.data.url.clone())
    }
}

#[derive(Debug, Deserialize)]
struct Picture {
    data: PictureData,
}

#[derive(Debug, Deserialize)]
struct PictureData {
    url: Option<String>,
}

/// An Instagram account.
#[derive(Debug, Deserialize)]
struct Linked {
    #[serde(deserialize_with = "meta::id")]
    id: String,
    #[serde(default)]
    username: String,
    name: Option<String>,
    profile_picture_url: Option<String>,
}

impl Linked {
    /// People may leave the name empty, and then go by the other.
    fn name(&self) -> String {
        meta::words(self.name.clone()).unwrap_or_else(|| self.username.clone())
    }

    fn found(self, page_id: &str, token: Secret) -> Found {
        Found {
            network: "instagram".to_owned(),
            name: self.name(),
            id: self.id,
            page_id: page_id.to_owned(),
            username: meta::words(Some(self.username)),
            picture_url: self.profile_picture_url,
            token,
        }
    }

    fn seen(self, token: Option<Secret>) -> Seen {
        Seen {
            name: self.name(),
            username: meta::words(Some(self.username)),
            picture_url: self.profile_picture_url,
            token,
        }
    }
}

#[derive(Deserialize)]
struct Own {
    #[serde(flatten)]
    account: Linked,
    #[serde(default, deserialize_with = "maybe_id")]
    user_id: Option<String>,
    account_type: Option<String>,
}

fn maybe_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    meta::id(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(json: &str) -> Page {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_page_is_an_account_and_so_is_what_is_linked_to_it() {
        let studio = page(
            r#"{"id":"101","name":"Studio","access_token":"T","tasks":["ANALYZE","CREATE_CONTENT"],
                "picture":{"data":{"height":50,"is_silhouette":false,"url":"https://p/1","width":50}},
                "instagram_business_account":{"id":"17841405822304914","username":"studio","name":""}}"#,
        );
        let found = accounts(studio);
        let names: Vec<_> = found.iter().map(|one| (&*one.network, &*one.id, &*one.page_id, &*one.name)).collect();
        let linked = ("instagram", "17841405822304914", "101", "studio");
        assert_eq!(names, [("facebook", "101", "101", "Studio"), linked]);
        assert_eq!(found[0].picture_url.as_deref(), Some("https://p/1"));
        assert_eq!((found[1].username.as_deref(), found[1].token.expose()), (Some("studio"), "T"));
        let kept = serde_json::to_string(&found).unwrap();
        assert_eq!(serde_json::from_str::<Vec<Found>>(&kept).unwrap(), found);
        assert!(!format!("{found:?}").contains("\"T\""));
    }

    #[test]
    fn a_page_on_which_nothing_can_be_made_is_none() {
        let with = |rest: &str| accounts(page(&format!(r#"{{"id":"1","name":"N"{rest}}}"#))).len();
        assert_eq!(with(r#","access_token":"T","tasks":["ADVERTISE","ANALYZE"]"#), 0);
        assert_eq!(with(r#","tasks":["CREATE_CONTENT"]"#), 0, "without a token");
        assert_eq!(with(r#","access_token":"T""#), 1, "the tasks are not told");
    }

    #[test]
    fn pages_that_were_not_listed_are_those_that_the_consent_names() {
        let scopes = r#"[{"scope":"pages_show_list","target_ids":["1","2","4"]},{"scope":"pages_manage_posts","target_ids":["1","2","3"]},
                         {"scope":"instagram_basic","target_ids":["9"]},{"scope":"business_management"},
                         {"scope":"pages_manage_posts","target_ids":["../me"]}]"#;
        let scopes: Vec<Scope> = serde_json::from_str(scopes).unwrap();
        assert_eq!(omitted(&scopes, &[page(r#"{"id":"1"}"#)]), ["2", "3"]);
        let all: Vec<Scope> = serde_json::from_str(r#"[{"scope":"pages_manage_posts"}]"#).unwrap();
        assert_eq!(omitted(&all, &[]), Vec::<String>::new());
    }

    #[test]
    fn an_instagram_account_keeps_both_its_ids() {
        let me = r#"{"id":"276","user_id":"17841405822304914","username":"ana","account_type":"BUSINESS"}"#;
        let own: OneOrList<Own> = serde_json::from_str(me).unwrap();
        let own = own.one().unwrap();
        assert_eq!((own.account.id.as_str(), own.user_id.as_deref()), ("276", Some("17841405822304914")));
        assert_eq!(own.account.name(), "ana");
        let wrapped: OneOrList<Own> = serde_json::from_str(&format!(r#"{{"data":[{me}]}}"#)).unwrap();
        assert_eq!(wrapped.one().unwrap().account.username, "ana");
    }
}
