//! Other programs, started so that none of them outlives this one.
//!
//! Each gets a process group of its own, which is told to stop when this program is (Ctrl-C then reaches us alone, and
//! the order of stopping is ours). Against a `kill -9`, Linux is asked to stop the child when its parent goes.

use crate::paths;
use anyhow::{Context, Result, bail};
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::{BufRead, BufReader, IsTerminal, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

static STOP: AtomicBool = AtomicBool::new(false);

/// How long a program may take to stop by itself before it is made to.
const GRACE: Duration = Duration::from_secs(10);

/// The error of a run that was stopped from outside, by Ctrl-C say. Nothing more is to be said about it.
#[derive(Debug)]
pub struct Interrupted;

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("interrupted")
    }
}

impl std::error::Error for Interrupted {}

/// From now on Ctrl-C, SIGTERM and SIGHUP make [`stopping`] true instead of ending the program at once.
pub fn listen_for_signals() -> Result<()> {
    ctrlc::set_handler(|| STOP.store(true, Ordering::Relaxed)).context("cannot listen for Ctrl-C")
}

/// Whether this program has been told to stop.
pub fn stopping() -> bool {
    STOP.load(Ordering::Relaxed)
}

/// A command that runs in the repository's root.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    #[cfg(target_os = "linux")]
    let mut command = {
        // `/proc/self/exe` stays this very program when cargo has rebuilt the file that it was started from.
        let mut command = Command::new("/proc/self/exe");
        command.arg("bound").arg("--").arg(program);
        command
    };
    #[cfg(not(target_os = "linux"))]
    let mut command = Command::new(program);
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.current_dir(paths::root()).stdin(Stdio::null());
    // `cargo run` describes this package to us. Build scripts that look would be run again for it, and again without it.
    for (name, _) in std::env::vars_os() {
        if ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|start| name.to_string_lossy().starts_with(start)) {
            command.env_remove(name);
        }
    }
    command
}

/// `cargo` with these arguments.
pub fn cargo<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = command("cargo");
    command.args(arguments);
    command
}

/// Runs to the end. Errors when the program cannot be started, does not succeed, or we are told to stop.
pub fn run(command: &mut Command) -> Result<()> {
    let name = describe(command);
    let status = Running::start(&name, command)?.wait()?;
    if !status.success() {
        bail!("`{name}` failed ({status})");
    }
    Ok(())
}

/// Runs to the end and gives what it printed, standard output before standard error, and whether it succeeded.
/// For programs of a moment: a signal waits for them.
pub fn output(command: &mut Command) -> Result<(bool, String)> {
    let output = command.output().with_context(|| format!("cannot start `{}`", describe(command)))?;
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    Ok((output.status.success(), text))
}

/// Whether a program of this name can be started.
pub fn exists(program: &str) -> bool {
    let Some(path) = std::env::var_os("PATH") else { return false };
    std::env::split_paths(&path)
        .any(|folder| folder.join(program).is_file() || folder.join(format!("{program}.exe")).is_file())
}

/// A program that is running. It is stopped when this value goes.
pub struct Running {
    name: String,
    child: Child,
    ended: bool,
}

impl Running {
    /// Starts it. Its output goes where ours goes.
    pub fn start(name: &str, command: &mut Command) -> Result<Self> {
        if stopping() {
            return Err(Interrupted.into());
        }
        let child = command.spawn().with_context(|| format!("cannot start `{name}`"))?;
        Ok(Self { name: name.to_owned(), child, ended: false })
    }

    /// Starts it. Every line that it prints is shown behind its name.
    pub fn start_labelled(name: &str, command: &mut Command) -> Result<Self> {
        if !std::io::stdout().is_terminal() {
            command.env("NO_COLOR", "1");
        }
        let mut running = Self::start(name, command.stdout(Stdio::piped()).stderr(Stdio::piped()))?;
        relay(name, running.child.stdout.take());
        relay(name, running.child.stderr.take());
        Ok(running)
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        let status = self.child.try_wait().with_context(|| format!("lost sight of `{}`", self.name))?;
        self.ended |= status.is_some();
        Ok(status)
    }

    /// Waits until it ends; errors when we are told to stop before.
    pub fn wait(&mut self) -> Result<ExitStatus> {
        loop {
            if let Some(status) = self.ended()? {
                return Ok(status);
            }
            if stopping() {
                return Err(Interrupted.into());
            }
            thread::sleep(Duration::from_millis(15));
        }
    }

    /// Asks it to stop, and makes it after [`GRACE`].
    pub fn stop(&mut self) {
        if self.ended {
            return;
        }
        self.ask_to_stop();
        let asked = Instant::now();
        while asked.elapsed() < GRACE {
            if matches!(self.ended(), Ok(Some(_)) | Err(_)) {
                return;
            }
            thread::sleep(Duration::from_millis(15));
        }
        eprintln!("{} does not stop by itself and is ended by force", self.name);
        self.force();
        self.ended = true;
    }

    #[cfg(unix)]
    fn ask_to_stop(&mut self) {
        self.signal(nix::sys::signal::Signal::SIGTERM);
    }

    #[cfg(unix)]
    fn force(&mut self) {
        self.signal(nix::sys::signal::Signal::SIGKILL);
        // Only a process in the middle of a system call outlasts SIGKILL, and there is nothing to be done about it.
        let _ = self.child.wait();
    }

    #[cfg(unix)]
    fn signal(&self, signal: nix::sys::signal::Signal) {
        // The group, which has the child's number: a compiler that cargo started goes with cargo.
        if let Ok(id) = i32::try_from(self.child.id()) {
            let _ = nix::sys::signal::killpg(nix::unistd::Pid::from_raw(id), signal);
        }
    }

    #[cfg(not(unix))]
    fn ask_to_stop(&mut self) {
        self.force();
    }

    #[cfg(not(unix))]
    fn force(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
    }
}

fn relay(name: &str, stream: Option<impl Read + Send + 'static>) {
    let Some(stream) = stream else { return };
    let name = name.to_owned();
    thread::spawn(move || {
        for line in BufReader::new(stream).split(b'\n') {
            let Ok(line) = line else { return };
            println!("{name:>9} | {}", String::from_utf8_lossy(&line).trim_end());
        }
    });
}

/// The command as a person would type it.
fn describe(command: &Command) -> String {
    let words: Vec<String> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    match words.iter().position(|word| word == "--") {
        Some(at) if words.get(1).is_some_and(|word| word == "bound") => words[at + 1..].join(" "),
        _ => words.join(" "),
    }
}

/// Turns this process into the program, after asking the system to stop it when the parent goes.
#[cfg(unix)]
pub fn become_bound(command: &[OsString]) -> Result<()> {
    use std::os::unix::process::CommandExt;
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGTERM)
        .context("cannot tie the program to its parent")?;
    let [program, arguments @ ..] = command else { bail!("no program is named") };
    let error = Command::new(program).args(arguments).exec();
    if error.kind() == std::io::ErrorKind::NotFound {
        bail!("`{}` is not installed", program.to_string_lossy());
    }
    Err(error).with_context(|| format!("cannot start `{}`", program.to_string_lossy()))
}

/// Other systems run commands directly.
#[cfg(not(unix))]
pub fn become_bound(_: &[OsString]) -> Result<()> {
    bail!("not used on this system")
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    // The test's executable is not `cargo xtask`, so these commands are made without `bound`.
    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command
    }

    #[test]
    fn grandchildren_are_stopped_too() {
        let mut command = shell("sleep 60 & echo started; wait");
        let mut running = Running::start("sh", command.stdout(Stdio::piped())).unwrap();
        let mut output = BufReader::new(running.child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        assert_eq!(line, "started\n");
        let stopped = Instant::now();
        drop(running);
        // Whoever is left holds the pipe open.
        output.read_to_string(&mut line).unwrap();
        assert!(stopped.elapsed() < Duration::from_secs(30), "the grandchild ran on");
    }

    #[test]
    fn a_failure_names_the_command() {
        let error = run(&mut shell("exit 3")).unwrap_err().to_string();
        assert!(error.contains("sh -c exit 3") && error.contains('3'), "{error}");
        let error = run(&mut Command::new("no-such-program")).unwrap_err().to_string();
        assert!(error.contains("no-such-program"), "{error}");
    }
}
