//! Conversions as whole requests, beside a server of Node.js that answers with sharp: the second half of `cargo xtask bench convert`.

use crate::ground::{Ground, On};
use crate::memory::peak;
use reqwest::Client;
use serde_json::{Value, json};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

/// A row of the bench, as `xtask` says it in JSON: what it is called, the file, the tasks, and what sharp is asked for.
struct Row(Value);

impl Row {
    fn text(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap()
    }
}

/// Stores a file without a picker. Answers its handle.
async fn uploaded(http: &Client, base: &str, file: &str) -> String {
    let bytes = std::fs::read(file).unwrap();
    let posts = async |path: &str, mut body: Value| {
        body["apikey"] = json!("demo");
        let answer = http.post(format!("{base}{path}")).json(&body).send().await.unwrap();
        answer.error_for_status().unwrap().json::<Value>().await.unwrap()
    };
    let begun = posts("/multipart/start", json!({"filename": "1.jpg", "size": bytes.len()})).await;
    let id = begun["upload_id"].clone();
    let to = posts("/multipart/upload", json!({"upload_id": id, "part": 1, "size": bytes.len()})).await;
    let put = http.put(to["url"].as_str().unwrap()).body(bytes).send().await.unwrap();
    let parts = json!([{"part_number": 1, "etag": put.headers()["etag"].to_str().unwrap()}]);
    let file = posts("/multipart/complete", json!({"upload_id": id, "parts": parts})).await;
    file["handle"].as_str().unwrap().to_owned()
}

/// Requests a second, with so many in flight, and the bytes of an answer.
async fn rate(http: &Client, url: &str, in_flight: usize, lasts: Duration) -> (f64, usize) {
    let began = Instant::now();
    let one = async || {
        let (mut answers, mut bytes) = (0, 0);
        while began.elapsed() < lasts {
            let answer = http.get(url).send().await.unwrap().error_for_status().unwrap();
            bytes = answer.bytes().await.unwrap().len();
            answers += 1;
        }
        (answers, bytes)
    };
    let done = futures_util::future::join_all((0..in_flight).map(|_| one())).await;
    let answers: u32 = done.iter().map(|(answers, _)| answers).sum();
    (f64::from(answers) / began.elapsed().as_secs_f64(), done[0].1)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "cargo xtask bench convert"]
async fn conversions_over_http() {
    let said =
        |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("{name}: `cargo xtask bench convert` sets it"));
    let rows: Vec<Row> =
        serde_json::from_str::<Vec<Value>>(&said("BOWERBIRD_BENCH_ROWS")).unwrap().into_iter().map(Row).collect();
    let lasts = Duration::from_secs_f64(said("BOWERBIRD_BENCH_SECONDS").parse().unwrap());
    let (sharp, server) = (said("BOWERBIRD_BENCH_SHARP"), said("BOWERBIRD_BENCH_SERVER"));
    let in_flight = std::thread::available_parallelism().unwrap().get();
    println!(
        "{:<30} {:>16} {:>6} {:>11} {:>6} {:>8}",
        "whole requests", "requests/s", "ratio", "peak MB", "ratio", "kept/s"
    );
    for row in &rows {
        let ground = Ground::prepare(On::Embedded, |_| {}).await;
        // The proxy in front of it costs more than the companion.
        let (base, http) = (&ground.cluster.address(0), &ground.http);
        let handle = uploaded(http, base, row.text("input")).await;
        let ours = format!("{base}/cache=false/{}/{handle}", row.text("call"));
        let kept = format!("{base}/{}/{handle}", row.text("call"));
        let mut node = Command::new("node");
        node.args([&server, &sharp, row.text("threads")]).stdout(Stdio::piped()).kill_on_drop(true);
        let mut node = node.spawn().unwrap();
        let mut port = String::new();
        BufReader::new(node.stdout.take().unwrap()).read_line(&mut port).await.unwrap();
        let theirs = format!("http://127.0.0.1:{}/?{}", port.trim(), row.text("query"));
        let (mut our_rates, mut their_rates) = (Vec::new(), Vec::new());
        for _ in 0..3 {
            our_rates.push(rate(http, &ours, in_flight, lasts).await.0);
            their_rates.push(rate(http, &theirs, in_flight, lasts).await.0);
        }
        let median = |rates: &mut Vec<f64>| {
            rates.sort_by(f64::total_cmp);
            rates[rates.len() / 2]
        };
        let (our_rate, their_rate) = (median(&mut our_rates), median(&mut their_rates));
        let (our_peak, their_peak) = (peak(ground.cluster.process(0)), peak(node.id().unwrap()));
        let (kept, _) = rate(http, &kept, in_flight, Duration::from_secs(1)).await;
        println!(
            "{:<30} {:>16} {:>5.2}x {:>11} {:>5.2}x {kept:>8.0}",
            row.text("says"),
            format!("{our_rate:.2}/{their_rate:.2}"),
            our_rate / their_rate,
            format!("{our_peak:.0}/{their_peak:.0}"),
            our_peak / their_peak,
        );
    }
}
