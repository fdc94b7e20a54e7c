//! How often somebody may ask: by address, by key, by session, and by signed-in source for thumbnails. And how much of it at
//! once: streams of events, which cost as long as they are open.
//!
//! The counts are of this process and in memory. Who is counted is known to be there (a key of a site, a session in the
//! database) or comes from an address, and who has asked nothing for a minute is forgotten, so that they stay few.

use crate::config::Config;
use crate::error::ApiError;
use governor::clock::{Clock as _, MonotonicClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Streams that a session may have open: a dialog has one or two, and a visitor who is remembered a few dialogs.
const STREAMS_OF_A_SESSION: usize = 8;
/// Streams that all may have open. Each reads the database some times a second.
const STREAMS: usize = 2000;
/// After how long somebody without a place may ask for one again.
const NEXT_STREAM: Duration = Duration::from_secs(5);

/// So many a minute for each, which may come at once.
#[derive(Debug)]
struct Limit<K: Hash + Eq + Clone>(Option<Counts<K>>);

type Counts<K> = RateLimiter<K, HashMapStateStore<K>, MonotonicClock, NoOpMiddleware<Instant>>;

impl<K: Hash + Eq + Clone> Limit<K> {
    /// 0 is no limit.
    fn new(a_minute: u32) -> Self {
        let quota = NonZeroU32::new(a_minute).map(Quota::per_minute);
        Self(quota.map(|quota| RateLimiter::hashmap_with_clock(quota, MonotonicClock)))
    }

    /// Counts a request; the error is how long to wait.
    fn count(&self, who: &K) -> Result<(), Duration> {
        match &self.0 {
            None => Ok(()),
            Some(counts) => counts.check_key(who).map_err(|not_until| not_until.wait_time_from(counts.clock().now())),
        }
    }

    fn forget_idle(&self) {
        if let Some(counts) = &self.0 {
            counts.retain_recent();
            counts.shrink_to_fit();
        }
    }
}

/// Places that are held for a while: so many each, and so many in all.
#[derive(Debug, Clone)]
pub struct Places {
    each: usize,
    all: usize,
    held: Held,
}

type Held = Arc<Mutex<HashMap<String, usize>>>;

/// One of [`Places`], until it is dropped.
#[derive(Debug)]
#[must_use]
pub struct Place {
    who: String,
    held: Held,
}

impl Places {
    /// All free.
    pub fn new(each: usize, all: usize) -> Self {
        Self { each, all, held: Held::default() }
    }

    /// A place, if one is free for them.
    pub fn take(&self, who: &str) -> Option<Place> {
        let mut held = lock(&self.held);
        let own = held.get(who).copied().unwrap_or_default();
        if own >= self.each || held.values().sum::<usize>() >= self.all {
            return None;
        }
        held.insert(who.to_owned(), own + 1);
        Some(Place { who: who.to_owned(), held: self.held.clone() })
    }

    /// How many are free.
    pub fn free(&self) -> usize {
        self.all.saturating_sub(lock(&self.held).values().sum())
    }

    /// Those who hold as many as they may.
    pub fn full(&self) -> Vec<String> {
        let held = lock(&self.held);
        held.iter().filter(|(_, own)| **own >= self.each).map(|(who, _)| who.clone()).collect()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = lock(&self.held);
        match held.get_mut(&self.who) {
            Some(own) if *own > 1 => *own -= 1,
            _ => drop(held.remove(&self.who)),
        }
    }
}

fn lock(held: &Held) -> MutexGuard<'_, HashMap<String, usize>> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

/// All limits.
#[derive(Debug)]
pub struct Limits {
    addresses: Limit<IpAddr>,
    conversions: Limit<IpAddr>,
    keys: Limit<String>,
    sessions: Limit<String>,
    thumbnails: Limit<String>,
    streams: Places,
    /// Since somebody last looked.
    refused: AtomicU64,
}

impl Limits {
    /// From the settings.
    pub fn new(config: &Config) -> Self {
        Self {
            addresses: Limit::new(config.rate_per_address),
            conversions: Limit::new(config.rate_conversions),
            keys: Limit::new(config.rate_per_key),
            sessions: Limit::new(config.rate_per_session),
            thumbnails: Limit::new(config.rate_thumbnails),
            streams: Places::new(STREAMS_OF_A_SESSION, STREAMS),
            refused: AtomicU64::new(0),
        }
    }

    /// Counts a request that comes from an address.
    pub fn address(&self, address: IpAddr) -> Result<(), ApiError> {
        self.judged("address", self.addresses.count(&household(address)))
    }

    /// Counts a conversion that is done for an address. Those whose result is there already cost no more than any file.
    pub fn conversion(&self, address: IpAddr) -> Result<(), ApiError> {
        self.judged("conversions", self.conversions.count(&household(address)))
    }

    /// Counts a request for a site. Only for keys that are there.
    pub fn key(&self, key: &str) -> Result<(), ApiError> {
        self.judged("key", self.keys.count(&key.to_owned()))
    }

    /// Counts a request of a session, by the id of its row.
    pub fn session(&self, id: &str) -> Result<(), ApiError> {
        self.judged("session", self.sessions.count(&id.to_owned()))
    }

    /// Counts a thumbnail of a signed-in source. Only for addresses that we signed.
    pub fn thumbnail(&self, link: &str) -> Result<(), ApiError> {
        self.judged("thumbnails", self.thumbnails.count(&link.to_owned()))
    }

    /// A place for a stream of a session, by the id of its row. The stream holds it while it is open.
    pub fn stream(&self, session: &str) -> Result<Place, ApiError> {
        self.judged("streams", self.streams.take(session).ok_or(NEXT_STREAM))
    }

    /// Forgets whoever has not asked for a while. Answers how many requests were refused since this was last done.
    pub fn forget_idle(&self) -> u64 {
        self.addresses.forget_idle();
        self.conversions.forget_idle();
        self.keys.forget_idle();
        self.sessions.forget_idle();
        self.thumbnails.forget_idle();
        self.refused.swap(0, Ordering::Relaxed)
    }

    fn judged<T>(&self, limit: &str, counted: Result<T, Duration>) -> Result<T, ApiError> {
        counted.map_err(|wait| {
            // Not louder: who asks too often must not fill the log as well.
            tracing::debug!(limit, milliseconds = wait.as_millis() as u64, "somebody asks too often");
            self.refused.fetch_add(1, Ordering::Relaxed);
            ApiError::too_many_requests(wait)
        })
    }
}

/// Whose address it is: of IPv6 a subscriber has a network of 64 bits at least, and could ask from another of its addresses
/// each time (RFC 6177).
fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::response::IntoResponse as _;
    use bowerbird_protocol::problem::ProblemCode;

    fn limits(change: impl FnOnce(&mut Config)) -> Limits {
        let mut config = Config::default();
        change(&mut config);
        Limits::new(&config)
    }

    #[test]
    fn the_one_after_the_last_waits() {
        // Two a minute come back one each half minute, which no test takes.
        let limits = limits(|config| config.rate_per_session = 2);
        assert!(limits.session("a").is_ok() && limits.session("a").is_ok());
        let refused = limits.session("a").unwrap_err();
        assert_eq!(refused.problem().code, ProblemCode::TooManyRequests);
        let wait = refused.into_response().headers()["retry-after"].to_str().unwrap().parse::<u64>().unwrap();
        assert!((25..=30).contains(&wait), "{wait}");
        assert!(limits.session("b").is_ok(), "another is not refused for it");
        assert_eq!((limits.forget_idle(), limits.forget_idle()), (1, 0));
    }

    #[test]
    fn zero_is_no_limit() {
        let limits = limits(|config| config.rate_per_key = 0);
        assert!((0..100_000).all(|_| limits.key("shop").is_ok()));
    }

    #[test]
    fn addresses_of_one_subscriber_count_as_one() {
        let limits = limits(|config| config.rate_per_address = 1);
        let asks = |address: &str| limits.address(address.parse().unwrap()).is_ok();
        assert!(asks("2001:db8:1:2::1") && !asks("2001:db8:1:2:ffff:ffff:ffff:ffff") && asks("2001:db8:1:3::1"));
        assert!(asks("203.0.113.7") && !asks("203.0.113.7") && !asks("::ffff:203.0.113.7") && asks("203.0.113.8"));
    }

    #[test]
    fn a_place_is_free_again_once_it_is_left() {
        let places = Places::new(2, 3);
        let held = [places.take("a"), places.take("a"), places.take("b")];
        assert!(held.iter().all(Option::is_some));
        assert_eq!((places.free(), places.full()), (0, vec!["a".to_owned()]));
        assert!(places.take("b").is_none(), "there are no more than three");
        let [first, second, third] = held;
        drop(third);
        assert!(places.take("a").is_none(), "nobody has more than two");
        drop((first, second));
        assert_eq!((places.free(), places.full(), lock(&places.held).len()), (3, Vec::new(), 0));
    }

    #[test]
    fn who_is_back_at_the_full_number_is_forgotten() {
        // A million a minute is back after 60 microseconds.
        let limits = limits(|config| config.rate_per_address = 1_000_000);
        for last in 0..200 {
            limits.address(IpAddr::from([203, 0, 113, last])).unwrap();
        }
        std::thread::sleep(Duration::from_millis(20));
        limits.forget_idle();
        assert_eq!(limits.addresses.0.as_ref().unwrap().len(), 0);
    }
}
