//! `zip/[handle,handle]`: files in one archive, as they are stored. Images do not get smaller, so they are not compressed again.

use super::source::Asker;
use super::{Asked, Source, asker_of, value};
use crate::Shared;
use crate::db::FileRow;
use crate::error::ApiError;
use async_zip::tokio::write::ZipFileWriter;
use async_zip::{Compression, ZipEntryBuilder};
use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use bowerbird_convert::call::Call;
use bowerbird_protocol::problem::ProblemCode;
use futures_util::{AsyncWriteExt as _, StreamExt as _};
use std::collections::HashSet;
use tokio_util::io::ReaderStream;

/// Bytes of the archive that are made ahead of who reads it.
const AHEAD: usize = 256 * 1024;

/// The archive of the call's files.
pub async fn zip(companion: &Shared, call: &Call, asked: &Asked<'_>) -> Result<Response, ApiError> {
    call.recipe()?;
    if call.image_tasks().next().is_some() {
        let text = "zip packs files as they are stored; convert them first, with `store`.";
        return Err(ApiError::with_text(ProblemCode::BadRequest, text));
    }
    let (app, shown) = asker_of(companion, call, asked)?;
    let asker = Asker { app, shown: &shown, headers: asked.headers, converts: false };
    let mut files = Vec::new();
    for name in &call.sources {
        match Source::judge(companion, name, &asker).await?.0 {
            Source::Stored(file) => files.push(file),
            _ => {
                let text = "zip packs files that are stored here, by their handles.";
                return Err(ApiError::with_text(ProblemCode::BadRequest, text));
            }
        }
    }
    companion.limits.conversion(asked.address)?;
    let is_private = files.iter().any(|file| file.access != "public");
    let (reader, writer) = tokio::io::duplex(AHEAD);
    let companion = companion.clone();
    // It ends when the archive is whole, or its reader has gone. What is cut off has no directory, so no program takes it for whole.
    tokio::spawn(async move {
        if let Err(error) = write(&companion, files, writer).await {
            tracing::warn!(cause = format!("{error:#}"), "an archive was not finished");
        }
    });
    let headers = [
        (header::CONTENT_TYPE, value("application/zip")?),
        (header::CONTENT_DISPOSITION, value("attachment; filename=\"files.zip\"")?),
        (header::CACHE_CONTROL, value(if is_private { "private, no-store" } else { "no-cache" })?),
        (header::X_CONTENT_TYPE_OPTIONS, value("nosniff")?),
    ];
    Ok((headers, Body::from_stream(ReaderStream::new(reader))).into_response())
}

async fn write(companion: &Shared, files: Vec<FileRow>, to: tokio::io::DuplexStream) -> anyhow::Result<()> {
    let mut archive = ZipFileWriter::with_tokio(to);
    let mut names = HashSet::new();
    for file in files {
        let entry = ZipEntryBuilder::new(unused(&mut names, &file.filename).into(), Compression::Stored);
        let mut entry = archive.write_entry_stream(entry).await?;
        let mut bytes = companion.buckets.get(&file.storage)?.read(&file.object_key, None).await?;
        while let Some(chunk) = bytes.next().await {
            entry.write_all(&chunk?).await?;
        }
        entry.close().await?;
    }
    archive.close().await?;
    Ok(())
}

/// A name that no other file of the archive has, and that leads nowhere.
fn unused(names: &mut HashSet<String>, filename: &str) -> String {
    let plain = filename.replace(['/', '\\', ':'], "-");
    let (stem, extension) = plain.rsplit_once('.').unwrap_or((&plain, ""));
    let numbered = |number: usize| match (number, extension) {
        (1, _) => plain.clone(),
        (_, "") => format!("{stem} ({number})"),
        _ => format!("{stem} ({number}).{extension}"),
    };
    let name = (1..).map(numbered).find(|name| !names.contains(name)).unwrap_or_else(|| plain.clone());
    names.insert(name.clone());
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_one_name_are_told_apart() {
        let mut names = HashSet::new();
        let given = ["a.jpg", "a.jpg", "../a.jpg", "b", "b"].map(|name| unused(&mut names, name));
        assert_eq!(given, ["a.jpg", "a (2).jpg", "..-a.jpg", "b", "b (2)"]);
    }
}
