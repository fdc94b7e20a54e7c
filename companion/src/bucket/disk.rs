//! What a folder of this machine's disk needs besides what `object_store` does: its staging files, which listings leave out.

use super::Object;
use std::path::{Path, PathBuf};

pub(super) fn on_disk(error: std::io::Error) -> object_store::Error {
    object_store::Error::Generic { store: "disk", source: error.into() }
}

/// A transfer may have ended since the file was seen, and taken it away itself.
pub(super) async fn remove_file(file: &Path) -> std::io::Result<()> {
    match tokio::fs::remove_file(file).await {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

pub(super) async fn remove_from(folder: &Path, which: impl Fn(&str) -> bool) -> std::io::Result<()> {
    let mut entries = match tokio::fs::read_dir(folder).await {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    while let Some(entry) = entries.next_entry().await? {
        if which(&entry.file_name().to_string_lossy()) {
            remove_file(&entry.path()).await?;
        }
    }
    Ok(())
}

/// The file that a staging file is to become.
pub(super) fn staged(name: &str) -> Option<&str> {
    let (file, number) = name.rsplit_once('#')?;
    (!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())).then_some(file)
}

/// What the storage's own listing leaves out: files that are being written, or were when the process was killed.
pub(super) fn staging_files(folder: PathBuf) -> Vec<Object> {
    let mut found = Vec::new();
    let mut folders = vec![folder.clone()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).into_iter().flatten().flatten() {
            let Ok(meta) = entry.metadata() else { continue };
            if meta.is_dir() {
                folders.push(entry.path());
            } else if let Ok(key) = entry.path().strip_prefix(&folder)
                && staged(&key.to_string_lossy()).is_some()
                && let Ok(modified) = meta.modified()
            {
                found.push(Object { key: key.to_string_lossy().into_owned(), modified, size: meta.len() });
            }
        }
    }
    found
}
