//! A disk that is soon full.

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use std::io::Write as _;
use std::path::Path;
use tempfile::TempDir;

/// A file system in memory, gone when this is dropped.
pub struct SmallDisk(TempDir);

impl SmallDisk {
    /// One of so many MB. `None`, loudly, where this process may not mount.
    pub fn mount(megabytes: usize) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let options = format!("size={megabytes}m");
        let mounted = mount(Some("tmpfs"), folder.path(), Some("tmpfs"), MsFlags::MS_NOSUID, Some(options.as_str()));
        let Err(error) = mounted else { return Some(Self(folder)) };
        // Written past the test harness, which keeps what a test that passes prints to itself. Many containers let nobody mount,
        // so this is no failure in CI.
        let line =
            format!("SKIPPED: no file system can be mounted ({error}), so no full disk is tested; run as root\n");
        drop(std::io::stderr().write_all(line.as_bytes()));
        None
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes until there is no more room than so many bytes.
    pub fn fill(&self, but_for: usize) -> std::path::PathBuf {
        let path = self.path().join("filling");
        let mut file = std::fs::File::create(&path).unwrap();
        let mut bytes = 0;
        while file.write_all(&[0; 65_536]).is_ok() {
            bytes += 65_536;
        }
        file.set_len(bytes - but_for as u64).unwrap();
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Who still has a file open there does not keep it from going.
        let _ = umount2(self.0.path(), MntFlags::MNT_DETACH);
    }
}
