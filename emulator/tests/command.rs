//! The program: what it prints, how it stops, what it says when it cannot start.

// The verbs are not tests themselves, so the leave that tests have does not reach them.
#![allow(clippy::unwrap_used)]

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

fn run(arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_bowerbird-emulator"))
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[cfg(unix)]
#[test]
fn it_says_where_it_is_and_stops_when_told_to() {
    let mut child = run(&["--listen", "127.0.0.1:0", "--redirect-uri", "http://127.0.0.1:1/back"]);
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim_end().strip_prefix("ready http://").unwrap_or_else(|| panic!("{line}"));
    std::net::TcpStream::connect(address).unwrap();
    let told = Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(told.success());
    assert!(child.wait().unwrap().success());
}

#[test]
fn it_says_which_port_is_taken() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = other.local_addr().unwrap().port();
    let mut child = run(&["--listen", &format!("127.0.0.1:{port}")]);
    assert!(!child.wait().unwrap().success());
    let mut words = String::new();
    child.stderr.take().unwrap().read_to_string(&mut words).unwrap();
    assert!(words.contains(&format!("Port {port} of 127.0.0.1 is taken")), "{words}");
}
