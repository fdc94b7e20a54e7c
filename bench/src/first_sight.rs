//! From `pick()` to a service list that is painted and can be used, beside Uppy.
//!
//! Time runs from the click on the page's button. It ends at the second of two frames: in the first a service's button is in sight and is
//! what a click at its middle would hit, and at the beginning of the next that has been painted. Then the button is clicked on, and the
//! run counts only if it answers.

use crate::Bench;
use crate::browser::Browser;
use crate::pages::{self, Before, NEWEST, Shelf, Side};
use crate::processes::{Companion, Emulator};
use crate::report::{Report, Table, median, number, quantile};
use anyhow::{Context, Result};
use clap::Args;
use serde_json::Value;
use std::time::Duration;

/// How it is measured.
#[derive(Args)]
pub struct How {
    /// The cases whose names have this in them.
    #[arg(long, value_name = "TEXT")]
    case: Option<String>,
}

/// How often each side is opened in each case.
const ROUNDS: usize = 15;
/// Visits before those that count, in which the browser fills its caches of files and of what it has compiled.
const VISITS_BEFORE: usize = 3;

/// Under which circumstances.
#[derive(Clone, Copy)]
struct Case {
    says: &'static str,
    /// A browser that has nothing in its cache, and a slow network.
    cold: bool,
    /// How many times slower the processor is.
    slower: u32,
    /// What takes turns.
    sides: &'static [(Side, Before)],
}

/// Ours as a page has it that picks at once, and Uppy as one that loads it when it is wanted.
const ON_THE_CLICK: &[(Side, Before)] = &[(Side::Bowerbird, Before::Script), (Side::Uppy, Before::Nothing)];
/// The same; and ours where not even the script is there.
const ALL_ON_THE_CLICK: &[(Side, Before)] =
    &[(Side::Bowerbird, Before::Script), (Side::Uppy, Before::Nothing), (Side::Bowerbird, Before::Nothing)];
const AHEAD: &[(Side, Before)] = &[(Side::Bowerbird, Before::All), (Side::Uppy, Before::All)];

const CASES: &[Case] = &[
    Case { says: "cold, slow network, processor 4 times slower", cold: true, slower: 4, sides: ALL_ON_THE_CLICK },
    Case { says: "warm cache", cold: false, slower: 1, sides: ON_THE_CLICK },
    Case { says: "warm cache, processor 4 times slower", cold: false, slower: 4, sides: ON_THE_CLICK },
    Case { says: "loaded ahead", cold: false, slower: 1, sides: AHEAD },
    Case { says: "loaded ahead, processor 4 times slower", cold: false, slower: 4, sides: AHEAD },
];

/// Where both are.
struct Ground {
    shelf: Shelf,
    site: String,
    companion: String,
}

/// Measures.
pub async fn run(bench: &Bench, how: &How) -> Result<Report> {
    let rounds = bench.rounds(ROUNDS);
    let shelf = Shelf::fill(&bench.programs, NEWEST)?;
    let emulator = Emulator::start(&shelf.programs, &[]).await?;
    let companion = Companion::start(&shelf.programs, &emulator, &[]).await?;
    let site = pages::serve(&bench.programs.root).await?;
    let ground = Ground { shelf, site, companion: companion.url.clone() };

    let mut report = Report::new("first-sight", "From a click to a service list that can be used");
    report.version("Chromium", Browser::with(async |browser| browser.version().await).await?);
    for package in ["@uppy/core", "@uppy/dashboard", "@uppy/facebook", "@uppy/xhr-upload"] {
        report.version(package, pages::version(&bench.programs, NEWEST, package)?);
    }
    report.says(format!(
        "{rounds} runs of each, taking turns; milliseconds, median (quartiles). The page is of another origin than the files, which our \
         companion serves for both sides with the same headers, in brotli 11, over HTTP/1.1. Where nothing is loaded ahead, the page has our \
         script and has called `init`, as README has it, but nothing was fetched early: `pick` begins with glue and wasm. Of Uppy the click \
         loads bundle and style sheet side by side. \"All on the click\" has not even our script in the page. The slow network has 1.6 Mbit/s \
         and 150 ms until an answer begins; \"cold\" is a browser that was just started. Reduced motion, and `animateOpenClose: false` for \
         Uppy."
    ));
    let columns = ["", "Bowerbird", "Uppy", "ratio", "click on Facebook shown: Bowerbird", "Uppy"];
    let mut table = Table::new("Times", &columns);
    let mut steps = Table::new("The cold case by steps", &["from the click", "ms"]);
    let mut medians = Vec::new();
    for case in CASES.iter().filter(|case| how.case.as_ref().is_none_or(|only| case.says.contains(only.as_str()))) {
        eprintln!("{} …", case.says);
        let runs = measure(&ground, *case, rounds).await?;
        let middle = |at: usize| median(times(&runs[at], "painted"));
        medians.push((case, middle(0), middle(0) / middle(1)));
        for (at, (side, _)) in case.sides.iter().enumerate().filter(|(_, (side, _))| *side == Side::Bowerbird) {
            let says = if at == 0 { case.says.to_owned() } else { format!("{}, all on the click", case.says) };
            let of = |at: usize, what: &str| quartiles(&times(&runs[at], what));
            let ratio = number(middle(at) / middle(1));
            table.row([says, of(at, "painted"), of(1, "painted"), ratio, of(at, "answered"), of(1, "answered")]);
            if case.cold && at == 0 {
                tell_steps(&mut steps, side.word(), &runs[at]);
                tell_steps(&mut steps, "uppy", &runs[1]);
            }
        }
    }
    report.table(table);
    report.table(steps);
    for (case, ours, ratio) in medians {
        if case.cold {
            report.at_most("cold: ours / Uppy's", ratio, 0.7);
        }
        if case.says == "loaded ahead" {
            report.at_most("loaded ahead: ours, ms", ours, 50.0);
        }
    }
    Ok(report)
}

/// The runs of each of the sides.
async fn measure(ground: &Ground, case: Case, rounds: usize) -> Result<Vec<Vec<Value>>> {
    let mut seen = vec![Vec::new(); case.sides.len()];
    if case.cold {
        for _ in 0..rounds {
            for (with, seen) in case.sides.iter().zip(&mut seen) {
                let one = Browser::with(async |browser| {
                    browser.slow_network().await?;
                    visit(browser, ground, *with, case).await
                });
                seen.push(one.await?);
            }
        }
        return Ok(seen);
    }
    Browser::with(async |browser| {
        for round in 0..VISITS_BEFORE + rounds {
            for (with, seen) in case.sides.iter().zip(&mut seen) {
                let one = visit(browser, ground, *with, case).await?;
                if round >= VISITS_BEFORE {
                    seen.push(one);
                }
            }
        }
        Ok(())
    })
    .await?;
    Ok(seen)
}

async fn visit(browser: &Browser, ground: &Ground, (side, before): (Side, Before), case: Case) -> Result<Value> {
    let Ground { shelf, site, companion } = ground;
    browser.slow_down(case.slower).await?;
    browser.goes_to(&shelf.page(site, side, companion, companion, before)).await?;
    browser.until("!!window.bench").await?;
    let loaded = match (side, before) {
        (Side::Bowerbird, Before::All) => "bowerbird_bg",
        (Side::Bowerbird, Before::Script) => "bowerbird.js",
        (Side::Uppy, Before::All) => ".css",
        _ => "sides.js",
    };
    let is_there =
        format!("performance.getEntriesByType('resource').some(it => it.name.includes('{loaded}') && it.responseEnd)");
    browser.until(&is_there).await?;
    // Long enough for what is done when a page is idle.
    tokio::time::sleep(Duration::from_millis(300 + 150 * u64::from(case.slower))).await;
    browser.awaits("bench.firstSight()").await.with_context(|| format!("{side:?}, {}", case.says))
}

fn times(runs: &[Value], of: &str) -> Vec<f64> {
    runs.iter().filter_map(|run| run[of].as_f64()).collect()
}

/// `median (first quartile–third quartile)`
fn quartiles(values: &[f64]) -> String {
    let middle = median(values.iter().copied());
    format!("{middle:.0} ({:.0}–{:.0})", quantile(values, 0.25), quantile(values, 0.75))
}

/// When each file begins and ends to come, when the wasm is there, and when the list is.
fn tell_steps(table: &mut Table, side: &str, runs: &[Value]) {
    let Some(first) = runs.first() else { return };
    let names = |of: &str| -> Vec<String> {
        let all = first[of].as_array().into_iter().flatten();
        all.filter_map(|it| it["name"].as_str()).map(str::to_owned).collect()
    };
    let mut files = names("resources");
    files.dedup();
    for (of, names) in [("resources", files), ("wasm", names("wasm"))] {
        for (at, name) in names.iter().enumerate() {
            let middle = |end: &str| {
                let of_run = |run: &Value| {
                    // Files come in whatever order; the steps of the wasm are always the same.
                    let all = run[of].as_array()?;
                    let one = if of == "wasm" { all.get(at) } else { all.iter().find(|it| it["name"] == **name) };
                    one?[end].as_f64()
                };
                median(runs.iter().filter_map(of_run))
            };
            table.row([format!("{side}: {name}"), format!("{:.0}–{:.0}", middle("begins"), middle("ends"))]);
        }
    }
    table.row([format!("{side}: painted"), format!("{:.0}", median(times(runs, "painted")))]);
    table.row([format!("{side}: longest task"), format!("{:.0}", median(times(runs, "longest")))]);
}
