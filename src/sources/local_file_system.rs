//! Files of the visitor's device, which the browser sends.

use super::{Kind, Source};

pub(super) const SOURCE: Source = Source {
    name: "local_file_system",
    kind: Kind::Device,
    albums: false,
    icon: "M4 4h16a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2h-6v2h3v2H7v-2h3v-2H4a2 2 0 0 1-2-2V6c0-1.1.9-2 2-2zm0 2v9h16V6z",
};
