//! The components for React, Vue and Svelte, on pages that a site has built.

use crate::stage::Stage;
use crate::visitor::Visitor;
use crate::{arrived_whole, tell};
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Duration;

#[path = "../frameworks/mod.rs"]
mod site;

#[tokio::test]
async fn in_react() {
    on_a_page_of("react").await;
}

#[tokio::test]
async fn in_vue() {
    on_a_page_of("vue").await;
}

#[tokio::test]
async fn in_svelte() {
    on_a_page_of("svelte").await;
}

/// How many pickers are in the page.
const PICKERS: &str = "return String(document.querySelectorAll('[data-bowerbird]').length)";

async fn on_a_page_of(framework: &'static str) {
    tell(Duration::ZERO, async move |visitor: Visitor, stage: Stage| {
        let folder = site::site();
        site::build(&folder, framework);
        let files = serve(folder.path().join("out")).await;
        stage.dress(&format!(r#"<script type="module" src="{files}/{framework}.js"></script>"#));
        visitor.opens(&stage.page, json!({})).await;
        visitor.until_it_says("return typeof window.show", "function").await;
        visitor
            .runs("window.heard = []; window.hear = (name, told) => { heard.push([name, told]); }; window.before = document.body.innerHTML")
            .await;
        let loaded = format!(
            "return performance.getEntriesByType('resource').filter(({{ name }}) => name.startsWith('{files}') && /bowerbird/.test(name)).length"
        );
        assert_eq!(visitor.runs(&loaded).await, 0, "no picker is there, and something of it is loaded");
        let show = async |kind: &str, options: Value, listeners: &str| {
            let props = json!({ "apikey": "demo", "url": stage.companion, "options": options });
            visitor.runs(&format!("show('{kind}', {{ ...{props}, {listeners} }})")).await;
        };
        let leaves = async || {
            visitor.runs("show()").await;
            visitor.until_it_says("return String(document.body.innerHTML === before)", "true").await;
        };

        // A dialog, whose listeners change while it is open.
        let facebook = json!({ "fromSources": ["facebook"], "maxFiles": 2 });
        show("PickerOverlay", facebook.clone(), "onUploadDone: told => hear('first', told)").await;
        visitor.connects_as("alice").await;
        visitor.opens_folder("Holidays in Lisbon").await;
        visitor.picks(&[0]).await;
        assert_eq!(visitor.runs(PICKERS).await, "1", "React mounts it twice, and one dialog is open");
        let listeners = "onUploadDone: told => hear('done', told), onFileUploadFinished: file => hear('finished', file.handle), \
            onClose: () => { hear('closed'); show(); }";
        show("PickerOverlay", facebook, listeners).await;
        visitor.reads("1 of 2 selected").await;
        visitor.confirms().await;
        visitor.until_it_says("return String(heard.length)", "3").await;
        let heard = visitor.runs("return heard").await;
        let names: Vec<_> = heard.as_array().unwrap().iter().map(|told| told[0].as_str().unwrap()).collect();
        assert_eq!(names, ["finished", "closed", "done"], "{heard}");
        assert_eq!(heard[0][1], heard[2][1]["filesUploaded"][0]["handle"]);
        arrived_whole(&stage, &heard[2][1]["filesUploaded"]).await;
        leaves().await;

        // A part of the page, which is opened anew for other options, and goes when it is unmounted.
        let listeners = "onClose: () => hear('closed'), onCancel: () => hear('cancelled')";
        show("PickerInline", json!({ "fromSources": ["facebook", "instagram"] }), listeners).await;
        visitor.sees(".service[data-source='facebook']").await;
        assert_eq!(visitor.runs("return document.querySelectorAll('.mine > [data-bowerbird]').length").await, 1);
        show("PickerInline", json!({ "fromSources": ["instagram", "facebook"] }), listeners).await;
        let first = "return document.querySelector('[data-bowerbird]')?.shadowRoot.querySelector('.service')?.dataset.source";
        visitor.until_it_says(first, "instagram").await;
        assert_eq!(visitor.runs(PICKERS).await, "1");
        leaves().await;

        // A pane.
        show("PickerDropPane", json!({ "dropPane": { "customText": "Drop photos here" } }), listeners).await;
        visitor.until_it_says("return document.querySelector('[data-bowerbird]')?.shadowRoot.textContent", "Drop photos here").await;
        leaves().await;

        // One dialog in place of another, and options that are wrong.
        show("PickerOverlay", json!({ "fromSources": ["facebook"] }), listeners).await;
        visitor.sees("[data-action='connect']").await;
        show("PickerOverlay", json!({ "fromSources": ["facebook", "instagram"] }), listeners).await;
        visitor.sees(".service[data-source='instagram']").await;
        leaves().await;
        show("PickerOverlay", json!({ "maxFile": 5 }), "onError: error => hear('error', error.message)").await;
        visitor.until_it_says("return heard[3]?.join()", "maxFiles").await;
        assert_eq!(visitor.runs("return heard.length").await, 4, "nobody closed anything but the first");
        leaves().await;
    })
    .await;
}

/// Serves the files of a folder to pages of any origin. Gives its address.
async fn serve(folder: PathBuf) -> String {
    async fn file(State(folder): State<PathBuf>, uri: Uri) -> Response {
        let kind = if uri.path().ends_with(".wasm") { "application/wasm" } else { "text/javascript" };
        match std::fs::read(folder.join(uri.path().trim_start_matches('/'))) {
            Ok(bytes) => {
                ([(header::CONTENT_TYPE, kind), (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")], bytes).into_response()
            }
            Err(_) => StatusCode::NOT_FOUND.into_response(),
        }
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(file).with_state(folder);
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}
