//! What was dropped, pasted or chosen in the device's own dialog, folders included.

use js_sys::{Array, Promise, Reflect};
use std::collections::VecDeque;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{DataTransfer, File, FileList, FileSystemDirectoryEntry, FileSystemEntry, FileSystemFileEntry};

/// Files that come at once, each with the folder that it lay in: `/` or `/Lisbon/Day 1/`.
pub enum Dropped {
    /// All are there.
    Files(Vec<(File, String)>),
    /// Files and folders, which are still to be read.
    Entries(Vec<FileSystemEntry>),
}

impl Dropped {
    /// What was dropped. It has to be asked at once: when the event is over it is gone.
    pub fn of(transfer: &DataTransfer, folders: bool) -> Self {
        let items = transfer.items();
        let entry = |index| items.get(index)?.webkit_get_as_entry().ok().flatten();
        let entries: Vec<FileSystemEntry> = (0..items.length()).filter_map(entry).collect();
        if !entries.iter().any(FileSystemEntry::is_directory) {
            return Self::Files(transfer.files().map(|files| files_of(&files)).unwrap_or_default());
        }
        Self::Entries(entries.into_iter().filter(|entry| folders || entry.is_file()).collect())
    }

    /// All files. A folder that cannot be read is passed over.
    pub async fn read(self) -> Vec<(File, String)> {
        let mut entries: VecDeque<FileSystemEntry> = match self {
            Self::Files(files) => return files,
            Self::Entries(entries) => entries.into(),
        };
        let mut files = Vec::new();
        while let Some(entry) = entries.pop_front() {
            if entry.is_file() {
                let entry: FileSystemFileEntry = entry.unchecked_into();
                let file = answer(|resolve, reject| {
                    entry.file_with_callback_and_callback(resolve.unchecked_ref(), reject.unchecked_ref());
                });
                if let Some(file) = file.await {
                    let path = entry.full_path();
                    let folder = path.rfind('/').map_or("/", |end| &path[..=end]).to_owned();
                    files.push((file.unchecked_into(), folder));
                }
                continue;
            }
            let reader = entry.unchecked_into::<FileSystemDirectoryEntry>().create_reader();
            // It gives some hundred at a time, and none at the end.
            loop {
                let some = answer(|resolve, reject| {
                    let _ =
                        reader.read_entries_with_callback_and_callback(resolve.unchecked_ref(), reject.unchecked_ref());
                });
                let some: Array = some.await.map(JsCast::unchecked_into).unwrap_or_default();
                if some.length() == 0 {
                    break;
                }
                entries.extend(some.iter().map(JsCast::unchecked_into::<FileSystemEntry>));
            }
        }
        files
    }
}

/// A list of files; those of a folder that was chosen as a whole know where in it they lay.
pub fn files_of(files: &FileList) -> Vec<(File, String)> {
    let each = (0..files.length()).filter_map(|index| files.get(index));
    each.map(|file| {
        let path = Reflect::get(&file, &"webkitRelativePath".into()).ok().and_then(|path| path.as_string());
        let folder = path.unwrap_or_default().rsplit_once('/').map(|(folder, _)| format!("/{folder}/"));
        (file, folder.unwrap_or_else(|| "/".to_owned()))
    })
    .collect()
}

async fn answer(mut ask: impl FnMut(&js_sys::Function, &js_sys::Function)) -> Option<JsValue> {
    JsFuture::from(Promise::new(&mut |resolve, reject| ask(&resolve, &reject))).await.ok()
}
