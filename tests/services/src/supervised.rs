//! Servers and folders that go with the process that made them, even when it is killed.
//!
//! Nobody tells a killed process to clean up, and statics are never dropped. So a shell holds the other end of a pipe
//! of ours: however we end, the system closes our end, and the shell does what is to be done.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long a server may take until it answers. A machine that is busy needs more than one would think.
const PATIENCE: Duration = Duration::from_secs(60);

/// A temporary folder.
pub struct Folder {
    path: PathBuf,
    keeper: Child,
}

/// A server may still be writing when its folder is removed, so this tries until nothing is left, for some seconds.
const KEEP: &str = r#"read -r _
tries=0
while [ -e "$1" ] && [ "$tries" -lt 100 ]; do
    rm -rf "$1" 2>/dev/null || sleep 0.1
    tries=$((tries + 1))
done"#;

impl Folder {
    /// Makes an empty one, with this in its name.
    pub fn new(name: &str) -> Self {
        let made = tempfile::Builder::new().prefix(&format!("bowerbird-{name}-")).tempdir();
        let path = made.expect("a temporary folder can be made").keep();
        let mut keep = shell(KEEP);
        let keeper = keep.arg(&path).spawn().expect("a shell can be started");
        Self { path, keeper }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        end(&mut self.keeper);
    }
}

/// A server that is running.
pub struct Server {
    supervisor: Child,
    log: PathBuf,
}

/// The server is the one that is waited for, so that the shell ends when it does. It is told to end until it has: a
/// shell starts it deaf to some signals, which it hears only once it listens for them.
const SUPERVISE: &str = r#"signal=$1
shift
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
(
    read -r _ <&3
    tries=0
    while kill -s "$signal" "$server" 2>/dev/null; do
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] || signal=KILL
        sleep 0.1
    done
) &
wait "$server"
kill "$!" 2>/dev/null"#;

impl Server {
    /// Starts it, to be ended by this signal. What it says goes to the end of the file `log`.
    pub fn start(before: &[PathBuf], signal: &str, command: &Command, log: PathBuf) -> Self {
        let open = || File::options().create(true).append(true).open(&log).expect("a log can be written");
        let mut supervise = shell_after(before, SUPERVISE);
        supervise.arg(signal).arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => supervise.env(name, value),
                None => supervise.env_remove(name),
            };
        }
        supervise.stdout(open()).stderr(open());
        // Whom the server runs as may have no right to be in our folder.
        supervise.current_dir(log.parent().expect("a log is in a folder"));
        let supervisor = supervise.spawn().expect("a shell can be started");
        Self { supervisor, log }
    }

    /// Waits until it answers. When it ends instead, or does neither, this is what it said.
    pub fn wait_until(&mut self, answers: impl Fn() -> bool) -> Result<(), String> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if matches!(self.supervisor.try_wait(), Ok(Some(_))) {
                return Err(self.said());
            }
            if answers() {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(10));
        }
        Err(format!("{}(and then nothing for {PATIENCE:?})", self.said()))
    }

    fn said(&self) -> String {
        std::fs::read(&self.log).map(|said| String::from_utf8_lossy(&said).into_owned()).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        end(&mut self.supervisor);
    }
}

fn shell(script: &str) -> Command {
    shell_after(&[], script)
}

/// A shell with this script, started through `before`. Its arguments come next.
fn shell_after(before: &[PathBuf], script: &str) -> Command {
    let mut words = before.iter().map(PathBuf::as_path).chain([Path::new("sh")]);
    let mut command = Command::new(words.next().unwrap_or(Path::new("sh")));
    command.args(words).args(["-c", script, "sh"]);
    // A group of its own, so that a Ctrl-C for the tests is none for the shell, which has something left to do.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Closes our end of the pipe, and waits until all is done.
fn end(shell: &mut Child) {
    drop(shell.stdin.take());
    let _ = shell.wait();
}

/// A port that nobody has. It is below those that systems give to connections, so nobody comes by it by chance either,
/// not even while its server is stopped.
pub fn free_port() -> u16 {
    let any = (0..1000).map(|_| 20_000 + u16::try_from(random() % 12_000).expect("it is below 12000"));
    let free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    any.into_iter().find(free).expect("one of a thousand ports is free")
}

/// A name that nothing else has.
pub fn unique_name(kind: &str) -> String {
    format!("{kind}-{:016x}", random())
}

fn random() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    // Every state has keys of its own, which come from the system's randomness.
    RandomState::new().hash_one(())
}
