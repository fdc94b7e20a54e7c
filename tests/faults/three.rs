//! Three companions behind a proxy without a memory: each request goes to the next, and one of them is killed over and over.

use crate::stage::Stage;
use crate::stage::cluster::Cluster;
use crate::walks;
use bowerbird_emulator::{Fault, Settings};
use std::sync::Arc;
use std::time::Duration;

/// Kills the next of them, starts it again, and goes on so until it is cut off.
async fn shake(cluster: Arc<Cluster>) {
    for number in (0..cluster.size()).cycle() {
        tokio::time::sleep(Duration::from_millis(600)).await;
        cluster.kill(number).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        cluster.start_again(number).await;
    }
}

async fn on_three(walk: impl AsyncFn(&Stage)) {
    let Some(stage) = Stage::set_with_programs(Settings::default(), 3).await else { return };
    // Once in peace, for what each of the three has to know of the others.
    walk(&stage).await;
    drop(stage);
    let Some(stage) = Stage::set_with_programs(Settings::default(), 3).await else { return };
    // So that kills find something on its way.
    stage.emulator.set_fault(Fault::Slow { ms: 200, host: None, times: None });
    let shaking = tokio::spawn(shake(Arc::clone(stage.programs())));
    walk(&stage).await;
    assert!(!shaking.is_finished(), "one did not start again");
    shaking.abort();
    drop(shaking.await);
    let starts = stage.programs().said().matches("companion is ready").count();
    assert!(starts > stage.programs().size() + 1, "{starts} starts: hardly one was killed");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_of_facebooks_photos_leads_through_three_companions() {
    on_three(walks::three_photos_and_one_from_facebook).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn so_does_that_of_instagrams() {
    on_three(walks::one_photo_out_of_an_instagram_carousel).await;
}
