//! `cargo xtask bench growth`: what a page costs our companion as albums, clients and companions become more.

use crate::Bench;
use crate::load::{self, Measured, Until, Watch, middle};
use crate::processes::{Companion, Emulator, Process};
use crate::report::{Report, Table, number};
use crate::visitors::ours::Visitor;
use anyhow::{Context, Result};
use bowerbird_services::Postgres;
use clap::Args;

/// Albums by their number of photos, with whom they belong to.
const ALBUMS: [(&str, &str, &str); 3] = [
    ("100", "frida", "A hundred birds"),
    ("1,000", "frida", "A thousand walks"),
    ("10,000", "clara", "Every day since 1997"),
];
const CLIENTS: [usize; 3] = [1, 10, 100];
const COMPANIONS: [usize; 3] = [1, 2, 3];
/// Which of each is kept while another grows.
const USUAL_ALBUM: usize = 1;
const USUAL_CLIENTS: usize = 10;

/// How it is measured.
#[derive(Args)]
pub struct How {
    /// How long each run takes.
    #[arg(long, default_value_t = 5.0, value_name = "N")]
    seconds: f64,
}

/// Measures.
pub async fn run(bench: &Bench, how: &How) -> Result<Report> {
    let rounds = bench.rounds(3);
    let mut report = Report::new("growth", "What a page costs as all grows");
    report.says(format!(
        "Clients, each signed in by itself, walk an album again and again; a page has up to 100 photos. One thing grows and the others stay: \
         an album of 1,000 photos, {USUAL_CLIENTS} clients, one companion. {rounds} runs of {} s for each line, in turn; figures are medians. \
         Albums and clients grow on SQLite, companions on one PostgreSQL. A companion is warm before anything counts: as many clients as there ever are \
         have walked every album, so that its caches, which have bounds, are as full as they become; its memory \
         is what one process had at most during a run, where there are several that of the largest.",
        number(how.seconds)
    ));
    let emulator = Emulator::start(&bench.programs, &[]).await?;
    let one = Ground::one(bench, &emulator).await?;
    one.warm(how).await?;
    one.grow(&mut report, "album", ALBUMS.map(|(size, ..)| size.to_owned()), rounds, |ground, step| {
        ground.walk(step, USUAL_CLIENTS, how.seconds)
    })
    .await?;
    one.grow(&mut report, "clients", CLIENTS.map(|count| count.to_string()), rounds, |ground, step| {
        ground.walk(USUAL_ALBUM, CLIENTS[step], how.seconds)
    })
    .await?;
    drop(one);
    let Some(postgres) = Postgres::shared() else {
        report.bar("more companions", "not measured: PostgreSQL is not installed", false);
        return Ok(report);
    };
    let mut grounds = Vec::new();
    for count in COMPANIONS {
        let ground = Ground::on_postgres(bench, &emulator, postgres, count).await?;
        ground.warm(how).await?;
        grounds.push(ground);
    }
    let mut steps = [const { Vec::new() }; 3];
    for _ in 0..rounds {
        for (ground, measured) in grounds.iter().zip(&mut steps) {
            measured.push(ground.walk(USUAL_ALBUM, USUAL_CLIENTS, how.seconds).await?);
        }
    }
    tell(&mut report, "companions", &COMPANIONS.map(|count| count.to_string()), &steps);
    Ok(report)
}

/// Companions and all who walk there.
struct Ground {
    companions: Vec<Companion>,
    /// For each album as many as there ever are, and the album's path.
    walkers: Vec<(Vec<Visitor>, String)>,
}

/// What a run came to.
struct Run {
    measured: Measured,
    /// MB that the largest process had in memory at most.
    peak: f64,
}

impl Ground {
    async fn one(bench: &Bench, emulator: &Emulator) -> Result<Self> {
        let companion = Companion::start(&bench.programs, emulator, &[]).await?;
        Self::with(vec![companion], &ALBUMS, CLIENTS[2]).await
    }

    async fn on_postgres(bench: &Bench, emulator: &Emulator, postgres: &Postgres, count: usize) -> Result<Self> {
        let mut settings: Vec<(String, String)> = [
            ("DATABASE_URL", postgres.new_database()),
            ("SECRET", "signed by every one of the companions".to_owned()),
            ("ENCRYPTION_KEYS", "bench:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=".to_owned()),
        ]
        .map(|(name, value)| (format!("BOWERBIRD_{name}"), value))
        .to_vec();
        let mut companions: Vec<Companion> = Vec::new();
        for _ in 0..count {
            companions.push(Companion::start(&bench.programs, emulator, &settings).await?);
            if let [first] = companions.as_slice() {
                // Sign-ins are led to one of them.
                settings.push(("BOWERBIRD_PUBLIC_URL".to_owned(), first.url.clone()));
            }
        }
        Self::with(companions, &ALBUMS[USUAL_ALBUM..=USUAL_ALBUM], USUAL_CLIENTS).await
    }

    async fn with(companions: Vec<Companion>, albums: &[(&str, &str, &str)], clients: usize) -> Result<Self> {
        let first = &companions.first().context("there is no companion")?.url;
        let mut walkers = Vec::new();
        for (_, account, name) in albums {
            let (mut visitors, mut album) = (Vec::new(), String::new());
            for _ in 0..clients {
                let mut visitor = Visitor::sign_in(first, account).await?;
                if album.is_empty() {
                    album = visitor.album(name).await?;
                }
                visitors.push(visitor);
            }
            walkers.push((visitors, album));
        }
        Ok(Self { companions, walkers })
    }

    async fn warm(&self, how: &How) -> Result<()> {
        for album in 0..self.walkers.len() {
            self.walk(album, CLIENTS[2], how.seconds.min(3.0)).await?;
        }
        Ok(())
    }

    /// So many clients walk an album; each asks one companion after the other.
    async fn walk(&self, album: usize, clients: usize, seconds: f64) -> Result<Run> {
        let until = Until::after(seconds);
        let (visitors, album) = &self.walkers[album.min(self.walkers.len() - 1)];
        let clients = visitors.iter().take(clients).map(|visitor| {
            let album = album.clone();
            let faces: Vec<Visitor> = self.companions.iter().map(|companion| visitor.at(&companion.url)).collect();
            async move {
                let (mut watch, mut next) = (Watch::default(), None);
                for face in faces.iter().cycle() {
                    if until.is_over() {
                        break;
                    }
                    let page = face.page(&album, next.as_deref());
                    next = watch.take(async { page.await.map(|page| (page.photos, page.next)) }).await?;
                }
                Ok(watch.samples())
            }
        });
        let processes: Vec<&Process> = self.companions.iter().map(|companion| &companion.process).collect();
        let measured = load::run(&processes, clients).await?;
        let peaks = processes.iter().map(|process| process.peak()).collect::<Result<Vec<f64>>>()?;
        Ok(Run { measured, peak: peaks.into_iter().fold(0.0, f64::max) })
    }

    /// Measures each step of a growth in turn, and tells of it.
    async fn grow<'a, R>(
        &'a self,
        report: &mut Report,
        what: &str,
        names: [String; 3],
        rounds: usize,
        walk: impl Fn(&'a Self, usize) -> R,
    ) -> Result<()>
    where
        R: Future<Output = Result<Run>>,
    {
        let mut steps = [const { Vec::new() }; 3];
        for round in 1..=rounds {
            println!("{what}: round {round} of {rounds}");
            for (step, runs) in steps.iter_mut().enumerate() {
                runs.push(walk(self, step).await?);
            }
        }
        tell(report, what, &names, &steps);
        Ok(())
    }
}

fn tell(report: &mut Report, what: &str, names: &[String], steps: &[Vec<Run>]) {
    let columns =
        [what, "pages/s", "p50, ms", "p99, ms", "CPU-ms a page", "of the least", "peak memory, MB", "of the least"];
    let mut table = Table::new(&format!("More {what}"), &columns);
    let figures: Vec<[f64; 5]> = steps
        .iter()
        .map(|runs| {
            let loads: Vec<Measured> = runs.iter().map(|run| run.measured.clone()).collect();
            [
                middle(&loads, Measured::requests),
                middle(&loads, |one| one.milliseconds(0.5)),
                middle(&loads, |one| one.milliseconds(0.99)),
                middle(&loads, |one| one.cpu * 1000.0 / one.samples.len() as f64),
                crate::report::median(runs.iter().map(|run| run.peak)),
            ]
        })
        .collect();
    let least = |of: usize| figures.iter().map(|figure| figure[of]).fold(f64::INFINITY, f64::min);
    let (cost, memory) = (least(3), least(4));
    for (name, [pages, p50, p99, cpu, peak]) in names.iter().zip(&figures) {
        let ratios = [*cpu, cpu / cost, *peak, peak / memory].map(number);
        let row = [name.clone(), number(*pages), number(*p50), number(*p99)];
        table.row(row.into_iter().chain(ratios));
    }
    report.table(table);
    // What counts is that more does not cost more: it may cost less, as where one client alone keeps nothing busy.
    for (says, of) in [("CPU a page", 3), ("memory", 4)] {
        let grown = figures.last().zip(figures.first()).map_or(f64::NAN, |(last, first)| last[of] / first[of]);
        report.at_most(&format!("{says}, of the most {what} by the fewest"), grown, 1.1);
    }
}
