//! The companion as people run it: a program of its own, which can be killed.

use bowerbird_companion::config::Config;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};

/// Names the program that is tested, if that is not the one beside the tests.
const WHICH: &str = "BOWERBIRD_TEST_PROGRAM";

/// A companion that runs. It is killed when this is dropped.
pub struct Program(Child);

impl Program {
    /// Starts it and waits until it answers. What it says goes to the end of the file `log`.
    pub async fn start(config: &Config, log: &Path) -> Self {
        let log = File::options().create(true).append(true).open(log).expect("a log can be written");
        let child = command(config).arg("serve").stdout(Stdio::null()).stderr(log).spawn();
        let mut program = Self(child.expect("the program can be started"));
        let health = format!("http://{}/healthz", config.listen);
        for _ in 0..3000 {
            if let Ok(Some(status)) = program.0.try_wait() {
                panic!("the companion ended at its start: {status}");
            }
            if reqwest::get(&health).await.is_ok_and(|answer| answer.status().is_success()) {
                return program;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the companion does not answer at {health}");
    }

    /// `kill -9`. It is gone when this returns.
    pub async fn kill(mut self) {
        self.0.kill().await.expect("a program that runs can be killed");
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        let id = self.id().try_into().expect("a process id");
        kill(Pid::from_raw(id), signal).expect("a program that runs takes signals");
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.0.id().expect("it runs")
    }
}

/// The program with these settings and none of this process's. Of the settings it is told those that tests set.
pub fn command(config: &Config) -> Command {
    let mut command = Command::new(path());
    for (name, _) in std::env::vars() {
        if ["BOWERBIRD_", "AWS_"].iter().any(|start| name.starts_with(start)) {
            command.env_remove(name);
        }
    }
    let mut set = |name: &str, value: String| {
        command.env(format!("BOWERBIRD_{}", name.to_uppercase()), value);
    };
    set("listen", config.listen.to_string());
    set("public_url", config.public_url.to_string());
    set("data_dir", config.data_dir.display().to_string());
    set("widget_dir", config.widget_dir.display().to_string());
    set("database_url", config.database_url.expose().to_owned());
    set("storage_url", config.storage_url.clone());
    set("secret", config.secret.expose().to_owned());
    set("encryption_keys", config.encryption_keys.expose().to_owned());
    set("apps", serde_json::to_string(&config.apps).expect("settings of sites are JSON"));
    set("facebook_dialog_url", config.facebook_dialog_url.to_string());
    set("facebook_graph_url", config.facebook_graph_url.to_string());
    set("instagram_authorize_url", config.instagram_authorize_url.to_string());
    set("instagram_api_url", config.instagram_api_url.to_string());
    set("facebook_upload_url", config.facebook_upload_url.to_string());
    set("instagram_graph_url", config.instagram_graph_url.to_string());
    set("image_hosts", config.image_hosts.join(","));
    set("private_receivers", config.private_receivers.join(","));
    let seconds = config.webhook_schedule.seconds().iter().map(u64::to_string).collect::<Vec<_>>();
    set("webhook_schedule", seconds.join(","));
    set("store_concurrency", config.store_concurrency.to_string());
    set("transfer_memory_bytes", config.transfer_memory_bytes.to_string());
    set("retry_pause", config.retry_pause.to_string());
    set("lease_seconds", config.lease_seconds.to_string());
    set("fetch_timeout", config.fetch_timeout.to_string());
    set("rate_limit_pause", config.rate_limit_pause.to_string());
    set("rate_per_address", config.rate_per_address.to_string());
    set("rate_per_key", config.rate_per_key.to_string());
    set("rate_per_session", config.rate_per_session.to_string());
    set("rate_conversions", config.rate_conversions.to_string());
    for (name, value) in &config.storage_options {
        command.env(name.to_uppercase(), value.expose());
    }
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

fn path() -> PathBuf {
    let beside = || {
        let tests = std::env::current_exe().expect("the tests are a file");
        let name = format!("bowerbird-companion{}", std::env::consts::EXE_SUFFIX);
        tests.parent().and_then(Path::parent).expect("the tests are in a folder of `target`").join(name)
    };
    let path = std::env::var_os(WHICH).map_or_else(beside, PathBuf::from);
    assert!(path.is_file(), "{} is not there; `cargo build -p bowerbird-companion` makes it", path.display());
    path
}
