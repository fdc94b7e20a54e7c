//! Companions on one database and one storage, behind a proxy that sends each request to the next of them.

use super::program::{Program, command};
use super::proxy::Proxy;
use bowerbird_companion::config::Config;
use bowerbird_services::{Postgres, S3};
use nix::sys::signal::Signal;
use sqlx::AnyPool;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use tokio::net::TcpListener;

/// The companions, as programs. They are killed when this is dropped.
pub struct Cluster {
    proxy: Proxy,
    members: Vec<Member>,
    /// Where what they say is, each in a file.
    logs: PathBuf,
}

struct Member {
    config: Config,
    program: Mutex<Option<Program>>,
}

impl Cluster {
    /// Starts so many, all set like this. They are reached through `listener`, and have nothing in common on this machine's disk
    /// but what `config` says; their folders and logs are in `folder`.
    pub async fn start(listener: TcpListener, config: &Config, count: usize, folder: &Path) -> Self {
        let proxy = Proxy::start(listener, Vec::new());
        let mut members = Vec::new();
        for number in 0..count {
            // Nobody is given a port of this range by chance while its companion is down.
            let mut config =
                Config { listen: ([127, 0, 0, 1], bowerbird_services::free_port()).into(), ..config.clone() };
            if count > 1 {
                config.data_dir = folder.join(format!("companion-{number}"));
            }
            members.push(Member { config, program: Mutex::default() });
        }
        let cluster = Self { proxy, members, logs: folder.to_owned() };
        for number in 0..count {
            cluster.start_again(number).await;
        }
        cluster.has_them_known(&(0..count).collect::<Vec<_>>());
        cluster
    }

    /// How many there are, dead or alive.
    pub fn size(&self) -> usize {
        self.members.len()
    }

    /// Where a companion itself is reached, past the proxy.
    pub fn address(&self, number: usize) -> String {
        format!("http://{}", self.members[number].config.listen)
    }

    /// The proxy knows only these.
    pub fn has_them_known(&self, numbers: &[usize]) {
        self.proxy.knows(numbers.iter().map(|number| self.address(*number)).collect());
    }

    fn take(&self, number: usize) -> Option<Program> {
        self.members[number].program.lock().expect("nobody panicked with it").take()
    }

    /// `kill -9`.
    pub async fn kill(&self, number: usize) {
        if let Some(program) = self.take(number) {
            program.kill().await;
        }
    }

    /// Starts one that was killed, at the same address and with its settings.
    pub async fn start_again(&self, number: usize) {
        let member = &self.members[number];
        let program = Program::start(&member.config, &self.logs.join(format!("companion-{number}.log"))).await;
        *member.program.lock().expect("nobody panicked with it") = Some(program);
    }

    /// Sends one a signal.
    pub fn signal(&self, number: usize, signal: Signal) {
        let program = self.members[number].program.lock().expect("nobody panicked with it");
        program.as_ref().expect("it runs").signal(signal);
    }

    /// The number of its process.
    pub fn process(&self, number: usize) -> u32 {
        self.members[number].program.lock().expect("nobody panicked with it").as_ref().expect("it runs").id()
    }

    /// Runs a command of the program beside them, and answers what it says. It has to go well.
    pub async fn runs(&self, arguments: &[&str]) -> String {
        let output =
            command(&self.members[0].config).args(arguments).output().await.expect("the program can be started");
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        assert!(output.status.success(), "{arguments:?}: {said}");
        said
    }

    /// What all of them said so far.
    pub fn said(&self) -> String {
        let read =
            |number| std::fs::read_to_string(self.logs.join(format!("companion-{number}.log"))).unwrap_or_default();
        (0..self.size()).map(read).collect()
    }

    /// What they said at last.
    pub fn last_words(&self) -> String {
        let said = self.said();
        let lines: Vec<&str> = said.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    /// How they are set.
    pub fn config(&self) -> Config {
        self.members[0].config.clone()
    }

    /// Their database.
    pub async fn database(&self) -> AnyPool {
        let config = &self.members[0].config;
        sqlx::any::install_default_drivers();
        let url = match config.database_url.expose() {
            "" => format!("sqlite://{}", config.data_dir.join("companion.sqlite").display()),
            url => url.to_owned(),
        };
        sqlx::any::AnyPoolOptions::new().max_connections(2).connect(&url).await.expect("the database opens")
    }
}

/// Puts state and files on PostgreSQL and S3. Answers the folder in which the S3 server keeps the objects.
pub fn put_on_services(config: &mut Config, postgres: &Postgres, s3: &S3) -> PathBuf {
    use bowerbird_companion::secrets::Secret;
    let bucket = s3.new_bucket();
    config.database_url = Secret::new(postgres.new_database());
    config.storage_url = format!("s3://{bucket}");
    config.storage_options = s3.options().map(|(name, value)| (name.to_owned(), Secret::new(value))).into();
    // What each would make for itself alone.
    config.secret = Secret::new("signed by every one of the companions");
    config.encryption_keys = bowerbird_companion::seal::new_key();
    s3.folder(&bucket)
}
