//! The dialog's frame: title, way back, close, the services, and where the rest will be. It is made by hand, of nothing but the
//! browser's own calls, so that it is on the screen before anything else of the dialog has to be there; whoever moves in later keeps
//! the very elements, and with them the focus.

use super::{focus, shape};
use crate::listener::Listener;
use crate::options::{DisplayMode, PickOptions};
use crate::sources::Source;
use crate::text::{Language, Text};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{Document, Element, HtmlDialogElement, HtmlElement, KeyboardEvent};

/// How many squares stand for what is on its way.
const BONES: usize = 12;

/// What a visitor can do with the frame alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Open a source, by its index.
    Choose(usize),
    /// One step back.
    GoBack,
    /// Close the dialog.
    Leave,
    /// Close what is uppermost.
    Escape,
    /// The browser's Back button.
    Back,
}

/// Whoever hears what visitors do.
type Hears = Rc<dyn Fn(Wish)>;

/// The frame of one dialog.
#[derive(Clone)]
pub struct Frame(Rc<Inner>);

struct Inner {
    document: Document,
    dialog: HtmlElement,
    header: Element,
    title: Element,
    back: Element,
    account: HtmlElement,
    close: Option<Element>,
    panes: HtmlElement,
    services: Option<Services>,
    /// Where the screens will be.
    waiting: Element,
    /// The source, where there is but one.
    only: Option<&'static Source>,
    most: usize,
    /// What the title says where no source is open, once it says its words.
    says: RefCell<Option<String>>,
    hears: RefCell<Option<Hears>>,
}

/// The list of services, where there is more than one.
struct Services {
    nav: Element,
    title: Element,
    list: Element,
    buttons: Vec<Service>,
}

struct Service {
    source: &'static Source,
    button: Element,
    name: Element,
    account: Element,
}

impl Frame {
    /// Puts a frame without a word into `root`. `None` without a document.
    pub fn new(root: &HtmlElement, options: &PickOptions) -> Option<Self> {
        let document = root.owner_document()?;
        let make = |tag: &str, class: &str| make(&document, tag, class);
        let modal = options.display_mode == DisplayMode::Overlay;
        let dialog: HtmlElement =
            make(if modal { "dialog" } else { "section" }, if modal { "dialog" } else { "dialog inline" })?
                .dyn_into()
                .ok()?;
        let (header, title) = (make("div", "header")?, make("h1", "title")?);
        title.set_id("title");
        let button = |class: &str, path: &str| {
            let button = make("button", class)?;
            button.set_attribute("type", "button").ok()?;
            let icon = icon(&document, path)?;
            button.append_child(&icon).ok()?;
            Some(button)
        };
        let back = button("plain round back", shape::BACK)?;
        let close = if modal { Some(button("plain round", shape::CLOSE)?) } else { None };
        let account = make("div", "holds-account")?.dyn_into().ok()?;
        let panes: HtmlElement = make("div", "panes")?.dyn_into().ok()?;
        let services = match &options.from_sources[..] {
            [_] | [] => None,
            sources => Some(Services::new(&document, sources)?),
        };
        if let Some(services) = &services {
            dialog.class_list().add_1("several").ok()?;
            panes.append_child(&services.nav).ok()?;
        }
        let waiting = make("div", "browse")?;
        panes.append_child(&waiting).ok()?;
        for (name, value) in [("aria-labelledby", "title"), ("aria-busy", "true"), ("data-screen", "services")] {
            dialog.set_attribute(name, value).ok()?;
        }
        for part in [&header, &panes] {
            dialog.append_child(part).ok()?;
        }
        root.append_child(&dialog).ok()?;
        let only = if services.is_none() { options.from_sources.first().copied() } else { None };
        let most = options.max_files as usize;
        let (says, hears) = (RefCell::default(), RefCell::default());
        let frame = Self(Rc::new(Inner {
            document,
            dialog,
            header,
            title,
            back,
            account,
            close,
            panes,
            services,
            waiting,
            only,
            most,
            says,
            hears,
        }));
        let language = Language::wanted(options.lang.as_deref());
        frame.is_in(language.name);
        frame.wait();
        if frame.0.services.is_none() {
            frame.open(Some(0));
        }
        Some(frame)
    }

    /// Opens the dialog, unless it is open: with its words where they are here, since the browser looks then for what is to have the focus.
    pub fn show(&self) {
        if let Some(dialog) = self.0.dialog.dyn_ref::<HtmlDialogElement>().filter(|dialog| !dialog.open()) {
            // A browser that knows no modal dialogs shows it all the same, above the page.
            let _ = dialog.show_modal();
        }
    }

    /// Says its words, in the language of `text`.
    pub fn speak(&self, text: &Text) {
        let Inner { dialog, header, back, account, close, services, .. } = &*self.0;
        let say = |key: &str| text.get(key, None, &[]);
        let name = |source: &Source| say(&format!("source.{}", source.name));
        self.is_in(text.language());
        let _ = dialog.remove_attribute("aria-busy");
        let _ = back.set_attribute("aria-label", &say("dialog.back"));
        if let Some(services) = services {
            services.title.set_text_content(Some(&say("services.title")));
            for part in [&services.title, &services.list] {
                let _ = services.nav.append_child(part);
            }
            for service in &services.buttons {
                service.name.set_text_content(Some(&name(service.source)));
            }
        }
        let title = match self.0.only {
            Some(source) => name(source),
            None => text.get("dialog.title", Some(self.0.most), &[]),
        };
        if self.0.says.replace(Some(title)).is_none() {
            self.say_title();
            let _ = header.append_child(&self.0.title);
            let _ = header.append_child(account);
            if let Some(close) = close {
                let _ = header.append_child(close);
            }
        }
        if let Some(close) = close {
            let _ = close.set_attribute("aria-label", &say("dialog.close"));
        }
    }

    /// Its own language, and which way that runs, whatever the page around it speaks.
    fn is_in(&self, language: &'static str) {
        let _ = self.0.dialog.set_attribute("lang", language);
        let _ = self.0.dialog.set_attribute("dir", Language::direction(language));
    }

    /// Has what visitors do told to whoever hears them, until these are dropped.
    pub fn listen(&self) -> Vec<Listener> {
        let on = |element: &Element, name: &'static str, wish: Wish| {
            let frame = self.clone();
            Listener::new(element, name, move |_| frame.send(wish))
        };
        let Inner { dialog, back, close, services, .. } = &*self.0;
        let mut listeners = vec![on(back, "click", Wish::GoBack)];
        if let Some(close) = close {
            listeners.push(on(close, "click", Wish::Leave));
        }
        let buttons = services.iter().flat_map(|services| services.buttons.iter().enumerate());
        listeners.extend(buttons.map(|(index, service)| on(&service.button, "click", Wish::Choose(index))));
        if !self.is_inline() {
            listeners.push(Listener::new(dialog, "keydown", |event| {
                focus::goes_round(event.unchecked_ref::<KeyboardEvent>())
            }));
            let frame = self.clone();
            listeners.push(Listener::new(dialog, "cancel", move |event| {
                // Whoever hears it closes the dialog, once the page has its result.
                event.prevent_default();
                frame.send(Wish::Escape);
            }));
        }
        listeners
    }

    /// Has this hear what visitors do from now on.
    pub fn hear(&self, hears: impl Fn(Wish) + 'static) {
        self.0.hears.replace(Some(Rc::new(hears)));
    }

    /// Nobody hears them any more.
    pub fn fall_deaf(&self) {
        self.0.hears.take();
    }

    /// Tells whoever hears what visitors do.
    pub fn send(&self, wish: Wish) {
        let hears = self.0.hears.borrow().clone();
        if let Some(hears) = hears {
            hears(wish);
        }
    }

    /// Marks the source that is open, and shows its screen.
    pub fn open(&self, index: Option<usize>) {
        self.set_screen(if index.is_some() { "source" } else { "services" });
        for (place, service) in self.0.services.iter().flat_map(|it| it.buttons.iter().enumerate()) {
            let _ = match Some(place) == index {
                true => service.button.set_attribute("aria-current", "true"),
                false => service.button.remove_attribute("aria-current"),
            };
        }
    }

    /// The same, with the way back and the title that there are before anything is known of the source.
    pub fn visit(&self, index: Option<usize>) {
        self.open(index);
        self.set_back(index.filter(|_| self.0.services.is_some()).map(|_| true));
        self.say_title();
    }

    /// The title is the open source's name, or asks to choose.
    fn say_title(&self) {
        if let Some(title) = &*self.0.says.borrow() {
            let services = self.0.services.iter().flat_map(|services| &services.buttons);
            let open = services.into_iter().find(|service| service.button.has_attribute("aria-current"));
            self.set_title(&open.and_then(|service| service.name.text_content()).unwrap_or_else(|| title.clone()));
        }
    }

    /// Which screen is seen: `services`, `source` or `storing`, which the style sheets ask for.
    pub fn set_screen(&self, screen: &str) {
        let _ = self.0.dialog.set_attribute("data-screen", screen);
    }

    /// The words of the title.
    pub fn set_title(&self, title: &str) {
        self.0.title.set_text_content(Some(title));
    }

    /// Whether there is a way back, and whether it is to the services.
    pub fn set_back(&self, back: Option<bool>) {
        let Inner { back: button, header, .. } = &*self.0;
        match back {
            Some(to_services) => {
                let _ = button.class_list().toggle_with_force("to-services", to_services);
                if button.parent_node().is_none() {
                    let _ = header.insert_before(button, header.first_child().as_ref());
                }
            }
            None => button.remove(),
        }
    }

    /// Who is signed in with a source.
    pub fn set_account(&self, index: usize, account: Option<&str>) {
        if let Some(service) = self.0.services.as_ref().and_then(|services| services.buttons.get(index)) {
            service.account.set_text_content(account);
        }
    }

    /// Whether the services can be chosen from, where there are several.
    pub fn offer_services(&self, offered: bool) {
        let Inner { services: Some(services), panes, .. } = &*self.0 else { return };
        match offered {
            true if services.nav.parent_node().is_none() => {
                let _ = panes.insert_before(&services.nav, panes.first_child().as_ref());
            }
            true => {}
            false => services.nav.remove(),
        }
    }

    /// Whether it is a part of the page rather than over it.
    pub fn is_inline(&self) -> bool {
        !self.0.dialog.has_type::<HtmlDialogElement>()
    }

    /// The dialog itself.
    pub fn dialog(&self) -> &HtmlElement {
        &self.0.dialog
    }

    /// What is below the header: the services, and then the screen.
    pub fn panes(&self) -> &HtmlElement {
        &self.0.panes
    }

    /// The place of the account in the header.
    pub fn account(&self) -> &HtmlElement {
        &self.0.account
    }

    /// Takes away what stands for the screens: they are here.
    pub fn make_room(&self) {
        self.0.waiting.remove();
    }

    /// Says, in the place of the screens, that they did not come. Gives the button that tries again.
    pub fn say_missing(&self, text: &Text) -> Option<Element> {
        let Inner { document, waiting, .. } = &*self.0;
        let message = make(document, "div", "message trouble")?;
        let (words, button) = (make(document, "p", "")?, make(document, "button", "primary")?);
        message.set_attribute("role", "alert").ok()?;
        message.set_attribute("data-problem", "unreachable").ok()?;
        button.set_attribute("type", "button").ok()?;
        button.set_attribute("data-action", "try-again").ok()?;
        words.set_text_content(Some(&text.get("problem.unreachable", None, &[])));
        button.set_text_content(Some(&text.get("trouble.retry", None, &[])));
        for part in [icon(document, shape::ALERT)?, words, button.clone()] {
            message.append_child(&part).ok()?;
        }
        waiting.replace_children_with_node_1(&message);
        Some(button)
    }

    /// Shows bones in the place of the screens.
    pub fn wait(&self) {
        let Inner { document, waiting, .. } = &*self.0;
        let Some(bones) = make(document, "div", "grid skeleton") else { return };
        for bone in (0..BONES).filter_map(|_| make(document, "div", "bone")) {
            let _ = bones.append_child(&bone);
        }
        waiting.replace_children_with_node_1(&bones);
    }
}

impl Services {
    fn new(document: &Document, sources: &[&'static Source]) -> Option<Self> {
        let make = |tag: &str, class: &str| make(document, tag, class);
        let (nav, title, list) = (make("nav", "services")?, make("h2", "")?, make("ul", "")?);
        nav.set_attribute("aria-labelledby", "services-title").ok()?;
        title.set_id("services-title");
        let service = |source: &'static Source| {
            let (item, button, badge) = (make("li", "")?, make("button", "service")?, make("span", "badge")?);
            let (names, name, account) = (make("span", "names")?, make("span", "")?, make("small", "")?);
            button.set_attribute("type", "button").ok()?;
            button.set_attribute("data-source", source.name).ok()?;
            let icon = icon(document, source.icon)?;
            badge.append_child(&icon).ok()?;
            for (parent, child) in [
                (&names, &name),
                (&names, &account),
                (&button, &badge),
                (&button, &names),
                (&item, &button),
                (&list, &item),
            ] {
                parent.append_child(child).ok()?;
            }
            Some(Service { source, button, name, account })
        };
        let buttons = sources.iter().copied().map(service).collect::<Option<Vec<_>>>()?;
        Some(Self { nav, title, list, buttons })
    }
}

fn make(document: &Document, tag: &str, class: &str) -> Option<Element> {
    let element = document.create_element(tag).ok()?;
    if !class.is_empty() {
        element.set_class_name(class);
    }
    Some(element)
}

/// The same as the component of this name.
fn icon(document: &Document, path: &str) -> Option<Element> {
    const SVG: Option<&str> = Some("http://www.w3.org/2000/svg");
    let (svg, shape) = (document.create_element_ns(SVG, "svg").ok()?, document.create_element_ns(SVG, "path").ok()?);
    for (name, value) in [("class", "icon"), ("viewBox", "0 0 24 24"), ("aria-hidden", "true"), ("focusable", "false")]
    {
        svg.set_attribute(name, value).ok()?;
    }
    shape.set_attribute("d", path).ok()?;
    svg.append_child(&shape).ok()?;
    Some(svg)
}
