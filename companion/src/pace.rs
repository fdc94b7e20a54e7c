//! How fast providers may be asked: the pauses that they asked for, kept by whoever asks too much.
//!
//! It hangs on the [`Fetcher`](crate::fetch::Fetcher), so that all who ask with the same app share it, however often
//! providers are made anew. It lives in memory: after a restart the provider says again that it wants a pause.

use crate::metrics::Metrics;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The longest pause that we choose ourselves.
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// The longest that a provider may name; its windows are an hour and a day.
const LONGEST_NAMED: Duration = Duration::from_secs(24 * 3600);
/// How long a report that an app is nearly used up counts.
const BUSY: Duration = Duration::from_secs(60);
/// A pause that ended this long ago is forgotten, and the next one is a first one again.
const REMEMBERED: Duration = Duration::from_secs(3600);

/// The pauses in force. Clones share them.
#[derive(Debug, Clone)]
pub struct Pace {
    standings: Arc<Mutex<HashMap<String, Standing>>>,
    first: Duration,
    metrics: Metrics,
}

/// How somebody stands who was told to ask less.
#[derive(Debug, Clone, Copy)]
struct Standing {
    paused_until: Instant,
    busy_until: Instant,
    /// Pauses without a good answer in between.
    pauses: u32,
}

impl Pace {
    /// `first` is the first pause where the provider names none; each further one is twice as long.
    pub fn new(first: Duration, metrics: Metrics) -> Self {
        Self { standings: Arc::default(), first, metrics }
    }

    /// What is left of the pause of somebody. Who asks on during it only makes it longer.
    pub fn left(&self, who: &str, now: Instant) -> Option<Duration> {
        let left = self.lock().get(who)?.paused_until.saturating_duration_since(now);
        (!left.is_zero()).then_some(left)
    }

    /// The provider said that somebody asks too much, and perhaps for how long it will not answer. Answers the pause.
    pub fn too_much(&self, who: &str, named: Option<Duration>, now: Instant) -> Duration {
        let mut standings = self.lock();
        standings.retain(|_, it| it.paused_until.max(it.busy_until) + REMEMBERED > now);
        let fresh = Standing { paused_until: now, busy_until: now, pauses: 0 };
        let standing = standings.entry(who.to_owned()).or_insert(fresh);
        // Several calls may have been on their way; what they are told is the same thing once.
        if standing.paused_until <= now {
            let doubled = self.first.saturating_mul(1 << standing.pauses.min(16));
            standing.paused_until = now + doubled.min(LONGEST);
            standing.pauses = standing.pauses.saturating_add(1);
            self.metrics.provider_pause();
        }
        if let Some(named) = named {
            standing.paused_until = standing.paused_until.max(now + named.min(LONGEST_NAMED));
        }
        standing.paused_until - now
    }

    /// Somebody was answered well. A pause that has begun meanwhile stays.
    pub fn well(&self, who: &str, now: Instant) {
        let mut standings = self.lock();
        if standings.get(who).is_some_and(|it| it.paused_until <= now && it.busy_until <= now) {
            standings.remove(who);
        }
    }

    /// The provider says that somebody is about to ask too much.
    pub fn nearly_too_much(&self, who: &str, now: Instant) {
        let fresh = Standing { paused_until: now, busy_until: now, pauses: 0 };
        self.lock().entry(who.to_owned()).or_insert(fresh).busy_until = now + BUSY;
    }

    /// How many pauses there are at the moment.
    pub fn in_force(&self, now: Instant) -> usize {
        self.lock().values().filter(|it| it.paused_until > now).count()
    }

    /// Whether what can wait should let others go first.
    pub fn is_busy(&self, who: &str, now: Instant) -> bool {
        self.lock().get(who).is_some_and(|it| it.busy_until > now)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Standing>> {
        self.standings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn pauses_double_until_an_answer_is_good() {
        let pace = Pace::new(30 * SECOND, Metrics::default());
        let mut now = Instant::now();
        let mut lengths = Vec::new();
        for _ in 0..7 {
            lengths.push(pace.too_much("app", None, now).as_secs());
            now += pace.left("app", now).unwrap();
            assert_eq!(pace.left("app", now), None, "it is over");
        }
        assert_eq!(lengths, [30, 60, 120, 240, 480, 900, 900]);
        pace.well("app", now);
        assert_eq!(pace.too_much("app", None, now), 30 * SECOND);
        assert_eq!(pace.left("another", now), None);
    }

    #[test]
    fn calls_that_were_on_their_way_neither_lengthen_nor_end_a_pause() {
        let pace = Pace::new(30 * SECOND, Metrics::default());
        let now = Instant::now();
        pace.too_much("app", None, now);
        assert_eq!(pace.too_much("app", None, now + SECOND), 29 * SECOND);
        pace.well("app", now + SECOND);
        assert_eq!(pace.left("app", now + SECOND), Some(29 * SECOND));
        assert_eq!(pace.clone().left("app", now + SECOND), Some(29 * SECOND), "clones share it");
    }

    #[test]
    fn a_pause_that_the_provider_names_is_kept() {
        let pace = Pace::new(30 * SECOND, Metrics::default());
        let now = Instant::now();
        assert_eq!(pace.too_much("app", Some(19 * 60 * SECOND), now), 19 * 60 * SECOND);
        assert_eq!(pace.too_much("other", Some(u32::MAX * SECOND), now), LONGEST_NAMED);
    }

    #[test]
    fn what_is_long_over_is_forgotten() {
        let pace = Pace::new(30 * SECOND, Metrics::default());
        let now = Instant::now();
        pace.too_much("old", None, now);
        pace.too_much("new", None, now + 2 * REMEMBERED);
        assert_eq!(pace.lock().len(), 1);
    }

    #[test]
    fn being_busy_passes() {
        let pace = Pace::new(30 * SECOND, Metrics::default());
        let now = Instant::now();
        pace.nearly_too_much("app", now);
        assert_eq!(pace.in_force(now), 0);
        assert!(pace.is_busy("app", now) && !pace.is_busy("app", now + BUSY) && !pace.is_busy("other", now));
        assert_eq!(pace.left("app", now), None, "it may ask all the same");
    }
}
