//! The cores' work, apart from the threads that answer requests: so many conversions at once, and not too many that wait.

use super::refused;
use crate::error::ApiError;
use bowerbird_convert::{ConvertError, Converted, Limits, Recipe, Work};
use bytes::Bytes;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// Conversions that may wait for each that is done: some seconds' work, which is as long as a page's visitor waits.
const WAITING: usize = 32;
/// After how long somebody who was turned away may ask again.
const LATER: Duration = Duration::from_secs(2);

/// Where conversions are done.
#[derive(Debug)]
pub struct Pool {
    free: Arc<Semaphore>,
    /// As many, and always the same: each thread that ever had large images keeps memory for more.
    threads: ThreadPool,
    waiting: AtomicUsize,
    most_waiting: usize,
    limits: Limits,
}

/// A place in the pool. Bytes of images are fetched only by who has one, so that no more are in memory than are worked on.
#[derive(Debug)]
pub struct Turn(#[expect(dead_code, reason = "it counts by being there")] OwnedSemaphorePermit);

/// What goes into a conversion: the file, and those that its tasks name.
#[derive(Debug, Default)]
pub struct Ingredients {
    /// The bytes of the file.
    pub bytes: Bytes,
    /// Those of the others, by the names that the tasks give them.
    pub files: HashMap<String, Bytes>,
}

impl Pool {
    /// For so many at once; 0 is as many as there are cores.
    ///
    /// # Errors
    /// The system gives no threads.
    pub fn new(concurrency: usize, limits: Limits) -> anyhow::Result<Self> {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let concurrency = if concurrency == 0 { cores() } else { concurrency };
        let threads = ThreadPoolBuilder::new().num_threads(concurrency).thread_name(|at| format!("convert-{at}"));
        Ok(Self {
            threads: threads.build()?,
            free: Arc::new(Semaphore::new(concurrency)),
            waiting: AtomicUsize::new(0),
            most_waiting: concurrency * WAITING,
            limits,
        })
    }

    /// A place, as soon as one is free.
    ///
    /// # Errors
    /// Too many wait already: ask again later.
    pub async fn turn(&self) -> Result<Turn, ApiError> {
        let _waits = Waits::begin(&self.waiting, self.most_waiting)?;
        self.patient_turn().await
    }

    /// A place, however many wait: for work that has a queue of its own.
    pub async fn patient_turn(&self) -> Result<Turn, ApiError> {
        self.free.clone().acquire_owned().await.map(Turn).map_err(ApiError::internal)
    }

    /// Carries out a recipe. It goes on when nobody waits for it any more, and so does its place.
    pub async fn run(
        &self,
        turn: Turn,
        recipe: Recipe,
        from: Ingredients,
    ) -> Result<Result<Converted, ConvertError>, ApiError> {
        self.work(turn, move |limits| recipe.run(&from.bytes, &Work::new(limits, &from.files))).await
    }

    /// Does any work with images, as [`Pool::run`] does.
    pub async fn work<T: Send + 'static>(
        &self,
        turn: Turn,
        work: impl FnOnce(&Limits) -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let limits = self.limits.clone();
        let (done, result) = oneshot::channel();
        self.threads.spawn(move || {
            let _turn = turn;
            // Nobody waits any more where it cannot be told.
            drop(done.send(catch_unwind(AssertUnwindSafe(|| work(&limits)))));
        });
        let done = result.await.map_err(ApiError::internal)?;
        done.map_err(|_| ApiError::internal("a conversion panicked"))
    }
}

/// One who waits, until it is dropped.
struct Waits<'a>(&'a AtomicUsize);

impl<'a> Waits<'a> {
    fn begin(waiting: &'a AtomicUsize, most: usize) -> Result<Self, ApiError> {
        let waits = Self(waiting);
        if waiting.fetch_add(1, Ordering::Relaxed) >= most {
            return Err(ApiError::busy(LATER));
        }
        Ok(waits)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A result, or what the client is told.
pub fn judged(done: Result<Converted, ConvertError>) -> Result<Converted, ApiError> {
    done.map_err(|error| {
        tracing::info!(cause = %error, "a conversion failed");
        refused(&error)
    })
}
