//! The code that a visitor types, where window and tab have no other way to each other: in a frame of another site's page, say,
//! from which the browser cut the window off. The tab shows it; the window asks for it before it goes on to the provider, so
//! that who signs in is who sees the tab.
//!
//! The code is known to whoever began the sign-in, so it proves something only of the very browser that it was typed into: that
//! browser gets a cookie, without which neither the code nor the provider's answer counts. It is the only cookie there is.

use super::{Offered, go, offered, page, site_name};
use crate::Shared;
use crate::apps::App;
use crate::db::Attempt;
use crate::error::ApiError;
use crate::secrets::{digest, token};
use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use bowerbird_protocol::problem::ProblemCode;
use serde::Deserialize;

/// No letters or digits that look or sound like others, and no vowels that would make words.
const ALPHABET: &[u8; 24] = b"23456789BCDFGHJKMNPQRTVW";
const LENGTH: usize = 8;
/// Wrong codes that end a sign-in.
const MOST_TRIES: i64 = 5;

/// The code of a sign-in. It is made of its name and the companion's own key, so that it need not be kept.
pub fn of(companion: &Shared, attempt: &str) -> String {
    let signature = hex::decode(companion.signer.sign(&["typed code", attempt])).unwrap_or_default();
    let letters = signature.iter().take(LENGTH).map(|byte| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()]));
    let code: String = letters.collect();
    format!("{}-{}", &code[..LENGTH / 2], &code[LENGTH / 2..])
}

/// Where a window asks for the code.
pub fn address(source: &str, secret: &str) -> String {
    format!("/api/client/{source}/auth/code?attempt={secret}")
}

/// Names the sign-in.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    attempt: Option<String>,
}

/// What the visitor typed.
#[derive(Debug, Default, Deserialize)]
pub struct Typed {
    code: String,
    proof: String,
}

/// `GET /api/client/{source}/auth/code?attempt=`: asks for the code, and has the tab show it.
pub async fn ask(
    State(companion): State<Shared>,
    Path(source): Path<String>,
    headers: HeaderMap,
    query: super::Asked<Asked>,
) -> Response {
    let secret = query.map(|Query(asked)| asked).unwrap_or_default().attempt.unwrap_or_default();
    let Offered { attempt, app } = match offered(&companion, &source, &secret).await {
        Ok(offered) => offered,
        Err(page) => return page,
    };
    if let Some(browser) = browser_of(&companion, &attempt, &headers) {
        return form(&companion, &source, &app, &attempt, &browser, false);
    }
    let browser = token();
    match companion.db.ask_for_code(&attempt.id, &digest(&browser)).await {
        Ok(true) => {
            let (name, secure) =
                (cookie_name(&companion, &attempt), if is_https(&companion) { "; Secure" } else { "" });
            let cookie = format!("{name}={browser}; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax{secure}");
            let mut response = form(&companion, &source, &app, &attempt, &browser, false);
            response.headers_mut().extend(cookie.parse().map(|cookie| (header::SET_COOKIE, cookie)));
            response
        }
        Ok(false) => page::problem(ProblemCode::SignInExpired),
        Err(error) => super::failed_page(&ApiError::from(error)),
    }
}

fn form(companion: &Shared, source: &str, app: &App, attempt: &Attempt, browser: &str, wrong: bool) -> Response {
    page::ask_for_code(source, &site_name(app, &attempt.origin), &proof_of(companion, browser), wrong)
}

/// What the form carries: a page of a sibling host, whose requests have the cookie too, cannot know it.
fn proof_of(companion: &Shared, browser: &str) -> String {
    companion.signer.sign(&["form of the typed code", browser])
}

/// The browser that was asked for the code of this sign-in, if it is this one.
pub(super) fn browser_of(companion: &Shared, attempt: &Attempt, headers: &HeaderMap) -> Option<String> {
    let name = cookie_name(companion, attempt);
    let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let (_, browser) = pairs.find(|(known, _)| *known == name)?;
    (attempt.browser_hash.as_ref() == Some(&digest(browser))).then(|| browser.to_owned())
}

/// With the prefix, browsers take the cookie from this very host only, and not from a sibling that sets it for their domain.
fn cookie_name(companion: &Shared, attempt: &Attempt) -> String {
    let prefix = if is_https(companion) { "__Host-" } else { "" };
    format!("{prefix}bowerbird_{}", &attempt.id[..16])
}

fn is_https(companion: &Shared) -> bool {
    companion.config.public_url.scheme() == "https"
}

/// `POST` of the same: goes on to the provider when the code is right.
pub async fn check(
    State(companion): State<Shared>,
    Path(source): Path<String>,
    headers: HeaderMap,
    query: super::Asked<Asked>,
    typed: Result<Form<Typed>, FormRejection>,
) -> Response {
    let secret = query.map(|Query(asked)| asked).unwrap_or_default().attempt.unwrap_or_default();
    let Offered { attempt, app } = match offered(&companion, &source, &secret).await {
        Ok(offered) => offered,
        Err(page) => return page,
    };
    let typed = typed.map(|Form(typed)| typed).unwrap_or_default();
    let browser = browser_of(&companion, &attempt, &headers);
    // A form of another site's page, posted from here, comes without the cookie, or without the proof.
    let Some(browser) =
        browser.filter(|browser| companion.signer.verifies(&["form of the typed code", browser], &typed.proof))
    else {
        return page::problem(ProblemCode::SignInExpired);
    };
    let right = plain(&typed.code) == plain(&of(&companion, &attempt.id));
    match companion.db.code_typed(&attempt.id, right, MOST_TRIES).await {
        Ok(Some(_)) if right => go(&companion, &app, &attempt, &source).await,
        Ok(Some(tries)) if tries < MOST_TRIES => form(&companion, &source, &app, &attempt, &browser, true),
        Ok(_) => {
            let code = ProblemCode::SignInExpired;
            tracing::warn!(source, code = code.as_str(), "a sign-in ended after too many wrong codes");
            match companion.db.end_attempt(&attempt.id, code.as_str()).await {
                Ok(()) => page::problem(code),
                Err(error) => super::failed_page(&ApiError::from(error)),
            }
        }
        Err(error) => super::failed_page(&ApiError::from(error)),
    }
}

/// As people type: small letters, blanks, no dash.
fn plain(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase()).collect()
}
