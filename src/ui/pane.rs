//! The pane of `displayMode: 'dropPane'`: it invites to choose photos, and shows how far their copying is.

use super::{icon, part, shape, words};
use crate::options::PickOptions;
use crate::picker::language::find_text;
use crate::sheet::sheet;
use crate::text::{Language, Text};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

/// The sheets of the pane, behind those of the frame.
pub const STYLE: &str = sheet!("pane.css", "bar.css");

/// What the pane shows.
pub struct Pane {
    /// How much of the photos is copied, from 0 to 100, while they are.
    pub percent: Memo<Option<u32>>,
    /// Whether something is dragged over the page.
    pub dragging: ArcRwSignal<bool>,
    /// Whether files of the device were dropped, which cannot be taken.
    pub dropped: ArcRwSignal<bool>,
}

/// What it says.
#[derive(Clone, Default)]
struct Words {
    language: &'static str,
    title: String,
    sources: String,
    no_files: String,
    drop: String,
    copying: String,
}

impl Words {
    fn of(text: &Text, options: &PickOptions) -> Self {
        let name = |name: &str| text.get(&format!("source.{name}"), None, &[]);
        let sources: Vec<_> = options.from_sources.iter().map(|source| name(source.name)).collect();
        let sources = sources.join(", ");
        let say = |key| text.get(key, None, &[("sources", &sources)]);
        let title = || text.get("dialog.title", Some(options.max_files as usize), &[]);
        Self {
            language: text.language(),
            title: options.drop_pane.custom_text.clone().unwrap_or_else(title),
            no_files: say("pane.no_files"),
            drop: say("pane.drop"),
            copying: say("pane.copying"),
            sources,
        }
    }
}

/// A button, its progress, and what covers the page while something is dragged over it. `home` is the companion's address, which
/// has the words.
pub fn pane(pane: Pane, options: &PickOptions, home: String) -> impl IntoView + use<> {
    let says = ArcRwSignal::new(Words::default());
    spawn_local({
        let (says, options) = (says.clone(), options.clone());
        async move {
            let text = find_text(options.clone(), home).await;
            says.set(Words::of(&text, &options));
        }
    });
    let Pane { percent, dragging, dropped } = pane;
    let (show_icon, show_progress) = (options.drop_pane.show_icon, options.drop_pane.show_progress);
    let cover = options.drop_pane.overlay;
    let of = |read: fn(&Words) -> &str| {
        let says = says.clone();
        move || says.with(|words| read(words).to_owned())
    };
    let is_dragging = {
        let dragging = dragging.clone();
        move || dragging.get()
    };
    let (no_files, drop, copying) = (of(|it| &it.no_files), of(|it| &it.drop), of(|it| &it.copying));
    view! {
        // Its own, whatever the page around it speaks and whichever way that runs.
        <section
            class="pane"
            class:dragging=is_dragging
            lang=words(of(|it| it.language))
            dir=words(of(|it| Language::direction(it.language)))
        >
            <button type="button" class="invite">
                {show_icon.then(|| icon(shape::PHOTO))}
                <strong>{words(of(|it| &it.title))}</strong>
                <small>{words(of(|it| &it.sources))}</small>
            </button>
            <p class="said" role="status">{words(move || if dropped.get() { no_files() } else { String::new() })}</p>
            {part(move || percent.get().filter(|_| show_progress).map(|_| view! {
                <progress
                    class="bar whole"
                    max="100"
                    prop:value=move || percent.get().unwrap_or(100)
                    aria-label=copying()
                ></progress>
            }))}
            {part(move || (cover && dragging.get()).then(|| view! { <div class="cover" data-cover="">{drop()}</div> }))}
        </section>
    }
}
