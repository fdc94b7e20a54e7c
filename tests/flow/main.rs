//! The way of one photo, told over HTTP: what a page sends and what it gets, from the first listing to the stored file,
//! without a browser. Bodies are those of `bowerbird-protocol`, as the widget sends and reads them.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a step that does not work has failed")]

#[path = "../stage/mod.rs"]
mod stage;
mod walks;

use bowerbird_emulator::Settings;
use stage::Stage;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

#[tokio::test]
async fn three_photos_and_one_from_facebook() {
    walks::three_photos_and_one_from_facebook(&on_a_slow_road().await).await;
}

#[tokio::test]
async fn one_photo_out_of_an_instagram_carousel() {
    walks::one_photo_out_of_an_instagram_carousel(&Stage::set(Duration::ZERO).await).await;
}

/// A stage whose Meta is reached over a road that takes its time, so that bytes can be seen on the way.
async fn on_a_slow_road() -> Stage {
    let road = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let public_url = Some(format!("http://{}", road.local_addr().unwrap()));
    let stage = Stage::set_with(Settings { public_url, ..Settings::default() }).await;
    tokio::spawn(run_road(road, stage.emulator.address()));
    stage
}

/// Lets a connection have 16 KiB every 25 milliseconds: half a megabyte takes most of a second.
async fn run_road(road: TcpListener, to: SocketAddr) {
    while let Ok((down, _)) = road.accept().await {
        let Ok(up) = TcpStream::connect(to).await else { continue };
        let ((mut from_down, mut to_down), (mut from_up, mut to_up)) = (down.into_split(), up.into_split());
        tokio::spawn(async move { tokio::io::copy(&mut from_down, &mut to_up).await });
        tokio::spawn(async move {
            let mut part = vec![0; 16 * 1024];
            while let Ok(read @ 1..) = from_up.read(&mut part).await {
                if to_down.write_all(&part[..read]).await.is_err() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(25)).await;
            }
        });
    }
}
