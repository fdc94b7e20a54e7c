//! Many clients at once, and what they cost the one who serves them.

use crate::processes::Process;
use crate::report::{median, quantile};
use anyhow::{Context, Result};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// What one request, or one file, took and brought.
#[derive(Clone, Copy)]
pub struct Sample {
    /// Seconds from asking to the end.
    pub seconds: f64,
    /// Photos, files or the like.
    pub units: usize,
}

/// What came of a load.
#[derive(Clone)]
pub struct Measured {
    /// How long it took in all.
    pub seconds: f64,
    /// Each request.
    pub samples: Vec<Sample>,
    /// Seconds of a core that the servers used.
    pub cpu: f64,
    /// MB that they had in memory at most.
    pub peak: f64,
}

/// Until when a load is to last.
#[derive(Clone, Copy)]
pub struct Until(Instant);

impl Until {
    /// From now on for so long.
    pub fn after(seconds: f64) -> Self {
        Self(Instant::now() + Duration::from_secs_f64(seconds))
    }

    /// Whether it is over.
    pub fn is_over(self) -> bool {
        Instant::now() >= self.0
    }
}

/// The samples of a client, as it takes them.
#[derive(Default)]
pub struct Watch(Vec<Sample>);

impl Watch {
    /// Takes the time of this; it answers how many units it brought, and whatever else.
    pub async fn take<T>(&mut self, doing: impl Future<Output = Result<(usize, T)>>) -> Result<T> {
        let began = Instant::now();
        let (units, rest) = doing.await?;
        self.0.push(Sample { seconds: began.elapsed().as_secs_f64(), units });
        Ok(rest)
    }

    /// All of them.
    pub fn samples(self) -> Vec<Sample> {
        self.0
    }
}

/// Lets all clients run to their ends, and says what that cost these processes.
pub async fn run<C>(servers: &[&Process], clients: impl IntoIterator<Item = C>) -> Result<Measured>
where
    C: Future<Output = Result<Vec<Sample>>> + Send + 'static,
{
    let used = || servers.iter().map(|server| server.cpu()).sum::<Result<f64>>();
    for server in servers {
        server.forget_peak()?;
    }
    let (before, began) = (used()?, Instant::now());
    let mut running: JoinSet<_> = clients.into_iter().collect();
    let mut samples = Vec::new();
    while let Some(ended) = running.join_next().await {
        samples.extend(ended.context("a client panicked")?.with_context(|| last_words(servers))?);
    }
    let seconds = began.elapsed().as_secs_f64();
    let peak = servers.iter().map(|server| server.peak()).sum::<Result<f64>>()?;
    Ok(Measured { seconds, samples, cpu: used()? - before, peak })
}

fn last_words(servers: &[&Process]) -> String {
    let words: Vec<String> =
        servers.iter().map(|server| format!("the {} said at last:\n{}", server.name(), server.last_words())).collect();
    words.join("\n")
}

impl Measured {
    /// Photos, files or the like.
    pub fn units(&self) -> f64 {
        self.samples.iter().map(|sample| sample.units as f64).sum()
    }

    /// Units a second.
    pub fn rate(&self) -> f64 {
        self.units() / self.seconds
    }

    /// Requests a second.
    pub fn requests(&self) -> f64 {
        self.samples.len() as f64 / self.seconds
    }

    /// Milliseconds that this share of the requests took at most.
    pub fn milliseconds(&self, share: f64) -> f64 {
        let seconds: Vec<f64> = self.samples.iter().map(|sample| sample.seconds).collect();
        quantile(&seconds, share) * 1000.0
    }
}

/// The median of a figure over the rounds.
pub fn middle(rounds: &[Measured], of: impl Fn(&Measured) -> f64) -> f64 {
    median(rounds.iter().map(of))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_clients_did_is_counted() {
        let client = || async {
            let mut watch = Watch::default();
            watch.take(async { Ok((3, ())) }).await?;
            watch.take(async { Ok((4, ())) }).await?;
            Ok(watch.samples())
        };
        let measured = run(&[], [client(), client()]).await.unwrap();
        assert_eq!((measured.samples.len(), measured.units()), (4, 14.0));
    }
}
