//! `cargo xtask bench import`: photos copied into the storage, by our companion and by Uppy's, beside what plain copying reaches.

use crate::load::{self, Measured, Watch, middle};
use crate::processes::{Companion, Emulator, Peer, peer_version};
use crate::report::{Report, Table, median, number, said_by};
use crate::supply::{ACCOUNT, ALBUM, Supply};
use crate::visitors::theirs::To;
use crate::visitors::{ORIGIN, ours, theirs};
use crate::{Bench, ceiling, receiver};
use anyhow::{Context, Result, ensure};
use bowerbird_services::S3;
use clap::Args;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Photos that are copied before anything counts, for each that is copied at once.
const WARM_UP: usize = 2;

/// How it is measured.
#[derive(Args)]
pub struct How {
    /// Bytes of a photo.
    #[arg(long, value_delimiter = ',', default_values_t = [400_000, 2_000_000], value_name = "N,N")]
    bytes: Vec<usize>,
    /// How many are copied at once.
    #[arg(long, value_delimiter = ',', default_values_t = [10, 50], value_name = "N,N")]
    at_once: Vec<usize>,
    /// MB that are copied in each run.
    #[arg(long, default_value_t = 250, value_name = "N")]
    megabytes: usize,
    /// Only to one of the places.
    #[arg(long, value_enum)]
    only: Option<Storage>,
}

/// Where photos go.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Storage {
    /// The companion's own disk; of Uppy's, which has no such place, to somebody who takes them by HTTP.
    Disk,
    /// The same on a disk of which each file is known to be there before the visitor is told, as ours has it. Not beside Uppy's.
    Synced,
    /// An S3 server, the same for both.
    S3,
}

impl fmt::Display for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Disk => "files",
            Self::Synced => "a real disk",
            Self::S3 => "S3",
        })
    }
}

/// Measures.
pub async fn run(bench: &Bench, how: &How) -> Result<Report> {
    let rounds = bench.rounds(3);
    let s3 = S3::start().context("rclone, which is the S3 server, is not installed")?;
    let mut report = Report::new("import", "Photos copied into the storage");
    report.version("Uppy Companion", peer_version(&bench.programs)?);
    for (name, program, argument) in [("Node.js", "node", "--version"), ("curl", "curl", "--version")] {
        let said = said_by(program, &[argument], &bench.programs.root);
        report.version(name, said.split_whitespace().find(|word| word.contains('.')).unwrap_or_default());
    }
    report.says(format!(
        "As many visitors as photos at once, each of whom asks for a photo, waits until it is stored, and asks for the next. {} MB in each \
         run, {rounds} runs on each side in turn, figures are medians. To files, ours keeps the photo, checked, hashed and recorded; \
         Uppy's Companion, which keeps no files, sends it as a form to a receiver that drops it, whose own cost is not counted. \
         To S3, both send it to the same server (rclone), whose cost is not counted either. Emulator, driver and all servers share the \
         machine's cores. The ceiling is what `curl` copies from the emulator to files, and for S3 the lesser of that and what `rclone` \
         copies from those files to that server, each with the same parallelism and with nothing else running. All files but those of a \
         real disk are in {}; ours waits for each file to be on the disk (fsync) before it says so, and the ceiling of a real disk is \
         `curl` and then `sync` of the same files.",
        how.megabytes,
        std::env::temp_dir().display()
    ));
    let mut cells = Vec::new();
    for &bytes in &how.bytes {
        let emulator = Emulator::start(&bench.programs, &["--picture-bytes", &bytes.to_string()]).await?;
        let count = how.megabytes * 1_000_000 / bytes;
        let most_at_once = how.at_once.iter().max().context("--at-once names nobody")?;
        let supply = Supply::gather(&emulator, count, bytes, WARM_UP * most_at_once + rounds * count).await?;
        for &at_once in &how.at_once {
            let alone = supply.alone(&emulator, at_once).await?;
            println!("{bytes} bytes, {at_once} at once; the emulator alone: {alone:.0} files/s");
            for storage in [Storage::Disk, Storage::Synced, Storage::S3] {
                if how.only.is_none_or(|only| only == storage) {
                    let stage = Stage { bench, emulator: &emulator, s3: &s3, supply: &supply, at_once, storage };
                    let cell = stage.measure(rounds, alone).await?;
                    println!("{}", cell.line());
                    cells.push(cell);
                }
            }
        }
    }
    tell(&mut report, &cells)?;
    Ok(report)
}

/// One line of the table, before it is measured.
struct Stage<'a> {
    bench: &'a Bench,
    emulator: &'a Emulator,
    s3: &'a S3,
    supply: &'a Supply,
    at_once: usize,
    storage: Storage,
}

/// One line of the table.
struct Cell {
    bytes: usize,
    at_once: usize,
    storage: Storage,
    alone: f64,
    ceiling: f64,
    ours: Vec<Measured>,
    theirs: Vec<Measured>,
}

impl Stage<'_> {
    async fn measure(&self, rounds: usize, alone: f64) -> Result<Cell> {
        let bucket = self.s3.new_bucket();
        let mut settings = vec![("BOWERBIRD_STORE_CONCURRENCY".to_owned(), self.at_once.to_string())];
        let mut variables = Vec::new();
        if self.storage == Storage::S3 {
            settings.push(("BOWERBIRD_STORAGE_URL".to_owned(), format!("s3://{bucket}/ours")));
            let options = self.s3.options();
            settings.extend(options.iter().map(|(name, value)| (name.to_uppercase(), (*value).to_owned())));
            variables = [
                ("KEY", self.s3.access_key()),
                ("SECRET", self.s3.secret_key()),
                ("BUCKET", &bucket),
                ("REGION", "us-east-1"),
                ("ENDPOINT", self.s3.endpoint()),
                ("FORCE_PATH_STYLE", "true"),
            ]
            .map(|(name, value)| (format!("COMPANION_AWS_{name}"), value.to_owned()))
            .to_vec();
        }
        let on_disk = self.on_disk()?;
        if self.storage == Storage::Synced {
            settings.push(("BOWERBIRD_DATA_DIR".to_owned(), on_disk.path().display().to_string()));
        }
        let companion = Companion::start(&self.bench.programs, self.emulator, &settings).await?;
        let peer = Peer::start(&self.bench.programs, self.emulator, ORIGIN, &variables).await?;
        let mut ours = Ours::gather(&companion, self.at_once, self.count(rounds)).await?;
        let theirs = Theirs::gather(&peer, self.emulator, self.at_once, self.count(rounds), self.storage).await?;
        ours.copy(&companion, WARM_UP * self.at_once).await?;
        theirs.copy(&peer, WARM_UP * self.at_once).await?;
        let (mut our, mut their, mut ceilings) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..rounds {
            ceilings.push(self.ceiling().await?);
            our.push(ours.copy(&companion, self.supply.count).await?);
            if self.storage != Storage::Synced {
                their.push(theirs.copy(&peer, self.supply.count).await?);
            }
            self.sweep(&bucket)?;
        }
        Ok(Cell {
            bytes: self.supply.bytes,
            at_once: self.at_once,
            storage: self.storage,
            alone,
            ceiling: median(ceilings),
            ours: our,
            theirs: their,
        })
    }

    /// How many different photos a side needs.
    fn count(&self, rounds: usize) -> usize {
        WARM_UP * self.at_once + rounds * self.supply.count
    }

    /// A folder on the machine's disk, whatever the others are on.
    fn on_disk(&self) -> Result<tempfile::TempDir> {
        let target = self.bench.programs.emulator.parent().context("a program is in a folder")?;
        tempfile::tempdir_in(target).context("there is no room for files")
    }

    async fn ceiling(&self) -> Result<f64> {
        if self.storage == Storage::Synced {
            return ceiling::synced(&self.supply.addresses, self.at_once, self.on_disk()?.path()).await;
        }
        let folder = tempfile::tempdir()?;
        let curl = ceiling::curl(&self.supply.addresses, self.at_once, folder.path()).await?;
        if self.storage == Storage::Disk {
            return Ok(curl);
        }
        let bucket = self.s3.new_bucket();
        let rclone = ceiling::rclone(self.s3, folder.path(), &bucket, self.at_once).await?;
        self.sweep(&bucket)?;
        Ok(curl.min(rclone))
    }

    /// Makes room: what lies in the bucket is of no use any more.
    fn sweep(&self, bucket: &str) -> Result<()> {
        let folder = self.s3.folder(bucket);
        std::fs::remove_dir_all(&folder)?;
        std::fs::create_dir(&folder).context("a bucket cannot be emptied")
    }
}

/// Visitors of ours, and photos that nobody copied yet.
struct Ours {
    visitors: Vec<Arc<ours::Visitor>>,
    photos: Arc<Vec<String>>,
    turn: Arc<AtomicUsize>,
}

impl Ours {
    async fn gather(companion: &Companion, count: usize, photos: usize) -> Result<Self> {
        let mut first = ours::Visitor::sign_in(&companion.url, ACCOUNT).await?;
        let album = first.album(ALBUM).await?;
        let photos = Arc::new(first.photos(&album, photos).await?);
        let mut visitors = vec![Arc::new(first)];
        for _ in 1..count {
            visitors.push(Arc::new(ours::Visitor::sign_in(&companion.url, ACCOUNT).await?));
        }
        Ok(Self { visitors, photos, turn: Arc::default() })
    }

    async fn copy(&mut self, companion: &Companion, count: usize) -> Result<Measured> {
        let end = self.turn.load(Ordering::Relaxed) + count;
        let clients = self.visitors.iter().cloned().map(|visitor| {
            let (photos, turn) = (self.photos.clone(), self.turn.clone());
            async move {
                let mut watch = Watch::default();
                while let Some(photo) = next(&photos, &turn, end) {
                    watch.take(async { visitor.store(&[photo]).await.map(|files| (files.len(), ())) }).await?;
                }
                Ok(watch.samples())
            }
        });
        let measured = load::run(&[&companion.process], clients).await?;
        self.turn.store(end, Ordering::Relaxed);
        Ok(measured)
    }
}

/// The next photo, if there is one before `end`.
fn next<'a>(photos: &'a [String], turn: &AtomicUsize, end: usize) -> Option<&'a str> {
    let at = turn.fetch_add(1, Ordering::Relaxed);
    photos.get(at).filter(|_| at < end).map(String::as_str)
}

/// Visitors of Uppy's.
struct Theirs {
    visitors: Vec<Arc<theirs::Visitor>>,
    photos: Arc<Vec<String>>,
    receiver: Option<String>,
}

impl Theirs {
    async fn gather(peer: &Peer, emulator: &Emulator, count: usize, photos: usize, storage: Storage) -> Result<Self> {
        let mut visitors = Vec::new();
        for _ in 0..count {
            visitors.push(Arc::new(theirs::Visitor::sign_in(peer, emulator, ACCOUNT).await?));
        }
        let first = visitors.first().context("there is nobody")?;
        let album = first.album(ALBUM).await?;
        let photos = Arc::new(first.photos(&album, photos).await?);
        let receiver = match storage {
            Storage::S3 => None,
            _ => Some(receiver::start().await?),
        };
        Ok(Self { visitors, photos, receiver })
    }

    async fn copy(&self, peer: &Peer, count: usize) -> Result<Measured> {
        let turn = Arc::new(AtomicUsize::new(0));
        let clients = self.visitors.iter().cloned().map(|visitor| {
            let (photos, turn, receiver) = (self.photos.clone(), turn.clone(), self.receiver.clone());
            async move {
                let to = receiver.as_deref().map_or(To::S3, To::Receiver);
                let mut watch = Watch::default();
                while let Some(photo) = next(&photos, &turn, count) {
                    watch.take(async { visitor.store(photo, &to).await.map(|()| (1, ())) }).await?;
                }
                Ok(watch.samples())
            }
        });
        load::run(&[&peer.process], clients).await
    }
}

impl Cell {
    fn says(&self) -> String {
        let size = if self.bytes < 1_000_000 {
            format!("{} KB", self.bytes / 1000)
        } else {
            format!("{} MB", self.bytes / 1_000_000)
        };
        format!("{size}, {} at once, to {}", self.at_once, self.storage)
    }

    fn per_gigabyte(&self, rounds: &[Measured]) -> f64 {
        middle(rounds, |one| one.cpu / (one.units() * self.bytes as f64 / 1e9))
    }

    /// CPU and memory of ours by theirs, and the share of the ceiling.
    fn verdict(&self) -> [f64; 3] {
        let peak = |rounds: &[Measured]| middle(rounds, |one| one.peak);
        [
            self.per_gigabyte(&self.ours) / self.per_gigabyte(&self.theirs),
            peak(&self.ours) / peak(&self.theirs),
            middle(&self.ours, Measured::rate) / self.ceiling,
        ]
    }

    fn line(&self) -> String {
        let [cpu, memory, ceiling] = self.verdict().map(number);
        let (ours, theirs) = (self.figures(&self.ours).join(" "), self.figures(&self.theirs).join(" "));
        format!(
            "{}: ours {ours}; Companion's {theirs}; CPU {cpu}, memory {memory}, of the ceiling of {:.0}: {ceiling}",
            self.says(),
            self.ceiling
        )
    }

    /// Files a second, p50, p99, peak and CPU.
    fn figures(&self, rounds: &[Measured]) -> [String; 5] {
        [
            middle(rounds, Measured::rate),
            middle(rounds, |one| one.milliseconds(0.5)),
            middle(rounds, |one| one.milliseconds(0.99)),
            middle(rounds, |one| one.peak),
            self.per_gigabyte(rounds),
        ]
        .map(number)
    }
}

fn tell(report: &mut Report, cells: &[Cell]) -> Result<()> {
    let mut alone = Table::new("The emulator alone", &["", "files/s", "times what a companion reaches"]);
    let mut holds = true;
    let columns = ["", "side", "files/s", "p50, ms", "p99, ms", "peak memory, MB", "CPU-seconds per GB"];
    let mut table = Table::new("Through a companion", &columns);
    let columns =
        ["", "CPU per GB, of Companion's", "memory, of Companion's", "ceiling, files/s", "ours, of the ceiling"];
    let mut ratios = Table::new("Ratios", &columns);
    let mut worst = [0.0_f64, 0.0, f64::INFINITY];
    for cell in cells {
        let reached = middle(&cell.ours, Measured::rate).max(middle(&cell.theirs, Measured::rate));
        holds &= cell.alone >= 2.0 * reached;
        alone.row([cell.says(), number(cell.alone), number(cell.alone / reached)]);
        for (side, rounds) in [("ours", &cell.ours), ("Companion", &cell.theirs)] {
            if rounds.is_empty() {
                continue;
            }
            let mut row = vec![cell.says(), side.to_owned()];
            row.extend(cell.figures(rounds));
            table.row(row);
        }
        let [cpu, memory, share] = cell.verdict();
        ratios.row([cell.says(), number(cpu), number(memory), number(cell.ceiling), number(share)]);
        // What is not measured is no number, and counts for nothing.
        worst = [worst[0].max(cpu), worst[1].max(memory), worst[2].min(share)];
    }
    report.table(alone);
    report.table(table);
    report.table(ratios);
    report.at_most("CPU per GB, of Companion's, where it is most", worst[0], 1.0 / 3.0);
    report.at_most("memory, of Companion's, where it is most", worst[1], 1.0 / 3.0);
    report.at_least("files a second, of the ceiling, where they are fewest", worst[2], 0.7);
    ensure!(
        holds,
        "the run is void: the emulator alone does not serve twice what a companion reaches\n{}",
        report.text()
    );
    Ok(())
}
