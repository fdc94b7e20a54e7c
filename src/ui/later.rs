//! What the dialog can open without: the screens behind the list of services.

use super::chunk::{Arriving, Brings, chunk};
use super::{Part, Ui, account, browse, editor, footer, indicator, part, tray};
use crate::sources::Kind;
use leptos::prelude::*;
#[cfg(split)]
use wasm_bindgen_futures::spawn_local;

/// A part of the dialog that a chunk draws.
pub(super) type Draw = fn(Ui) -> AnyView;

/// The ways into the screens.
#[derive(Clone, Copy)]
pub(super) struct Screens {
    account: Draw,
    browse: Draw,
    footer: Draw,
    indicator: Draw,
}

const SCREENS: Brings<Screens> = Brings {
    parts: Screens {
        account: |ui| account::account(ui).into_any(),
        browse: |ui| browse::browse(ui).into_any(),
        footer: |ui| (tray::tray(ui), footer::footer(ui), editor::editor(ui)).into_any(),
        indicator: |ui| indicator::indicator(ui).into_any(),
    },
    style: || {
        concat!(
            include_str!("../../style/toolbar.css"),
            include_str!("../../style/tile.css"),
            include_str!("../../style/preview.css"),
            include_str!("../../style/tray.css"),
            include_str!("../../style/storing.css"),
            include_str!("../../style/indicator.css"),
            include_str!("../../style/footer.css"),
        )
    },
};

chunk!(later: Screens = SCREENS, crate::picker::deeds::arrive());

/// Loads the screens while nobody waits for them. A failure is nobody's business yet: the dialog tries again.
#[cfg(split)]
pub fn fetch_ahead() {
    spawn_local(async {
        fetch().await;
    });
}

/// The screens of one dialog, which may still be on their way.
#[derive(Clone, Copy)]
pub(super) struct Later {
    ui: Ui,
    screens: Arriving<Screens>,
}

impl Later {
    /// Begins to load what is not there yet.
    pub(super) fn new(ui: Ui) -> Self {
        let screens = Arriving::new(CHUNK);
        screens.is_worn(ui);
        ui.own.is_worn(ui);
        ui.editor.is_worn(ui);
        screens.load();
        if ui.state.with_untracked(|state| state.shelves.iter().any(|shelf| shelf.source.kind != Kind::Cloud)) {
            ui.own.load();
        }
        Self { ui, screens }
    }

    /// Who is signed in.
    pub(super) fn account(self) -> Part {
        part(move || self.screens.parts().map(|screens| (screens.account)(self.ui)))
    }

    /// The screen that the state asks for; until it is here, where it will be.
    pub(super) fn browse(self) -> Part {
        part(move || match self.screens.parts() {
            Some(screens) => (screens.browse)(self.ui),
            None => view! { <div class="browse">{self.screens.instead(self.ui)}</div> }.into_any(),
        })
    }

    /// The tray, how many are chosen, and the button that confirms.
    pub(super) fn footer(self) -> Part {
        part(move || self.screens.parts().map(|screens| (screens.footer)(self.ui)))
    }

    /// What is left of the dialog while it makes way.
    pub(super) fn indicator(self) -> Part {
        part(move || self.screens.parts().map(|screens| (screens.indicator)(self.ui)))
    }
}
