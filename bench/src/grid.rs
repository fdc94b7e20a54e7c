//! A large album in the browser, beside Uppy: opened, scrolled to its end, and photos chosen there.
//!
//! Both go to the end of what there is at every frame, which no visitor is faster at. What neither reaches in [`PATIENCE`] is said to be
//! not reached, and what was reached is compared.

use crate::Bench;
use crate::browser::Browser;
use crate::pages::{self, Before, Shelf, Side, WITH_COMPANION};
use crate::processes::{Companion, Emulator, Peer};
use crate::report::{Report, Table, median, number};
use crate::visitors::{ORIGIN, theirs};
use anyhow::{Context, Result};
use clap::Args;
use serde_json::{Value, json};

/// How it is measured.
#[derive(Args)]
pub struct How {
    /// Only the album of so many photos.
    #[arg(long, value_name = "N")]
    photos: Option<usize>,
    /// Only ours or theirs.
    #[arg(long, value_name = "SIDE")]
    side: Option<String>,
}

/// Seconds until a scroll is given up.
const PATIENCE: u32 = 240;
/// How often a photo is chosen or let go of.
const TOGGLES: u32 = 10;
/// How long a frame takes on a screen of 60 Hz.
const FRAME: f64 = 1000.0 / 60.0;

/// An album.
struct Album {
    account: &'static str,
    name: &'static str,
    photos: usize,
    /// How often each side runs.
    rounds: usize,
}

const ALBUMS: &[Album] = &[
    Album { account: "frida", name: "Two thousand mornings", photos: 2_000, rounds: 3 },
    Album { account: "clara", name: "Every day since 1997", photos: 10_000, rounds: 1 },
];

/// Everything that runs.
struct Ground {
    shelf: Shelf,
    site: String,
    emulator: Emulator,
    companion: Companion,
    peer: Peer,
}

/// One run of one side.
#[derive(Clone, Debug)]
struct Run {
    opened: f64,
    scroll: Value,
    /// Milliseconds of each.
    toggles: Vec<f64>,
    elements: f64,
    /// The longest task, of those that take 50 ms and more; 0 when there is none.
    longest: f64,
    /// How many there are of these.
    long: usize,
    /// The longest of them while photos are chosen.
    longest_choosing: f64,
    heap: f64,
    wasm: f64,
    /// The memory of the wasm when the album was open.
    wasm_before: f64,
    frames: Value,
}

impl Run {
    fn memory(&self) -> f64 {
        self.heap + self.wasm
    }

    fn scrolled(&self) -> f64 {
        self.scroll["milliseconds"].as_f64().unwrap_or(f64::NAN)
    }

    fn loaded(&self) -> usize {
        self.scroll["loaded"].as_u64().unwrap_or_default() as usize
    }

    fn reached(&self) -> bool {
        self.scroll["reached"] == true
    }

    /// Milliseconds until so many photos were there, in steps of 500.
    fn until(&self, photos: usize) -> f64 {
        if self.reached() && photos >= self.loaded() {
            return self.scrolled();
        }
        let step = (photos / 500).checked_sub(1).and_then(|step| self.scroll["pace"][step].as_f64());
        step.unwrap_or(f64::NAN)
    }
}

/// Measures.
pub async fn run(bench: &Bench, how: &How) -> Result<Report> {
    let shelf = Shelf::fill(&bench.programs, WITH_COMPANION)?;
    let emulator = Emulator::start(&shelf.programs, &[]).await?;
    let companion = Companion::start(&shelf.programs, &emulator, &[]).await?;
    let site = pages::serve(&bench.programs.root).await?;
    let peer = Peer::start(&shelf.programs, &emulator, &format!("{site},{ORIGIN}"), &[]).await?;
    let ground = Ground { shelf, site, emulator, companion, peer };

    let mut report = Report::new("grid", "A large album in the browser");
    report.version("Chromium", Browser::with(async |browser| browser.version().await).await?);
    for package in ["@uppy/core", "@uppy/dashboard", "@uppy/facebook"] {
        report.version(package, pages::version(&bench.programs, WITH_COMPANION, package)?);
    }
    report.says(
        "Both in the size in which their dialogs come in a window of 1280 by 900, each with its own companion and the same emulator. \
         Opened: from the click on the album to its first photo. Scrolled: at every frame to the end of what there is, until the last photo \
         is in sight. Toggle: from a click at the beginning of a frame to the paint that shows it. Elements: of the document and its shadow \
         roots, at the end. Longest task: from the click on the album to the end of the scroll, and while photos are chosen; browsers tell of \
         those that take 50 ms. Memory: the JavaScript heap after a collection, and the memory of the wasm, at the end.",
    );
    for album in ALBUMS.iter().filter(|album| how.photos.is_none_or(|photos| photos == album.photos)) {
        let mut runs = [Vec::new(), Vec::new()];
        for _ in 0..bench.rounds(album.rounds) {
            for (side, runs) in Side::BOTH.into_iter().zip(&mut runs) {
                if how.side.as_ref().is_none_or(|only| side.word() == only) {
                    eprintln!("{} photos, {side:?} …", album.photos);
                    let run = visit(&ground, side, album).await;
                    let run = run.with_context(|| format!("{side:?}, {} photos", album.photos))?;
                    eprintln!("{run:?}");
                    runs.push(run);
                }
            }
        }
        tell(&mut report, album, &runs);
    }
    Ok(report)
}

async fn visit(ground: &Ground, side: Side, album: &Album) -> Result<Run> {
    Browser::with(async |browser| {
        let files = &ground.companion.url;
        match side {
            Side::Bowerbird => {
                browser.goes_to(&ground.shelf.page(&ground.site, side, files, files, Before::Nothing)).await?;
                browser.until("!!window.bench").await?;
                browser.awaits("bench.opens()").await?;
                browser.until("bench.connects()").await?;
                let account = format!("button[data-account='{}']", album.account);
                browser.in_the_window_of("bench.connect()", &[&account, "#continue"]).await?;
            }
            Side::Uppy => {
                let visitor = theirs::Visitor::sign_in(&ground.peer, &ground.emulator, album.account).await?;
                browser
                    .goes_to(&ground.shelf.page(&ground.site, side, files, &ground.peer.url, Before::Nothing))
                    .await?;
                browser.until("!!window.bench").await?;
                let token = json!(visitor.token());
                browser.reads(&format!("localStorage.setItem('companion-Facebook-auth-token', {token})")).await?;
                browser.awaits("bench.opens()").await?;
            }
        }
        measure(browser, album).await
    })
    .await
}

async fn measure(browser: &Browser, album: &Album) -> Result<Run> {
    let number = |value: Value, what: &str| value.as_f64().with_context(|| format!("{what} is no number: {value}"));
    let opened = number(browser.awaits(&format!("bench.album({}, 20)", json!(album.name))).await?, "a time")?;
    let wasm_before = number(browser.reads("bench.facts().wasm").await?, "a size")?;
    let scroll = browser.awaits(&format!("bench.scroll({}, {PATIENCE})", album.photos)).await?;
    let at_end = browser.reads("bench.facts()").await?;
    let heap = browser.heap().await?;
    browser.reads("bench.forgets()").await?;
    let toggles = browser.awaits(&format!("bench.toggles({TOGGLES})")).await?;
    let after = browser.reads("bench.facts()").await?;
    let times = |of: &Value| -> Vec<f64> { of.as_array().into_iter().flatten().filter_map(Value::as_f64).collect() };
    let longest = |of: &Value| times(of).into_iter().fold(0.0, f64::max);
    Ok(Run {
        opened,
        toggles: times(&toggles),
        elements: number(at_end["elements"].clone(), "a count")?,
        longest: longest(&at_end["tasks"]),
        long: times(&at_end["tasks"]).len(),
        longest_choosing: longest(&after["tasks"]),
        heap,
        wasm: number(at_end["wasm"].clone(), "a size")?,
        wasm_before,
        frames: json!([at_end["frames"], after["frames"]]),
        scroll,
    })
}

fn tell(report: &mut Report, album: &Album, [ours, theirs]: &[Vec<Run>; 2]) {
    let mut table = Table::new(&format!("{} photos", album.photos), &["", "Bowerbird", "Uppy", "ratio"]);
    let middle = |runs: &[Run], of: &dyn Fn(&Run) -> f64| median(runs.iter().map(of));
    let ms = |value: f64| if value == 0.0 { "none of 50".to_owned() } else { number(value) };
    let reached = theirs.iter().map(Run::loaded).min().unwrap_or(album.photos);
    type Of<'a> = &'a dyn Fn(&Run) -> f64;
    let toggle_of = |run: &Run| median(run.toggles.iter().copied());
    let slowest = |run: &Run| run.toggles.iter().copied().fold(0.0, f64::max);
    let rows: [(&str, Of); 12] = [
        ("photos reached", &|run| run.loaded() as f64),
        ("opened, ms", &|run| run.opened),
        ("scrolled, s", &|run| run.scrolled() / 1e3),
        ("elements", &|run| run.elements),
        ("longest task, ms", &|run| run.longest),
        ("tasks of 50 ms and more", &|run| run.long as f64),
        ("toggle, ms", &toggle_of),
        ("slowest toggle, ms", &slowest),
        ("JavaScript heap, MB", &|run| run.heap / 1e6),
        ("memory of the wasm when opened, MB", &|run| run.wasm_before / 1e6),
        ("memory of the wasm, MB", &|run| run.wasm / 1e6),
        ("heap and wasm, MB", &|run| run.memory() / 1e6),
    ];
    for (says, of) in rows {
        let (ours, theirs) = (middle(ours, of), middle(theirs, of));
        let say = |value: f64| if says.starts_with("longest") { ms(value) } else { number(value) };
        let ratio = if theirs > 0.0 { number(ours / theirs) } else { "-".to_owned() };
        table.row([says.to_owned(), say(ours), say(theirs), ratio]);
    }
    let reached_all = theirs.iter().all(Run::reached);
    if !reached_all {
        // In steps of 500.
        let reached = reached / 500 * 500;
        let until = |run: &Run| run.until(reached) / 1e3;
        let (ours, theirs) = (middle(ours, &until), middle(theirs, &until));
        table.row([format!("scrolled to {reached}, s"), number(ours), number(theirs), number(ours / theirs)]);
        report.says(format!(
            "Uppy does not reach the end of the {} photos in {PATIENCE} s, but {reached}; its elements, memory and toggles are those with these.",
            album.photos
        ));
    }
    report.table(table);
    let mut frames = Table::new(&format!("Longest frames of ours, {} photos", album.photos), &["while", "frame"]);
    for (at, while_) in ["opening and scrolling", "choosing"].into_iter().enumerate() {
        let of_run = ours.iter().flat_map(|run| run.frames[at].as_array().into_iter().flatten());
        of_run.filter_map(Value::as_str).for_each(|frame| frames.row([while_, frame]));
    }
    report.table(frames);
    let of = |what: &str| format!("{} photos: {what}", album.photos);
    report.at_most(&of("elements"), middle(ours, &|run| run.elements), 600.0);
    report.at_most(&of("longest task, ms"), middle(ours, &|run| run.longest.max(run.longest_choosing)), 50.0);
    report.at_most(&of("toggle, ms"), middle(ours, &toggle_of), FRAME);
    if !theirs.is_empty() {
        let memory = middle(ours, &Run::memory) / middle(theirs, &Run::memory);
        report.at_most(&of("heap and wasm, ours / Uppy's"), memory, 0.5);
        let scrolled = middle(ours, &Run::scrolled) / middle(theirs, &Run::scrolled);
        report.at_most(&of("scrolled, ours / Uppy's"), scrolled, 1.0 / 3.0);
    }
}
