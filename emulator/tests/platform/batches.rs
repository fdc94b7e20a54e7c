use serde_json::{Value, json};

use crate::visitor::{Answer, Visitor};

async fn batch(visitor: &Visitor, token: &str, calls: &Value) -> Answer {
    let form = [("access_token", token), ("batch", &calls.to_string())];
    Visitor::read(visitor.http.post(visitor.url("graph.facebook.com/")).form(&form).send().await.unwrap()).await
}

fn body(answer: &Value) -> Value {
    serde_json::from_str(answer["body"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn each_call_of_a_batch_has_its_own_answer() {
    let visitor = Visitor::start().await;
    let token = visitor.facebook_token("alice").await;
    let calls = json!([
        { "method": "GET", "relative_url": "me?fields=first_name" },
        { "method": "GET", "relative_url": "/v25.0/me/albums?limit=2" },
        { "method": "GET", "relative_url": "me?access_token=none" },
    ]);
    let answers = batch(&visitor, &token, &calls).await;
    assert_eq!(answers.status, 200);
    let codes: Vec<u64> = answers.body.as_array().unwrap().iter().map(|one| one["code"].as_u64().unwrap()).collect();
    assert_eq!(codes, [200, 200, 401], "{}", answers.body);
    assert_eq!(body(&answers.body[0])["first_name"], "Alice");
    assert_eq!(body(&answers.body[1])["data"].as_array().map(Vec::len), Some(2));
    assert_eq!(body(&answers.body[2])["error"]["code"], 190, "a call's own token counts");
    let paths: Vec<String> = visitor.emulator.calls().into_iter().map(|call| call.path).collect();
    assert!(paths.ends_with(&["/v21.0/me", "/v25.0/me/albums", "/v21.0/me", "/"].map(str::to_owned)), "{paths:?}");
}

#[tokio::test]
async fn a_batch_has_fifty_calls_at_most() {
    let visitor = Visitor::start().await;
    let token = visitor.facebook_token("alice").await;
    let calls = vec![json!({ "method": "GET", "relative_url": "me" }); 51];
    assert_eq!(batch(&visitor, &token, &json!(calls)).await.error(), (400, 100, 0));
    assert_eq!(batch(&visitor, &token, &json!({})).await.error(), (400, 100, 0));
}
