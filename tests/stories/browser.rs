//! A real browser behind plain WebDriver.

use std::process::Stdio;
use std::time::Duration;
use thirtyfour::{ChromiumLikeCapabilities, DesiredCapabilities, WebDriver};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// A browser and the driver that it is steered through.
pub struct Browser {
    /// The session.
    pub driver: WebDriver,
    _process: Child,
}

impl Browser {
    /// Starts headless Chromium, in light or dark colours.
    pub async fn start(dark: bool) -> Self {
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("chromedriver can be started; `cargo xtask test tools` installs it");
        let mut lines = BufReader::new(process.stdout.take().expect("a piped output")).lines();
        let port = loop {
            let line = lines.next_line().await.expect("chromedriver's output").expect("chromedriver starts");
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                break port.trim_end_matches('.').to_owned();
            }
        };
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let mut capabilities = DesiredCapabilities::chrome();
        // Root may not use the sandbox; the rest keeps the browser from calling its makers.
        for flag in [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1280,900",
        ] {
            capabilities.add_arg(flag).expect("a flag");
        }
        if dark {
            capabilities.add_arg("--force-dark-mode").expect("a flag");
            capabilities.add_arg("--blink-settings=preferredColorScheme=0").expect("a flag");
        }
        let driver = WebDriver::new(format!("http://127.0.0.1:{port}"), capabilities).await.expect("a session");
        driver.set_script_timeout(Duration::from_secs(10)).await.expect("a timeout");
        Self { driver, _process: process }
    }
}
