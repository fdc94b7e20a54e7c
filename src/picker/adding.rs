//! What the visitor brings themselves: files of the device, and addresses.

use super::Picker;
use crate::device::{self, Dropped};
use crate::error::Trouble;
use crate::sources::Kind;
use crate::state::{Event, Refused};
use bowerbird_protocol::listing::Item;
use bowerbird_protocol::problem::ProblemCode;
use std::sync::Arc;
use web_sys::File;

/// See [`Picker::add_files`].
pub(super) fn add_files(picker: &Picker, dropped: Dropped, at_once: bool) {
    let Some(shelf) = picker.shelf_of(Kind::Device).filter(|_| picker.takes_files()) else { return };
    picker.apply(Event::Chose(shelf));
    let spawner = picker.clone();
    let picker = picker.clone();
    spawner.spawn(async move {
        let mut items = Vec::new();
        let mut refused = None;
        for (file, folder) in dropped.read().await {
            match picker.take(&file).await {
                Ok(item) => {
                    // Where they lay is part of what the page is told.
                    if folder != "/" {
                        picker.0.folders.borrow_mut().insert(item.path.clone(), folder);
                    }
                    items.push(Arc::new(item));
                }
                Err(why) => refused = Some((file.name(), why)),
            }
        }
        if !picker.is_open() {
            return;
        }
        picker.apply(Event::Added(shelf, items.clone()));
        if picker.read(|state| state.open == Some(shelf)) {
            picker.choose_many(items);
        }
        if let Some((name, why)) = refused {
            picker.apply(Event::NotAdded(name, why));
        } else if at_once && picker.read(|state| state.selection.is_enough()) {
            picker.confirm();
        }
    });
}

impl Picker {
    /// The shelf of this kind, where the page offers one.
    fn shelf_of(&self, kind: Kind) -> Option<usize> {
        self.read(|state| state.shelves.iter().position(|shelf| shelf.source.kind == kind))
    }

    /// Whether files of the device are taken now.
    pub fn takes_files(&self) -> bool {
        self.shelf_of(Kind::Device).is_some() && self.read(|state| state.storing.is_none())
    }

    /// What is known of a file, if the page takes it.
    async fn take(&self, file: &File) -> Result<Item, Refused> {
        let options = &self.0.options;
        let (name, mimetype, size) = (file.name(), device::mimetype_of(file), file.size() as u64);
        if !options.accept.takes(&mimetype, &name) {
            return Err(Refused::Type);
        }
        if size == 0 {
            return Err(Refused::Empty);
        }
        if options.max_size.is_some_and(|most| size > most) {
            return Err(Refused::Bytes);
        }
        let limits = options.image_limits();
        let pixels = if limits.block && mimetype.starts_with("image/") { device::measure(file).await } else { None };
        match pixels.and_then(|pixels| limits.refusal(pixels)) {
            Some(code) => Err(Refused::of(code)),
            None => Ok(self.0.shelf.take(file, !options.disable_thumbnails, pixels)),
        }
    }

    /// Adds what is at an address, and chooses it; `done` is told when that is known to be impossible, or done.
    pub fn add_address(&self, url: &str, done: impl FnOnce(Result<(), Trouble>) + 'static) {
        let Some(shelf) = self.shelf_of(Kind::Address) else { return };
        let url = url.trim();
        // People leave out what browsers put in front by themselves.
        let url = if url.contains("://") { url.to_owned() } else { format!("https://{url}") };
        let picker = self.clone();
        self.spawn(async move { done(picker.look_up(shelf, url).await) });
    }

    async fn look_up(&self, shelf: usize, url: String) -> Result<(), Trouble> {
        let companion = &self.0.companion;
        if companion.session().token().is_none() {
            // Storing belongs to a session, and no provider was asked for one.
            companion.list([].into(), None).await?;
        }
        let found = companion.describe(url).await?;
        let options = &self.0.options;
        let mimetype = found.mimetype.unwrap_or_default();
        let mimetype = mimetype.split(';').next().unwrap_or_default().trim().to_owned();
        if !options.accept.takes(&mimetype, &found.display_name) {
            return Err(ProblemCode::NotAccepted.into());
        }
        let bytes = found.size.unwrap_or_default();
        if options.max_size.is_some_and(|most| bytes > most) {
            return Err(ProblemCode::TooLarge.into());
        }
        let item = Item { name: found.display_name, path: found.link_path, mimetype, bytes, ..Item::default() };
        let item = Arc::new(item);
        self.apply(Event::Added(shelf, vec![item.clone()]));
        if self.read(|state| state.open == Some(shelf)) {
            self.choose_many(vec![item]);
        }
        Ok(())
    }
}
