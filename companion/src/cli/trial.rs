//! `app test`: an operator signs in for a site, and sees where it fails.
//!
//! The sign-in is put into the database unbound, which an operator may do for whoever holds the link; the companion that runs
//! there serves it as any other. What is signed in to is forgotten at the end.

use super::say;
use crate::apps::App;
use crate::config::Config;
use crate::db::{AppRow, Binding, CONNECTED, Db, NewAttempt, now};
use crate::fetch::Fetcher;
use crate::providers::{Failure, Provider, hint};
use crate::secrets::{digest, token};
use anyhow::{Context as _, anyhow, bail};
use bowerbird_protocol::problem::ProblemCode;
use std::time::Duration;
use tokio::time::{Instant, sleep};

const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Tries a source of a site, and says how each step went.
pub async fn run(config: &Config, db: &Db, row: &AppRow, source: &str, wait: u64) -> anyhow::Result<()> {
    let app = App::new(row, config, &Fetcher::new(config)?);
    let key = app.key();
    let provider = app.provider(source).with_context(|| {
        format!("{source} has no app that works for `{key}`; `app show {key}` says what is missing")
    })?;
    say(&format!("app          {} at {source}", provider.client_id()));
    let session = db.insert_session(&digest(&token()), key, "", false).await?.id;
    let tried = steps(&Trial { config, db, provider, session: &session, wait: Duration::from_secs(wait) }).await;
    // The token goes with the session, whatever came of it.
    db.delete_session(&session).await?;
    tried.with_context(|| format!("{source} does not work for `{key}`"))?;
    say(&format!("{source} works for `{key}`"));
    Ok(())
}

struct Trial<'a> {
    config: &'a Config,
    db: &'a Db,
    provider: &'a dyn Provider,
    session: &'a str,
    wait: Duration,
}

async fn steps(trial: &Trial<'_>) -> anyhow::Result<()> {
    let Trial { db, provider, session, .. } = trial;
    let source = provider.name();
    match sign_in(trial).await? {
        None => say("connecting   works"),
        Some(code @ ProblemCode::PermissionDeclined) => {
            say("connecting   works");
            return Err(refused("permissions", code, None));
        }
        Some(code) => return Err(refused("connecting", code, None)),
    }
    say("permissions  granted");
    let connection = db.connection(session, source).await?.context(
        "the token that the companion has kept cannot be opened here: give this command the settings of the companion, its \
         encryption keys above all",
    )?;
    let failed = |failure: Failure| refused("listing", failure.code(), Some(failure.cause()));
    let page = provider.list(&connection.access_token, "/", None).await.map_err(failed)?;
    let folders: Vec<&str> =
        page.entries.iter().filter(|entry| entry.item.folder).map(|entry| entry.item.path.as_str()).collect();
    let photos = page.entries.len() - folders.len();
    say(&format!("listing      works: {} albums, {photos} photos on the first page", folders.len()));
    if photos == 0
        && let [album, ..] = folders[..]
    {
        let page = provider.list(&connection.access_token, album, None).await.map_err(failed)?;
        say(&format!("album        works: {} entries on the first page of the first one", page.entries.len()));
    }
    Ok(())
}

/// Offers the sign-in and waits for its end. The inner value is what it failed with.
async fn sign_in(trial: &Trial<'_>) -> anyhow::Result<Option<ProblemCode>> {
    let Trial { config, db, provider, session, wait } = trial;
    let source = provider.name();
    let secret = token();
    let id = digest(&secret);
    let since = now();
    db.insert_attempt(&NewAttempt {
        id: &id,
        session,
        source,
        binding: Binding::Unbound,
        appurl: None,
        // As a visitor who asks again: so the dialog shows what it asks for, however the last one ended.
        rerequest: true,
        switch_account: false,
    })
    .await?;
    say("link         open it in a browser and sign in; keep it to yourself, it works once");
    say(&format!("  {}", config.public(&format!("/api/client/{source}/auth/open?attempt={secret}"))));
    let deadline = Instant::now() + *wait;
    let mut opened = false;
    while Instant::now() < deadline {
        if !opened && db.is_opened(&id).await? {
            say("opened       the companion has sent you on");
            opened = true;
        }
        let row = db.sign_in(&id, session, source, since).await?;
        if let Some(outcome) = row.and_then(|row| row.outcome) {
            return Ok((outcome != CONNECTED).then(|| ProblemCode::from_name(&outcome)));
        }
        sleep(LOOK_EVERY).await;
    }
    if !opened {
        bail!(
            "the link was not opened within {} seconds. If it shows no page, no companion runs at {}, or one with another \
             database than {}",
            wait.as_secs(),
            config.public_url,
            config.data_dir.display()
        );
    }
    bail!(
        "{source} has not sent you back within {} seconds. If its page showed an error: the redirect URI {} must be registered \
         at the app, and while the app is in development mode only people with a role on it can sign in",
        wait.as_secs(),
        config.public(&format!("/api/client/{source}/authCallback/open"))
    )
}

fn refused(step: &str, code: ProblemCode, cause: Option<&str>) -> anyhow::Error {
    let mut words = format!("{step} failed: {} ({})", code.english(), code.as_str());
    if let Some(cause) = cause {
        words.push_str(&format!("; {cause}"));
    }
    if let Some(hint) = hint(code) {
        words.push_str(&format!("; what to do: {hint}"));
    }
    anyhow!(words)
}
