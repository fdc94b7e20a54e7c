//! The programs that are measured, and what the system says of them.

use crate::Programs;
use anyhow::{Context, Result, bail};
use bowerbird_services::free_port;
use serde::Deserialize;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;
use tokio::process::{Child, Command};

/// How long a program may take until it answers.
const PATIENCE: Duration = Duration::from_secs(60);

/// Ticks a second in which Linux counts the time of processes, whatever the kernel's own are.
const TICKS: f64 = 100.0;

/// A program that runs. It is killed when this is dropped.
pub struct Process {
    name: &'static str,
    child: Child,
    log: PathBuf,
    /// Dropped after the program, which keeps things in it.
    _folder: TempDir,
}

impl Process {
    /// Starts it and waits until it answers a GET of this address.
    async fn start(name: &'static str, mut command: Command, folder: TempDir, answers: &str) -> Result<Self> {
        let log = folder.path().join("log");
        let file = File::create(&log).context("a log cannot be written")?;
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file).kill_on_drop(true);
        let child = command.spawn().with_context(|| format!("the {name} cannot be started"))?;
        let mut process = Self { name, child, log, _folder: folder };
        let http = reqwest::Client::new();
        let began = std::time::Instant::now();
        while began.elapsed() < PATIENCE {
            if let Ok(Some(status)) = process.child.try_wait() {
                bail!("the {name} ended ({status}):\n{}", process.last_words());
            }
            if http.get(answers).send().await.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(process);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        bail!("the {name} does not answer:\n{}", process.last_words())
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.child.id().unwrap_or_default()
    }

    /// What it is called.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What it said at last.
    pub fn last_words(&self) -> String {
        let said = fs::read(&self.log).unwrap_or_default();
        let said = String::from_utf8_lossy(&said).into_owned();
        let lines: Vec<&str> = said.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    /// Seconds that it has used a core for.
    pub fn cpu(&self) -> Result<f64> {
        cpu(self.id())
    }

    /// MB that it had in memory at most, since the start or since [`Self::forget_peak`].
    pub fn peak(&self) -> Result<f64> {
        status(self.id(), "VmHWM")
    }

    /// Lets the peak begin with what is in memory now.
    pub fn forget_peak(&self) -> Result<()> {
        fs::write(format!("/proc/{}/clear_refs", self.id()), "5").context("the peak of memory cannot be reset")
    }

    /// What it has open; `url` is where it listens.
    pub fn open(&self, url: &str) -> Result<Open> {
        let port: u16 = url.rsplit(':').next().and_then(|port| port.parse().ok()).context("an address has a port")?;
        let table = fs::read_to_string("/proc/net/tcp").context("connections cannot be listed")?;
        let established: Vec<(u16, &str)> = table.lines().filter_map(read_connection).collect();
        let mut open = Open::default();
        for entry in fs::read_dir(format!("/proc/{}/fd", self.id())).context("open files cannot be listed")? {
            // One that is closed meanwhile leads nowhere.
            let Ok(target) = fs::read_link(entry?.path()) else { continue };
            let target = target.to_string_lossy();
            match target.strip_prefix("socket:[").and_then(|rest| rest.strip_suffix(']')) {
                None => open.files += 1,
                Some(inode) => match established.iter().find(|(_, of)| *of == inode) {
                    Some((local, _)) if *local == port => open.clients += 1,
                    Some(_) => open.others += 1,
                    // It listens, or is none of TCP's.
                    None => {}
                },
            }
        }
        Ok(open)
    }
}

/// What a process has open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Open {
    /// Files, pipes and the like.
    pub files: usize,
    /// Connections of those who ask it.
    pub clients: usize,
    /// Connections to those whom it asks, which are kept for the next question for a while.
    pub others: usize,
}

/// The own port and the inode of an established connection, as a line of `/proc/net/tcp` has them.
fn read_connection(line: &str) -> Option<(u16, &str)> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let (_, port) = fields.get(1)?.split_once(':')?;
    (*fields.get(3)? == "01").then_some((u16::from_str_radix(port, 16).ok()?, *fields.get(9)?))
}

/// Seconds that a process has used a core for.
fn cpu(process: u32) -> Result<f64> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).context("the process is gone")?;
    read_cpu(&text).context("the process's times cannot be read")
}

/// The fields 14 and 15. The second is the program's name in parentheses, which may have spaces.
fn read_cpu(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<f64>().ok();
    Some((ticks()? + ticks()?) / TICKS)
}

/// MB that a process has in memory.
pub fn memory(process: u32) -> Result<f64> {
    status(process, "VmRSS")
}

/// MB of a line of `/proc/PID/status`, which counts KiB.
fn status(process: u32, name: &str) -> Result<f64> {
    let text = fs::read_to_string(format!("/proc/{process}/status")).context("the process is gone")?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let kib = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<f64>().ok());
    Ok(kib.with_context(|| format!("there is no {name}"))? * 1024.0 / 1e6)
}

/// A line of the emulator's book.
#[derive(Deserialize)]
struct Call {
    path: String,
    query_without_secrets: String,
}

/// Meta in small.
pub struct Emulator {
    /// The program.
    pub process: Process,
    /// What its addresses begin with.
    pub url: String,
    http: reqwest::Client,
}

impl Emulator {
    /// Starts one with these further arguments.
    pub async fn start(programs: &Programs, arguments: &[&str]) -> Result<Self> {
        let url = format!("http://127.0.0.1:{}", free_port());
        let mut command = Command::new(&programs.emulator);
        command.args(["--listen", url.trim_start_matches("http://")]).args(arguments);
        let answers = format!("{url}/_emulator/redirect-uris");
        let process = Process::start("emulator", command, tempfile::tempdir()?, &answers).await?;
        let emulator = Self { process, url, http: reqwest::Client::new() };
        // Its apps are nearly used up after some thousand calls, of which it would warn, and ours would heed it.
        let request = emulator.http.put(format!("{}/_emulator/faults/usage", emulator.url));
        request.json(&serde_json::json!({ "percent": 1 })).send().await?.error_for_status()?;
        Ok(emulator)
    }

    /// Lets sign-ins lead back to this address.
    pub async fn allow_redirect_uri(&self, uri: &str) -> Result<()> {
        let url = format!("{}/_emulator/redirect-uris", self.url);
        let request = self.http.post(url).json(&serde_json::json!({ "uri": uri }));
        request.send().await?.error_for_status().context("the redirect URI cannot be registered").map(drop)
    }

    async fn book(&self) -> Result<Vec<Call>> {
        Ok(self.http.get(format!("{}/_emulator/calls", self.url)).send().await?.json().await?)
    }

    /// How many calls its API hosts got since it was last asked to forget them. Those in a batch count, and the batch does not.
    pub async fn calls(&self) -> Result<usize> {
        Ok(self.book().await?.iter().filter(|call| call.path != "/").count())
    }

    /// Path and query of the last.
    pub async fn last_call(&self) -> Result<Option<(String, String)>> {
        Ok(self.book().await?.pop().map(|call| (call.path, call.query_without_secrets)))
    }

    /// Forgets the calls and the pictures so far.
    pub async fn forget(&self) -> Result<()> {
        for what in ["calls", "served"] {
            let request = self.http.delete(format!("{}/_emulator/{what}", self.url));
            request.send().await?.error_for_status()?;
        }
        Ok(())
    }
}

/// Ours.
pub struct Companion {
    /// The program.
    pub process: Process,
    /// What its addresses begin with.
    pub url: String,
}

impl Companion {
    /// Starts one that reaches Meta in the emulator, with these further settings.
    pub async fn start(programs: &Programs, emulator: &Emulator, settings: &[(String, String)]) -> Result<Self> {
        let url = format!("http://127.0.0.1:{}", free_port());
        for source in ["facebook", "instagram"] {
            emulator.allow_redirect_uri(&format!("{url}/api/client/{source}/authCallback/open")).await?;
        }
        let folder = tempfile::tempdir()?;
        let mut command = Command::new(&programs.companion);
        for (name, _) in std::env::vars_os() {
            if ["BOWERBIRD_", "AWS_"].iter().any(|start| name.to_string_lossy().starts_with(start)) {
                command.env_remove(name);
            }
        }
        let meta = |host: &str| format!("{}/{host}", emulator.url);
        let mut set = |name: &str, value: String| {
            command.env(format!("BOWERBIRD_{}", name.to_uppercase()), value);
        };
        set("listen", url.trim_start_matches("http://").to_owned());
        set("public_url", url.clone());
        set("data_dir", folder.path().join("data").display().to_string());
        set("widget_dir", programs.package.display().to_string());
        set("facebook_dialog_url", meta("www.facebook.com"));
        set("facebook_graph_url", meta("graph.facebook.com"));
        set("facebook_upload_url", meta("rupload.facebook.com"));
        set("instagram_authorize_url", meta("www.instagram.com"));
        set("instagram_api_url", meta("api.instagram.com"));
        set("instagram_graph_url", meta("graph.instagram.com"));
        set("image_hosts", emulator.url.trim_start_matches("http://").to_owned());
        // All clients are one address here, and nobody is to be refused for asking much.
        for limit in ["rate_per_address", "rate_per_key", "rate_per_session", "rate_thumbnails", "rate_conversions"] {
            set(limit, "0".to_owned());
        }
        command.envs(settings.iter().cloned());
        command.current_dir(folder.path());
        let answers = format!("{url}/healthz");
        let process = Process::start("companion", command, folder, &answers).await?;
        Ok(Self { process, url })
    }
}

/// Uppy's.
pub struct Peer {
    /// The program.
    pub process: Process,
    /// What its addresses begin with.
    pub url: String,
}

impl Peer {
    /// Starts one that reaches Meta in the emulator, with these further variables. `origin` is that of the pages that use it.
    pub async fn start(
        programs: &Programs,
        emulator: &Emulator,
        origin: &str,
        variables: &[(String, String)],
    ) -> Result<Self> {
        let port = free_port();
        let url = format!("http://127.0.0.1:{port}");
        emulator.allow_redirect_uri(&format!("{url}/facebook/redirect")).await?;
        let folder = tempfile::tempdir()?;
        let mut command = Command::new("node");
        for (name, _) in std::env::vars_os() {
            if ["COMPANION_", "AWS_", "NODE_"].iter().any(|start| name.to_string_lossy().starts_with(start)) {
                command.env_remove(name);
            }
        }
        command.arg("--import").arg(programs.root.join("bench/companion/redirect.mjs"));
        command.arg(programs.peer()?.join("node_modules/@uppy/companion/bin/companion"));
        let data = folder.path().join("data");
        fs::create_dir(&data)?;
        command.envs([
            ("NODE_ENV", "production"),
            ("BENCH_EMULATOR", &emulator.url),
            ("COMPANION_DATADIR", &data.display().to_string()),
            ("COMPANION_DOMAIN", &format!("127.0.0.1:{port}")),
            ("COMPANION_PROTOCOL", "http"),
            ("COMPANION_PORT", &port.to_string()),
            ("COMPANION_SECRET", "a secret of at least thirty-two characters"),
            ("COMPANION_PREAUTH_SECRET", "another secret of at least thirty-two characters"),
            ("COMPANION_CLIENT_ORIGINS", origin),
            ("COMPANION_UPLOAD_URLS", "^http://127\\.0\\.0\\.1:"),
            ("COMPANION_FACEBOOK_KEY", "1000000000000001"),
            ("COMPANION_FACEBOOK_SECRET", "emulated-facebook-secret"),
            // Uploads begin before all came, as in ours.
            ("COMPANION_STREAMING_UPLOAD", "true"),
        ]);
        command.envs(variables.iter().cloned());
        let process = Process::start("Uppy Companion", command, folder, &url).await?;
        Ok(Self { process, url })
    }
}

/// The version of Uppy's Companion that is installed.
pub fn peer_version(programs: &Programs) -> Result<String> {
    let manifest = fs::read(programs.peer()?.join("node_modules/@uppy/companion/package.json"))?;
    let manifest: serde_json::Value = serde_json::from_slice(&manifest)?;
    Ok(manifest["version"].as_str().context("a package has a version")?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn established_connections_are_read() {
        let line = |state: &str| format!("  1: 0100007F:1F90 0100007F:C350 {state} 0:0 00:0 0 0 0 4711 1 0 20 4");
        assert_eq!(read_connection(&line("01")), Some((8080, "4711")));
        assert_eq!(read_connection(&line("0A")), None);
        assert_eq!(read_connection("  sl  local_address rem_address   st"), None);
    }

    #[test]
    fn the_time_of_a_process_is_read_behind_its_name() {
        let stat = "1 (a b) c) S 0 1 1 0 -1 4194560 10 20 30 40 150 50 7 8 20 0 1 0 0 0 0";
        assert_eq!(read_cpu(stat), Some(2.0));
        assert!(cpu(std::process::id()).is_ok());
        assert!(status(std::process::id(), "VmHWM").unwrap() > 1.0);
    }
}
