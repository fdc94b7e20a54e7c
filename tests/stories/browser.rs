//! Real browsers behind plain WebDriver. Nothing else in the stories knows which browser it is.

use serde_json::json;
use std::io::Write;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use thirtyfour::{BrowserCapabilitiesHelper, Capabilities, ChromiumLikeCapabilities, DesiredCapabilities, WebDriver};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// Pixels across and down.
const WINDOW: (u32, u32) = (1280, 900);

/// What a browser is built on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Chromium, headless.
    Chromium,
    /// Firefox, headless.
    Firefox,
    /// WebKitGTK's MiniBrowser on a screen of its own: close to Safari, and not Safari.
    WebKit,
}

impl Engine {
    /// Whether a story can be told in it. Chromium always has to be there, and in CI the others too; elsewhere this says
    /// loudly that one is left out.
    pub fn is_here(self) -> bool {
        let missing = match self {
            Self::Chromium => None,
            Self::Firefox => geckodriver().is_none().then_some("geckodriver"),
            Self::WebKit => ["WebKitWebDriver", "Xvfb"].into_iter().find(|name| on_the_path(name).is_none()),
        };
        let Some(missing) = missing else { return true };
        let hint = "`cargo xtask test tools` installs it or says what to do";
        assert!(std::env::var_os("CI").is_none(), "CI is set, and {self:?} needs {missing}, which is not here; {hint}");
        // Not `eprintln!`, which a test that passes keeps to itself.
        let _ = writeln!(std::io::stderr(), "!!! NOT TESTED in {self:?}: {missing} is not here; {hint} !!!");
        false
    }
}

/// How a browser differs from one that was just installed.
#[derive(Clone, Copy, Default)]
pub struct Options {
    /// Whether the system's colours are dark.
    pub dark: bool,
    /// What it calls itself, as the browsers inside of apps do. Not in WebKit, whose MiniBrowser has no such switch.
    pub user_agent: Option<&'static str>,
    /// Whether frames of other sites have neither cookies nor storage; in WebKit, as in Safari, no cookies, and a storage
    /// that the site itself never sees.
    pub third_parties_blocked: bool,
}

/// A browser and the driver that it is steered through.
pub struct Browser {
    /// The session.
    pub driver: WebDriver,
    _processes: Vec<Child>,
}

impl Browser {
    /// Starts a browser with these options.
    pub async fn start(engine: Engine, options: Options) -> Self {
        let (processes, port) = match engine {
            Engine::Chromium => {
                let mut command = Command::new("chromedriver");
                command.arg("--port=0");
                let (driver, port) = announced(command, "started successfully on port ").await;
                (vec![driver], port.trim_end_matches('.').to_owned())
            }
            Engine::Firefox => {
                let mut command = Command::new(geckodriver().unwrap_or_else(|| "geckodriver".into()));
                command.args(["--port=0", "--websocket-port=0"]);
                let (driver, port) = announced(command, "Listening on 127.0.0.1:").await;
                (vec![driver], port)
            }
            Engine::WebKit => {
                let (width, height) = WINDOW;
                let mut command = Command::new("Xvfb");
                // With this it chooses a display that is free, and writes its number where it is told to.
                command.args(["-displayfd", "1", "-nolisten", "tcp", "-screen", "0", &format!("{width}x{height}x24")]);
                let (screen, display) = announced(command, "").await;
                let (driver, port) = webkit_driver(&display).await;
                (vec![driver, screen], port)
            }
        };
        let capabilities = match engine {
            Engine::Chromium => chromium(options),
            Engine::Firefox => firefox(options),
            Engine::WebKit => webkit(options),
        };
        let driver = WebDriver::new(format!("http://127.0.0.1:{port}"), capabilities).await.expect("a session");
        driver.set_script_timeout(Duration::from_secs(110)).await.expect("a timeout");
        if engine != Engine::Chromium {
            driver.set_window_rect(0, 0, WINDOW.0, WINDOW.1).await.expect("a window of that size");
        }
        Self { driver, _processes: processes }
    }
}

fn chromium(options: Options) -> Capabilities {
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
        capabilities.add_arg(flag).expect("a flag");
    }
    capabilities.add_arg(&format!("--window-size={},{}", WINDOW.0, WINDOW.1)).expect("a flag");
    if options.dark {
        capabilities.add_arg("--force-dark-mode").expect("a flag");
        capabilities.add_arg("--blink-settings=preferredColorScheme=0").expect("a flag");
    }
    if let Some(name) = options.user_agent {
        capabilities.add_arg(&format!("--user-agent={name}")).expect("a flag");
    }
    if options.third_parties_blocked {
        // Without cookies of third parties, Chromium still gives them a storage for each site that they are in. The
        // exception takes that too, as a visitor can who has had enough of a site: 2 is «block», for a frame of the first
        // site in a page of the second.
        let preferences = json!({
            "profile.cookie_controls_mode": 1,
            "profile.block_third_party_cookies": true,
            "profile.content_settings.exceptions.cookies": {"localhost,127.0.0.1": {"setting": 2}},
        });
        capabilities.add_experimental_option("prefs", preferences).expect("preferences");
    }
    capabilities.into()
}

fn firefox(options: Options) -> Capabilities {
    let mut capabilities = DesiredCapabilities::firefox();
    // A window that a page opens after a request, and not in the click itself, is still the visitor's.
    let mut preferences = json!({"dom.disable_open_during_load": false});
    if options.dark {
        preferences["layout.css.prefers-color-scheme.content-override"] = json!(0);
    }
    if let Some(name) = options.user_agent {
        preferences["general.useragent.override"] = json!(name);
    }
    if options.third_parties_blocked {
        // 1 is «reject all third parties», where the default (5) gives them a storage for each site that they are in.
        preferences["network.cookie.cookieBehavior"] = json!(1);
    }
    capabilities.set_headless().expect("a flag");
    capabilities.set_browser_option("prefs", preferences).expect("preferences");
    capabilities.into()
}

fn webkit(options: Options) -> Capabilities {
    assert!(options.user_agent.is_none(), "MiniBrowser cannot be given another name");
    // Without a `binary` the driver takes the MiniBrowser that it was built with.
    let mut arguments = vec!["--automation"];
    if options.dark {
        arguments.push("--dark-mode");
    }
    if options.third_parties_blocked {
        // What Safari does without being told.
        arguments.push("--enable-itp");
    }
    let mut capabilities = Capabilities::new();
    capabilities.set("webkitgtk:browserOptions", json!({"args": arguments})).expect("a capability");
    capabilities
}

/// WebKitGTK's driver, whose browser shows itself on this display. It can be given a port, but not asked for one.
async fn webkit_driver(display: &str) -> (Child, String) {
    let http = reqwest::Client::new();
    loop {
        let port = {
            let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
            free.local_addr().expect("an address").port().to_string()
        };
        let mut process = Command::new("WebKitWebDriver")
            .arg(format!("--port={port}"))
            .env("DISPLAY", format!(":{display}"))
            .env("GDK_BACKEND", "x11")
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            .env("NO_AT_BRIDGE", "1")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("WebKitWebDriver can be started; `cargo xtask test tools` installs it");
        // Someone else may have taken the port meanwhile; then it ends at once.
        while process.try_wait().expect("a process").is_none() {
            if http.get(format!("http://127.0.0.1:{port}/status")).send().await.is_ok() {
                return (process, port);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Starts a program, and gives what it prints after these words. One that ends before is started anew: chromedriver takes a free
/// port of IPv4, and ends when somebody has the same of IPv6.
async fn announced(mut command: Command, words: &str) -> (Child, String) {
    command.stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    for _ in 0..10 {
        let mut process = command.spawn().unwrap_or_else(|error| {
            panic!("{program} cannot be started ({error}); `cargo xtask test tools` installs it");
        });
        let mut lines = BufReader::new(process.stdout.take().expect("a piped output")).lines();
        while let Some(line) = lines.next_line().await.expect("its output") {
            if let Some((_, said)) = line.split_once(words) {
                tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
                return (process, said.trim().to_owned());
            }
        }
    }
    panic!("{program} ends again and again without a word");
}

/// Firefox's driver, where `cargo xtask test tools` has put it or where the machine has it.
fn geckodriver() -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |folder| root.join(folder));
    let installed = target.join("tools/bin").join(format!("geckodriver{}", std::env::consts::EXE_SUFFIX));
    if installed.is_file() { Some(installed) } else { on_the_path("geckodriver") }
}

fn on_the_path(program: &str) -> Option<PathBuf> {
    let name = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&std::env::var_os("PATH")?).map(|folder| folder.join(&name)).find(|path| path.is_file())
}
