//! The editor: opened, closed, and what came of it.

use super::Picker;
use super::callbacks::call;
use crate::device::Dropped;
use crate::options::CropFile;
use crate::result::PickedFile;
use crate::selection::Changes;
use crate::sources::Kind;
use crate::state::{Editing, Event};
use std::sync::Arc;

impl Picker {
    /// Opens the editor of the chosen photo at this place.
    pub(super) fn edit(&self, place: usize) {
        self.apply(Event::Edits(Some(Editing { place, confirms: false })));
    }

    /// Opens the editor for the first photo that has to go through it. `false` where none does any more.
    pub(super) fn insist_on_editing(&self) -> bool {
        let options = &self.0.options;
        let place = self.read(|state| state.selection.chosen().iter().position(|photo| options.wants_editing(photo)));
        if let Some(place) = place {
            self.apply(Event::Edits(Some(Editing { place, confirms: true })));
        }
        place.is_some()
    }

    /// Takes in what the visitor made of the photo. `size` is that of the image as it was, where only the editor knows it.
    pub(super) fn edited(&self, changes: Changes, size: Option<[u32; 2]>) {
        let Some(editing) = self.read(|state| state.editing) else { return };
        self.apply(Event::Edited(changes, size));
        let chosen = self.read(|state| state.selection.chosen().get(editing.place).cloned());
        if let Some(chosen) = chosen.filter(|chosen| chosen.edit().crops()) {
            let file = PickedFile::chosen(&chosen).of(&chosen, &self.0.options).to_js();
            call(self.0.options.on_file_cropped.as_ref(), &[file]);
        }
        if editing.confirms {
            self.confirm();
        }
    }
}

/// Chooses the images that the page passed to be cropped, and goes on with them as if the visitor had confirmed that.
pub(super) fn crop(picker: &Picker) {
    let spawner = picker.clone();
    let picker = picker.clone();
    spawner.spawn(async move {
        let (mut files, mut addresses) = (Vec::new(), Vec::new());
        for file in picker.0.options.crop_files.clone() {
            match file {
                CropFile::File(file) => files.push((file, "/".to_owned())),
                CropFile::Address(address) => addresses.push(address),
            }
        }
        if let Some(shelf) = picker.shelf_of(Kind::Address).filter(|_| !addresses.is_empty()) {
            picker.apply(Event::Chose(shelf));
            for address in addresses {
                // The page's own: its browser may see that somebody looks at it.
                let pictured =
                    |item| Arc::new(bowerbird_protocol::listing::Item { thumbnail: address.clone(), ..item });
                match picker.look_up(address.clone()).await {
                    Ok(item) => picker.put_in(shelf, vec![pictured(item)]),
                    Err(trouble) => picker.apply(Event::Refused(trouble.english())),
                }
            }
        }
        if !files.is_empty() {
            picker.add(Dropped::Files(files)).await;
        }
        picker.confirm();
    });
}
