//! Every screen once, to be looked at by people; what a program can judge is whether it fits.

use crate::stage::Stage;
use crate::visitor::Visitor;
use bowerbird_emulator::Fault;
use serde_json::{Value, json};

/// How the page is looked at.
#[derive(Clone, Copy)]
pub struct Look {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Whether the system's colours are dark.
    pub dark: bool,
    /// The dialog's writing direction: `ltr`, or `rtl` as languages will have it that run that way.
    pub direction: &'static str,
}

impl Look {
    fn name(self) -> String {
        format!("{}-{}-{}", self.width, if self.dark { "dark" } else { "light" }, self.direction)
    }
}

/// Goes through all screens, and keeps a picture of each.
pub async fn every_screen(visitor: &Visitor, stage: &Stage, how: Look) {
    let look = how.name();
    let look = look.as_str();
    let opens = async |options: Value| {
        visitor.opens(&stage.page, options).await;
        visitor.starts_picking().await;
        let turned = "document.querySelector('[data-bowerbird]').shadowRoot.querySelector('.dialog').dir";
        visitor.runs(&format!("{turned} = '{}'", how.direction)).await;
    };
    visitor.has_a_screen_of(how.width, how.height).await;
    opens(json!({"fromSources": ["facebook", "instagram"], "maxFiles": 5})).await;
    visitor.sees(".service").await;
    shows(visitor, look, "01-services").await;
    visitor.chooses_service("facebook").await;
    visitor.sees("[data-action='connect']").await;
    shows(visitor, look, "02-connect").await;
    visitor.starts_connecting().await;
    visitor.photographs(&format!("{look}-03-login")).await;
    visitor.clicks_outside("button[data-account='alice']").await;
    visitor.photographs(&format!("{look}-04-consent")).await;
    visitor.goes_back_to_the_page().await;
    visitor.reads("Finish signing in").await;
    shows(visitor, look, "05-waiting").await;
    visitor.goes_to_the_new_window().await;
    visitor.finishes_signing_in(&["#cancel"]).await;
    visitor.reads("You cancelled the sign-in").await;
    shows(visitor, look, "06-cancelled").await;
    visitor.connects_as("alice").await;
    visitor.sees(".tile.folder").await;
    shows(visitor, look, "07-albums").await;
    visitor.clicks("[data-action='account']").await;
    visitor.sees(".menu").await;
    shows(visitor, look, "16-account").await;
    visitor.clicks(".menu [data-action='remove-access']").await;
    visitor.sees(".removing").await;
    shows(visitor, look, "17-removing").await;
    visitor.clicks("[data-action='keep']").await;
    visitor.opens_folder("Holidays in Lisbon").await;
    visitor.picks(&[0, 3, 4]).await;
    shows(visitor, look, "08-photos").await;
    visitor.clicks(".back").await;
    visitor.opens_folder("Someday").await;
    visitor.reads("There are no photos here.").await;
    shows(visitor, look, "09-empty").await;
    visitor.clicks(".back").await;
    stage.emulator.set_fault(Fault::RateLimited { code: None, times: None });
    visitor.opens_folder("Mobile uploads").await;
    visitor.sees(".trouble").await;
    shows(visitor, look, "10-trouble").await;
    stage.emulator.clear_faults();
    visitor.clicks(".trouble .primary").await;
    visitor.picks(&[1, 2]).await;
    visitor.clicks(".photo[aria-pressed='false']").await;
    visitor.reads("You can choose up to 5 photos.").await;
    shows(visitor, look, "11-full").await;
    let pictures = Some("scontent.xx.fbcdn.net".to_owned());
    stage.emulator.set_fault(Fault::Slow { ms: 2_500, host: pictures, times: None });
    visitor.confirms().await;
    visitor.reads("Copying your 5 photos").await;
    shows(visitor, look, "12-storing").await;
    stage.emulator.clear_faults();
    stage.emulator.set_fault(Fault::NotAnImage { times: None });
    visitor.reads("could not be copied").await;
    shows(visitor, look, "13-failed").await;
    visitor.clicks("[aria-label='Close']").await;
    visitor.receives().await;

    stage.emulator.clear_faults();
    opens(json!({"fromSources": "instagram", "maxFiles": 5})).await;
    visitor.connects_as("alice.pro").await;
    visitor.sees(".photo").await;
    shows(visitor, look, "14-instagram").await;
    visitor.clicks("[aria-label='Close']").await;
    opens(json!({"fromSources": "facebook", "maxFiles": 5})).await;
    visitor.connects_as("dalia").await;
    visitor.clicks(".tile.folder").await;
    visitor.picks(&[0, 1]).await;
    shows(visitor, look, "15-captions").await;
}

async fn shows(visitor: &Visitor, look: &str, screen: &str) {
    visitor.photographs(&format!("{look}-{screen}")).await;
    let wider = "const root = document.querySelector('[data-bowerbird]').shadowRoot;
        return [...root.querySelectorAll('.dialog, .browse, div.folder, .header, .footer')]
            .filter(part => part.scrollWidth > part.clientWidth + 1 || part.getBoundingClientRect().right > innerWidth + 1
                || part.getBoundingClientRect().left < -1)
            .map(part => part.className)";
    assert_eq!(visitor.runs(wider).await, json!([]), "wider than the screen at {look} {screen}");
}
