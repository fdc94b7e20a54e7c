//! A companion that is killed at each step of each kind of publication: what is published is to be seen once, and nothing else is left.

use crate::ground::{Ground, On};
use crate::press::Press;
use bowerbird_companion::db::AccountRow;
use bowerbird_companion::publish::body::Body;
use bowerbird_companion::publish::rows::Kind;
use bowerbird_emulator::{Fault, PublishKind, PublishStep as Step};
use futures_util::future::join_all;
use std::time::Duration;

/// The calls of each of [`Press::each`] that do something, each with how many of the same go before.
const STEPS: [&[(Step, u32)]; 12] = [
    &[(Step::Post, 0), (Step::UpdatePost, 0)],
    &[(Step::Post, 0), (Step::UpdatePost, 0)],
    &[(Step::Photo, 0), (Step::Post, 0), (Step::UpdatePost, 0), (Step::Read, 0)],
    &[(Step::Photo, 0), (Step::Photo, 1), (Step::Post, 0), (Step::UpdatePost, 0)],
    &[(Step::VideoStart, 0), (Step::VideoTransfer, 0), (Step::VideoFinish, 0), (Step::VideoStatus, 0)],
    &[(Step::Photo, 0), (Step::PhotoStory, 0), (Step::List, 0)],
    &[(Step::StoryStart, 0), (Step::Upload, 0), (Step::StoryFinish, 0), (Step::VideoStatus, 1)],
    &[(Step::Container, 0), (Step::ContainerStatus, 0), (Step::MediaPublish, 0), (Step::Read, 0)],
    &[(Step::Container, 0), (Step::Container, 2), (Step::Upload, 0), (Step::Container, 3), (Step::MediaPublish, 0)],
    &[(Step::Container, 0), (Step::Upload, 0), (Step::MediaPublish, 0)],
    &[(Step::Container, 0), (Step::MediaPublish, 0)],
    &[(Step::Container, 0), (Step::Upload, 0), (Step::MediaPublish, 0)],
];

/// Publishes again and again, and kills the companion each time at another step, before Meta does what it asks and after.
async fn killed(on: On<'_>, place: usize) {
    let ground = Ground::prepare(on, |_| {}).await;
    let press = Press::open(&ground.cluster.config(), &ground.emulator).await;
    let (account, kind, body): (AccountRow, Kind, Body) = press.each().await.remove(place);
    let mut seen = 0;
    for &(step, skip) in STEPS[place] {
        for trouble in [PublishKind::Held, PublishKind::HeldAnswer] {
            let when = format!("{kind:?}, {trouble:?} at {step:?} {skip}");
            let (skip, times) = (Some(skip), Some(1));
            ground.emulator.set_fault(Fault::Publish { step, kind: trouble, skip, after_bytes: None, times });
            let id = press.asks(&account, kind, &body, None).await;
            for _ in 0..600 {
                if ground.emulator.faults().is_empty() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            assert!(
                ground.emulator.faults().is_empty(),
                "{when}: the step was not met\n{}",
                ground.cluster.last_words()
            );
            // What is held after it was done takes a moment to be done.
            tokio::time::sleep(Duration::from_millis(100)).await;
            ground.cluster.kill(0).await;
            ground.cluster.start_again(0).await;
            let row = press.ends(&id).await;
            assert_eq!(row.state, "published", "{when}: {:?}\n{}", row.reason, ground.cluster.last_words());
            seen += 1;
            let published = ground.emulator.published();
            assert_eq!(published.visible.len(), seen, "{when}: {:?}", published.visible);
            assert!(published.scheduled.is_empty(), "{when}: {:?}", published.scheduled);
        }
    }
    // Of what was made by a call whose answer nobody heard, Meta alone knows, and forgets it within a day.
    ground.emulator.advance_clock(Duration::from_secs(25 * 3600));
    let left = ground.emulator.published().leftovers;
    assert!(left.is_empty(), "{kind:?}: {left:?}");
    println!("{kind:?}: killed {seen} times, published {seen} times");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_companion_that_is_killed_at_any_step_publishes_once_and_leaves_nothing() {
    let mut places = 0..STEPS.len();
    // Starting programs is most of the work.
    while let Some(first) = places.next() {
        let some = [Some(first), places.next(), places.next(), places.next()];
        join_all(some.into_iter().flatten().map(|place| killed(On::Embedded, place))).await;
    }
}
