//! Opened and closed, over and over: nothing of it stays.

use crate::stage::Stage;
use crate::tell;
use crate::visitor::Visitor;
use serde_json::{Value, json};
use std::time::Duration;

/// How often the dialog is opened and closed before the first count: caches, of code and of pictures, fill up once.
const FIRST: u32 = 20;

/// And how often after it.
const THEN: u32 = 200;

/// What the page and the browser hold.
#[derive(Debug)]
struct Held {
    nodes: u64,
    listeners: u64,
    heap: u64,
    wasm: u64,
    timers: u64,
}

/// Counts what is held after everything that can go has gone.
async fn held(visitor: &Visitor) -> Held {
    let cdp = visitor.driver().cdp();
    for _ in 0..3 {
        cdp.send_raw("HeapProfiler.collectGarbage", json!({})).await.expect("a collection");
    }
    let counters = cdp.send_raw("Memory.getDOMCounters", json!({})).await.expect("counters");
    let usage = cdp.send_raw("Runtime.getHeapUsage", json!({})).await.expect("a size");
    let count = |value: &Value| value.as_f64().unwrap_or_else(|| panic!("no number: {value}")) as u64;
    Held {
        nodes: count(&counters["nodes"]),
        listeners: count(&counters["jsEventListeners"]),
        heap: count(&usage["usedSize"]),
        wasm: count(&visitor.runs("return wasm.memory.buffer.byteLength").await),
        timers: count(&visitor.runs("return timers.size").await),
    }
}

/// Opens the dialog, waits for the listing, and closes it, so often.
async fn opens_and_closes(visitor: &Visitor, times: u32) {
    let script = format!(
        "window.rounds = 0;
        window.failed = undefined;
        (async () => {{
            while (rounds < {times}) {{
                const closing = new AbortController();
                const picked = client.pick({{ fromSources: ['facebook', 'instagram'], maxFiles: 5, signal: closing.signal }});
                const began = performance.now();
                while (!document.querySelector('[data-bowerbird]')?.shadowRoot.querySelector('.tile img')) {{
                    if (performance.now() - began > 9000) throw Error('no listing');
                    await new Promise(requestAnimationFrame);
                }}
                closing.abort();
                await picked;
                rounds += 1;
            }}
        }})().catch(error => failed = error.message)"
    );
    visitor.runs(&script).await;
    let mut before = 0;
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(visitor.runs("return window.failed ?? null").await, Value::Null);
        let rounds = visitor.runs("return rounds").await.as_u64().expect("a number");
        if rounds >= times.into() {
            return;
        }
        assert!(rounds > before || rounds == 0, "it stands still after {rounds} rounds");
        before = rounds;
    }
}

#[tokio::test]
async fn two_hundred_times_opened_and_closed_leave_nothing() {
    tell(Duration::ZERO, async |visitor: Visitor, stage: Stage| {
        // What is set going and not stopped. Before our script, which is what it is about.
        stage.dress(
            "<script>
                window.timers = new Set();
                for (const [start, stop] of [['setTimeout', 'clearTimeout'], ['setInterval', 'clearInterval'], ['requestAnimationFrame', 'cancelAnimationFrame']]) {
                    const starting = window[start], stopping = window[stop];
                    window[start] = (run, ...rest) => {
                        const id = starting.call(window, (...given) => { if (start !== 'setInterval') timers.delete(start + id); run(...given); }, ...rest);
                        timers.add(start + id);
                        return id;
                    };
                    window[stop] = id => { timers.delete(start + id); stopping.call(window, id); };
                }
            </script>",
        );
        visitor.opens(&stage.page, json!({"fromSources": "facebook", "init": {"sessionCache": true}})).await;
        visitor.runs("document.body.style.color = 'red'; document.getElementById('pick').focus(); scrollTo(0, 300)").await;
        visitor.starts_picking().await;
        visitor.connects_as("alice").await;
        visitor.sees(".tile").await;
        visitor.clicks("[aria-label='Close']").await;
        visitor.receives().await;
        let glue = "const glue = performance.getEntriesByType('resource').map(entry => entry.name).find(name => /bowerbird-[0-9a-f]{16}\\.js$/.test(name));
            import(glue).then(glue => glue.default()).then(exports => window.wasm = exports)";
        visitor.runs(glue).await;
        visitor.until_it_says("return typeof window.wasm", "object").await;
        let page = "return [scrollX, scrollY, document.documentElement.getAttribute('style'), document.body.getAttribute('style'),
            document.activeElement.id, history.length, document.querySelectorAll('*').length]";

        opens_and_closes(&visitor, FIRST).await;
        let (before, page_before) = (held(&visitor).await, visitor.runs(page).await);
        opens_and_closes(&visitor, THEN).await;
        let after = held(&visitor).await;
        println!("before: {before:?}\nafter:  {after:?}");
        assert_eq!(visitor.runs(page).await, page_before);
        assert_eq!(after.timers, before.timers, "timers");
        // A handful is the browser's own business; one for each opening would be two hundred.
        assert!(after.nodes <= before.nodes + 20, "nodes: {before:?}, {after:?}");
        assert!(after.listeners <= before.listeners + 5, "listeners: {before:?}, {after:?}");
        assert_eq!(after.wasm, before.wasm, "the wasm's memory has grown");
        // Under two kilobytes an opening, compiled code among it.
        assert!(after.heap < before.heap + 400_000, "the heap: {before:?}, {after:?}");
    })
    .await;
}
