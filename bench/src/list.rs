//! `cargo xtask bench list`: pages of photos at many clients, from our companion and from Uppy's, on one emulator.

use crate::Bench;
use crate::load::{self, Measured, Until, Watch, middle};
use crate::processes::{Companion, Emulator, Peer, peer_version};
use crate::report::{Report, Table, number};
use crate::visitors::direct::Direct;
use crate::visitors::{ORIGIN, ours, theirs};
use anyhow::{Context, Result, ensure};
use clap::Args;
use std::sync::Arc;

/// Whose album is walked, and which.
const ACCOUNT: &str = "frida";
const ALBUM: &str = "Two thousand mornings";

/// How it is measured.
#[derive(Args)]
pub struct How {
    /// How many clients walk at the same time.
    #[arg(long, default_value_t = 50, value_name = "N")]
    clients: usize,
    /// How long each run takes.
    #[arg(long, default_value_t = 10.0, value_name = "N")]
    seconds: f64,
}

/// Measures.
pub async fn run(bench: &Bench, how: &How) -> Result<Report> {
    let rounds = bench.rounds(5);
    let emulator = Emulator::start(&bench.programs, &[]).await?;
    let companion = Companion::start(&bench.programs, &emulator, &[]).await?;
    let peer = Peer::start(&bench.programs, &emulator, ORIGIN, &[]).await?;
    let walkers = Walkers::gather(&emulator, &companion, &peer, how.clients).await?;

    let mut report = Report::new("list", "Pages of photos");
    report.version("Uppy Companion", peer_version(&bench.programs)?);
    report.version("Node.js", crate::report::said_by("node", &["--version"], &bench.programs.root));
    report.says(format!(
        "{} clients, each signed in by itself, walk the same album of 2,000 photos again and again, in {rounds} runs of {} s on \
         each side in turn; figures are medians. Emulator, driver and the server that is measured share the machine's cores. A page of \
         ours has up to 100 photos, as the widget asks for it, and one of Companion's has the 25 that it asks Facebook for; so costs are \
         compared for each photo.",
        how.clients, number(how.seconds)
    ));
    let alone = walkers.alone(&emulator, how).await?;
    let (mut our, mut their) = (Vec::new(), Vec::new());
    // What is compiled, cached or connected at first use is so before anything counts.
    walkers.ours(&companion, 1.0).await?;
    walkers.theirs(&peer, 1.0).await?;
    emulator.forget().await?;
    for round in 1..=rounds {
        println!("round {round} of {rounds}");
        our.push(Walk::of(&emulator, walkers.ours(&companion, how.seconds)).await?);
        their.push(Walk::of(&emulator, walkers.theirs(&peer, how.seconds)).await?);
    }
    tell(&mut report, &alone, &our, &their)?;
    Ok(report)
}

/// A load and the calls that it came to.
struct Walk {
    measured: Measured,
    calls: f64,
}

impl Walk {
    async fn of(emulator: &Emulator, walking: impl Future<Output = Result<Measured>>) -> Result<Self> {
        emulator.forget().await?;
        let measured = walking.await?;
        let calls = emulator.calls().await? as f64;
        Ok(Self { measured, calls })
    }
}

/// What the emulator can do alone: pages as either side asks for them.
struct Alone {
    ours: Measured,
    theirs: Measured,
}

/// Everybody who walks.
struct Walkers {
    ours: Vec<Arc<ours::Visitor>>,
    theirs: Vec<Arc<theirs::Visitor>>,
    album: String,
    their_album: String,
    direct: Direct,
    /// How our companion asks, by the emulator's own book.
    asked: (String, String),
}

impl Walkers {
    async fn gather(emulator: &Emulator, companion: &Companion, peer: &Peer, count: usize) -> Result<Self> {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        let (mut album, mut their_album) = (String::new(), String::new());
        for _ in 0..count {
            let mut visitor = ours::Visitor::sign_in(&companion.url, ACCOUNT).await?;
            if album.is_empty() {
                album = visitor.album(ALBUM).await?;
            }
            ours.push(Arc::new(visitor));
            let visitor = theirs::Visitor::sign_in(peer, emulator, ACCOUNT).await?;
            if their_album.is_empty() {
                their_album = visitor.album(ALBUM).await?;
            }
            theirs.push(Arc::new(visitor));
        }
        emulator.forget().await?;
        ours.first().context("there are no clients")?.page(&album, None).await?;
        let asked = emulator.last_call().await?.context("a page asks for something")?;
        let direct = Direct::sign_in(emulator, ACCOUNT).await?;
        Ok(Self { ours, theirs, album, their_album, direct, asked })
    }

    async fn ours(&self, companion: &Companion, seconds: f64) -> Result<Measured> {
        let until = Until::after(seconds);
        let clients = self.ours.iter().cloned().map(|visitor| {
            let album = self.album.clone();
            async move {
                let (mut watch, mut next) = (Watch::default(), None);
                while !until.is_over() {
                    let page = visitor.page(&album, next.as_deref());
                    next = watch.take(async { page.await.map(|page| (page.photos, page.next)) }).await?;
                }
                Ok(watch.samples())
            }
        });
        load::run(&[&companion.process], clients).await
    }

    async fn theirs(&self, peer: &Peer, seconds: f64) -> Result<Measured> {
        let until = Until::after(seconds);
        let clients = self.theirs.iter().cloned().map(|visitor| {
            let album = self.their_album.clone();
            async move {
                let (mut watch, mut next) = (Watch::default(), None::<String>);
                while !until.is_over() {
                    let page = visitor.page(next.as_deref().unwrap_or(&album));
                    next = watch.take(async { page.await.map(|page| (page.photos, page.next)) }).await?;
                }
                Ok(watch.samples())
            }
        });
        load::run(&[&peer.process], clients).await
    }

    async fn alone(&self, emulator: &Emulator, how: &How) -> Result<Alone> {
        println!("the emulator alone");
        let seconds = how.seconds.min(5.0);
        let until = Until::after(seconds);
        let clients = (0..how.clients).map(|_| {
            let (direct, (path, query)) = (self.direct.clone(), self.asked.clone());
            async move {
                let (mut watch, mut after) = (Watch::default(), None);
                while !until.is_over() {
                    let page = direct.page(&path, &query, after.as_deref());
                    after = watch.take(async { page.await.map(|page| (page.photos, page.next)) }).await?;
                }
                Ok(watch.samples())
            }
        });
        let ours = load::run(&[&emulator.process], clients).await?;
        let until = Until::after(seconds);
        let clients = (0..how.clients).map(|_| {
            let (direct, album) = (self.direct.clone(), self.their_album.clone());
            async move {
                let (mut watch, mut after) = (Watch::default(), None);
                while !until.is_over() {
                    let page = direct.batched_page(&album, after.as_deref());
                    after = watch.take(async { page.await.map(|page| (page.photos, page.next)) }).await?;
                }
                Ok(watch.samples())
            }
        });
        let theirs = load::run(&[&emulator.process], clients).await?;
        println!("pages as ours are: {:.0} photos/s; as Companion's: {:.0} photos/s", ours.rate(), theirs.rate());
        Ok(Alone { ours, theirs })
    }
}

fn tell(report: &mut Report, alone: &Alone, our: &[Walk], their: &[Walk]) -> Result<()> {
    let loads = |walks: &[Walk]| walks.iter().map(|walk| walk.measured.clone()).collect::<Vec<_>>();
    let calls = |walks: &[Walk]| {
        crate::report::median(walks.iter().map(|walk| walk.calls / walk.measured.samples.len() as f64))
    };
    let (ours, theirs) = (loads(our), loads(their));
    let per_thousand = |rounds: &[Measured]| middle(rounds, |one| one.cpu / one.units() * 1000.0);
    let (our_cost, their_cost) = (per_thousand(&ours), per_thousand(&theirs));
    let (our_calls, their_calls) = (calls(our), calls(their));

    let mut first = Table::new("The emulator alone", &["pages as", "photos/s", "times what that side reaches"]);
    let mut holds = true;
    for (says, alone, rounds) in [("ours asks", &alone.ours, &ours), ("Companion asks", &alone.theirs, &theirs)] {
        let times = alone.rate() / middle(rounds, Measured::rate);
        holds &= times >= 2.0;
        first.row([says.to_owned(), number(alone.rate()), number(times)]);
    }
    report.table(first);

    let columns = ["", "ours", "Companion", "ratio"];
    let mut table = Table::new("Through a companion", &columns);
    let mut row = |says: &str, ours: f64, theirs: f64| {
        table.row([says.to_owned(), number(ours), number(theirs), number(ours / theirs)]);
    };
    type Figure = fn(&Measured) -> f64;
    let figures: [(&str, Figure); 5] = [
        ("requests/s", Measured::requests),
        ("photos/s", Measured::rate),
        ("p50 of a page, ms", |one| one.milliseconds(0.5)),
        ("p99 of a page, ms", |one| one.milliseconds(0.99)),
        ("peak memory, MB", |one| one.peak),
    ];
    for (says, of) in figures {
        row(says, middle(&ours, of), middle(&theirs, of));
    }
    row("CPU-seconds of the server per 1,000 photos", our_cost, their_cost);
    row("Graph calls a page", our_calls, their_calls);
    row("Graph calls per 1,000 photos", graph_calls(our), graph_calls(their));
    report.table(table);

    report.at_most("CPU for each photo listed, of Companion's", our_cost / their_cost, 1.0 / 6.0);
    report.at_most("Graph calls a page", our_calls, 1.0);
    ensure!(
        holds,
        "the run is void: the emulator alone does not serve twice what is reached through a companion\n{}",
        report.text()
    );
    Ok(())
}

fn graph_calls(walks: &[Walk]) -> f64 {
    crate::report::median(walks.iter().map(|walk| walk.calls / walk.measured.units() * 1000.0))
}
