//! Chromium behind WebDriver, with the switches of its developer tools.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::process::Stdio;
use std::time::{Duration, Instant};
use thirtyfour::{By, ChromiumLikeCapabilities, DesiredCapabilities, WebDriver};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// Pixels across and down.
const WINDOW: (u32, u32) = (1280, 900);

/// How long anything may take that is not measured.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long a script may run in a page.
const LONGEST: Duration = Duration::from_secs(420);

/// A browser as it was just installed, with nothing in its cache. It has to be closed.
pub struct Browser {
    driver: WebDriver,
    _process: Child,
}

impl Browser {
    /// Starts one, has this done with it, and closes it however that ends.
    pub async fn with<T>(what: impl AsyncFnOnce(&Self) -> Result<T>) -> Result<T> {
        let browser = Self::start().await?;
        let outcome = what(&browser).await;
        browser.driver.quit().await.context("the browser does not end")?;
        outcome
    }

    async fn start() -> Result<Self> {
        let (process, port) = driver().await?;
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
        ] {
            capabilities.add_arg(flag)?;
        }
        capabilities.add_arg(&format!("--window-size={},{}", WINDOW.0, WINDOW.1))?;
        // The driver answers when the script has ended.
        let driver =
            WebDriver::builder(format!("http://127.0.0.1:{port}"), capabilities).request_timeout(LONGEST + PATIENCE);
        let driver = driver.await.context("no session")?;
        driver.set_script_timeout(LONGEST).await?;
        let browser = Self { driver, _process: process };
        browser.tell("Network.enable", json!({})).await?;
        // Nothing moves in, on either side: what is measured is when it can be used.
        let calm = json!({"features": [{"name": "prefers-reduced-motion", "value": "reduce"}]});
        browser.tell("Emulation.setEmulatedMedia", calm).await?;
        Ok(browser)
    }

    /// Calls the developer tools.
    pub async fn tell(&self, method: &str, parameters: Value) -> Result<Value> {
        self.driver.cdp().send_raw(method, parameters).await.with_context(|| format!("{method} fails"))
    }

    /// From now on the processor is so many times slower.
    pub async fn slow_down(&self, times: u32) -> Result<()> {
        self.tell("Emulation.setCPUThrottlingRate", json!({ "rate": times })).await.map(drop)
    }

    /// From now on the network is a slow one: 1.6 Mbit/s down, half of it up, and 150 ms until an answer begins.
    pub async fn slow_network(&self) -> Result<()> {
        let bytes = 1_600_000 / 8;
        let network =
            json!({"offline": false, "latency": 150, "downloadThroughput": bytes, "uploadThroughput": bytes / 2});
        self.tell("Network.emulateNetworkConditions", network).await.map(drop)
    }

    /// Opens an address.
    pub async fn goes_to(&self, address: &str) -> Result<()> {
        self.driver.goto(address).await.with_context(|| format!("{address} does not open"))
    }

    /// The value of an expression in the page.
    pub async fn reads(&self, expression: &str) -> Result<Value> {
        let answer = self.driver.execute(format!("return {expression}"), vec![]).await;
        Ok(answer.with_context(|| format!("«{expression}» fails"))?.json().clone())
    }

    /// The value of a promise of the page. Nobody asks the page anything until it is there.
    pub async fn awaits(&self, expression: &str) -> Result<Value> {
        let script = format!(
            "const done = arguments[arguments.length - 1];
            (async () => ({{ value: await ({expression}) }}))().then(done, error => done({{ error: String(error) }}))"
        );
        let answer =
            self.driver.execute_async(script, vec![]).await.with_context(|| format!("«{expression}» fails"))?;
        let answer = answer.json();
        if let Some(error) = answer["error"].as_str() {
            let trouble = self.reads("window.trouble ?? null").await.unwrap_or_default();
            bail!("«{expression}»: {error}; the page says {trouble}");
        }
        Ok(answer["value"].clone())
    }

    /// Waits until an expression of the page is true.
    pub async fn until(&self, expression: &str) -> Result<()> {
        let began = Instant::now();
        while self.reads(expression).await? != json!(true) {
            if began.elapsed() > PATIENCE {
                bail!(
                    "it is never so that «{expression}»; the page says {}",
                    self.reads("window.trouble ?? null").await?
                );
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// Bytes of JavaScript's objects that somebody still has.
    pub async fn heap(&self) -> Result<f64> {
        self.tell("HeapProfiler.enable", json!({})).await?;
        // What a finalizer lets go of, the second collection takes.
        for _ in 0..2 {
            self.tell("HeapProfiler.collectGarbage", json!({})).await?;
        }
        let usage = self.tell("Runtime.getHeapUsage", json!({})).await?;
        usage["usedSize"].as_f64().context("the browser does not say how large the heap is")
    }

    /// Does this with the window that it opens; it has to close itself.
    pub async fn in_the_window_of(&self, opens: &str, clicks: &[&str]) -> Result<()> {
        let page = self.driver.window().await?;
        self.reads(opens).await?;
        let began = Instant::now();
        let window = loop {
            if let Some(window) = self.driver.windows().await?.into_iter().find(|window| *window != page) {
                break window;
            }
            if began.elapsed() > PATIENCE {
                bail!("no window has opened");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        self.driver.switch_to_window(window).await?;
        for selector in clicks {
            self.until(&format!("!!document.querySelector({})", json!(selector))).await?;
            self.driver.find(By::Css(*selector)).await?.click().await?;
        }
        while self.driver.windows().await?.len() > 1 {
            if began.elapsed() > PATIENCE {
                bail!("the window stays open");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(self.driver.switch_to_window(page).await?)
    }

    /// What the browser calls itself.
    pub async fn version(&self) -> Result<String> {
        let version = self.tell("Browser.getVersion", json!({})).await?;
        Ok(version["product"].as_str().unwrap_or("unknown").replace("HeadlessChrome/", ""))
    }
}

/// Starts chromedriver, and says its port. It takes a free port of IPv4, and ends when somebody has the same of IPv6.
async fn driver() -> Result<(Child, String)> {
    for _ in 0..10 {
        let mut command = Command::new("chromedriver");
        command.arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let mut process =
            command.spawn().context("chromedriver, which `cargo xtask test tools` installs, cannot be started")?;
        let mut lines = BufReader::new(process.stdout.take().context("a piped output")?).lines();
        while let Some(line) = lines.next_line().await? {
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                let port = port.trim().trim_end_matches('.').to_owned();
                // Read on, or the driver waits for somebody to do so.
                tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
                return Ok((process, port));
            }
        }
    }
    bail!("chromedriver ends again and again without a word")
}
