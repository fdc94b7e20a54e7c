//! [`S3`].

use crate::programs;
use crate::supervised::{Folder, Server, free_port, unique_name};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

const ACCESS_KEY: &str = "bowerbird";
const SECRET_KEY: &str = "bowerbird-secret";

/// A server that speaks S3 (`rclone serve s3`), with path-style addresses, for any region. A bucket is a folder, and an
/// object a file in it; types and other metadata of objects are in memory, and lost when it stops.
///
/// Where it is not S3: a range is answered with status 200 instead of 206; `If-Match` and `If-None-Match` count for
/// nothing when something is written; the ETag of an object that came in parts is the MD5 of all of it; a key cannot be
/// the folder of another (`a` beside `a/b`).
pub struct S3 {
    port: u16,
    endpoint: String,
    rclone: PathBuf,
    // Dropped in this order: a server before its folder.
    server: Option<Server>,
    folder: Folder,
}

impl S3 {
    /// The one of this process, started when it is first asked for. `None` where rclone is not installed.
    pub fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<S3>> = OnceLock::new();
        SHARED.get_or_init(Self::start).as_ref()
    }

    /// Starts one that ends when it is dropped, and can be stopped before. `None` where rclone is not installed.
    pub fn start() -> Option<Self> {
        let Some(rclone) = programs::rclone() else {
            programs::skipped("rclone");
            return None;
        };
        let folder = Folder::new("s3");
        std::fs::create_dir(folder.path().join("buckets")).expect("a folder can be made");
        let mut said = String::new();
        // Somebody else may take a port after we found it free.
        for _ in 0..3 {
            let port = free_port();
            match serve(&rclone, folder.path(), port) {
                Ok(server) => {
                    let endpoint = format!("http://127.0.0.1:{port}");
                    return Some(Self { port, endpoint, rclone, server: Some(server), folder });
                }
                Err(words) => said = words,
            }
        }
        panic!("rclone does not serve:\n{said}");
    }

    /// `http://127.0.0.1:<port>`
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// rclone, which can be its client too.
    pub fn program(&self) -> &Path {
        &self.rclone
    }

    /// The id of the key that every request is to be signed with.
    pub fn access_key(&self) -> &str {
        ACCESS_KEY
    }

    /// The secret of that key.
    pub fn secret_key(&self) -> &str {
        SECRET_KEY
    }

    /// What a client needs besides the bucket, by the names of AWS's own variables.
    pub fn options(&self) -> [(&'static str, &str); 4] {
        [
            ("aws_endpoint", self.endpoint()),
            ("aws_access_key_id", self.access_key()),
            ("aws_secret_access_key", self.secret_key()),
            ("aws_region", "us-east-1"),
        ]
    }

    /// Makes an empty bucket and answers its name.
    pub fn new_bucket(&self) -> String {
        let name = unique_name("bucket");
        std::fs::create_dir(self.folder(&name)).expect("a folder can be made");
        name
    }

    /// Where the objects of a bucket lie: the object `a/b` is the file `a/b` in it. What is written into it or removed
    /// from it is so for the server too, at once.
    pub fn folder(&self, bucket: &str) -> PathBuf {
        self.folder.path().join("buckets").join(bucket)
    }

    /// Stops it, as a server that is down. What it stored stays.
    pub fn stop(&mut self) {
        self.server = None;
    }

    /// Starts it again after [`stop`](Self::stop), at the same address and with what it stored.
    pub fn start_again(&mut self) {
        self.stop();
        let server = serve(&self.rclone, self.folder.path(), self.port);
        self.server = Some(server.unwrap_or_else(|said| panic!("rclone does not serve again:\n{said}")));
    }
}

fn serve(rclone: &Path, folder: &Path, port: u16) -> Result<Server, String> {
    let mut command = Command::new(rclone);
    command.args(["serve", "s3", "--addr", &format!("127.0.0.1:{port}")]);
    command.args(["--auth-key", &format!("{ACCESS_KEY},{SECRET_KEY}")]);
    // No configuration of whoever runs the tests; and nothing outside of our folder.
    command.args(["--config", "", "--cache-dir"]).arg(folder.join("cache"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("RCLONE_")) {
        command.env_remove(name);
    }
    // What tests do in the folder themselves has to be seen. With 0 every request takes ten times as long.
    command.args(["--dir-cache-time", "1ms"]).arg(folder.join("buckets"));
    let mut server = Server::start(&[], "TERM", &command, folder.join("log"));
    server.wait_until(|| answer(port, "GET / HTTP/1.1").is_some())?;
    Ok(server)
}

/// The status line that an unsigned request is answered with, if it is.
fn answer(port: u16, request: &str) -> Option<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    stream.write_all(format!("{request}\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n").as_bytes()).ok()?;
    let mut said = Vec::new();
    stream.read_to_end(&mut said).ok()?;
    let said = String::from_utf8_lossy(&said);
    Some(said.lines().next().filter(|line| line.starts_with("HTTP/1.1 "))?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Stdio;

    /// Lets rclone be the client too, which is there whenever the server is. Answers what it printed.
    fn client(s3: &S3, arguments: &[&str], input: &[u8]) -> String {
        let mut command = Command::new(&s3.rclone);
        command.args(["--config", "", "--s3-provider", "Rclone", "--s3-endpoint", s3.endpoint()]);
        command.args(["--s3-access-key-id", s3.access_key(), "--s3-secret-access-key", s3.secret_key()]);
        // Five MiB are the least that S3 takes as a part.
        command.args(["--s3-upload-cutoff", "5Mi", "--s3-chunk-size", "5Mi", "--streaming-upload-cutoff", "5Mi"]);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut running = command.spawn().unwrap();
        running.stdin.take().unwrap().write_all(input).unwrap();
        let output = running.wait_with_output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    #[test]
    fn objects_come_go_and_are_listed() {
        let Some(s3) = S3::shared() else { return };
        let bucket = s3.new_bucket();
        let at = |key: &str| format!(":s3:{bucket}/{key}");
        client(s3, &["rcat", &at("lisbon/small.txt")], b"bytes");
        let large = vec![7; 11 * 1024 * 1024];
        client(s3, &["rcat", &at("lisbon/in-parts")], &large);
        assert_eq!(client(s3, &["cat", &at("lisbon/small.txt")], b""), "bytes");
        assert_eq!(std::fs::read(s3.folder(&bucket).join("lisbon/in-parts")).unwrap(), large);
        std::fs::write(s3.folder(&bucket).join("lisbon/by-hand"), "x").unwrap();
        assert_eq!(client(s3, &["lsf", &at("lisbon")], b""), "by-hand\nin-parts\nsmall.txt\n");
        client(s3, &["deletefile", &at("lisbon/small.txt")], b"");
        assert_eq!(client(s3, &["lsf", &at("lisbon")], b""), "by-hand\nin-parts\n");
        assert_eq!(client(s3, &["lsf", &format!(":s3:{}", s3.new_bucket())], b""), "", "buckets are apart");
    }

    #[test]
    fn it_lets_in_nobody_without_the_key() {
        let Some(s3) = S3::shared() else { return };
        let bucket = s3.new_bucket();
        let refused = answer(s3.port, &format!("PUT /{bucket}/key HTTP/1.1\r\nContent-Length: 0")).unwrap();
        assert!(refused.starts_with("HTTP/1.1 4"), "{refused}");
        assert!(!s3.folder(&bucket).join("key").exists());
    }

    #[test]
    fn one_of_its_own_can_be_stopped_and_started_again() {
        let Some(mut s3) = S3::start() else { return };
        let (bucket, endpoint) = (s3.new_bucket(), s3.endpoint().to_owned());
        client(&s3, &["rcat", &format!(":s3:{bucket}/key")], b"bytes");
        s3.stop();
        assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, s3.port)).is_err(), "it still answers");
        s3.start_again();
        assert_eq!(s3.endpoint(), endpoint);
        assert_eq!(client(&s3, &["cat", &format!(":s3:{bucket}/key")], b""), "bytes");
        let folder = s3.folder(&bucket);
        drop(s3);
        assert!(!folder.exists(), "its data is left");
    }
}
