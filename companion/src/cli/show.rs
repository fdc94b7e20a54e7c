//! What `app show` and `app list` say of a site. Never a secret.

use crate::config::{AppConfig, Config, is_emulated};
use crate::db::AppRow;
use crate::providers::{NAMES, default_app};

/// A site in a line.
pub fn line(row: &AppRow, config: &Config) -> String {
    let app = &row.settings;
    let sources: Vec<&str> = NAMES.into_iter().filter(|name| standing(row, config, name).works).collect();
    let sources = if sources.is_empty() { "no source".to_owned() } else { sources.join(", ") };
    format!("{}  {}  {}  ({})", app.key, list(&app.origins), sources, whence(row))
}

/// A site with all that is to be known of it.
pub fn app(row: &AppRow, config: &Config) -> String {
    let app = &row.settings;
    let mut out = String::new();
    let mut put = |line: String| out.push_str(&(line + "\n"));
    let fact = |name: &str, value: &str| format!("  {name:<10} {value}");
    put(format!("{}  ({})", app.key, whence(row)));
    put(fact("name", app.name.as_deref().unwrap_or("the host of its page")));
    put(fact("origins", &list(&app.origins)));
    put(fact("addresses", &addresses(app)));
    put(fact("privacy", app.privacy_url.as_ref().map_or("no page is linked; --privacy-url URL", |url| url.as_str())));
    put(fact(
        "sign-in",
        if app.unbound_sign_in { "by any client (unbound_sign_in)" } else { "by Bowerbird's dialog only" },
    ));
    let policies = match (&app.secret, row.is_locked("secret"), app.require_policy) {
        (_, true, _) => LOCKED,
        (None, ..) => "none are taken; --new-secret",
        (Some(_), _, true) => "each listing, storing, converting and uploading needs one (require_policy)",
        (Some(_), _, false) => "taken, and not needed for listing, storing, converting and uploading",
    };
    put(fact("policies", policies));
    put(fact("stores", &format!("at most {} photos a session", app.max_stores)));
    for (name, url) in &app.aliases {
        put(fact("alias", &format!("src://{name}/ is {url}")));
    }
    let links = match app.allow_links {
        true => format!("allowed, for {} hours (allow_links)", app.link_hours),
        false => "not allowed; --allow-links".to_owned(),
    };
    put(fact("links", &links));
    let deletion = match app.keep_files_on_deletion {
        true => "the site deletes a person's files when the person asks Meta for it (keep_files_on_deletion)",
        false => "a person's files are deleted when the person asks Meta for it",
    };
    put(fact("deletion", deletion));
    let locked = |kind: &str| row.is_locked(kind).then(|| LOCKED.to_owned());
    let notices = locked("webhook").unwrap_or_else(|| match &app.webhook {
        Some(webhook) => format!("{} posted to {}", webhook.events, webhook.url),
        None => "none; `webhooks add` adds a receiver, `webhooks list` shows all".to_owned(),
    });
    put(fact("notices", &notices));
    for webhook in &app.webhooks {
        put(fact("", &format!("{} posted to {}", webhook.events, webhook.url)));
    }
    put("\nSources".to_owned());
    for name in NAMES {
        put(fact(name, &standing(row, config, name).words));
    }
    put(fact("pages", &pages(row)));
    put("\nTo register at Meta, byte for byte".to_owned());
    for name in NAMES {
        if let Some(id) = standing(row, config, name).id {
            out.push_str(&registrations(name, &id, config));
        }
    }
    if let Some(pages) = &app.pages
        && app.facebook.as_ref().is_none_or(|facebook| facebook.id != pages.id)
    {
        out.push_str(&registrations("facebook", &pages.id, config));
    }
    out.trim_end().to_owned()
}

const LOCKED: &str =
    "does not work: its secret is sealed with a key that is not there; give that key back, or the secret anew";

/// How a source stands for a site.
struct Standing {
    works: bool,
    /// The app at the provider.
    id: Option<String>,
    words: String,
}

fn standing(row: &AppRow, config: &Config, name: &str) -> Standing {
    let needs = match name {
        "facebook" => {
            "; it must have classic Facebook Login, and user_photos by App Review for people without a role on it"
        }
        _ => "; professional accounts only, and people without a role on it after App Review",
    };
    let own = row.settings.own_apps().find(|(kind, _)| *kind == name).map(|(_, own)| own);
    if let Some((_, id)) = row.locked.iter().find(|(kind, _)| kind == name) {
        return Standing { works: false, id: Some(id.clone()), words: format!("its own app {id} {LOCKED}") };
    }
    match (own, default_app(name, config)) {
        (Some(own), _) => {
            let words = format!("configured: its own app {}{needs}", own.id);
            Standing { works: true, id: Some(own.id.clone()), words }
        }
        (None, Some(app)) if is_emulated(&app.client_secret) => Standing {
            works: true,
            words: format!("configured: the companion's default app {}, which is the emulator's", app.client_id),
            id: Some(app.client_id),
        },
        (None, Some(app)) => Standing {
            works: true,
            words: format!("configured: the companion's default app {}{needs}", app.client_id),
            id: Some(app.client_id),
        },
        (None, None) => Standing {
            works: false,
            id: None,
            words: format!(
                "not configured: give the key an app (app set {} --{name}-id ID --{name}-secret-file FILE), or the companion \
                 one for all keys ({name}_app_id, {name}_app_secret)",
                row.settings.key
            ),
        },
    }
}

fn pages(row: &AppRow) -> String {
    if row.is_locked("pages") {
        return LOCKED.to_owned();
    }
    match &row.settings.pages {
        Some(own) => format!("app {}, with which Pages are connected to publish to", own.id),
        None => "Pages are connected with the app of facebook. One of its own with Login for Business would do for it, but not \
                 for picking: that needs classic Facebook Login, because Login for Business cannot grant user_photos"
            .to_owned(),
    }
}

/// What the dashboard of an app at Meta asks for.
fn registrations(source: &str, id: &str, config: &Config) -> String {
    let at = |path: &str| config.public(&format!("/api/client/{source}/{path}"));
    format!(
        "  {source}, app {id}\n    OAuth redirect URI    {}\n    deauthorize callback  {}\n    data deletion         {}\n",
        at("authCallback/open"),
        at(&format!("deauthorize/{id}")),
        at(&format!("deletion/{id}"))
    )
}

fn addresses(app: &AppConfig) -> String {
    match (&app.addresses[..], app.origins.iter().any(|origin| origin == "*")) {
        ([], true) => "every address".to_owned(),
        ([], false) => {
            "none: where a sign-in's window cannot speak to the page (in-app browsers, isolated pages) visitors type \
                        a code or cannot sign in; --address URL"
                .to_owned()
        }
        (listed, _) => list(listed),
    }
}

fn whence(row: &AppRow) -> &'static str {
    match (row.seeded, row.updated_ms) {
        (true, 0) => "of the configuration, from the next start on",
        (true, _) => "of the configuration",
        (false, _) => "managed by `app`, whatever the configuration says",
    }
}

fn list(entries: &[String]) -> String {
    if entries.is_empty() { "none".to_owned() } else { entries.join(" ") }
}
