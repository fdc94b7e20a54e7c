//! What has to be so after any trouble: every photo is there once and whole, and nothing else is.

use crate::ground::Ground;
use crate::visitor::Visitor;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeSet, HashSet};
use std::path::Path;
use std::time::Duration;

/// Judges what the visitors were told against the database, the storage, and the books of the emulator.
pub async fn judge(ground: &Ground, visitors: &[Visitor]) {
    every_photo_is_whole(ground, visitors).await;
    for visitor in visitors {
        visitor.is_told_the_same_again().await;
    }
    let database = ground.cluster.database().await;
    let count = async |query: &'static str| -> i64 { sqlx::query_scalar(query).fetch_one(&database).await.unwrap() };
    let told: usize = visitors.iter().map(|visitor| visitor.stored.len()).sum();
    let handles: HashSet<&String> =
        visitors.iter().flat_map(|visitor| visitor.stored.values()).map(|file| &file.handle).collect();
    assert_eq!(handles.len(), told, "no two photos are one file");
    assert_eq!(count("SELECT COUNT(*) FROM files").await, told as i64, "every photo is recorded once");
    assert_eq!(count("SELECT COUNT(*) FROM jobs WHERE state IN ('queued', 'running')").await, 0);
    assert_eq!(count("SELECT COUNT(*) FROM jobs WHERE state = 'stored'").await, told as i64);
    eventually("what failed transfers were writing is removed", async || {
        count("SELECT COUNT(*) FROM jobs WHERE object_key IS NOT NULL").await == 0
    })
    .await;

    let before = objects(&ground.files).len();
    let said = ground.cluster.runs(&["files", "sweep", "--older-than-hours", "0"]).await;
    let keys: Vec<String> = sqlx::query_scalar("SELECT object_key FROM files").fetch_all(&database).await.unwrap();
    let (kept, known) = (objects(&ground.files), keys.into_iter().collect::<BTreeSet<_>>());
    assert_eq!(kept, known, "what lies in the storage is what is recorded; the sweeper said: {said}");
    if let Some(receiver) = &ground.told {
        // A notice whose sender was killed is due again after a minute.
        let handles: Vec<&String> = handles.into_iter().collect();
        eventually_within(2400, "each photo is told of", async || receiver.all_once(&handles)).await;
    }
    let again: usize = visitors.iter().map(|visitor| visitor.asked_again).sum();
    println!("{told} photos, asked again for {again} times, {} orphans", before - kept.len());
}

/// Each has the bytes that the emulator served as that photo in its largest size.
async fn every_photo_is_whole(ground: &Ground, visitors: &[Visitor]) {
    let served = ground.emulator.served();
    for (path, file) in visitors.iter().flat_map(|visitor| &visitor.stored) {
        let answer = ground.http.get(&file.url).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}: {}\n{}", file.url, ground.cluster.last_words());
        let bytes = answer.bytes().await.unwrap();
        assert_eq!(hex::encode(Sha256::digest(&bytes)), file.sha256, "{path} has other bytes than its record says");
        let id = file.filename.trim_end_matches(".jpg");
        assert!(path.contains(id), "{path} is stored as {}", file.filename);
        let of_photo = served.iter().filter(|one| one.photo_id == id);
        let largest = of_photo.max_by_key(|one| one.width * one.height);
        let largest = largest.unwrap_or_else(|| panic!("{path} was never served"));
        assert_eq!(file.sha256, largest.sha256, "{path} is not what was served");
        assert_eq!(file.size, largest.bytes, "{path}");
    }
}

/// The keys of all that lies in the storage, unfinished files too.
pub fn objects(folder: &Path) -> BTreeSet<String> {
    let (mut found, mut folders) = (BTreeSet::new(), vec![folder.to_owned()]);
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(folder).unwrap().to_string_lossy().into_owned());
            }
        }
    }
    found
}

/// Until something is so, at most a minute.
pub async fn eventually(what: &str, is_so: impl AsyncFnMut() -> bool) {
    eventually_within(1200, what, is_so).await;
}

async fn eventually_within(looks: usize, what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    for _ in 0..looks {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("never: {what}");
}
