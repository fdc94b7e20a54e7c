//! What visitors bring themselves, files of the device and addresses: loaded where the page offers that.

use super::chunk::{Brings, chunk};
use super::{Draw, Ui, address, device};
use crate::sheet::sheet;
use leptos::html;
use leptos::prelude::*;

/// The ways into it.
#[derive(Clone, Copy)]
pub(super) struct Own {
    /// See [`device::device`].
    pub device: Draw,
    /// See [`address::address`].
    pub address: Draw,
    /// See [`device::catch`].
    pub catch: fn(Ui, NodeRef<html::Div>) -> AnyView,
}

const OWN: Brings<Own> = Brings {
    parts: Own {
        device: |ui| device::device(ui).into_any(),
        address: |ui| address::address(ui).into_any(),
        catch: |ui, inside| device::catch(ui, inside).into_any(),
    },
    style: || sheet!("device.css"),
};

chunk!(own: Own = OWN, crate::picker::deeds::arrive_own());
