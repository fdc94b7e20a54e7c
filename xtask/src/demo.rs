//! `cargo xtask demo`: all of Bowerbird on this machine, with Meta's platform in small beside it.

use crate::children::{self, Interrupted, Running};
use crate::{dist, paths, tools};
use anyhow::{Context, Result, bail};
use std::ffi::OsString;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// How long emulator and companion may take until they answer.
const START: Duration = Duration::from_secs(60);

/// Builds, starts, waits until all is up, and then until it is told to stop or one of the two ends.
pub fn run(port: u16, data: &Path) -> Result<()> {
    let result = build_and_serve(port, data);
    if result.as_ref().is_err_and(|error| error.is::<Interrupted>()) {
        println!("\ndemo: stopped");
        return Ok(());
    }
    result
}

fn build_and_serve(port: u16, data: &Path) -> Result<()> {
    let Some(emulator_port) = port.checked_add(1) else {
        bail!("the emulator needs the port after {port}, and there is none")
    };
    // Before the build, which takes minutes the first time.
    for (port, who) in [(port, "companion"), (emulator_port, "emulator")] {
        require_free(port, who)?;
    }
    tools::c_compiler()?;
    dist::run(dist::How::default())?;
    println!("servers: building the companion and the emulator");
    let began = Instant::now();
    children::run(&mut children::cargo([
        "build",
        "--package",
        "bowerbird-companion",
        "--package",
        "bowerbird-emulator",
        "--bins",
    ]))?;
    println!("servers: built ({:.1} s)", began.elapsed().as_secs_f32());

    let data = std::path::absolute(paths::root().join(data)).context("--data is no path")?;
    std::fs::create_dir_all(&data).with_context(|| format!("cannot make the folder {}", data.display()))?;
    let urls =
        Urls { companion: format!("http://127.0.0.1:{port}"), emulator: format!("http://127.0.0.1:{emulator_port}") };

    // In this order, so that the companion is stopped first when both go.
    let mut emulator = Running::start_labelled("emulator", &mut urls.emulator_command(emulator_port))?;
    let mut companion = Running::start_labelled("companion", &mut urls.companion_command(port, &data))?;
    let mut both = [(&mut companion, "companion"), (&mut emulator, "emulator")];
    wait_until(&mut both, || answers(emulator_port, "/_emulator/accounts") && answers(port, "/healthz"))?;

    println!();
    println!("  the customer's page   http://localhost:{port}");
    println!("  the companion         {}", urls.companion);
    println!("  Meta in small         {}", urls.emulator);
    println!("  files and database    {}", data.display());
    println!();
    println!("  Open the customer's page and press the button. Ctrl-C stops all.");
    println!();
    println!("ready {}", urls.companion);
    std::io::stdout().flush()?;
    loop {
        check_on(&mut both)?;
        std::thread::sleep(Duration::from_millis(100));
    }
}

struct Urls {
    companion: String,
    emulator: String,
}

impl Urls {
    fn emulator_command(&self, port: u16) -> Command {
        let mut command = children::command(built("bowerbird-emulator"));
        command.args(["--listen", &format!("127.0.0.1:{port}")]);
        for source in ["facebook", "instagram"] {
            command.arg("--redirect-uri").arg(format!("{}/api/client/{source}/authCallback/open", self.companion));
        }
        command
    }

    fn companion_command(&self, port: u16, data: &Path) -> Command {
        let mut command = children::command(built("bowerbird-companion"));
        // The demo is the same whatever the shell is set up for.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("BOWERBIRD_") {
                command.env_remove(name);
            }
        }
        command.envs(self.settings(port, data));
        command
    }

    fn settings(&self, port: u16, data: &Path) -> Vec<(&'static str, OsString)> {
        let meta = |host: &str| OsString::from(format!("{}/{host}", self.emulator));
        let emulator_host = self.emulator.trim_start_matches("http://");
        vec![
            ("BOWERBIRD_LISTEN", format!("127.0.0.1:{port}").into()),
            ("BOWERBIRD_PUBLIC_URL", self.companion.clone().into()),
            ("BOWERBIRD_DATA_DIR", data.into()),
            ("BOWERBIRD_WIDGET_DIR", paths::package().into()),
            ("BOWERBIRD_SITE_DIR", paths::root().join("demo").into()),
            ("BOWERBIRD_FACEBOOK_DIALOG_URL", meta("www.facebook.com")),
            ("BOWERBIRD_FACEBOOK_GRAPH_URL", meta("graph.facebook.com")),
            ("BOWERBIRD_INSTAGRAM_AUTHORIZE_URL", meta("www.instagram.com")),
            ("BOWERBIRD_INSTAGRAM_API_URL", meta("api.instagram.com")),
            ("BOWERBIRD_FACEBOOK_UPLOAD_URL", meta("rupload.facebook.com")),
            ("BOWERBIRD_INSTAGRAM_GRAPH_URL", meta("graph.instagram.com")),
            ("BOWERBIRD_IMAGE_HOSTS", emulator_host.into()),
        ]
    }
}

fn built(name: &str) -> PathBuf {
    paths::target().join("debug").join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

fn require_free(port: u16, who: &str) -> Result<()> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            bail!("port {port}, which the {who} needs, is taken by another program. Choose other ports with --port")
        }
        Err(error) => Err(error).with_context(|| format!("port {port}, which the {who} needs, cannot be opened")),
    }
}

/// Errors when one of the two has ended, or we are told to stop.
fn check_on(both: &mut [(&mut Running, &str)]) -> Result<()> {
    if children::stopping() {
        return Err(Interrupted.into());
    }
    for (running, name) in both {
        if let Some(status) = running.ended()? {
            bail!("the {name} has ended ({status}); its last lines are above");
        }
    }
    Ok(())
}

fn wait_until(both: &mut [(&mut Running, &str)], up: impl Fn() -> bool) -> Result<()> {
    let began = Instant::now();
    while !up() {
        check_on(both)?;
        if began.elapsed() > START {
            bail!("emulator and companion do not answer after {} seconds", START.as_secs());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// Whether a GET of this path on this machine is answered with a 200.
fn answers(port: u16, path: &str) -> bool {
    let ask = || -> std::io::Result<bool> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        // In one piece: a server that has read the first may answer and close, and what comes after that takes its answer away.
        let request = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes())?;
        let mut status = [0; 12];
        stream.read_exact(&mut status)?;
        Ok(status == *b"HTTP/1.1 200")
    };
    ask().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_named() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let error = require_free(port, "companion").unwrap_err().to_string();
        assert!(
            error.contains(&port.to_string()) && error.contains("companion") && error.contains("--port"),
            "{error}"
        );
        drop(taken);
        require_free(port, "companion").unwrap();
    }

    #[test]
    fn only_a_200_counts_as_an_answer() {
        for (reply, up) in [("HTTP/1.1 200 OK\r\n\r\n", true), ("HTTP/1.1 503 No\r\n\r\n", false), ("", false)] {
            let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            let port = server.local_addr().unwrap().port();
            let serving = std::thread::spawn(move || {
                let (mut stream, _) = server.accept().unwrap();
                let mut request = [0; 512];
                let _ = stream.read(&mut request).unwrap();
                stream.write_all(reply.as_bytes()).unwrap();
            });
            assert_eq!(answers(port, "/healthz"), up, "{reply:?}");
            serving.join().unwrap();
        }
    }

    #[test]
    fn the_last_port_has_none_after_it() {
        assert!(run(u16::MAX, Path::new("data")).unwrap_err().to_string().contains("65535"));
    }
}
