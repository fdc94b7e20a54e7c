//! `app`: the sites of a companion, in its database. A companion that runs follows within seconds.

use super::{database, disagreements, existing_database, say, show, trial, warn};
use crate::config::{AppConfig, Config};
use crate::db::{AppRow, Db};
use crate::mode::{self, Mode};
use crate::secrets::{Secret, token};
use anyhow::{Context as _, bail, ensure};
use clap::{Args, Subcommand, ValueEnum};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use url::Url;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Add a site.
    Add(Box<Add>),
    /// List the sites.
    List,
    /// Show a site: what works with what is there, what is missing, and what to register at Meta. Shows no secret.
    Show {
        /// The API key.
        key: String,
    },
    /// Change a site. What is not named stays.
    Set(Box<Set>),
    /// Remove a site and sign its visitors out. Files that are stored for it stay.
    Remove {
        /// The API key.
        key: String,
    },
    /// Sign in for a site yourself, and see step by step whether it works. The companion must be running.
    Test {
        /// The API key.
        key: String,
        /// The service.
        source: Source,
        /// How many seconds to wait for the sign-in.
        #[arg(long, default_value_t = 600, value_name = "SECONDS")]
        wait: u64,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Source {
    Facebook,
    Instagram,
}

#[derive(Debug, Args)]
pub struct Add {
    /// The API key: what the site's pages pass to `init()`.
    key: String,
    /// Where the site's pages live: https://shop.example. `*` is everywhere.
    #[arg(long = "origin", required = true, value_name = "ORIGIN")]
    origins: Vec<String>,
    #[command(flatten)]
    wishes: Wishes,
}

#[derive(Debug, Args)]
pub struct Set {
    /// The API key.
    key: String,
    /// Where the site's pages live, instead of what is listed.
    #[arg(long = "origin", value_name = "ORIGIN")]
    origins: Vec<String>,
    #[command(flatten)]
    wishes: Wishes,
    /// List no addresses.
    #[arg(long, conflicts_with = "addresses")]
    clear_addresses: bool,
    /// Know no aliases.
    #[arg(long, conflicts_with = "aliases")]
    clear_aliases: bool,
    /// Call the site by its host.
    #[arg(long, conflicts_with = "name")]
    no_name: bool,
    /// Link no page on privacy.
    #[arg(long, conflicts_with = "privacy_url")]
    no_privacy_url: bool,
    /// Let only Bowerbird's dialog sign visitors in.
    #[arg(long, conflicts_with = "unbound_sign_in")]
    no_unbound_sign_in: bool,
    /// Delete a person's stored files when the person asks Meta for it.
    #[arg(long, conflicts_with = "keep_files_on_deletion")]
    no_keep_files_on_deletion: bool,
    /// Let pages only store photos.
    #[arg(long, conflicts_with = "allow_links")]
    no_allow_links: bool,
    /// Let pages list and store without a policy.
    #[arg(long, conflicts_with = "require_policy")]
    no_require_policy: bool,
    /// Use the companion's default Facebook app.
    #[arg(long, conflicts_with_all = ["facebook_id", "facebook_secret_file"])]
    no_facebook: bool,
    /// Use the companion's default Instagram app.
    #[arg(long, conflicts_with_all = ["instagram_id", "instagram_secret_file"])]
    no_instagram: bool,
    /// Publish to no Pages.
    #[arg(long, conflicts_with_all = ["pages_id", "pages_secret_file"])]
    no_pages: bool,
    /// Send no notices.
    #[arg(long, conflicts_with_all = ["webhook_url", "webhook_secret_file"])]
    no_webhook: bool,
}

fn alias(text: &str) -> Result<(String, Url), String> {
    let (name, url) = text.split_once('=').ok_or("write it as name=https://host/folder/")?;
    Ok((name.to_owned(), url.parse().map_err(|error| format!("`{url}`: {error}"))?))
}

/// What `add` and `set` have in common.
#[derive(Debug, Args)]
struct Wishes {
    /// An address on which a sign-in may end, as a browser shows it; give it once for each.
    #[arg(long = "address", value_name = "URL")]
    addresses: Vec<String>,
    /// A name for an address in conversions, as `shop=https://cdn.shop.example/img/`; give it once for each.
    #[arg(long = "alias", value_name = "NAME=URL", value_parser = alias)]
    aliases: Vec<(String, Url)>,
    /// What the Connect screen calls the site.
    #[arg(long)]
    name: Option<String>,
    /// Where the site says what it does with photos.
    #[arg(long, value_name = "URL")]
    privacy_url: Option<Url>,
    /// Let clients other than Bowerbird's dialog sign visitors in, who cannot prove that who signs in is who asked.
    #[arg(long)]
    unbound_sign_in: bool,
    /// How many photos one session may have stored.
    #[arg(long, value_name = "COUNT")]
    max_stores: Option<u32>,
    /// The site itself deletes a person's stored files when the person asks Meta for it.
    #[arg(long)]
    keep_files_on_deletion: bool,
    /// Whoever lists, stores, converts or uploads for the site needs a policy that its server signed.
    #[arg(long)]
    require_policy: bool,
    /// Let pages link to photos instead of storing them; the Connect screen says so.
    #[arg(long)]
    allow_links: bool,
    /// Make a new secret for the site, with which it signs policies and verifies results. It is shown once.
    #[arg(long)]
    new_secret: bool,
    /// The id of its own Facebook app, with classic Facebook Login.
    #[arg(long, value_name = "ID")]
    facebook_id: Option<String>,
    /// A file with that app's secret; `-` reads it from standard input.
    #[arg(long, value_name = "FILE")]
    facebook_secret_file: Option<PathBuf>,
    /// The id of its own Instagram app, which is not that of the Facebook app around it.
    #[arg(long, value_name = "ID")]
    instagram_id: Option<String>,
    /// A file with that app's secret, or `-`.
    #[arg(long, value_name = "FILE")]
    instagram_secret_file: Option<PathBuf>,
    /// The id of the Facebook app with which it publishes to Pages.
    #[arg(long, value_name = "ID")]
    pages_id: Option<String>,
    /// A file with that app's secret, or `-`.
    #[arg(long, value_name = "FILE")]
    pages_secret_file: Option<PathBuf>,
    /// Where notices to the site are posted.
    #[arg(long, value_name = "URL")]
    webhook_url: Option<Url>,
    /// A file with the secret that they are signed with, or `-`.
    #[arg(long, value_name = "FILE")]
    webhook_secret_file: Option<PathBuf>,
}

impl Command {
    pub async fn run(self, config: Config) -> anyhow::Result<()> {
        match self {
            Self::Add(add) => add.run(&config).await,
            Self::Set(set) => set.run(&config).await,
            Self::List => list(&config).await,
            Self::Show { key } => {
                let row = known(&existing_database(&config).await?, &config, &key).await?;
                say(&show::app(&row, &config));
                Ok(())
            }
            Self::Remove { key } => remove(&config, &key).await,
            Self::Test { key, source, wait } => {
                let source = match source {
                    Source::Facebook => "facebook",
                    Source::Instagram => "instagram",
                };
                let db = existing_database(&config).await?;
                let row = known(&db, &config, &key).await?;
                trial::run(&config, &db, &row, source, wait).await
            }
        }
    }
}

impl Add {
    async fn run(self, config: &Config) -> anyhow::Result<()> {
        let db = database(config).await?;
        ensure!(
            find(&db, config, &self.key).await?.is_none(),
            "the key `{0}` is there already; `app set {0}` changes it",
            self.key
        );
        let mut row = unsaved(AppConfig { origins: self.origins, ..AppConfig::open(&self.key) });
        self.wishes.apply(&mut row)?;
        save(&db, config, &row).await
    }
}

impl Set {
    async fn run(self, config: &Config) -> anyhow::Result<()> {
        let db = database(config).await?;
        let mut row = known(&db, config, &self.key).await?;
        let before = row.clone();
        let app = &mut row.settings;
        if !self.origins.is_empty() {
            app.origins = self.origins;
        }
        if self.clear_addresses {
            app.addresses.clear();
        }
        if self.clear_aliases {
            app.aliases.clear();
        }
        if self.no_name {
            app.name = None;
        }
        if self.no_privacy_url {
            app.privacy_url = None;
        }
        app.unbound_sign_in &= !self.no_unbound_sign_in;
        app.keep_files_on_deletion &= !self.no_keep_files_on_deletion;
        app.require_policy &= !self.no_require_policy;
        app.allow_links &= !self.no_allow_links;
        let none = [
            ("facebook", self.no_facebook),
            ("instagram", self.no_instagram),
            ("pages", self.no_pages),
            ("webhook", self.no_webhook),
        ];
        for (kind, _) in none.iter().filter(|(_, none)| *none) {
            row.settings.clear_credential(kind);
            row.locked.retain(|(locked, _)| locked != kind);
        }
        self.wishes.apply(&mut row)?;
        ensure!(
            row.settings != before.settings || row.locked != before.locked,
            "nothing to change; `app set --help` lists what can be"
        );
        save(&db, config, &row).await
    }
}

impl Wishes {
    fn apply(self, row: &mut AppRow) -> anyhow::Result<()> {
        let app = &mut row.settings;
        if !self.addresses.is_empty() {
            app.addresses = self.addresses;
        }
        if !self.aliases.is_empty() {
            app.aliases = self.aliases.into_iter().collect();
        }
        app.name = self.name.or(app.name.take());
        app.privacy_url = self.privacy_url.or(app.privacy_url.take());
        app.unbound_sign_in |= self.unbound_sign_in;
        app.max_stores = self.max_stores.unwrap_or(app.max_stores);
        app.keep_files_on_deletion |= self.keep_files_on_deletion;
        app.require_policy |= self.require_policy;
        app.allow_links |= self.allow_links;
        if self.new_secret {
            let secret = Secret::new(token());
            say(&format!("The key's secret, which is shown this once: {}", secret.expose()));
            app.set_credential("secret", String::new(), secret);
            row.locked.retain(|(locked, _)| locked != "secret");
        }
        let credentials = [
            ("facebook", "id", self.facebook_id, self.facebook_secret_file),
            ("instagram", "id", self.instagram_id, self.instagram_secret_file),
            ("pages", "id", self.pages_id, self.pages_secret_file),
            ("webhook", "url", self.webhook_url.map(String::from), self.webhook_secret_file),
        ];
        let from_input = credentials.iter().filter(|(.., file)| file.as_deref() == Some(Path::new("-"))).count();
        ensure!(from_input <= 1, "only one secret can be read from standard input; put the others into files");
        for (kind, id_name, id, file) in credentials {
            let there = row.settings.credentials().into_iter().find(|(there, ..)| *there == kind);
            let there = there.map(|(_, id, secret)| (id.to_owned(), secret.clone()));
            let (id, secret) = match (id, file, there) {
                (None, None, _) => continue,
                (Some(id), Some(file), _) => (id, read_secret(&file)?),
                (None, Some(file), Some((id, _))) => (id, read_secret(&file)?),
                (Some(id), None, Some((old, secret))) if id == old => (id, secret),
                (Some(_), None, _) => bail!(
                    "--{kind}-{id_name} needs its secret: name a file with --{kind}-secret-file, or `-` for standard input"
                ),
                (None, Some(_), None) => {
                    bail!("--{kind}-secret-file needs --{kind}-{id_name} to say what it is the secret of")
                }
            };
            row.settings.set_credential(kind, id, secret);
            row.locked.retain(|(locked, _)| locked != kind);
        }
        Ok(())
    }
}

/// A longer one is another file than was meant.
const MAX_SECRET: usize = 1024;

fn read_secret(file: &Path) -> anyhow::Result<Secret> {
    let text = if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("cannot read the secret from standard input")?;
        text
    } else {
        std::fs::read_to_string(file).with_context(|| {
            format!("cannot read the secret from the file {} (a secret itself is never given here)", file.display())
        })?
    };
    let text = text.trim();
    ensure!(!text.is_empty(), "{}: there is no secret in it", file.display());
    ensure!(
        text.len() <= MAX_SECRET && !text.contains(|c: char| c.is_whitespace() || c.is_control()),
        "{}: this is no secret: it must be one word of at most {MAX_SECRET} characters",
        file.display()
    );
    Ok(Secret::new(text))
}

/// A site of the configuration, or a new one, that is not in the database.
fn unsaved(settings: AppConfig) -> AppRow {
    AppRow { settings, seeded: true, updated_ms: 0, locked: Vec::new() }
}

/// A site of the database; or of the configuration, when the companion has not been started since it is there.
async fn find(db: &Db, config: &Config, key: &str) -> anyhow::Result<Option<AppRow>> {
    let row = db.apps().await?.into_iter().find(|row| row.settings.key == key);
    Ok(row.or_else(|| config.apps.iter().find(|app| app.key == key).cloned().map(unsaved)))
}

async fn known(db: &Db, config: &Config, key: &str) -> anyhow::Result<AppRow> {
    let found = find(db, config, key).await?;
    found.with_context(|| {
        format!("there is no key `{key}`; `app list` shows those that are there, `app add {key}` adds it")
    })
}

async fn save(db: &Db, config: &Config, row: &AppRow) -> anyhow::Result<()> {
    let mut problems = row.settings.problems();
    if config.mode == Mode::Production {
        problems.extend(mode::app_problems(&row.settings));
    }
    ensure!(problems.is_empty(), "nothing was saved:\n- {}", problems.join("\n- "));
    db.put_app(row).await?;
    for disagreement in disagreements::of(&all(db, config).await?, config, row) {
        warn(&disagreement);
    }
    say(&show::app(&AppRow { seeded: false, ..row.clone() }, config));
    Ok(())
}

/// The sites of the database, and those of the configuration that are not in it yet.
async fn all(db: &Db, config: &Config) -> anyhow::Result<Vec<AppRow>> {
    let mut rows = db.apps().await?;
    let missing = config.apps.iter().filter(|app| !rows.iter().any(|row| row.settings.key == app.key));
    let missing: Vec<AppRow> = missing.cloned().map(unsaved).collect();
    rows.extend(missing);
    Ok(rows)
}

async fn list(config: &Config) -> anyhow::Result<()> {
    let db = existing_database(config).await?;
    let mut rows = all(&db, config).await?;
    rows.sort_by(|a, b| a.settings.key.cmp(&b.settings.key));
    if rows.is_empty() {
        say("there is no site yet; `app add` adds one");
    }
    for row in rows {
        say(&show::line(&row, config));
    }
    Ok(())
}

async fn remove(config: &Config, key: &str) -> anyhow::Result<()> {
    let db = existing_database(config).await?;
    known(&db, config, key).await?;
    let configured = config.apps.iter().any(|app| app.key == key);
    let removed = db.remove_app(key).await?;
    let files = db.count_files_of(key).await?;
    db.close().await;
    if removed {
        say(&format!(
            "`{key}` is removed, and its visitors are signed out; {files} stored files stay and are still served"
        ));
    }
    if configured {
        say(&format!("the setting `apps` names `{key}`, so it comes back at the next start; take it out there too"));
    }
    Ok(())
}
