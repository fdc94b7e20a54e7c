//! How the login pages look: one sheet, three pages, no scripts.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Somebody to sign in as.
pub struct Choice<'a> {
    /// The account's key.
    pub key: &'a str,
    /// The name or handle.
    pub name: &'a str,
    /// What is special about them.
    pub about: &'a str,
}

/// Something that the app may be allowed to see.
pub struct Permission<'a> {
    /// Its name: the name of the checkbox.
    pub name: &'a str,
    /// What it means, in a few words.
    pub label: &'a str,
    /// Whether it can be unticked.
    pub optional: bool,
}

/// The network whose page it is.
pub struct Brand {
    /// Its name.
    pub name: &'static str,
    /// The class that colours the page.
    pub class: &'static str,
}

const SHEET: &str = "\
:root{color-scheme:light dark;--page:#f0f2f5;--card:#fff;--ink:#1c1e21;--soft:#606770;--line:#d8dbe0;--tint:#e8eef7}\
@media(prefers-color-scheme:dark){:root{--page:#18191a;--card:#242526;--ink:#e4e6eb;--soft:#b0b3b8;--line:#3e4042;\
--tint:#2f3a4a}}\
*{box-sizing:border-box}\
body{margin:0;min-height:100vh;background:var(--page);color:var(--ink);font:16px/1.45 system-ui,sans-serif;\
display:flex;flex-direction:column;align-items:center}\
.facebook{--brand:#0a66e0}.instagram{--brand:#c5256f}\
header{width:100%;padding:14px 20px;background:var(--brand);color:#fff;font-weight:700;font-size:18px}\
header small{font-weight:400;opacity:.85;margin-left:8px;font-size:13px}\
main{width:calc(100% - 32px);max-width:420px;margin:24px 0;padding:24px;background:var(--card);\
border:1px solid var(--line);\
border-radius:12px}\
h1{margin:0 0 6px;font-size:21px;line-height:1.25}p{margin:0 0 16px;color:var(--soft)}\
form{margin:0}ul{list-style:none;margin:0 0 16px;padding:0}li{margin:0 0 8px}\
.account{display:flex;width:100%;gap:12px;align-items:center;padding:12px;text-align:start;font:inherit;color:inherit;\
background:none;border:1px solid var(--line);border-radius:10px;cursor:pointer}\
.account:hover{background:var(--tint)}.account b{display:block}.account small{color:var(--soft)}\
.face{flex:none;width:40px;height:40px;border-radius:50%;background:var(--brand);color:#fff;display:grid;\
place-items:center;\
font-weight:700}\
label{display:flex;gap:10px;align-items:center;padding:8px 0}input{width:18px;height:18px;accent-color:var(--brand)}\
.given{display:flex;gap:10px;padding:8px 0;color:var(--soft)}\
.go,.stop{display:block;width:100%;padding:12px;border-radius:10px;font:inherit;font-weight:600;cursor:pointer;\
margin-top:10px}\
.go{border:0;background:var(--brand);color:#fff}.stop{border:1px solid var(--line);background:none;color:inherit}\
button:focus-visible,input:focus-visible{outline:3px solid var(--brand);outline-offset:2px}\
footer{color:var(--soft);font-size:13px;padding:0 20px 24px;text-align:center}";

/// Text for HTML, in elements and in quoted attributes.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

fn page(status: StatusCode, brand: &Brand, title: &str, main: &str) -> Response {
    let title = escape(title);
    let html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\" class=\"{class}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title}</title>\
         <style>{SHEET}</style></head><body class=\"{class}\">\n<header>{name}<small>emulated</small></header>\n\
         <main>\n<h1>{title}</h1>\n{main}</main>\n\
         <footer>This is an emulator. Nobody here is real, and nobody needs a password.</footer>\n</body></html>\n",
        class = brand.class,
        name = brand.name,
    );
    let mut response = (status, html).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Who is it?
pub fn choose(brand: &Brand, app: &str, people: &[Choice]) -> Response {
    let items: String = people
        .iter()
        .map(|person| {
            let (key, name, about) = (escape(person.key), escape(person.name), escape(person.about));
            let face = escape(&person.name.chars().next().unwrap_or('?').to_uppercase().to_string());
            format!(
                "<li><button class=\"account\" name=\"account\" value=\"{key}\" data-account=\"{key}\">\
                 <span class=\"face\" aria-hidden=\"true\">{face}</span>\
                 <span><b><bdi>{name}</bdi></b><small>{about}</small></span></button></li>\n"
            )
        })
        .collect();
    let main = format!(
        "<p>Choose an account to use {} with.</p>\n<form method=\"post\">\n<ul>\n{items}</ul>\n\
         <label><input type=\"checkbox\" name=\"remember\" value=\"1\">Stay signed in on this browser</label>\n\
         </form>\n",
        escape(app)
    );
    page(StatusCode::OK, brand, &format!("Log in to {}", brand.name), &main)
}

/// May the app see this?
pub fn consent(brand: &Brand, app: &str, person: &Choice, permissions: &[Permission], remember: bool) -> Response {
    let items: String = permissions
        .iter()
        .map(|permission| {
            let (name, label) = (escape(permission.name), escape(permission.label));
            if permission.optional {
                format!("<label><input type=\"checkbox\" name=\"{name}\" value=\"on\" checked>{label}</label>\n")
            } else {
                format!("<div class=\"given\"><span aria-hidden=\"true\">&#10003;</span>{label}</div>\n")
            }
        })
        .collect();
    let keep = if remember { "<input type=\"hidden\" name=\"remember\" value=\"1\">" } else { "" };
    let main = format!(
        "<p>You are signed in as <bdi>{name}</bdi>. {app} will receive:</p>\n<form method=\"post\">\n\
         <input type=\"hidden\" name=\"account\" value=\"{key}\">{keep}\n{items}\
         <button class=\"go\" id=\"continue\" name=\"decision\" value=\"continue\">Continue</button>\n\
         <button class=\"stop\" id=\"cancel\" name=\"decision\" value=\"cancel\">Cancel</button>\n</form>\n",
        name = escape(person.name),
        app = escape(app),
        key = escape(person.key),
    );
    page(StatusCode::OK, brand, &format!("{app} wants to connect"), &main)
}

/// A mistake of the app's: it is shown to the person, who is not sent back.
pub fn error_of(brand: &Brand, status: StatusCode, title: &str, words: &str) -> Response {
    page(status, brand, title, &format!("<p>{}</p>\n", escape(words)))
}

/// A mistake that belongs to neither network.
pub fn error(status: StatusCode, title: &str, words: &str) -> Response {
    error_of(&Brand { name: "Meta", class: "facebook" }, status, title, words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_break_out_of_the_page() {
        assert_eq!(escape("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
    }
}
