//! The code that a visitor types, where window and tab have no other way to each other: in a frame of another site's page, say,
//! from which the browser cut the window off. The tab shows it; the window asks for it before it goes on to the provider, so
//! that who signs in is who sees the tab.
//!
//! The code is known to whoever began the sign-in, so it proves something only of the very browser that it was typed into: that
//! browser gets a cookie, without which neither the code nor the provider's answer counts. It is the only cookie there is.

use super::{Offered, go, offered, page, site_name};
use crate::Shared;
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
    let form = || page::ask_for_code(&source, &site_name(&app, &attempt.origin), false);
    if is_same_browser(&attempt, &headers) {
        return form();
    }
    let secret = token();
    match companion.db.ask_for_code(&attempt.id, &digest(&secret)).await {
        Ok(true) => {
            let secure = if companion.config.public_url.scheme() == "https" { "; Secure" } else { "" };
            let name = cookie_name(&attempt);
            let cookie = format!("{name}={secret}; Path=/api/client/; Max-Age=3600; HttpOnly; SameSite=Lax{secure}");
            let mut response = form();
            response.headers_mut().extend(cookie.parse().map(|cookie| (header::SET_COOKIE, cookie)));
            response
        }
        Ok(false) => page::problem(ProblemCode::SignInExpired),
        Err(error) => super::failed_page(&ApiError::from(error)),
    }
}

/// Whether it is the browser that was asked for the code of this sign-in.
pub(super) fn is_same_browser(attempt: &Attempt, headers: &HeaderMap) -> bool {
    let name = cookie_name(attempt);
    let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let secret = pairs.find(|(known, _)| *known == name).map(|(_, secret)| digest(secret));
    secret.is_some() && secret == attempt.browser_hash
}

fn cookie_name(attempt: &Attempt) -> String {
    format!("bowerbird_{}", &attempt.id[..16])
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
    // A form of another site's page, posted from here, would come without the cookie.
    if !is_same_browser(&attempt, &headers) {
        return page::problem(ProblemCode::SignInExpired);
    }
    let typed = typed.map(|Form(typed)| typed).unwrap_or_default();
    let right = plain(&typed.code) == plain(&of(&companion, &attempt.id));
    let tries = match companion.db.code_typed(&attempt.id, right).await {
        Ok(tries) => tries,
        Err(error) => return super::failed_page(&ApiError::from(error)),
    };
    if !right && tries + 1 >= MOST_TRIES {
        let code = ProblemCode::SignInExpired;
        tracing::warn!(source, code = code.as_str(), "a sign-in ended after too many wrong codes");
        return match companion.db.end_attempt(&attempt.id, code.as_str()).await {
            Ok(()) => page::problem(code),
            Err(error) => super::failed_page(&ApiError::from(error)),
        };
    }
    if right {
        go(&companion, &app, &attempt, &source).await
    } else {
        page::ask_for_code(&source, &site_name(&app, &attempt.origin), true)
    }
}

/// As people type: small letters, blanks, no dash.
fn plain(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase()).collect()
}
