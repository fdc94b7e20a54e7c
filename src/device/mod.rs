//! Files of the visitor's device: taking them in, and making ready what is sent of them.

mod accept_fn;
mod dropped;
mod exif;
mod image;
mod kind;

pub use accept_fn::looks;
pub use dropped::{Dropped, files_of};
pub use image::{measure, prepare};
pub use kind::mimetype_of;

use bowerbird_protocol::listing::Item;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use web_sys::{File, Url};

/// How a local file's path begins, as the selection knows it.
const PATH: &str = "device-";

thread_local! {
    /// The files of all pickers of this page, by their paths. They are no part of the state, which knows no browser.
    static FILES: RefCell<HashMap<String, File>> = RefCell::default();
    static COUNT: Cell<u32> = const { Cell::new(0) };
}

/// The file that a path stands for.
pub fn file(path: &str) -> Option<File> {
    FILES.with_borrow(|files| files.get(path).cloned())
}

/// An address of the file's picture, until it is given to [`forget_picture`].
pub fn picture(path: &str) -> Option<String> {
    file(path).and_then(|file| Url::create_object_url_with_blob(&file).ok())
}

/// Nobody looks at it any more.
pub fn forget_picture(address: &str) {
    let _ = Url::revoke_object_url(address);
}

/// The files of one picker, which are forgotten with it.
#[derive(Default)]
pub struct Shelf {
    paths: RefCell<Vec<String>>,
    addresses: RefCell<Vec<String>>,
}

impl Shelf {
    /// Takes a file in. Answers what is known of it, with an address of its picture if one is wanted and the browser may show it.
    pub fn take(&self, file: &File, pictured: bool, size: Option<[u32; 2]>) -> Item {
        let count = COUNT.get() + 1;
        COUNT.set(count);
        let path = format!("{PATH}{count}");
        let mimetype = mimetype_of(file);
        let shows = pictured
            && matches!(mimetype.as_str(), "image/jpeg" | "image/png" | "image/gif" | "image/webp" | "image/avif");
        let thumbnail = if shows { Url::create_object_url_with_blob(file).unwrap_or_default() } else { String::new() };
        if !thumbnail.is_empty() {
            self.addresses.borrow_mut().push(thumbnail.clone());
        }
        FILES.with_borrow_mut(|files| files.insert(path.clone(), file.clone()));
        self.paths.borrow_mut().push(path.clone());
        Item {
            name: file.name(),
            path,
            mimetype,
            thumbnail,
            bytes: file.size() as u64,
            width: size.map(|size| size[0]),
            height: size.map(|size| size[1]),
            ..Item::default()
        }
    }
}

impl Drop for Shelf {
    fn drop(&mut self) {
        FILES.with_borrow_mut(|files| self.paths.borrow().iter().for_each(|path| drop(files.remove(path))));
        for address in self.addresses.borrow().iter() {
            let _ = Url::revoke_object_url(address);
        }
    }
}
