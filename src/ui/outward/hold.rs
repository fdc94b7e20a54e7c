//! What is known while something is published, and what each press makes of it.

use crate::error::Trouble;
use crate::json;
use crate::picker::Picker;
use crate::ui::Ui;
use bowerbird_protocol::listing::Item;
use bowerbird_protocol::problem::ProblemCode;
use bowerbird_protocol::publish::{
    CheckReply, Fit, Form, Publication, PublicationRequest, PublishRequest, Seen, State, TextLimits, Verdict,
};
use gloo_timers::future::TimeoutFuture;
use js_sys::{Date, Function, Reflect};
use leptos::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use wasm_bindgen::{JsCast, JsValue};

/// How long a companion that is not there is left alone before it is asked again.
const PAUSE_MS: u32 = 2_000;

/// What the page asks for, checked by `npm/client.js`.
#[derive(serde::Deserialize)]
pub(super) struct Asked {
    /// The stored file.
    pub handle: String,
    /// Pages and accounts that are chosen at first, by their ids.
    pub accounts: Vec<String>,
    /// The text at first.
    pub text: String,
    /// What is chosen of those: `feed`, `story`.
    pub forms: Vec<Form>,
    pub fit: Fit,
    /// When, in milliseconds since 1970.
    pub at: Option<f64>,
    pub alt: Option<String>,
}

/// What is seen.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Step {
    Choose,
    Compose,
    Progress,
}

impl Step {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Choose => "choose",
            Self::Compose => "compose",
            Self::Progress => "progress",
        }
    }
}

/// A destination, and in which form.
#[derive(Clone, PartialEq)]
pub(super) struct Wish {
    pub item: Arc<Item>,
    pub form: Form,
}

impl Wish {
    pub(super) fn is_instagram(&self) -> bool {
        network(&self.item) == "instagram"
    }
}

/// The network of a destination: a Page's path is `/{page}`, that of an account `/{page}/{account}`.
pub(super) fn network(item: &Item) -> &'static str {
    if item.path.matches('/').count() > 1 { "instagram" } else { "facebook" }
}

/// What the companion said to a wish.
#[derive(Clone, PartialEq)]
pub(super) struct Checked {
    wish: Wish,
    fit: Fit,
    /// None while it is asked.
    pub said: Option<Result<CheckReply, Trouble>>,
}

/// A publication that was begun.
#[derive(Clone, PartialEq)]
pub(super) struct Sent {
    pub wish: Wish,
    pub now: Publication,
    /// Why nothing is heard of it.
    pub trouble: Option<Trouble>,
    /// The name of the wish, so that it is had once however often it is sent.
    key: String,
}

/// What is known while it is open.
#[derive(Clone, Copy)]
pub(super) struct Outward {
    pub ui: Ui,
    pub asked: StoredValue<Asked, LocalStorage>,
    /// The page's function that hears of publications.
    tell: StoredValue<JsValue, LocalStorage>,
    pub step: RwSignal<Step>,
    /// In the order of choosing.
    pub wishes: RwSignal<Vec<Wish>>,
    pub text: RwSignal<String>,
    pub fit: RwSignal<Fit>,
    /// A local time as the browser's field has it; None is now.
    pub at: RwSignal<Option<String>>,
    pub checked: RwSignal<Vec<Checked>>,
    pub sent: RwSignal<Vec<Sent>>,
}

impl Outward {
    pub(super) fn new(ui: Ui) -> Option<Self> {
        let raw = ui.options(|options| options.publish.clone())?;
        let asked: Asked = serde_wasm_bindgen::from_value(raw.clone()).ok()?;
        let tell = Reflect::get(&raw, &"tell".into()).unwrap_or_default();
        let out = Self {
            ui,
            tell: StoredValue::new_local(tell),
            step: RwSignal::new(Step::Choose),
            wishes: RwSignal::new(Vec::new()),
            text: RwSignal::new(asked.text.clone()),
            fit: RwSignal::new(asked.fit),
            at: RwSignal::new(asked.at.map(local_time)),
            checked: RwSignal::new(Vec::new()),
            sent: RwSignal::new(Vec::new()),
            asked: StoredValue::new_local(asked),
        };
        out.choose_asked();
        // A wish is looked at as soon as it is there, and again where it is to be fitted in another way.
        Effect::new(move |_| {
            let fit = out.fit.get();
            for wish in out.wishes.get() {
                out.check(wish, fit);
            }
        });
        Some(out)
    }

    /// Chooses what the page named, once it is there.
    fn choose_asked(self) {
        let items = self.items();
        Effect::new(move |done: Option<bool>| {
            let items = items.get();
            if done == Some(true) || items.is_empty() {
                return !items.is_empty();
            }
            let wishes = self.asked.with_value(|asked| {
                let id = |item: &Item| item.path.rsplit('/').next().unwrap_or_default().to_owned();
                let named = items.iter().filter(|item| asked.accounts.contains(&id(item)));
                named.flat_map(|item| asked.forms.iter().map(|form| Wish { item: item.clone(), form: *form })).collect()
            });
            self.wishes.set(wishes);
            true
        });
    }

    /// The destinations.
    pub(super) fn items(self) -> Memo<Vec<Arc<Item>>> {
        self.ui.memo(|state| state.folder().map(|folder| folder.items.clone()).unwrap_or_default())
    }

    /// Chooses a destination, or lets go of it.
    pub(super) fn toggle(self, wish: Wish) {
        self.wishes.update(|wishes| match wishes.iter().position(|it| *it == wish) {
            Some(place) => drop(wishes.remove(place)),
            None => wishes.push(wish),
        });
    }

    /// What was said to a wish, as it is to be fitted now; followed.
    pub(super) fn said(self, wish: &Wish) -> Option<Result<CheckReply, Trouble>> {
        let fit = self.fit.get();
        self.checked.with(|all| all.iter().find(|it| it.wish == *wish && it.fit == fit)?.said.clone())
    }

    fn check(self, wish: Wish, fit: Fit) {
        if self.checked.with_untracked(|all| all.iter().any(|it| it.wish == wish && it.fit == fit)) {
            return;
        }
        self.checked.update(|all| all.push(Checked { wish: wish.clone(), fit, said: None }));
        let request = PublishRequest { text: String::new(), ..self.request(&wish, fit) };
        self.spawn(async move |picker| {
            let said = ask(&picker, "/publish/check", &request).await;
            // What could not be asked is asked again when it is chosen again.
            self.checked.try_update(|all| {
                if matches!(said, Err(Trouble::Unreachable)) {
                    all.retain(|it| it.wish != wish || it.fit != fit);
                } else if let Some(it) = all.iter_mut().find(|it| it.wish == wish && it.fit == fit) {
                    it.said = Some(said);
                }
            });
        });
    }

    fn request(self, wish: &Wish, fit: Fit) -> PublishRequest {
        let with = |picker: &Picker| {
            let site = picker.companion().site();
            let (policy, signature) = site.security();
            let token = picker.companion().session().token().unwrap_or_default();
            (site.apikey.clone(), token, policy, signature)
        };
        let (apikey, token, policy, signature) = self.ui.picker.try_with_value(with).unwrap_or_default();
        let text = if wish.form == Form::Feed { self.text.get_untracked() } else { String::new() };
        let scheduled_at = self.at.get_untracked().and_then(|at| time_of(&at));
        self.asked.with_value(|asked| PublishRequest {
            apikey,
            token,
            policy,
            signature,
            destination: wish.item.path.clone(),
            form: wish.form,
            handle: asked.handle.clone(),
            text,
            fit,
            alt: asked.alt.clone(),
            scheduled_at,
            request_key: None,
        })
    }

    /// The least that the chosen posts take of a text; followed.
    pub(super) fn limits(self) -> TextLimits {
        let most = TextLimits { characters: u32::MAX, ..TextLimits::default() };
        let least = |one: Option<u32>, other: Option<u32>| one.into_iter().chain(other).min();
        let posts = self.wishes.get().into_iter().filter(|wish| wish.form == Form::Feed);
        posts.filter_map(|wish| self.said(&wish)?.ok()).fold(most, |all, CheckReply { limits, .. }| TextLimits {
            characters: all.characters.min(limits.characters),
            hashtags: least(all.hashtags, limits.hashtags),
            mentions: least(all.mentions, limits.mentions),
        })
    }

    /// Whether all that is chosen can be published, as far as that is known; followed.
    pub(super) fn can_publish(self) -> bool {
        let fine = |wish: &Wish| matches!(self.said(wish), Some(Ok(CheckReply { verdict, unavailable: None, .. })) if verdict != Verdict::Refused);
        let is_time = self.at.with(|at| at.as_deref().is_none_or(|at| time_of(at).is_some()));
        let wishes = self.wishes.get();
        !wishes.is_empty() && wishes.iter().all(fine) && is_time && !counts(&self.text.get(), self.limits()).is_over()
    }

    /// Publishes all that is chosen.
    pub(super) fn publish(self) {
        let sent = |wish| Sent { wish, now: Publication::default(), trouble: None, key: new_key() };
        self.sent.set(self.wishes.get_untracked().into_iter().map(sent).collect());
        self.step.set(Step::Progress);
        (0..self.sent.with_untracked(Vec::len)).for_each(|place| self.run(place));
    }

    /// Publishes one more time what failed.
    pub(super) fn retry(self, place: usize) {
        self.sent.update(|all| {
            if let Some(sent) = all.get_mut(place) {
                // What has failed is over; of what was not heard of it is not known.
                if sent.now.state == State::Failed {
                    sent.key = new_key();
                }
                (sent.now, sent.trouble) = (Publication::default(), None);
            }
        });
        self.run(place);
    }

    /// Takes one back.
    pub(super) fn cancel(self, place: usize) {
        let Some(id) = self.sent.with_untracked(|all| Some(all.get(place)?.now.id.clone())) else { return };
        self.spawn(async move |picker| {
            if let Ok(now) = ask(&picker, "/publish/cancel", &about(&picker, &id, None)).await {
                self.put(place, Ok(now));
            }
        });
    }

    fn run(self, place: usize) {
        let Some(Sent { wish, key, .. }) = self.sent.with_untracked(|all| all.get(place).cloned()) else { return };
        let request = PublishRequest { request_key: Some(key), ..self.request(&wish, self.fit.get_untracked()) };
        self.spawn(async move |picker| {
            let mut told: Result<Publication, Trouble> = ask(&picker, "/publish", &request).await;
            loop {
                self.put(place, told.clone());
                let Ok(now) = told else { return };
                if now.state.has_ended() {
                    return;
                }
                let seen = Seen { state: now.state, phase: now.phase, sent: now.sent };
                told = match ask(&picker, "/publish/wait", &about(&picker, &now.id, Some(seen))).await {
                    Err(Trouble::Unreachable) => {
                        TimeoutFuture::new(PAUSE_MS).await;
                        Ok(now)
                    }
                    told => told,
                };
            }
        });
    }

    /// Takes in how a publication stands, and tells the page.
    fn put(self, place: usize, told: Result<Publication, Trouble>) {
        let put = self.sent.try_update(|all| {
            let sent = all.get_mut(place)?;
            let before = sent.now.state;
            match told {
                Ok(now) => (sent.now, sent.trouble) = (now, None),
                Err(trouble) => sent.trouble = Some(trouble),
            }
            Some((sent.clone(), before != sent.now.state))
        });
        let Some((sent, is_new)) = put.flatten() else { return };
        if is_new && sent.now.state.has_ended() {
            self.ui.announce(format!("{}: {}", sent.wish.item.name, super::progress::standing(self, &sent)));
        }
        if sent.now.id.is_empty() {
            return;
        }
        let Wish { item, form } = &sent.wish;
        let error = sent.now.error.as_ref().map(|error| Error { code: error.code.as_str(), message: &error.text });
        let told = Told {
            id: &sent.now.id,
            state: sent.now.state.name(),
            url: sent.now.url.as_deref(),
            account: Account {
                id: item.path.rsplit('/').next().unwrap_or_default(),
                name: &item.name,
                network: network(item),
            },
            form: *form,
            error,
        };
        let told = told.serialize(&serde_wasm_bindgen::Serializer::json_compatible()).unwrap_or_default();
        let tell = self.tell.try_with_value(|tell| tell.dyn_ref::<Function>().cloned()).flatten();
        // A page that throws is heard on its console, and does not stop what is published.
        if let Some(Err(error)) = tell.map(|tell| tell.call2(&JsValue::NULL, &told, &(place as u32).into())) {
            web_sys::console::error_1(&error);
        }
    }

    /// Runs something for as long as the dialog is open.
    fn spawn<F: Future<Output = ()> + 'static>(self, task: impl FnOnce(Picker) -> F) {
        if let Some(picker) = self.ui.picker.try_get_value() {
            picker.spawn(task(picker.clone()));
        }
    }
}

/// What the page is told of a publication.
#[derive(Serialize)]
struct Told<'a> {
    id: &'a str,
    state: &'a str,
    url: Option<&'a str>,
    account: Account<'a>,
    form: Form,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Error<'a>>,
}

#[derive(Serialize)]
struct Account<'a> {
    id: &'a str,
    name: &'a str,
    network: &'a str,
}

#[derive(Serialize)]
struct Error<'a> {
    code: &'a str,
    message: &'a str,
}

async fn ask<T: DeserializeOwned>(picker: &Picker, path: &str, body: &impl Serialize) -> Result<T, Trouble> {
    let answer = picker.companion().call(path, json::write(body)).await?;
    json::shaped(answer).ok_or_else(|| ProblemCode::Other.into())
}

fn about(picker: &Picker, id: &str, seen: Option<Seen>) -> PublicationRequest {
    let companion = picker.companion();
    let token = companion.session().token().unwrap_or_default();
    PublicationRequest { apikey: companion.site().apikey.clone(), token, id: id.to_owned(), seen }
}

fn new_key() -> String {
    format!("{:x}-{:x}", Date::now() as u64, (js_sys::Math::random() * f64::from(u32::MAX)) as u32)
}

/// What of a text is counted: so many, and at most.
pub(super) struct Counts(pub Vec<(&'static str, usize, usize)>);

impl Counts {
    pub(super) fn is_over(&self) -> bool {
        self.0.iter().any(|(_, used, most)| used > most)
    }
}

/// Counts a text against what is taken. Nothing is said of what is not limited.
pub(super) fn counts(text: &str, limits: TextLimits) -> Counts {
    use bowerbird_protocol::publish::tags;
    let length = text.trim().encode_utf16().count();
    let all = [
        ("outward.characters", length, Some(limits.characters).filter(|most| *most != u32::MAX)),
        ("outward.hashtags", tags(text, '#'), limits.hashtags),
        ("outward.mentions", tags(text, '@'), limits.mentions),
    ];
    Counts(all.into_iter().filter_map(|(key, used, most)| Some((key, used, most? as usize))).collect())
}

/// A time as the browser's field for local times has it.
pub(super) fn local_time(at: f64) -> String {
    let offset = Date::new(&at.into()).get_timezone_offset() * 60_000.0;
    let shifted = String::from(Date::new(&(at - offset).into()).to_iso_string());
    shifted.get(..16).unwrap_or_default().to_owned()
}

/// The time that such a field names, RFC 3339; None if it names none.
fn time_of(local: &str) -> Option<String> {
    let date = Date::new(&local.into());
    (!local.is_empty() && !date.get_time().is_nan()).then(|| date.to_iso_string().into())
}
