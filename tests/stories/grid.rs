//! Ten thousand photos in one album: few elements, few requests, and nothing that jumps.

use crate::stage::Stage;
use crate::visitor::Visitor;
use crate::{Duration, tell};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use thirtyfour::Key;

/// The dialog's pane, and how it stands.
const SEEN: &str = "const root = document.querySelector('[data-bowerbird]').shadowRoot;
    const pane = root.querySelector('div.folder');";

async fn runs(visitor: &Visitor, script: &str) -> Value {
    visitor.runs(&format!("{SEEN} {script}")).await
}

/// Waits until a script says `true`.
async fn until(visitor: &Visitor, script: &str) {
    for _ in 0..3_600 {
        if runs(visitor, script).await == json!(true) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let seen = runs(visitor, "return [pane.scrollTop, pane.scrollHeight, root.querySelectorAll('.tile').length]").await;
    panic!("at {seen} it is never so that «{script}»");
}

/// Waits until there are rows in sight, and every picture is there.
async fn looks(visitor: &Visitor) {
    // The row at which Tab stops exists too, far away, and need not be looked at.
    let script = "const { top, bottom } = pane.getBoundingClientRect();
        const seen = [...root.querySelectorAll('.tile')].filter(tile => {
            const at = tile.getBoundingClientRect();
            return at.bottom > top && at.top < bottom;
        });
        const there = image => !image || image.src && image.complete;
        return seen.length > 0 && seen.every(tile => there(tile.querySelector('img')))";
    until(visitor, script).await;
}

/// How often each picture was fetched.
fn fetched(stage: &Stage) -> BTreeMap<String, usize> {
    let mut times = BTreeMap::new();
    for served in stage.emulator.served() {
        *times.entry(served.photo_id).or_default() += 1;
    }
    times
}

/// The first photo whose upper edge is in sight, and where.
async fn first_in_sight(visitor: &Visitor) -> Value {
    let script = "const top = pane.getBoundingClientRect().top;
        const tiles = [...root.querySelectorAll('.tile')].filter(tile => tile.getBoundingClientRect().top >= top);
        tiles.sort((a, b) => a.dataset.place - b.dataset.place);
        return [tiles[0].dataset.path, Math.round(tiles[0].getBoundingClientRect().top - top)]";
    runs(visitor, script).await
}

async fn elements(visitor: &Visitor) -> u64 {
    runs(visitor, "return root.querySelectorAll('*').length").await.as_u64().unwrap()
}

/// Opens the album and loads all of it. Answers what was fetched before that: the cover, which is of another size.
async fn sees_ten_thousand(visitor: &Visitor, stage: &Stage) -> BTreeMap<String, usize> {
    visitor.begins(&stage.page, "facebook", 20_000, "clara").await;
    visitor.sees(".tile.folder img.here").await;
    let cover = fetched(stage);
    visitor.opens_folder("Every day since 1997").await;
    visitor.sees(".photo").await;
    // As one long fling, which never stands still: where it did, pictures would be asked for that the story is to find new.
    let hurries = "let back = false; window.hurrying = true;
        const hurry = () => {
            pane.scrollTop = pane.scrollHeight - ((back = !back) ? pane.clientHeight : 2 * pane.clientHeight);
            window.hurrying = Number(root.querySelector('.grid').dataset.loaded) < 10_000;
            if (window.hurrying) requestAnimationFrame(hurry);
        };
        hurry()";
    runs(visitor, hurries).await;
    until(visitor, "return !window.hurrying").await;
    cover
}

#[tokio::test]
async fn ten_thousand_photos() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        let cover = sees_ten_thousand(&visitor, &stage).await;
        looks(&visitor).await;
        let fetched_by_now = fetched(&stage).len();
        assert!(fetched_by_now < 500, "{fetched_by_now} pictures of those that the fling passed");
        visitor.reads("Choose up to 20,000 photos").await;
        for place in 0..10 {
            runs(&visitor, &format!("pane.scrollTop = pane.scrollHeight * {place} / 9")).await;
            looks(&visitor).await;
            let count = elements(&visitor).await;
            assert!(count <= 600, "{count} elements at place {place} of 9");
        }

        // Away and back again: what was seen is where it was.
        runs(&visitor, "pane.scrollTop = 123456").await;
        looks(&visitor).await;
        let before = first_in_sight(&visitor).await;
        for away in [40_000, 123_456 + 300, 0, 123_456] {
            runs(&visitor, &format!("pane.scrollTop = {away}")).await;
            looks(&visitor).await;
        }
        assert_eq!(first_in_sight(&visitor).await, before);

        // A fling of five thousand pixels a second past hundreds of photos: only those at its end are asked for.
        let before = fetched(&stage);
        let fling = "let left = 150; window.flung = false;
            const step = () => { pane.scrollTop += 83; if (--left) requestAnimationFrame(step); else window.flung = true; };
            requestAnimationFrame(step);";
        runs(&visitor, fling).await;
        until(&visitor, "return window.flung").await;
        looks(&visitor).await;
        let after = fetched(&stage);
        let tiles = runs(&visitor, "return root.querySelectorAll('.tile').length").await.as_u64().unwrap() as usize;
        let new = after.len() - before.len();
        assert!(new > 0 && new <= tiles, "{new} pictures for {tiles} tiles at the end of the fling");

        let twice: Vec<_> = after.iter().filter(|(id, times)| **times > 1 + cover.get(*id).unwrap_or(&0)).collect();
        assert_eq!(twice, [], "asked for more than once");

        // The keys go from one end to the other.
        visitor.clicks(".photo").await;
        for (keys, expected) in [
            (Key::Control + Key::Home, "Day 1,"),
            (Key::Control + Key::End, "Day 10000"),
            (Key::PageUp + "", "Day 99"),
            (Key::Control + Key::Home, "Day 1"),
            (Key::PageDown + "", "Day "),
        ] {
            let focused = visitor.driver().active_element().await.expect("a focus");
            drop(focused);
            let inner = visitor.driver().execute(&format!("{SEEN} return root.activeElement"), vec![]).await.unwrap();
            inner.element().expect("a tile with the focus").send_keys(keys).await.expect("a key");
            let label = runs(&visitor, "return root.activeElement.getAttribute('aria-label')").await;
            let label = label.as_str().unwrap_or_default().to_owned();
            assert!(format!("{label},").starts_with(expected), "«{label}», not «{expected}»");
            assert!(elements(&visitor).await <= 600);
        }
        let heap = visitor.runs("return performance.memory.usedJSHeapSize").await.as_f64().unwrap();
        assert!(heap < 64e6, "{heap} bytes of memory");
    })
    .await;
}

/// How long a frame takes while 10,000 photos are scrolled on a computer that is four times slower. It judges nothing, since
/// that depends on what else runs here: `cargo test --test stories smooth -- --ignored --nocapture`.
#[tokio::test]
#[ignore = "a measurement"]
async fn how_smooth_ten_thousand_photos_scroll() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        sees_ten_thousand(&visitor, &stage).await;
        for rate in [1, 4] {
            for pixels in [12, 83, 600] {
                let cdp = visitor.driver().cdp();
                cdp.send_raw("Performance.enable", json!({})).await.unwrap();
                cdp.send_raw("Emulation.setCPUThrottlingRate", json!({"rate": rate})).await.unwrap();
                runs(&visitor, "pane.scrollTop = 0").await;
                tokio::time::sleep(Duration::from_secs(2)).await;
                let metrics = async || {
                    let answer = cdp.send_raw("Performance.getMetrics", json!({})).await.unwrap();
                    let of = |name: &str| {
                        let all = answer["metrics"].as_array().unwrap();
                        all.iter().find(|it| it["name"] == name).unwrap()["value"].as_f64().unwrap() * 1e3
                    };
                    [of("ScriptDuration"), of("LayoutDuration"), of("RecalcStyleDuration"), of("TaskDuration")]
                };
                let before = metrics().await;
                let scroll = format!(
                    "let left = 200, times = [], last = performance.now(); window.frames_taken = null;
                    const step = now => {{ times.push(performance.now() - last); last = performance.now(); pane.scrollTop += {pixels};
                        if (--left) requestAnimationFrame(step); else window.frames_taken = times.sort((a, b) => a - b); }};
                    requestAnimationFrame(step);"
                );
                runs(&visitor, &scroll).await;
                until(&visitor, "return window.frames_taken !== null").await;
                let after = metrics().await;
                let times = runs(&visitor, "return window.frames_taken").await;
                let at = |share: f64| times[(share * 199.0) as usize].as_f64().unwrap();
                let per: Vec<_> = before.iter().zip(after).map(|(a, b)| format!("{:.2}", (b - a) / 200.0)).collect();
                println!(
                    "{rate}x slower, {pixels} px a frame: median {:.1} ms, 95 % {:.1} ms, longest {:.1} ms; a frame: script {}, layout {}, style {}, all {} ms",
                    at(0.5), at(0.95), at(1.0), per[0], per[1], per[2], per[3],
                );
            }
        }
    })
    .await;
}
