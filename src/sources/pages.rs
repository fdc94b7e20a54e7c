//! Facebook's Pages and the Instagram accounts that are linked to them: where files are published. Nothing is picked from here.

use super::{Kind, Source};

pub(crate) static SOURCE: Source = Source {
    name: bowerbird_protocol::publish::SOURCE,
    kind: Kind::Cloud,
    albums: false,
    icon: super::facebook::SOURCE.icon,
};
