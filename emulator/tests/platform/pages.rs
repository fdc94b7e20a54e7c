//! Pages: who has which, how they are found, and the tokens that speak for them.

use std::time::Duration;

use bowerbird_emulator::{FACEBOOK_APP_ID, FACEBOOK_APP_SECRET, Fault};
use serde_json::{Value, json};

use crate::visitor::{Answer, Choices, Visitor};

/// What an app asks that publishes on Pages and on their Instagram accounts.
pub const PUBLISHING: &str = "public_profile,pages_show_list,pages_read_engagement,pages_manage_posts,instagram_basic,\
                              instagram_content_publish";

/// The Page that has everything.
pub const STUDIO: &str = "Alice Ferreira Photography";

impl Visitor {
    /// The token of somebody who granted these permissions.
    pub async fn token_for(&self, account: &str, scope: &str) -> String {
        self.facebook_token_with(account, Choices { scope: Some(scope), ..Choices::default() }).await
    }

    /// A Page's id and token.
    pub async fn page(&self, name: &str) -> (String, String) {
        let token = self.token_for("alice", PUBLISHING).await;
        let (pages, _) = self.all(&token, "me/accounts", &[]).await;
        let page = pages.iter().find(|page| page["name"] == name).unwrap_or_else(|| panic!("no {name} in {pages:?}"));
        (page["id"].as_str().unwrap().to_owned(), page["access_token"].as_str().unwrap().to_owned())
    }

    pub async fn debug(&self, token: &str) -> Value {
        let app = format!("{FACEBOOK_APP_ID}|{FACEBOOK_APP_SECRET}");
        let query = [("input_token", token), ("access_token", app.as_str())];
        self.get("graph.facebook.com/v25.0/debug_token", &query).await.body["data"].clone()
    }

    /// A POST of graph.facebook.com with a form.
    pub async fn post(&self, token: &str, path: &str, form: &[(&str, &str)]) -> Answer {
        self.try_post(token, path, form).await.expect("an answer")
    }

    /// The same, where no answer may come.
    pub async fn try_post(&self, token: &str, path: &str, form: &[(&str, &str)]) -> Option<Answer> {
        let url = self.url(&format!("graph.facebook.com/v25.0/{path}"));
        let response = self.http.post(url).bearer_auth(token).form(form).send().await.ok()?;
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.ok()?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Some(Answer { status, headers, body })
    }

    pub async fn delete(&self, token: &str, path: &str) -> Answer {
        let url = self.url(&format!("graph.facebook.com/v25.0/{path}"));
        Visitor::read(self.http.delete(url).bearer_auth(token).send().await.unwrap()).await
    }
}

fn names(answer: &Answer) -> Vec<&str> {
    answer.items().iter().map(|page| page["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn pages_come_with_tasks_and_tokens_but_those_of_businesses_do_not_come() {
    let visitor = Visitor::start().await;
    let token = visitor.token_for("alice", PUBLISHING).await;
    let accounts = visitor.graph(&token, "me/accounts", &[]).await;
    assert_eq!(names(&accounts), [STUDIO, "Walks in Lisbon", "Old Town Cinema"]);
    assert_eq!(accounts.items()[0]["tasks"][1], "CREATE_CONTENT");
    assert_eq!(accounts.items()[2]["tasks"], json!(["ADVERTISE", "ANALYZE"]));
    assert!(accounts.body["paging"]["next"].is_null());

    let with_business = visitor.token_for("alice", &format!("{PUBLISHING},business_management")).await;
    let accounts = visitor.graph(&with_business, "me/accounts", &[]).await;
    assert_eq!(names(&accounts)[3..], ["Harbour Coffee"], "of the business in which she has a role");

    let without = visitor.token_for("dalia", "public_profile,pages_read_engagement").await;
    assert_eq!(visitor.graph(&without, "me/accounts", &[]).await.body, json!({ "data": [] }));
    let nobody = visitor.graph("EAAnonsense", "me/accounts", &[]).await;
    assert_eq!(nobody.error(), (401, 190, 0));
}

#[tokio::test]
async fn a_page_that_is_not_listed_is_found_by_the_token_s_targets() {
    let visitor = Visitor::start().await;
    let token = visitor.token_for("alice", PUBLISHING).await;
    let data = visitor.debug(&token).await;
    let scopes = data["granular_scopes"].as_array().unwrap();
    let targets = |name: &str| scopes.iter().find(|scope| scope["scope"] == name).unwrap()["target_ids"].clone();
    let ids = targets("pages_show_list");
    assert_eq!(ids.as_array().unwrap().len(), 5);
    assert_eq!(targets("instagram_basic"), json!(["17841405822304915"]));
    let bakery = ids[4].as_str().unwrap();
    let fields = [("fields", "id,name,access_token,instagram_business_account")];
    let page = visitor.graph(&token, bakery, &fields).await.body;
    assert_eq!((&page["name"], page.get("instagram_business_account")), (&json!("Harbour Bakery"), None));
    assert_eq!(visitor.debug(page["access_token"].as_str().unwrap()).await["type"], "PAGE");

    visitor.emulator.set_fault(Fault::AllPages);
    let scopes = visitor.debug(&token).await["granular_scopes"].clone();
    assert!(scopes[0].get("target_ids").is_none(), "{scopes}");

    let ben = visitor.token_for("ben", PUBLISHING).await;
    assert_eq!(visitor.graph(&ben, bakery, &[]).await.error(), (400, 100, 33));
}

#[tokio::test]
async fn a_list_of_many_pages_is_paged() {
    let visitor = Visitor::start().await;
    let token = visitor.token_for("clara", PUBLISHING).await;
    let (pages, calls) = visitor.all(&token, "me/accounts", &[("fields", "name,tasks"), ("limit", "12")]).await;
    assert_eq!((pages.len(), calls), (30, 3));
    assert!(pages.iter().all(|page| page["access_token"].is_null() && page["tasks"].is_array()));
}

#[tokio::test]
async fn a_page_token_speaks_for_the_page_and_outlives_the_person_s() {
    let visitor = Visitor::start().await;
    let (id, page) = visitor.page(STUDIO).await;
    let me = visitor.graph(&page, "me", &[("fields", "name,instagram_business_account{username}")]).await.body;
    assert_eq!(me["name"], STUDIO);
    assert_eq!(me["instagram_business_account"], json!({ "username": "alice.pro", "id": "17841405822304915" }));
    let data = visitor.debug(&page).await;
    assert_eq!((&data["type"], &data["profile_id"], &data["expires_at"]), (&json!("PAGE"), &json!(id), &json!(0)));
    assert_eq!(visitor.page(STUDIO).await.1, page, "it stays the same");
    let person = visitor.token_for("alice", "public_profile,user_photos").await;
    let album = visitor.album(&person, "Holidays in Lisbon").await;
    assert_eq!(visitor.graph(&page, &album, &[]).await.error(), (400, 100, 33), "it is not hers");
    visitor.emulator.advance_clock(Duration::from_secs(400 * 86_400));
    assert_eq!(visitor.graph(&page, "me", &[]).await.status, 200);
    visitor.emulator.remove_app(FACEBOOK_APP_ID, "alice", false).await;
    assert_eq!(visitor.graph(&page, "me", &[]).await.error(), (401, 190, 458));
}

#[tokio::test]
async fn what_a_call_may_do_depends_on_token_permission_and_task() {
    let visitor = Visitor::start().await;
    let person = visitor.token_for("alice", PUBLISHING).await;
    let (studio, token) = visitor.page(STUDIO).await;
    let (cinema, cinema_token) = visitor.page("Old Town Cinema").await;
    let hello = [("message", "hello")];
    let feed = |page: &str| format!("{page}/feed");
    assert_eq!(visitor.post(&person, &feed(&studio), &hello).await.error(), (400, 190, 2_069_032));
    assert_eq!(visitor.graph(&person, &feed(&studio), &[]).await.error(), (400, 190, 2_069_032));
    assert_eq!(visitor.post(&cinema_token, &feed(&studio), &hello).await.error(), (400, 100, 33));
    let without_task = visitor.post(&cinema_token, &feed(&cinema), &hello).await;
    assert_eq!(without_task.error(), (403, 200, 0), "{}", without_task.message());
    assert_eq!(visitor.post(&token, &feed(&studio), &hello).await.status, 200);

    visitor.delete(&person, "me/permissions/pages_manage_posts").await;
    assert_eq!(visitor.post(&token, &feed(&studio), &hello).await.error(), (403, 200, 0));
    assert_eq!(visitor.graph(&token, &feed(&studio), &[]).await.items().len(), 1);
    visitor.delete(&person, "me/permissions/pages_read_engagement").await;
    let reading = visitor.graph(&token, &feed(&studio), &[]).await;
    assert_eq!(reading.error(), (400, 10, 0));
    assert!(reading.message().contains("pages_read_engagement"));
    assert_eq!(visitor.graph(&token, &format!("{studio}/nonsense"), &[]).await.error(), (400, 100, 0));
    assert_eq!(visitor.graph(&token, &studio, &[("fields", "nonsense")]).await.error(), (400, 100, 0));
}
