//! `cargo xtask bench soak`: mixed traffic at half of what our companion can do, for a long time: memory, errors, what stays open.

use crate::Bench;
use crate::load::{self, Sample, Watch};
use crate::processes::{Companion, Emulator, Open};
use crate::report::{Report, Table, median, number};
use crate::visitors::ours::Visitor;
use anyhow::{Context, Result};
use clap::Args;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

const ACCOUNT: &str = "clara";
const ALBUM: &str = "Every day since 1997";
/// How many photos are in the traffic: enough that caches have to choose.
const PHOTOS: usize = 3000;
const WORKERS: usize = 20;
/// What each worker does, over and over.
const DEEDS: [Deed; 20] = {
    use Deed::{Import, List, SignIn, Thumbnail};
    [
        List, Thumbnail, Thumbnail, List, Import, List, Thumbnail, List, Thumbnail, Import, List, List, Thumbnail,
        Import, List, Thumbnail, List, Import, Thumbnail, SignIn,
    ]
};
/// How often memory is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A shorter run is over before all is as full as it becomes.
const JUDGED: f64 = 10.0;
/// Connections to others are closed so long after their last use at the latest: the HTTP library keeps them for 90 s, and looks once in
/// that time for those that have had it.
const KEPT_ALIVE: Duration = Duration::from_secs(2 * 90 + 5);

/// How it is measured.
#[derive(Args)]
pub struct How {
    /// How long it takes.
    #[arg(long, default_value_t = 30.0, value_name = "N")]
    minutes: f64,
}

/// What somebody does. An import is three things: the photo is stored, read smaller, and removed.
#[derive(Clone, Copy)]
enum Deed {
    SignIn,
    List,
    Thumbnail,
    Import,
}

/// Measures.
pub async fn run(bench: &Bench, how: &How) -> Result<Report> {
    let emulator = Emulator::start(&bench.programs, &["--picture-bytes", "400000"]).await?;
    let companion = Companion::start(&bench.programs, &emulator, &[]).await?;
    let mut first = Visitor::sign_in(&companion.url, ACCOUNT).await?;
    let album = first.album(ALBUM).await?;
    let photos = Arc::new(first.photos(&album, PHOTOS).await?);
    let traffic = Traffic { url: companion.url.clone(), album, photos, turn: Arc::default() };
    drop(first);

    let length = Duration::from_secs_f64(how.minutes * 60.0);
    let trial = length.div_f64(6.0).clamp(Duration::from_secs(4), Duration::from_secs(30));
    println!("as fast as it goes, for {} s", number(trial.as_secs_f64()));
    let fastest = load::run(&[&companion.process], traffic.workers(trial, None)).await?;
    let pace = fastest.requests() / 2.0;
    println!("{} deeds a second; half of that from now on", number(fastest.requests()));
    // Everything that is opened once and kept is open by now.
    let before = idle(&companion, Duration::ZERO).await?;
    let watching = Memory::watch(companion.process.id(), length);
    let measured = load::run(&[&companion.process], traffic.workers(length, Some(pace))).await?;
    let memory = watching.await.context("the watcher panicked")??;
    let patience = if how.minutes < JUDGED { Duration::from_secs(5) } else { KEPT_ALIVE };
    let after = idle(&companion, patience).await?;

    let mut report = Report::new("soak", "Mixed traffic for a long time");
    report.says(format!(
        "{WORKERS} visitors list pages of an album of 10,000 photos, look at thumbnails, have photos of 400 KB stored, read them smaller \
         and remove them, sign out and in again: of {} things that each does {} are listings, {} thumbnails, {} imports with a conversion and a \
         removal, and one is a sign-in. For {} s as fast as it goes ({} deeds/s), then for {} minutes at half of that.",
        DEEDS.len(),
        count(|deed| matches!(deed, Deed::List)),
        count(|deed| matches!(deed, Deed::Thumbnail)),
        count(|deed| matches!(deed, Deed::Import)),
        number(trial.as_secs_f64()),
        number(fastest.requests()),
        number(how.minutes)
    ));
    let mut table = Table::new("Half load", &["", "measured"]);
    let mut row = |says: &str, measured: String| table.row([says.to_owned(), measured]);
    row("deeds/s", number(measured.requests()));
    row("p50 of a deed, ms", number(measured.milliseconds(0.5)));
    row("p99 of a deed, ms", number(measured.milliseconds(0.99)));
    row("CPU-seconds a second", number(measured.cpu / measured.seconds));
    row("memory after the first third, MB", number(memory.early));
    row("memory in the last third, MB", number(memory.late));
    row("peak memory, MB", number(companion.process.peak()?));
    row("open files before, and afterwards", format!("{}, {}", before.files, after.files));
    row("connections of visitors left", after.clients.to_string());
    row("connections to others before, and afterwards", format!("{}, {}", before.others, after.others));
    report.table(table);
    report.bar("no error", "none", true);
    let most = if how.minutes < JUDGED { 1.25 } else { 1.05 };
    report.at_most("memory of the last third by that of the second", memory.late / memory.early, most);
    report.at_most("open files more than before", after.files.saturating_sub(before.files) as f64, 0.0);
    report.at_most("connections of visitors left", after.clients as f64, 0.0);
    if how.minutes >= JUDGED {
        report.at_most("connections to others left", after.others as f64, 0.0);
    }
    Ok(report)
}

fn count(which: impl Fn(Deed) -> bool) -> usize {
    DEEDS.into_iter().filter(|deed| which(*deed)).count()
}

/// What is open once nobody has asked for anything for so long.
async fn idle(companion: &Companion, patience: Duration) -> Result<Open> {
    // Connections of clients that are gone are closed as soon as that is noticed.
    sleep(patience.max(Duration::from_secs(1))).await;
    companion.process.open(&companion.url)
}

/// Memory over the time.
struct Memory {
    early: f64,
    late: f64,
}

impl Memory {
    /// Looks at it until the time is over. The first third is for all that fills up once.
    fn watch(process: u32, length: Duration) -> tokio::task::JoinHandle<Result<Self>> {
        tokio::spawn(async move {
            let (began, mut looks) = (Instant::now(), Vec::new());
            while began.elapsed() < length {
                sleep(LOOK_EVERY).await;
                looks.push(crate::processes::memory(process)?);
            }
            let third = looks.len() / 3;
            let middle = |looks: &[f64]| median(looks.iter().copied());
            Ok(Self { early: middle(&looks[third..2 * third]), late: middle(&looks[2 * third..]) })
        })
    }
}

/// What all of them are about.
#[derive(Clone)]
struct Traffic {
    url: String,
    album: String,
    photos: Arc<Vec<String>>,
    turn: Arc<AtomicUsize>,
}

impl Traffic {
    /// Workers for so long; with a pace, all of them together do so many things a second.
    fn workers(
        &self,
        length: Duration,
        pace: Option<f64>,
    ) -> Vec<impl Future<Output = Result<Vec<Sample>>> + Send + 'static> {
        let pause = pace.map(|pace| Duration::from_secs_f64(WORKERS as f64 / pace));
        (0..WORKERS).map(|number| self.clone().work(number, length, pause)).collect()
    }

    async fn work(self, number: usize, length: Duration, pause: Option<Duration>) -> Result<Vec<Sample>> {
        let until = Instant::now() + length;
        let mut ticks = pause.map(interval);
        if let Some(ticks) = &mut ticks {
            // Whoever was held up goes on at the pace, and does not make up for it all at once.
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        }
        let mut visitor = Visitor::sign_in(&self.url, ACCOUNT).await?;
        let (mut next, mut thumbnails) = (None, visitor.thumbnails(&self.album).await?);
        let mut watch = Watch::default();
        // Each begins elsewhere, so that not all do the same at the same time.
        for deed in DEEDS.iter().cycle().skip(number) {
            if let Some(ticks) = &mut ticks {
                ticks.tick().await;
            }
            if Instant::now() >= until {
                break;
            }
            let turn = self.turn.fetch_add(1, Ordering::Relaxed);
            match deed {
                Deed::List => {
                    let page = visitor.page(&self.album, next.as_deref());
                    next = watch.take(async { page.await.map(|page| (1, page.next)) }).await?;
                }
                Deed::Thumbnail => {
                    let thumbnail = thumbnails.get(turn % thumbnails.len().max(1)).context("no thumbnails")?;
                    watch.take(async { visitor.reads(thumbnail).await.map(|_| (1, ())) }).await?;
                }
                Deed::Import => watch.take(async { self.import(&visitor, turn).await.map(|()| (1, ())) }).await?,
                Deed::SignIn => {
                    visitor.signs_out().await?;
                    visitor = watch.take(async { Ok((1, Visitor::sign_in(&self.url, ACCOUNT).await?)) }).await?;
                    (next, thumbnails) = (None, visitor.thumbnails(&self.album).await?);
                }
            }
        }
        visitor.signs_out().await?;
        Ok(watch.samples())
    }

    async fn import(&self, visitor: &Visitor, turn: usize) -> Result<()> {
        let photo = self.photos.get(turn % self.photos.len()).context("no photos")?;
        let stored = visitor.store(&[photo]).await?;
        let file = stored.first().context("nothing is stored")?;
        visitor.converts(file, 200).await?;
        // Somebody in this session may have stored the same photo, and removed it.
        visitor.removes(file).await
    }
}
