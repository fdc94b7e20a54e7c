//! What is left of the servers when the process that started them is killed.

use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

#[test]
fn nothing_outlives_a_process_that_is_killed() {
    let temporary = tempfile::tempdir().unwrap();
    // The user that PostgreSQL runs as has to get in.
    #[cfg(unix)]
    std::fs::set_permissions(temporary.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_bowerbird-services"));
    let mut process = command.env("TMPDIR", temporary.path()).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(process.stdout.take().unwrap()).lines().take(2);
    let said: Vec<String> = lines.map(Result::unwrap).collect();
    let addresses: Vec<&str> = said.iter().filter_map(|line| address(line)).collect();
    for address in &addresses {
        assert!(TcpStream::connect(address).is_ok(), "{said:?}");
    }
    assert_eq!(entries(temporary.path()), addresses.len(), "{said:?}");
    // What `kill -9` does.
    process.kill().unwrap();
    process.wait().unwrap();
    let killed = Instant::now();
    let left = || addresses.iter().any(|address| TcpStream::connect(address).is_ok()) || entries(temporary.path()) > 0;
    while left() {
        assert!(killed.elapsed() < Duration::from_secs(30), "something is left of {said:?}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// The `127.0.0.1:<port>` of a line, unless it is of a server that cannot be had here.
fn address(line: &str) -> Option<&str> {
    let address = &line[line.find("127.0.0.1:")?..];
    Some(address.split(['/', ' ']).next().unwrap_or(address))
}

fn entries(folder: &Path) -> usize {
    std::fs::read_dir(folder).expect("it is a folder").count()
}
