//! Signing in, wherever that is: every row of the table in ARCHITECTURE.md, with a login page that takes its time. A fast one
//! would hide what happens while it is open.

use crate::browser::{Engine, Options};
use crate::engines::IN_APP;
use crate::stage::Stage;
use crate::visitor::Visitor;
use crate::{DWELL, tell, tell_in};
use bowerbird_emulator::Fault;
use serde_json::{Value, json};
use std::time::Duration;

fn facebook() -> Value {
    json!({"fromSources": "facebook", "maxFiles": 3})
}

/// The same story in each engine.
macro_rules! in_every_engine {
    ($($name:ident => $story:expr;)*) => { $(mod $name {
        use super::*;

        #[tokio::test]
        async fn in_chromium() {
            tell_in(Engine::Chromium, Options::default(), DWELL, $story).await;
        }

        #[tokio::test]
        async fn in_firefox() {
            tell_in(Engine::Firefox, Options::default(), DWELL, $story).await;
        }

        #[tokio::test]
        async fn in_webkit() {
            tell_in(Engine::WebKit, Options::default(), DWELL, $story).await;
        }
    })* };
}

in_every_engine! {
    nothing_special => async |visitor, stage: Stage| signs_in_at(&visitor, &stage.page).await;
    an_isolated_page => async |visitor, stage: Stage| signs_in_at(&visitor, &stage.page_at("coop-same-origin/")).await;
    a_page_that_keeps_its_popups => async |visitor, stage: Stage| {
        signs_in_at(&visitor, &stage.page_at("coop-same-origin-allow-popups/")).await;
    };
    an_isolated_login => async |visitor, stage: Stage| {
        stage.emulator.set_fault(Fault::LoginCoop { value: None });
        signs_in_at(&visitor, &stage.page).await;
    };
    a_window_that_is_closed => async |visitor, stage| closes_the_window(visitor, stage).await;
    a_window_that_is_blocked => async |visitor, stage| follows_the_link(visitor, stage).await;
}

/// From the button to the albums, without ever being told that a window is closed.
async fn signs_in_at(visitor: &Visitor, page: &str) {
    visitor.opens(page, facebook()).await;
    visitor.starts_picking().await;
    visitor.starts_connecting().await;
    visitor.clicks_outside("button[data-account='alice']").await;
    visitor.goes_back_to_the_page().await;
    // Longer than it takes to miss a window that is out of sight.
    tokio::time::sleep(Duration::from_secs(4)).await;
    let words = visitor.words().await;
    assert!(!words.to_lowercase().contains("closed"), "{words}");
    assert!(words.contains("Finish signing in") || words.contains("Still waiting"), "{words}");
    visitor.goes_to_the_new_window().await;
    visitor.finishes_signing_in(&["#continue"]).await;
    visitor.sees(".tile.folder").await;
}

async fn closes_the_window(visitor: Visitor, stage: Stage) {
    visitor.opens(&stage.page, facebook()).await;
    visitor.starts_picking().await;
    visitor.starts_connecting().await;
    visitor.closes_the_window().await;
    visitor.reads("Still waiting for Facebook.").await;
    visitor.clicks("[data-action='stop']").await;
    visitor.starts_connecting().await;
    visitor.closes_the_window().await;
    visitor.reads("Still waiting for Facebook.").await;
    visitor.clicks("a[data-action='open']").await;
    visitor.goes_to_the_new_window().await;
    visitor.signs_in("alice", &["#continue"]).await;
    visitor.sees(".tile.folder").await;
    visitor.clicks("[aria-label='Close']").await;
    assert_eq!(visitor.receives().await["filesUploaded"], json!([]));
}

async fn follows_the_link(visitor: Visitor, stage: Stage) {
    visitor.opens(&stage.page, facebook()).await;
    visitor.runs("window.open = () => null").await;
    visitor.starts_picking().await;
    visitor.clicks("[data-action='connect']").await;
    visitor.reads("Your browser did not open the window.").await;
    visitor.clicks("a[data-action='open']").await;
    visitor.goes_to_the_new_window().await;
    visitor.signs_in("alice", &["#continue"]).await;
    visitor.sees(".tile.folder").await;
}

#[tokio::test]
async fn a_page_that_keeps_its_popups_and_an_isolated_login() {
    tell(DWELL, async |visitor: Visitor, stage: Stage| {
        stage.emulator.set_fault(Fault::LoginCoop { value: None });
        signs_in_at(&visitor, &stage.page_at("coop-same-origin-allow-popups/")).await;
    })
    .await;
}

#[tokio::test]
async fn both_isolated() {
    tell(DWELL, async |visitor: Visitor, stage: Stage| {
        stage.emulator.set_fault(Fault::LoginCoop { value: None });
        signs_in_at(&visitor, &stage.page_at("coop-same-origin/")).await;
    })
    .await;
}

#[tokio::test]
async fn a_cancelled_sign_in_at_an_isolated_login_closes_its_window_too() {
    tell(DWELL, async |visitor: Visitor, stage: Stage| {
        stage.emulator.set_fault(Fault::LoginCoop { value: None });
        visitor.opens(&stage.page, facebook()).await;
        visitor.starts_picking().await;
        visitor.starts_connecting().await;
        visitor.signs_in("alice", &["#cancel"]).await;
        visitor.reads("You cancelled the sign-in.").await;
        visitor.connects_as("alice").await;
        visitor.sees(".tile.folder").await;
    })
    .await;
}

#[tokio::test]
async fn in_the_browser_of_an_app_the_page_itself_goes_and_comes_back_as_it_was() {
    let options = Options { user_agent: Some(IN_APP), ..Options::default() };
    tell_in(Engine::Chromium, options, DWELL, async |visitor: Visitor, stage: Stage| {
        // The address has a query, which the listed address has not.
        let options = json!({"fromSources": ["facebook", "instagram"], "maxFiles": 3});
        visitor.opens(&stage.page, options).await;
        visitor.runs("window.open = () => null; window.before = true").await;
        visitor.starts_picking().await;
        visitor.chooses_service("facebook").await;
        visitor.connects_on_the_page_as("alice").await;
        visitor.opens_folder("Holidays in Lisbon").await;
        visitor.picks(&[0, 2]).await;
        assert_eq!(visitor.runs("return window.before ?? null").await, Value::Null, "the page was left");
        assert_eq!(visitor.runs("return location.hash + sessionStorage.length").await, "0", "nothing is left behind");

        // In the middle of a pick: folder and choice are there again afterwards, those of the other source too.
        stage.emulator.set_fault(Fault::ExpiredTokens);
        visitor.clicks(".back").await;
        visitor.opens_folder("Mobile uploads").await;
        visitor.sees("[data-problem='sign_in_again']").await;
        visitor.connects_on_the_page_as("alice").await;
        visitor.sees(".photo").await;
        visitor.reads("Mobile uploads").await;
        visitor.reads("2 of 3 selected").await;
        visitor.clicks(".back").await;
        visitor.opens_folder("Holidays in Lisbon").await;
        visitor.confirms().await;
        let result = visitor.receives().await;
        assert_eq!(result["filesUploaded"].as_array().unwrap().len(), 2, "{result}");
    })
    .await;
}

#[tokio::test]
async fn in_the_browser_of_an_app_a_cancelled_sign_in_comes_back_too() {
    let options = Options { user_agent: Some(IN_APP), ..Options::default() };
    tell_in(Engine::Chromium, options, DWELL, async |visitor: Visitor, stage: Stage| {
        visitor.opens(&stage.page, facebook()).await;
        visitor.starts_picking().await;
        visitor.clicks("[data-action='connect']").await;
        visitor.clicks_outside("button[data-account='alice']").await;
        visitor.clicks_outside("#cancel").await;
        visitor.reads("You cancelled the sign-in.").await;
        visitor.connects_on_the_page_as("alice").await;
        visitor.sees(".tile.folder").await;
    })
    .await;
}

#[tokio::test]
async fn a_frame_whose_storage_is_blocked() {
    let options = Options { third_parties_blocked: true, ..Options::default() };
    tell_in(Engine::Chromium, options, DWELL, async |visitor: Visitor, stage: Stage| {
        signs_in_at(&visitor, &stage.framed_page("album/")).await;
    })
    .await;
}

#[tokio::test]
async fn a_frame_whose_storage_is_blocked_in_firefox() {
    let options = Options { third_parties_blocked: true, ..Options::default() };
    tell_in(Engine::Firefox, options, DWELL, async |visitor: Visitor, stage: Stage| {
        signs_in_at(&visitor, &stage.framed_page("album/")).await;
    })
    .await;
}

#[tokio::test]
async fn a_frame_in_an_isolated_page_has_the_visitor_type_a_code() {
    let options = Options { third_parties_blocked: true, ..Options::default() };
    tell_in(Engine::Chromium, options, DWELL, async |visitor: Visitor, stage: Stage| {
        visitor.opens(&stage.framed_page("coop-same-origin/album/"), facebook()).await;
        visitor.starts_picking().await;
        visitor.starts_connecting().await;
        visitor.photographs("code-window").await;
        visitor.types_the_code().await;
        visitor.signs_in("alice", &["#continue"]).await;
        visitor.sees(".tile.folder").await;
    })
    .await;
}

#[tokio::test]
async fn a_page_that_is_not_listed_finds_its_way_by_a_code() {
    tell(DWELL, async |visitor: Visitor, stage: Stage| {
        stage.emulator.set_fault(Fault::LoginCoop { value: None });
        visitor.opens(&stage.page_at("unlisted/"), facebook()).await;
        visitor.starts_picking().await;
        visitor.starts_connecting().await;
        // The login cuts the window off, which nobody could know beforehand.
        visitor.clicks_outside("button[data-account='alice']").await;
        visitor.clicks_outside("#continue").await;
        visitor.clicks_outside(".is-lost .lost").await;
        visitor.closes_the_window().await;
        visitor.reads("this time you will see a code to type").await;
        visitor.starts_connecting().await;
        visitor.types_the_code().await;
        visitor.signs_in("alice", &["#continue"]).await;
        visitor.sees(".tile.folder").await;
    })
    .await;
}

#[tokio::test]
async fn two_tabs_keep_to_themselves() {
    tell(DWELL, async |visitor: Visitor, stage: Stage| {
        // Both tabs listen to the same channel, since both are isolated.
        let page = stage.page_at("coop-same-origin/");
        visitor.opens(&page, facebook()).await;
        visitor.starts_picking().await;
        visitor.starts_connecting().await;
        let window = visitor.driver().window().await.unwrap();
        let second = visitor.opens_another_tab().await;
        second.opens(&page, facebook()).await;
        second.starts_picking().await;
        second.starts_connecting_beside(std::slice::from_ref(&window)).await;
        second.signs_in_beside("ben", &["#continue"], 3).await;
        second.reads("There are no albums in this account.").await;
        visitor.driver().switch_to_window(window).await.unwrap();
        visitor.signs_in_beside("alice", &["#continue"], 2).await;
        visitor.sees(".tile.folder").await;
        second.goes_back_to_the_page().await;
        second.reads("There are no albums in this account.").await;
    })
    .await;
}

#[tokio::test]
async fn still_signed_in_after_a_reload_where_the_site_asked_for_it() {
    tell(DWELL, async |visitor: Visitor, stage: Stage| {
        let remembered = json!({"fromSources": "facebook", "init": {"sessionCache": true}});
        visitor.opens(&stage.page, remembered.clone()).await;
        visitor.starts_picking().await;
        visitor.connects_as("alice").await;
        visitor.opens_folder("Holidays in Lisbon").await;
        visitor.picks(&[0]).await;
        visitor.confirms().await;
        visitor.receives().await;
        visitor.opens(&stage.page, remembered).await;
        visitor.starts_picking().await;
        visitor.opens_folder("Holidays in Lisbon").await;
        visitor.clicks("[aria-label='Close']").await;
        visitor.receives().await;
        // Whoever does not ask for it finds nobody signed in.
        visitor.opens(&stage.page, facebook()).await;
        visitor.starts_picking().await;
        visitor.sees("[data-action='connect']").await;
    })
    .await;
}

#[tokio::test]
async fn the_token_is_gone_when_all_is_copied() {
    tell(DWELL, async |visitor: Visitor, stage: Stage| {
        visitor.begins(&stage.page, "facebook", 1, "alice").await;
        visitor.opens_folder("Holidays in Lisbon").await;
        visitor.picks(&[0]).await;
        assert_eq!(stage.connections().await, 1);
        visitor.confirms().await;
        visitor.receives().await;
        stage.has_connections(0).await;
    })
    .await;
}

#[tokio::test]
async fn another_account_signing_out_and_taking_access_back() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        visitor.begins(&stage.page, "facebook", 3, "alice").await;
        visitor.opens_folder("Holidays in Lisbon").await;
        visitor.clicks(".back").await;
        visitor.chooses_for_the_account("switch-account").await;
        visitor.connects_as("dalia").await;
        visitor.sees(".tile.folder").await;
        visitor.chooses_for_the_account("sign-out").await;
        visitor.connects_as("alice").await;
        visitor.sees(".tile.folder").await;
        visitor.chooses_for_the_account("remove-access").await;
        visitor.reads("This site will no longer see anything of this Facebook account").await;
        visitor.clicks("[data-action='keep']").await;
        visitor.sees(".tile.folder").await;
        visitor.chooses_for_the_account("remove-access").await;
        visitor.clicks("[data-action='remove']").await;
        visitor.sees("[data-action='connect']").await;
        assert_eq!(stage.connections().await, 0);
        let revoked = stage
            .emulator
            .calls()
            .into_iter()
            .any(|call| call.path.ends_with("/me/permissions") && call.method == "POST");
        assert!(revoked, "Meta was told");
    })
    .await;
}

#[tokio::test]
async fn a_token_that_dies_while_photos_are_copied_is_renewed_without_losing_the_choice() {
    tell(DWELL, async |visitor: Visitor, stage: Stage| {
        visitor.begins(&stage.page, "facebook", 3, "alice").await;
        visitor.opens_folder("Holidays in Lisbon").await;
        visitor.picks(&[0, 1, 2]).await;
        stage.emulator.set_fault(Fault::ExpiredTokens);
        visitor.confirms().await;
        visitor.reads("3 photos could not be copied").await;
        visitor.clicks("[data-action='connect-again']").await;
        visitor.connects_as("alice").await;
        visitor.reads("3 of 3 selected").await;
        visitor.confirms().await;
        let result = visitor.receives().await;
        assert_eq!(result["filesUploaded"].as_array().unwrap().len(), 3, "{result}");
        crate::arrived_whole(&stage, &result["filesUploaded"]).await;
    })
    .await;
}

#[tokio::test]
async fn the_connect_screen_names_the_site_and_says_what_happens() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        visitor.opens(&stage.page, facebook()).await;
        visitor.starts_picking().await;
        visitor.reads("Larkspur Prints reads your name, albums and photos on Facebook").await;
        visitor.reads("We only copy the photos that you choose").await;
        let link = visitor.sees("[data-action='privacy']").await;
        assert_eq!(link.attr("href").await.unwrap().unwrap(), stage.page_at("privacy"));
    })
    .await;
}

#[tokio::test]
async fn two_pickers_of_one_page_keep_to_themselves() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        visitor.begins(&stage.page, "facebook", 1, "alice").await;
        visitor.sees(".tile.folder").await;
        // One dialog at a time: the second is refused in words, and does the first no harm.
        let second = format!("bowerbird.init('other', {{ url: '{}' }}).pick('facebook')", stage.companion);
        visitor.runs(&format!("{second}.catch(error => window.refusal = error.message)")).await;
        visitor.until_it_says("return window.refusal ?? ''", "a picker is open already").await;
        visitor.sees(".tile.folder").await;
        visitor.clicks("[aria-label='Close']").await;
        visitor.receives().await;
        // Another key on the same page is another site's: nobody is signed in there.
        visitor.runs(&format!("{second}.then(result => window.outcome = {{ result }}); window.outcome = null")).await;
        visitor.connects_as("dalia").await;
        visitor.sees(".tile.folder").await;
        visitor.clicks("[aria-label='Close']").await;
        visitor.receives().await;
        // The first picker's visitor, who left without choosing, is still who they were.
        visitor.starts_picking().await;
        visitor.opens_folder("Holidays in Lisbon").await;
    })
    .await;
}
