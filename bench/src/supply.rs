//! The pictures that are copied.

use crate::load::{self, Watch};
use crate::processes::Emulator;
use crate::visitors::direct::Direct;
use anyhow::{Result, ensure};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Whose photos are copied: there are ten thousand, so that none has to be copied twice.
pub const ACCOUNT: &str = "clara";
/// Where those are.
pub const ALBUM: &str = "Every day since 1997";

/// Photos to be copied.
pub struct Supply {
    /// How many are copied in a run.
    pub count: usize,
    /// How large each is.
    pub bytes: usize,
    /// Where those of a run are.
    pub addresses: Arc<Vec<String>>,
}

impl Supply {
    /// So many for a run, and `in_all` different ones for all runs of a side. The emulator makes a picture when it is first asked for, which
    /// takes it longer than serving it: were that left to the runs, it would be counted to whoever comes first.
    pub async fn gather(emulator: &Emulator, count: usize, bytes: usize, in_all: usize) -> Result<Self> {
        let direct = Direct::sign_in(emulator, ACCOUNT).await?;
        let album = direct.album(ALBUM).await?;
        let mut addresses = direct.pictures(&album, in_all).await?;
        ensure!(addresses.len() == in_all, "there are {} of {in_all} photos", addresses.len());
        let http = crate::visitors::client()?;
        for address in &addresses {
            http.get(address).send().await?.error_for_status()?.bytes().await?;
        }
        addresses.truncate(count);
        Ok(Self { count, bytes, addresses: Arc::new(addresses) })
    }

    /// Files a second that the emulator serves to somebody who drops them.
    pub async fn alone(&self, emulator: &Emulator, at_once: usize) -> Result<f64> {
        // The best of them is what it can do.
        let mut best = 0.0_f64;
        for _ in 0..4 {
            let turn = Arc::new(AtomicUsize::new(0));
            let clients = (0..at_once).map(|_| {
                let (addresses, turn) = (self.addresses.clone(), turn.clone());
                async move {
                    let (http, mut watch) = (crate::visitors::client()?, Watch::default());
                    while let Some(address) = addresses.get(turn.fetch_add(1, Ordering::Relaxed)) {
                        let fetching = async {
                            let mut answer = http.get(address).send().await?.error_for_status()?;
                            while answer.chunk().await?.is_some() {}
                            Ok((1, ()))
                        };
                        watch.take(fetching).await?;
                    }
                    Ok(watch.samples())
                }
            });
            best = best.max(load::run(&[&emulator.process], clients).await?.rate());
        }
        Ok(best)
    }
}
