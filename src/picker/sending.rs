//! Files of the device on their way: so many at once, gone on with when the network is back.

use super::Picker;
use super::callbacks::tags_of;
use crate::companion::Upload;
use crate::device;
use crate::error::Trouble;
use crate::selection::Chosen;
use crate::sources::Kind;
use crate::state::State;
use crate::store::Nudge;
use bowerbird_protocol::problem::{Problem, ProblemCode};
use bowerbird_protocol::store::{StoreEvent, StoredFile};
use futures_util::future::{AbortHandle, Either, select};
use gloo_timers::future::TimeoutFuture;
use std::cell::Cell;
use std::collections::HashMap;
use std::pin::pin;
use std::rc::Rc;
use web_sys::Blob;

/// Pauses before a companion that is not there is tried again; the last one as often as it takes.
const PAUSES_MS: [u32; 4] = [500, 1_000, 2_000, 4_000];

/// The files that are being sent, by their paths.
pub type Sending = HashMap<String, Sent>;

/// A file that is being sent.
pub struct Sent {
    task: AbortHandle,
    pause: Rc<Pause>,
}

/// Whether the page wants it to wait, which it does by the token of `onFileUploadStarted`.
#[derive(Default)]
struct Pause {
    on: Cell<bool>,
    changed: Nudge,
}

/// See [`Picker::send_files`].
pub(super) fn send_files(picker: &Picker) {
    while picker.is_open() && picker.0.sending.borrow().len() < picker.0.options.concurrency as usize {
        let next = |state: &State| {
            let sending = picker.0.sending.borrow();
            let photos = state.copying()?.photos();
            let waits = |it: &Chosen| it.source.kind == Kind::Device && !sending.contains_key(&it.item.path);
            Some(photos.iter().find(|photo| !photo.has_ended() && waits(&photo.chosen))?.chosen.clone())
        };
        let Some(chosen) = picker.read(next) else { return };
        let path = chosen.item.path.clone();
        let (sender, pause) = (picker.clone(), Rc::<Pause>::default());
        let pauses = pause.clone();
        let task = picker.spawn(async move {
            let picker = sender;
            let ended = picker.send_file(&chosen, &pauses).await;
            let (source, path) = (chosen.source.name.to_owned(), chosen.item.path.clone());
            picker.0.sending.borrow_mut().remove(&path);
            picker.report(match ended {
                Ok(file) => StoreEvent::Stored { source, path, file: Box::new(file) },
                Err(trouble) => StoreEvent::Failed { source, path, error: problem(trouble) },
            });
            send_files(&picker);
            picker.end_copying();
        });
        picker.0.sending.borrow_mut().insert(path, Sent { task, pause });
    }
}

impl Picker {
    async fn send_file(&self, chosen: &Chosen, pause: &Pause) -> Result<StoredFile, Trouble> {
        let options = &self.0.options;
        let file = device::file(&chosen.item.path).ok_or(ProblemCode::PhotoGone)?;
        let (limits, cleanup) = (options.image_limits(), options.cleanup_image_exif);
        let bytes = device::prepare(&file, &chosen.item.mimetype, &chosen.edit(), &limits, cleanup).await?;
        let store = options.store_to.clone();
        let name =
            store.filename.clone().filter(|_| !chosen.changes.renamed).unwrap_or_else(|| chosen.item.name.clone());
        let mut upload = Upload::new(bytes, name, store, tags_of(options, chosen));
        upload.name = self.upload_of(&chosen.item.path);
        let size = upload.size();
        let told = {
            let (picker, chosen) = (self.clone(), chosen.clone());
            move |received| {
                let (source, path) = (chosen.source.name.to_owned(), chosen.item.path.clone());
                picker.report(StoreEvent::Progress { source, path, received, total: Some(size) });
            }
        };
        let told: Rc<dyn Fn(u64)> = Rc::new(told);
        told(0);
        let mut tries = 0;
        loop {
            if pause.on.get() {
                pause.changed.received().await;
                continue;
            }
            let going = upload.go_on(&self.0.companion, told.clone());
            let ended = match select(pin!(going), pin!(pause.changed.received())).await {
                Either::Left((ended, _)) => ended,
                // What has not arrived is sent again.
                Either::Right(_) => continue,
            };
            if !matches!(ended, Err(Trouble::Unreachable)) {
                self.hear(true);
                return ended;
            }
            // A file that was changed or removed on the device cannot be read any more, and looks like a lost connection.
            if !is_readable(&file).await {
                return Err(ProblemCode::PhotoGone.into());
            }
            if tries > 0 {
                self.hear(false);
            }
            TimeoutFuture::new(PAUSES_MS[tries.min(PAUSES_MS.len() - 1)]).await;
            tries += 1;
        }
    }

    /// Has a file of the device wait, or go on.
    pub(super) fn pause_sending(&self, path: &str, on: bool) {
        if let Some(sent) = self.0.sending.borrow().get(path) {
            sent.pause.on.set(on);
            sent.pause.changed.give();
        }
    }

    /// Stops sending these.
    pub(super) fn stop_sending(&self, photos: &[Chosen]) {
        let mut sending = self.0.sending.borrow_mut();
        for sent in photos.iter().filter_map(|photo| sending.remove(&photo.item.path)) {
            sent.task.abort();
        }
    }
}

async fn is_readable(file: &Blob) -> bool {
    let Ok(byte) = file.slice_with_f64_and_f64(0.0, 1.0) else { return false };
    wasm_bindgen_futures::JsFuture::from(byte.array_buffer()).await.is_ok()
}

fn problem(trouble: Trouble) -> Problem {
    match trouble {
        Trouble::Companion(problem) => problem,
        Trouble::Unreachable => Problem::new(ProblemCode::SourceUnavailable),
    }
}
