//! Nothing that was picked is lost, doubled or half there, whatever breaks: the program itself, killed, starved and cut off, on
//! what is built in and on PostgreSQL and S3. `cargo xtask test faults` runs the short scenarios, `cargo xtask bench` the ignored
//! ones.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a step that does not work has failed")]

mod conversions;
mod ground;
mod memory;
#[path = "../stage/press.rs"]
mod press;
mod publishing;
mod receiver;
mod small_disk;
#[path = "../stage/mod.rs"]
mod stage;
mod three;
mod verdict;
mod visitor;
#[path = "../flow/walks.rs"]
mod walks;

use bowerbird_companion::secrets::Secret;
use bowerbird_emulator::Fault;
use bowerbird_protocol::problem::ProblemCode;
use bowerbird_services::{Postgres, S3};
use ground::{Ground, On};
use nix::sys::signal::Signal;
use small_disk::SmallDisk;
use stage::proxy::{Proxy, Trouble};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use verdict::{eventually, judge};
use visitor::all_store;

/// Pictures come slowly enough for a kill to find many of them on their way.
fn slow_pictures(ground: &Ground, ms: u64) {
    ground.emulator.set_fault(Fault::Slow { ms, host: Some("scontent.xx.fbcdn.net".to_owned()), times: None });
}

async fn kills(mut ground: Ground, visitors: usize, photos: usize, times: usize) {
    ground.is_listened_to().await;
    let visitors = ground.visitors(visitors, photos).await;
    slow_pictures(&ground, 60);
    let storing = tokio::spawn(all_store(visitors));
    ground.kills(times, 100..1500).await;
    let visitors = storing.await.unwrap();
    assert!(visitors.iter().all(|visitor| visitor.failed.is_empty()), "every photo was accepted");
    judge(&ground, &visitors).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_companion_that_is_killed_again_and_again_stores_each_photo_once() {
    kills(Ground::prepare(On::Embedded, |_| {}).await, 4, 40, 8).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn so_does_one_on_postgresql_and_s3() {
    let Some(on) = On::services(1) else { return };
    kills(Ground::prepare(on, |_| {}).await, 4, 40, 8).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn so_do_three_on_one_database() {
    let Some(on) = On::services(3) else { return };
    kills(Ground::prepare(on, |_| {}).await, 6, 40, 10).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_companion_that_sleeps_through_its_lease_neither_doubles_nor_destroys() {
    let Some(on) = On::services(2) else { return };
    let ground = Ground::prepare(on, |_| {}).await;
    let visitors = ground.visitors(3, 50).await;
    slow_pictures(&ground, 60);
    let storing = tokio::spawn(all_store(visitors));
    for sleeper in [0, 1, 0] {
        tokio::time::sleep(Duration::from_millis(700)).await;
        ground.cluster.has_them_known(&[1 - sleeper]);
        ground.cluster.signal(sleeper, Signal::SIGSTOP);
        // Twice its lease: the other takes over what it has, and has written some of it when it wakes.
        tokio::time::sleep(Duration::from_secs(4)).await;
        ground.cluster.signal(sleeper, Signal::SIGCONT);
        ground.cluster.has_them_known(&[0, 1]);
    }
    let visitors = storing.await.unwrap();
    assert!(visitors.iter().all(|visitor| visitor.failed.is_empty()));
    let said = ground.cluster.said();
    assert!(said.contains("transfers of a process that is silent begin again"), "none was taken over: {said}");
    judge(&ground, &visitors).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_breaks_off_fails_and_forgets_addresses_is_asked_again() {
    let mut ground = Ground::prepare(On::Embedded, |_| {}).await;
    let visitors = ground.visitors(3, 40).await;
    let storing = tokio::spawn(all_store(visitors));
    let picture_host = || Some("scontent.xx.fbcdn.net".to_owned());
    for round in 0..12u32 {
        // Each hits some of the next requests and is over then.
        let times = Some(3 + round % 3);
        ground.emulator.set_fault(match round % 4 {
            0 => Fault::CutImages { after_bytes: Some(20_000 * round as usize), times },
            1 => Fault::ServerErrors { times, host: picture_host(), status: Some(502) },
            2 => Fault::ExpiredImages { times },
            _ => Fault::ServerErrors { times, host: None, status: Some(500) },
        });
        tokio::time::sleep(ground.within(200..900)).await;
    }
    ground.emulator.clear_faults();
    let visitors = storing.await.unwrap();
    assert!(visitors.iter().all(|visitor| visitor.failed.is_empty()));
    assert!(ground.cluster.said().contains("storing a photo is tried again"), "there was no trouble");
    judge(&ground, &visitors).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn photos_whose_token_runs_out_are_stored_after_the_next_sign_in() {
    let ground = Ground::prepare(On::Embedded, |_| {}).await;
    let visitors = ground.visitors(3, 40).await;
    slow_pictures(&ground, 100);
    let storing = tokio::spawn(all_store(visitors));
    let database = ground.cluster.database().await;
    eventually("some are stored", async || {
        let stored: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM files").fetch_one(&database).await.unwrap();
        stored > 20
    })
    .await;
    ground.emulator.set_fault(Fault::ExpiredTokens);
    let mut visitors = storing.await.unwrap();
    let failed = visitors.iter().flat_map(|visitor| visitor.failed.values());
    assert!(failed.clone().count() > 10 && failed.clone().all(|code| *code == ProblemCode::SignInAgain));
    assert!(visitors.iter().all(|visitor| visitor.stored.len() + visitor.failed.len() == visitor.wanted.len()));
    for visitor in &mut visitors {
        visitor.signs_in("clara").await;
        visitor.failed.clear();
    }
    let visitors = all_store(visitors).await;
    assert!(visitors.iter().all(|visitor| visitor.stored.len() == visitor.wanted.len()));
    judge(&ground, &visitors).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storage_that_refuses_loses_answers_dawdles_and_stops_gets_all_in_the_end() {
    let (Some(postgres), Some(mut s3)) = (Postgres::shared(), S3::start()) else { return };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let proxy = Proxy::start(listener, vec![s3.endpoint().to_owned()]);
    let ground = Ground::prepare(On::Services(1, postgres, &s3), |config| {
        config.storage_options.insert("aws_endpoint".to_owned(), Secret::new(endpoint));
    })
    .await;
    let visitors = ground.visitors(3, 40).await;
    slow_pictures(&ground, 100);
    let storing = tokio::spawn(all_store(visitors));
    for trouble in [Trouble::LosesAnswers, Trouble::Refuses, Trouble::Slow(Duration::from_secs(2))] {
        tokio::time::sleep(Duration::from_millis(800)).await;
        proxy.makes(trouble);
        tokio::time::sleep(Duration::from_secs(4)).await;
        proxy.makes(Trouble::None);
    }
    s3.stop();
    tokio::time::sleep(Duration::from_secs(3)).await;
    s3.start_again();
    let visitors = storing.await.unwrap();
    assert!(visitors.iter().all(|visitor| visitor.failed.is_empty()));
    assert!(ground.cluster.said().contains("storing a photo is tried again"), "there was no trouble");
    judge(&ground, &visitors).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_gets_all_once_there_is_room_again() {
    let Some(disk) = SmallDisk::mount(64) else { return };
    let ground = Ground::prepare(On::EmbeddedIn(disk.path()), |_| {}).await;
    let visitors = ground.visitors(2, 40).await;
    // All that is there but for two MB: a few photos, and then neither a photo nor a row finds room.
    let filling = disk.fill(2_000_000);
    let storing = tokio::spawn(all_store(visitors));
    // The one is said of photos, the other of rows.
    let full = |said: String| ["No space left", "disk is full"].iter().any(|words| said.contains(words));
    eventually("the disk is full", async || full(ground.cluster.said())).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    std::fs::remove_file(filling).unwrap();
    let visitors = storing.await.unwrap();
    assert!(visitors.iter().all(|visitor| visitor.failed.is_empty()));
    judge(&ground, &visitors).await;
}

/// How many imports, by `cargo xtask bench`.
fn number(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |value| value.parse().expect("a number"))
}

async fn forty_kills(ground: Ground) {
    let imports = number("BOWERBIRD_BENCH_IMPORTS", 2000);
    let began = Instant::now();
    kills(ground, 10, imports / 10, 40).await;
    println!("{imports} imports and 40 kills took {:.0} s", began.elapsed().as_secs_f32());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "cargo xtask bench faults"]
async fn forty_kills_during_thousands_of_imports_on_sqlite_and_disk() {
    forty_kills(Ground::prepare(On::Embedded, |_| {}).await).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "cargo xtask bench faults"]
async fn forty_kills_during_thousands_of_imports_on_postgresql_and_s3() {
    let Some(on) = On::services(2) else { return };
    forty_kills(Ground::prepare(on, |_| {}).await).await;
}
