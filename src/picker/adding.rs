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
    let spawner = picker.clone();
    let picker = picker.clone();
    spawner.spawn(async move {
        if picker.add(dropped).await && at_once && picker.read(|state| state.selection.is_enough()) {
            picker.confirm();
        }
    });
}

impl Picker {
    /// Takes files of the device in, and chooses as many as may be. Answers whether none was refused.
    pub(super) async fn add(&self, dropped: Dropped) -> bool {
        let picker = self;
        let Some(shelf) = picker.shelf_of(Kind::Device).filter(|_| picker.takes_files()) else { return false };
        picker.apply(Event::Chose(shelf));
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
            return false;
        }
        picker.put_in(shelf, items);
        let fits = refused.is_none();
        if let Some((name, why)) = refused {
            picker.apply(Event::NotAdded(name, why));
        }
        fits
    }

    /// Puts these on a shelf that no provider lists, and chooses them where that is what is seen.
    pub(super) fn put_in(&self, shelf: usize, items: Vec<Arc<Item>>) {
        self.apply(Event::Added(shelf, items.clone()));
        if self.read(|state| state.open == Some(shelf)) {
            self.choose_many(items);
        }
    }

    /// The shelf of this kind, where the page offers one.
    pub(super) fn shelf_of(&self, kind: Kind) -> Option<usize> {
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
        self.spawn(async move {
            let found = picker.look_up(url).await;
            done(found.map(|item| picker.put_in(shelf, vec![Arc::new(item)])));
        });
    }

    /// What is known of a file at an address, if the page takes it.
    pub(super) async fn look_up(&self, url: String) -> Result<Item, Trouble> {
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
        Ok(Item { name: found.display_name, path: found.link_path, mimetype, bytes, ..Item::default() })
    }
}
