//! A web address, which the companion fetches.

use super::{Kind, Source};

pub(super) const SOURCE: Source = Source {
    name: "url",
    kind: Kind::Address,
    albums: false,
    icon: "M10.6 13.4a1 1 0 0 1-1.4 1.4 5 5 0 0 1 0-7.1l3-3a5 5 0 0 1 7.1 7.1l-1.5 1.5a7 7 0 0 0-.4-2.4l.5-.5a3 3 0 1 0-4.2-4.2l-3 3a3 3 0 0 0 0 4.2zm2.8-2.8a1 1 0 0 1 1.4-1.4 5 5 0 0 1 0 7.1l-3 3a5 5 0 0 1-7.1-7.1l1.5-1.5c0 .8.1 1.6.4 2.4l-.5.5a3 3 0 1 0 4.2 4.2l3-3a3 3 0 0 0 0-4.2z",
};
