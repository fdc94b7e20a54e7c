//! Secrets of one app that differ from place to place, which an app at Meta has only one of.

use crate::config::{Config, OwnApp};
use crate::db::AppRow;
use crate::providers::{NAMES, default_app};

/// Where an app of this site has another secret elsewhere, and what that means.
pub fn of(rows: &[AppRow], config: &Config, row: &AppRow) -> Vec<String> {
    let sites = rows.iter().flat_map(|row| {
        let of = format!("with the key `{}`", row.settings.key);
        row.settings.own_apps().map(move |(kind, own)| (network(kind), &own.id, &own.secret, of.clone()))
    });
    let sites: Vec<_> = sites.collect();
    let defaults = NAMES.into_iter().filter_map(|name| Some((name, default_app(name, config)?)));
    let defaults: Vec<_> = defaults.collect();
    let defaults = defaults
        .iter()
        .map(|(name, app)| (*name, &app.client_id, &app.client_secret, "as the companion's default".to_owned()));
    let everywhere: Vec<_> = defaults.chain(sites).collect();
    let other = |(kind, own): (&'static str, &OwnApp)| {
        let others = everywhere.iter().filter(|(of, id, ..)| *of == network(kind) && **id == own.id);
        let (.., whose) = others.clone().find(|(_, _, secret, _)| **secret != own.secret)?;
        Some(format!(
            "{kind}: the app {} is there {whose} too, under another secret. An app has one secret at Meta, so with one of \
             the two nobody can sign in; and requests to delete a person's data or to sign a person out, which Meta signs with \
             it, are believed of whoever knows either. Take the one that the app's dashboard shows, and set it in both places",
            own.id
        ))
    };
    row.settings.own_apps().filter_map(other).collect()
}

/// Where an app of a kind is registered.
fn network(kind: &'static str) -> &'static str {
    if kind == "pages" { "facebook" } else { kind }
}
