//! `check`: what the companion needs, tried on the real thing. What is written is taken back; only folders are made.

use super::say;
use crate::bucket::{Bucket, Buckets};
use crate::config::Config;
use crate::db::{Db, Examined, kind_of};
use crate::fetch::{Fetcher, reach};
use crate::make_private;
use crate::mode::{self, Mode};
use crate::providers::{NAMES, default_app};
use crate::publish::offered;
use crate::seal::Keyring;
use crate::secrets::id;
use anyhow::ensure;
use futures_util::StreamExt as _;
use std::time::Duration;
use tokio::time::timeout;
use url::Url;

/// How long a part may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes that take more than one part of a multipart upload.
const LARGE: usize = 6 * 1024 * 1024;

/// Says how each thing stands.
///
/// # Errors
/// Something is wrong; each thing was said.
pub async fn run(config: anyhow::Result<Config>) -> anyhow::Result<()> {
    let mut report = Report::default();
    match config.and_then(|config| config.check().map(|()| config)) {
        Ok(config) => all(&config, &mut report).await,
        Err(error) => report.wrong("settings", format!("{error:#}")),
    }
    ensure!(
        report.wrong == 0,
        "{} wrong; until that is mended the companion does not work as it should",
        match report.wrong {
            1 => "one thing is".to_owned(),
            several => format!("{several} things are"),
        }
    );
    Ok(())
}

async fn all(config: &Config, report: &mut Report) {
    let keyring = keys(config, report);
    settings(config, &keyring, report);
    sites(config, database(config, report).await, keyring.ok(), report).await;
    storages(config, report).await;
    widget(config, report);
    addresses(config, report).await;
}

/// What was said so far.
#[derive(Debug, Default)]
struct Report {
    wrong: usize,
}

impl Report {
    fn right(&mut self, what: &str, words: impl AsRef<str>) {
        say(&format!("ok     {what:<12} {}", words.as_ref()));
    }

    /// Worth a look; the companion works without.
    fn hint(&mut self, what: &str, words: impl AsRef<str>) {
        say(&format!("hint   {what:<12} {}", words.as_ref()));
    }

    fn wrong(&mut self, what: &str, words: impl AsRef<str>) {
        self.wrong += 1;
        say(&format!("wrong  {what:<12} {}", words.as_ref()));
    }
}

/// The keys that are configured, or are there. A demonstration makes its own when it starts, and not before.
fn keys(config: &Config, report: &mut Report) -> anyhow::Result<Option<Keyring>> {
    let none_yet = config.mode == Mode::Demo
        && config.encryption_keys.is_empty()
        && config.encryption_keys_file.is_none()
        && !Keyring::file_in(&config.data_dir).exists();
    if none_yet {
        report.right("keys", "one is made at the first start");
        return Ok(None);
    }
    let keyring = Keyring::of(config);
    match &keyring {
        Ok(keyring) => {
            report.right("keys", format!("sealing with `{}`", keyring.ids().first().cloned().unwrap_or_default()))
        }
        // In production it is among the settings' problems.
        Err(error) if config.mode == Mode::Demo => report.wrong("keys", format!("{error:#}")),
        Err(_) => {}
    }
    keyring.map(Some)
}

fn settings(config: &Config, keyring: &anyhow::Result<Option<Keyring>>, report: &mut Report) {
    let problems = match (config.mode, keyring) {
        (Mode::Demo, _) => Vec::new(),
        (Mode::Production, Ok(Some(keyring))) => mode::problems(config, &Ok(keyring.clone())),
        (Mode::Production, Ok(None)) => Vec::new(),
        (Mode::Production, Err(error)) => mode::problems(config, &Err(anyhow::anyhow!("{error:#}"))),
    };
    problems.iter().for_each(|problem| report.wrong("settings", problem));
    mode::warnings(config).iter().for_each(|warning| report.hint("settings", warning));
    if config.mode == Mode::Production && config.trusted_proxies.is_empty() {
        report.hint("settings", "trusted_proxies: is empty; behind a reverse proxy all visitors are then one address");
    }
    if let Some(address) = config.metrics_listen.filter(|address| address.ip().is_unspecified()) {
        report.hint(
            "settings",
            format!("metrics_listen: {address} is every network of this machine; let nobody in from outside"),
        );
    }
    if config.mode == Mode::Demo {
        report.hint("settings", "mode: demo, which is for trying out; in earnest set mode = production");
    } else if problems.is_empty() {
        report.right("settings", "production");
    }
}

async fn database(config: &Config, report: &mut Report) -> Option<Examined> {
    let url = config.database_url.expose();
    let found = match timeout(PATIENCE, Db::examine(url, &config.data_dir)).await {
        Ok(found) => found,
        Err(_) => Err(anyhow::anyhow!("no answer within {} seconds", PATIENCE.as_secs())),
    };
    match found {
        // Not with anyhow's chain alone: a driver's words do not say which of the settings they are about.
        Err(error) => report.wrong(
            "database",
            format!(
                "database_url: {error:#}; see that it runs, is reached from here, and knows this user and password"
            ),
        ),
        Ok(None) => report.right("database", "SQLite, made at the first start"),
        Ok(Some(found)) => {
            let what = &found.version;
            match (&found.refused, found.unknown, found.pending) {
                (Some(refused), _, _) => report.wrong(
                    "database",
                    format!("{what}: it can be read but not written: {refused}; its user must own its tables and may make some"),
                ),
                (None, 1.., _) => report.wrong(
                    "database",
                    format!("{what}: a later version of the companion has changed it; run that one, or go back to a backup"),
                ),
                (None, 0, 0) => report.right("database", format!("{what}, up to date")),
                (None, 0, pending) => {
                    report.right("database", format!("{what}, {pending} steps of the schema are done at the next start"));
                }
            }
            return Some(found);
        }
    }
    None
}

/// The sites of the settings and, where the database can be read as it is, its own.
async fn sites(config: &Config, found: Option<Examined>, keyring: Option<Option<Keyring>>, report: &mut Report) {
    let mut sites = config.apps.clone();
    let mut receivers: Vec<(String, Url)> = Vec::new();
    let readable = found.filter(|found| found.pending == 0 && found.unknown == 0 && found.refused.is_none());
    if let (Some(_), Some(Some(keyring))) = (readable, keyring)
        && let Ok(db) = Db::open(config.database_url.expose(), &config.data_dir, keyring).await
    {
        match db.sealed_by().await {
            Ok(counts) => {
                let ids = db.keyring().ids();
                for (id, count) in counts.into_iter().filter(|(id, count)| *count > 0 && !ids.contains(id)) {
                    report.wrong("keys", format!("`{id}`, which seals {count} secrets, is not there: give it back"));
                }
            }
            Err(error) => report.wrong("database", error.to_string()),
        }
        let managed = db.apps().await.unwrap_or_default().into_iter().filter(|row| !row.seeded).map(|row| row.settings);
        for site in managed {
            sites.retain(|configured| configured.key != site.key);
            sites.push(site);
        }
        receivers.extend(db.webhooks().await.unwrap_or_default().into_iter().map(|row| (row.app_key, row.url)));
        db.close().await;
    }
    for site in &sites {
        let own = site.webhook.iter().chain(&site.webhooks);
        receivers.extend(own.map(|webhook| (site.key.clone(), webhook.url.clone())));
    }
    receivers.sort();
    receivers.dedup();
    if sites.is_empty() {
        report.hint("sites", "there is none; `bowerbird-companion app add KEY --origin https://…` adds one");
    }
    let fetcher = Fetcher::new(config);
    for site in &sites {
        let mut problems = site.problems();
        if config.mode == Mode::Production {
            problems.extend(mode::app_problems(site));
        }
        let has_own = |name: &str| site.own_apps().any(|(kind, _)| kind == name);
        if !NAMES.iter().any(|name| has_own(name) || default_app(name, config).is_some()) {
            problems.push("no source has an app; `app show` says what is missing".to_owned());
        }
        for (_, url) in receivers.iter().filter(|(key, _)| *key == site.key) {
            if let Ok(fetcher) = &fetcher
                && let Err(why) = fetcher.judge_receiver(url).await
            {
                let host = url.host_str().unwrap_or_default();
                problems.push(format!("its receiver at {host} cannot be told anything: {why}"));
            }
        }
        match &problems[..] {
            [] => report.right("site", &site.key),
            problems => problems.iter().for_each(|problem| report.wrong("site", format!("{}: {problem}", site.key))),
        }
    }
    if let Err(error) = fetcher {
        report.wrong("settings", format!("{error:#}"));
    }
}

async fn storages(config: &Config, report: &mut Report) {
    // First, so that the folder of files is made in one that nobody else reads.
    if let Err(error) = make_private(&config.data_dir) {
        return report.wrong("storage", format!("data_dir: cannot make {}: {error}", config.data_dir.display()));
    }
    let buckets = match Buckets::open(config) {
        Ok(buckets) => buckets,
        Err(error) => return report.wrong("storage", format!("{error:#}")),
    };
    for (name, bucket) in buckets.iter() {
        let what = if name.is_empty() { "storage".to_owned() } else { format!("storage {name}") };
        match timeout(PATIENCE, storage(bucket)).await {
            Ok(Ok(())) => report.right(&what, "writes, reads, lists and removes"),
            Ok(Err((step, error))) => report.wrong(&what, format!("{step}: {error}{}", advice(&error))),
            Err(_) => report.wrong(
                &what,
                format!("no answer within {} seconds; see its address and the network", PATIENCE.as_secs()),
            ),
        }
    }
    if kind_of(config.database_url.expose()) == Some(crate::db::Kind::Postgres) && config.storage_url.is_empty() {
        report.hint(
            "storage",
            "is this machine's disk, while the database may be others' too: they must all see the same storage",
        );
    }
}

/// The way of a file, small and large. Answers the step that failed.
async fn storage(bucket: &Bucket) -> Result<(), (&'static str, String)> {
    let failed = |step: &'static str| move |error: object_store::Error| (step, chain(&error));
    for bytes in [vec![1; 7], vec![2; LARGE]] {
        let step = if bytes.len() < LARGE { "writing" } else { "writing in parts" };
        let key = format!(".check/{}", id());
        let mut writing = bucket.write(&key, "application/octet-stream", bucket.room().await).map_err(failed(step))?;
        if let Err(error) = writing.push(&bytes).await {
            writing.abort().await;
            return Err(failed(step)(error));
        }
        writing.finish().await.map_err(failed(step))?;
        let read = async {
            let mut chunks = bucket.read(&key, None).await?;
            let mut read = 0;
            while let Some(chunk) = chunks.next().await {
                read += chunk?.len();
            }
            Ok(read)
        };
        let read = read.await.map_err(failed("reading"));
        let listed = bucket.objects().next().await.transpose().map_err(failed("listing"));
        bucket.forget(&key).await.map_err(failed("removing"))?;
        if read? != bytes.len() {
            return Err(("reading", "not all that was written came back".to_owned()));
        }
        if listed?.is_none() {
            return Err(("listing", "what was written is not listed".to_owned()));
        }
    }
    Ok(())
}

/// An error's words and those of what caused it, where they say more.
fn chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let further = error.to_string();
        if !words.contains(&further) {
            words = format!("{words}: {further}");
        }
        cause = error.source();
    }
    words
}

/// What to do about the words of a storage.
fn advice(error: &str) -> &'static str {
    let says = |words: &[&str]| words.iter().any(|words| error.contains(words));
    if says(&["RequestTimeTooSkewed", "request time", "RequestExpired"]) {
        "; set this machine's clock (timedatectl, chrony)"
    } else if says(&["SignatureDoesNotMatch", "InvalidAccessKeyId", "AuthorizationHeaderMalformed"]) {
        "; see access key, secret, region and endpoint, and this machine's clock"
    } else if says(&["AccessDenied", "403 Forbidden"]) {
        "; let this user put, get, list and delete objects there"
    } else if says(&["NoSuchBucket", "404 Not Found"]) {
        "; make the bucket, or see its name, the region and the endpoint"
    } else if says(&["error sending request", "dns error", "Connection refused"]) {
        "; see its endpoint, and that it is reached from here"
    } else {
        ""
    }
}

fn widget(config: &Config, report: &mut Report) {
    let there = |end: &str| {
        let files = std::fs::read_dir(&config.widget_dir).into_iter().flatten().flatten();
        files.into_iter().any(|file| file.file_name().to_string_lossy().ends_with(end))
    };
    let folder = config.widget_dir.display();
    if config.widget_dir.join("bowerbird.js").is_file() && there(".wasm") {
        report.right("widget", format!("{folder}"));
    } else {
        report.wrong(
            "widget",
            format!(
                "widget_dir: {folder} has no bowerbird.js with its .wasm; `cargo xtask dist` builds them into pkg/"
            ),
        );
    }
    if let Some(folder) = config.site_dir.as_ref().filter(|folder| !folder.join("index.html").is_file()) {
        report.wrong("widget", format!("site_dir: {} has no index.html", folder.display()));
    }
}

/// What visitors and the companion go to.
async fn addresses(config: &Config, report: &mut Report) {
    let probe = config.public_url.join("/healthz").unwrap_or_else(|_| config.public_url.clone());
    match reach(&probe).await {
        Ok(200) => report.right("public_url", format!("{} answers", config.public_url)),
        Ok(status) => report.hint("public_url", format!("{probe} answers {status}; does the proxy lead to the companion?")),
        Err(error) => report.hint(
            "public_url",
            format!("{probe} is not reached from here ({error}); that is well if the companion does not run yet, or if visitors reach it"),
        ),
    }
    match offered::reachable(config) {
        Ok(()) => report.right("publishing", "Instagram can fetch images from public_url"),
        Err(why) => report.hint("publishing", why),
    }
    if config.mode != Mode::Production {
        return;
    }
    let used = |id: &str| !id.is_empty();
    let apis = [
        ("facebook", used(&config.facebook_app_id), &config.facebook_graph_url),
        ("instagram", used(&config.instagram_app_id), &config.instagram_api_url),
        ("instagram", used(&config.instagram_app_id), &config.instagram_graph_url),
    ];
    for (source, _, url) in apis.into_iter().filter(|(_, is_used, _)| *is_used) {
        let host = url.host_str().unwrap_or_default();
        match reach(url).await {
            Ok(_) => report.right(source, format!("{host} answers")),
            Err(error) => {
                report.wrong(source, format!("{host} is not reached: {error}; let the companion out to port 443"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::advice;

    #[test]
    fn the_words_of_a_storage_lead_to_what_to_do() {
        assert!(advice("<Code>RequestTimeTooSkewed</Code>").contains("clock"));
        assert!(advice("SignatureDoesNotMatch").contains("secret"));
        assert!(advice("AccessDenied").contains("delete"));
        assert!(advice("NoSuchBucket").contains("make the bucket"));
        assert!(
            advice("PUT http://127.0.0.1:40445/: Connection refused").contains("its endpoint"),
            "a port is no answer"
        );
        assert_eq!(advice("disk full"), "");
    }
}
