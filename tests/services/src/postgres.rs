//! [`Postgres`].

use crate::programs::{self, Words};
use crate::supervised::{Folder, Server, free_port, unique_name};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

const USER: &str = "bowerbird";

/// A PostgreSQL server, which lets in everybody on this machine. It is not safe against a loss of power, and fast for it.
pub struct Postgres {
    port: u16,
    programs: PathBuf,
    // Dropped in this order: a server before its folder.
    _server: Server,
    _folder: Folder,
}

impl Postgres {
    /// The one of this process, started when it is first asked for. `None` where PostgreSQL is not installed.
    pub fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<Postgres>> = OnceLock::new();
        SHARED.get_or_init(Self::start).as_ref()
    }

    /// Starts one that ends when it is dropped. `None` where PostgreSQL is not installed.
    pub fn start() -> Option<Self> {
        let Some(programs) = programs::postgres() else {
            programs::skipped("PostgreSQL");
            return None;
        };
        let before = programs::without_root();
        let folder = Folder::new("postgres");
        if !before.is_empty() {
            programs::give_away(folder.path());
        }
        let data = folder.path().join("data");
        initialise(&before, &programs, &data);
        let mut said = String::new();
        // Somebody else may take a port after we found it free.
        for _ in 0..3 {
            let port = free_port();
            let mut postgres = Command::new(programs.join("postgres"));
            postgres.arg("-D").arg(&data).arg("-k").arg(folder.path()).args(["-p", &port.to_string()]);
            for setting in [
                "listen_addresses=127.0.0.1",
                "max_connections=300",
                "fsync=off",
                "synchronous_commit=off",
                "full_page_writes=off",
            ] {
                postgres.args(["-c", setting]);
            }
            without_settings(&mut postgres);
            // At once, without asking those who are connected: nobody needs the data any more.
            let mut server = Server::start(&before, "QUIT", &postgres, folder.path().join("log"));
            match server.wait_until(|| run(&programs, &url(port, "postgres"), "SELECT 1").is_ok()) {
                Ok(()) => return Some(Self { port, programs, _server: server, _folder: folder }),
                Err(words) => said = words,
            }
        }
        panic!("PostgreSQL does not start:\n{said}");
    }

    /// Makes an empty database and answers its URL: `postgres://bowerbird@127.0.0.1:<port>/<name>`.
    pub fn new_database(&self) -> String {
        let name = unique_name("test").replace('-', "_");
        let made = run(&self.programs, &url(self.port, "postgres"), &format!("CREATE DATABASE {name}"));
        made.unwrap_or_else(|said| panic!("PostgreSQL does not make a database:\n{said}"));
        url(self.port, &name)
    }
}

fn url(port: u16, database: &str) -> String {
    format!("postgres://{USER}@127.0.0.1:{port}/{database}")
}

fn initialise(before: &Words, programs: &Path, data: &Path) {
    let initdb = programs.join("initdb");
    let mut words = before.iter().chain([&initdb]);
    let mut command = Command::new(words.next().unwrap_or(&initdb));
    command.args(words).args(["--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C", "--username", USER]);
    command.arg("--pgdata").arg(data).current_dir(data.parent().expect("the data is in a folder"));
    without_settings(&mut command);
    let output = command.output().unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"));
    assert!(output.status.success(), "{command:?} failed:\n{}", String::from_utf8_lossy(&output.stderr));
}

/// Runs a statement by PostgreSQL's own client, and answers what it printed, or its complaint.
fn run(programs: &Path, url: &str, statement: &str) -> Result<String, String> {
    let mut psql = Command::new(programs.join("psql"));
    psql.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--command", statement, url]);
    without_settings(&mut psql);
    let output = psql.output().map_err(|error| format!("psql cannot be started: {error}"))?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).trim().to_owned();
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}

/// Whoever runs the tests may work with another server and have its address and options in the environment.
fn without_settings(command: &mut Command) {
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PG")) {
        command.env_remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn databases_are_empty_and_apart() {
        let Some(postgres) = Postgres::shared() else { return };
        let (one, other) = (postgres.new_database(), postgres.new_database());
        let asked = |url: &str, statement: &str| run(&postgres.programs, url, statement).unwrap();
        asked(&one, "CREATE TABLE photos AS SELECT 'Lisboa, à noite' AS caption");
        assert_eq!(asked(&one, "SELECT caption FROM photos"), "Lisboa, à noite");
        let tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'";
        assert_eq!(asked(&other, tables), "0");
    }

    #[test]
    fn one_of_its_own_goes_with_its_value() {
        let Some(postgres) = Postgres::start() else { return };
        let url = postgres.new_database();
        let folder = postgres._folder.path().to_owned();
        assert!(folder.join(format!(".s.PGSQL.{}", postgres.port)).exists(), "its socket is in its folder");
        let programs = postgres.programs.clone();
        drop(postgres);
        assert!(run(&programs, &url, "SELECT 1").is_err(), "it still answers");
        assert!(!folder.exists(), "its data is left");
    }
}
