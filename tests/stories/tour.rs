//! The one list of all screens, each by its name and the way to it, for whoever judges them.
//!
//! A screen more is a line more, `tour.shows("its-name").await`, in the chapter that comes by it, or a chapter of its own.
//! Chapters begin with a page that is opened anew, and a tour waits for elements, not for words: it goes in any language.

use crate::device::{PHOTO, bytes_of, chooses_files};
use crate::exporting::{chooses, exports, picks_from_instagram};
use crate::looks::Look;
use crate::stage::Stage;
use crate::visitor::Visitor;
use bowerbird_emulator::{Fault, PublishKind, PublishStep};
use serde_json::{Value, json};

/// Long enough for what is to be seen while it lasts; nothing waits for its end.
const FOREVER: u64 = 3_600_000;

/// Makes a place for the dialog on the page, and picks there.
const PLACE: &str = "const place = document.createElement('div');
    place.id = 'place';
    place.style.cssText = 'max-width: 900px; height: 480px';
    document.getElementById('pick').before(place);
    document.getElementById('pick').click()";

/// Judges each screen that the tour comes to.
pub trait Judge {
    /// The screen is there.
    fn judges(&mut self, visitor: &Visitor, screen: &str) -> impl Future<Output = ()> + Send;
}

/// A way through all screens.
pub struct Tour<'a, J> {
    visitor: &'a Visitor,
    stage: &'a Stage,
    /// What every pick is given besides, such as a language.
    options: Value,
    judge: &'a mut J,
}

impl<'a, J: Judge + Send> Tour<'a, J> {
    /// Goes through all screens; every pick is given these options besides its own.
    pub async fn takes(visitor: &'a Visitor, stage: &'a Stage, options: Value, judge: &'a mut J) {
        let mut tour = Self { visitor, stage, options, judge };
        tour.the_way_in().await;
        tour.the_ways_around().await;
        tour.files_of_the_visitor().await;
        tour.albums_and_photos().await;
        tour.other_folders().await;
        tour.loading().await;
        tour.on_the_page().await;
        tour.publishing().await;
        // The last one: what it leaves undone would hold up others.
        tour.storing().await;
    }

    async fn opens(&self, options: Value) {
        self.opens_at(&self.stage.page, options).await;
    }

    async fn opens_at(&self, page: &str, mut options: Value) {
        self.equips(&mut options);
        self.visitor.opens(page, options).await;
        self.visitor.starts_picking().await;
    }

    /// Gives a pick what every pick is given, where it has nothing of its own.
    fn equips(&self, options: &mut Value) {
        for (name, value) in self.options.as_object().into_iter().flatten() {
            if options.get(name).is_none() {
                options[name] = value.clone();
            }
        }
    }

    async fn shows(&mut self, screen: &str) {
        self.judge.judges(self.visitor, screen).await;
    }

    /// From the services to the first album.
    async fn the_way_in(&mut self) {
        let visitor = self.visitor;
        // Where there is room, the first service is open from the start.
        Look::NARROW.is_put_on(visitor).await;
        self.opens(json!({"fromSources": ["facebook", "instagram"], "maxFiles": 5})).await;
        visitor.sees(".service").await;
        self.shows("services").await;
        visitor.chooses_service("facebook").await;
        visitor.sees("[data-action='connect']").await;
        self.shows("connect").await;
        visitor.starts_connecting().await;
        visitor.goes_back_to_the_page().await;
        visitor.sees(".connect [data-action='open']").await;
        self.shows("waiting").await;
        visitor.goes_to_the_new_window().await;
        visitor.signs_in("alice", &["#cancel"]).await;
        visitor.sees("[data-problem='sign_in_cancelled']").await;
        self.shows("cancelled").await;
    }

    /// Where the window does not open, or does not find its way back.
    async fn the_ways_around(&mut self) {
        let visitor = self.visitor;
        self.opens(json!({"fromSources": "facebook"})).await;
        visitor.runs("window.open = () => null").await;
        visitor.clicks("[data-action='connect']").await;
        visitor.sees("[data-action='here']").await;
        self.shows("blocked").await;

        self.stage.emulator.set_fault(Fault::LoginCoop { value: None });
        let unlisted = self.stage.page_at("unlisted/");
        self.opens_at(&unlisted, json!({"fromSources": "facebook"})).await;
        visitor.starts_connecting().await;
        visitor.clicks_outside("button[data-account='alice']").await;
        visitor.clicks_outside("#continue").await;
        visitor.clicks_outside(".is-lost .lost").await;
        self.shows("window-lost").await;
        visitor.closes_the_window().await;
        visitor.sees("[data-problem='not_handed_back']").await;
        visitor.starts_connecting().await;
        visitor.clicks_outside("#typed").await;
        self.shows("window-code").await;
        visitor.goes_back_to_the_page().await;
        visitor.sees(".code").await;
        self.shows("code").await;
        visitor.goes_to_the_new_window().await;
        visitor.closes_the_window().await;
        self.stage.emulator.clear_faults();
    }

    /// Files of the device, and addresses.
    async fn files_of_the_visitor(&mut self) {
        let visitor = self.visitor;
        self.opens(json!({"fromSources": "local_file_system", "maxFiles": 5})).await;
        visitor.sees("[data-action='choose-files']").await;
        self.shows("device").await;
        let photo = bytes_of(PHOTO);
        let files = [(PHOTO, "image/jpeg", photo.as_slice()), ("order.pdf", "application/pdf", b"%PDF-1.4")];
        chooses_files(visitor, &files).await;
        visitor.sees(".tile.photo .file").await;
        self.shows("device-chosen").await;
        self.opens(json!({"fromSources": "url"})).await;
        visitor.sees("#address").await;
        self.shows("address").await;
    }

    /// From the albums to photos that could not be copied.
    async fn albums_and_photos(&mut self) {
        let visitor = self.visitor;
        self.opens(json!({"fromSources": ["facebook", "instagram"], "maxFiles": 5})).await;
        visitor.chooses_service("facebook").await;
        visitor.connects_as("alice").await;
        visitor.sees(".tile.folder").await;
        self.shows("albums").await;
        visitor.clicks("[data-action='account']").await;
        visitor.sees(".menu").await;
        self.shows("account").await;
        visitor.clicks(".menu [data-action='remove-access']").await;
        visitor.sees(".removing").await;
        self.shows("removing").await;
        visitor.clicks("[data-action='keep']").await;
        visitor.opens_folder("Holidays in Lisbon").await;
        visitor.picks(&[0, 3, 4]).await;
        self.shows("photos").await;
        visitor.clicks("[data-action='tray']").await;
        visitor.sees(".slot img").await;
        self.shows("tray").await;
        visitor.clicks(".tray [data-action='edit']").await;
        visitor.sees(".editor[open] .canvas.here .frame").await;
        self.shows("editor").await;
        visitor.clicks("[data-action='cancel-edit']").await;
        visitor.clicks("[data-action='close-tray']").await;
        visitor.clicks("[data-action='view-list']").await;
        visitor.sees(".tile.photo small").await;
        self.shows("list").await;
        visitor.clicks("[data-action='view-grid']").await;
        visitor.sees(".words").await.send_keys("tram").await.unwrap();
        visitor.sees(".outcome:not(.nothing) [data-action='clear-filter']").await;
        self.shows("found").await;
        visitor.sees(".words").await.send_keys("no such thing").await.unwrap();
        visitor.sees(".outcome.nothing").await;
        self.shows("not-found").await;
        visitor.clicks("[data-action='clear-filter']").await;
        visitor.sees(".photo .look").await;
        visitor
            .runs("document.querySelector('[data-bowerbird]').shadowRoot.querySelector('.photo .look').click()")
            .await;
        visitor.sees(".preview .large.here").await;
        self.shows("preview").await;
        visitor.clicks("[data-action='close-preview']").await;
        visitor.clicks(".back").await;
        visitor.opens_folder("Someday").await;
        visitor.sees(".empty").await;
        self.shows("empty").await;
        visitor.clicks(".back").await;
        self.stage.emulator.set_fault(Fault::RateLimited { code: None, times: None });
        visitor.opens_folder("Mobile uploads").await;
        visitor.sees(".trouble").await;
        self.shows("trouble").await;
        self.stage.emulator.clear_faults();
        visitor.clicks(".trouble .primary").await;
        visitor.picks(&[1, 2]).await;
        visitor.clicks(".photo[aria-selected='false']").await;
        visitor.sees(".count.noticed").await;
        self.shows("full").await;
        self.stage.emulator.set_fault(Fault::NotAnImage { times: None });
        visitor.confirms().await;
        visitor.sees(".storing [data-action='back']").await;
        self.shows("failed").await;
        self.stage.emulator.clear_faults();
    }

    /// Instagram, and captions in other scripts.
    async fn other_folders(&mut self) {
        let visitor = self.visitor;
        self.opens(json!({"fromSources": "instagram", "maxFiles": 5})).await;
        visitor.connects_as("alice.pro").await;
        visitor.sees(".photo").await;
        self.shows("instagram").await;
        visitor.clicks(".tile.folder").await;
        visitor.sees(".tile.inside").await;
        self.shows("carousel").await;
        self.opens(json!({"fromSources": "facebook", "maxFiles": 5})).await;
        visitor.connects_as("dalia").await;
        visitor.clicks(".tile.folder").await;
        visitor.picks(&[0, 1]).await;
        self.shows("captions").await;
    }

    /// While an album's photos are not there yet.
    async fn loading(&mut self) {
        let visitor = self.visitor;
        self.opens(json!({"fromSources": "facebook", "maxFiles": 5})).await;
        visitor.connects_as("alice").await;
        visitor.sees(".tile.folder").await;
        let graph = Some("graph.facebook.com".to_owned());
        self.stage.emulator.set_fault(Fault::Slow { ms: FOREVER, host: graph, times: Some(1) });
        visitor.opens_folder("Holidays in Lisbon").await;
        visitor.sees(".skeleton").await;
        self.shows("loading").await;
        self.stage.emulator.clear_faults();
    }

    /// As a part of the page, and behind a pane.
    async fn on_the_page(&mut self) {
        let visitor = self.visitor;
        for (mode, sight, screen) in [("inline", ".dialog.inline", "inline"), ("dropPane", ".pane .invite", "pane")] {
            let mut options =
                json!({"fromSources": ["facebook", "instagram"], "displayMode": mode, "container": "place"});
            self.equips(&mut options);
            visitor.opens(&self.stage.page, options).await;
            visitor.runs(PLACE).await;
            visitor.sees(sight).await;
            self.shows(screen).await;
        }
    }

    /// A stored photo goes to Pages.
    async fn publishing(&mut self) {
        let visitor = self.visitor;
        let handle = picks_from_instagram(visitor, &self.stage.page).await;
        let mut options = json!({"text": "Prints of Lisbon"});
        self.equips(&mut options);
        exports(visitor, &handle, options).await;
        visitor.sees("[data-action='connect']").await;
        self.shows("outward-connect").await;
        visitor.connects_as("alice").await;
        chooses(visitor, "Walks in Lisbon", "feed").await;
        chooses(visitor, "Walks in Lisbon", "story").await;
        self.shows("outward-destinations").await;
        visitor.clicks("[data-action='compose']").await;
        visitor.sees(".sight[data-form='feed'] .media img").await;
        visitor.sees(".sight[data-form='story'] .media img").await;
        self.shows("outward-compose").await;
        self.stage.emulator.set_fault(Fault::publish(PublishStep::Post, PublishKind::Blocked));
        visitor.clicks("[data-action='publish']:not(:disabled)").await;
        visitor.sees(".publication[data-state='failed']").await;
        visitor.sees(".publication[data-state='published']").await;
        self.shows("outward-sent").await;
        self.stage.emulator.clear_faults();
    }

    /// While photos are copied.
    async fn storing(&mut self) {
        let visitor = self.visitor;
        self.opens(json!({"fromSources": "facebook", "maxFiles": 5, "hideModalWhenUploading": true})).await;
        visitor.connects_as("alice").await;
        visitor.opens_folder("Holidays in Lisbon").await;
        visitor.picks(&[0, 3, 4]).await;
        visitor.settles().await;
        let pictures = Some("scontent.xx.fbcdn.net".to_owned());
        self.stage.emulator.set_fault(Fault::Slow { ms: FOREVER, host: pictures, times: None });
        visitor.confirms().await;
        visitor.sees(".pill").await;
        self.shows("indicator").await;
        visitor.clicks(".pill").await;
        visitor.sees(".storing .row").await;
        self.shows("storing").await;
        visitor.is_offline(true).await;
        visitor.sees(".storing .pause:not(:empty)").await;
        self.shows("offline").await;
        visitor.is_offline(false).await;
        visitor.clicks(".header > button:last-child").await;
        visitor.sees(".question[open]").await;
        self.shows("leaving").await;
    }
}
