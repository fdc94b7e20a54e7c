//! What a host page calls; the only exports to JavaScript.
//!
//! The loader (`npm/loader.js`) offers `bowerbird.init` and `bowerbird.pick` at once and hands both to this module when it
//! has arrived.

use crate::companion::Site;
use crate::mount::{self, Asked};
use crate::options::read_site;
use crate::text;
use js_sys::{Function, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// Runs when the module has arrived, mostly while the page is idle: what the first sight does without can come then too.
#[cfg(split)]
#[wasm_bindgen(start)]
pub fn fetch_ahead() {
    wasm_bindgen_futures::spawn_local(async {
        // A failure is nobody's business yet: a pick tries again.
        mount::fetch().await;
    });
}

/// A site's connection to its companion.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Client {
    site: Site,
}

/// A client for an API key; `options` is `{url, sessionCache, appUrl, security}`, of which the companion's base address must be there.
///
/// Throws where the key is empty, the address is none, or an option is unknown.
#[wasm_bindgen]
pub fn client(apikey: &str, options: &JsValue) -> Result<Client, JsValue> {
    if apikey.trim().is_empty() {
        return Err(error("init takes an API key; it got an empty one"));
    }
    let site = read_site(apikey.trim(), options, &mut warn).map_err(|reason| error(&reason))?;
    text::expect(&site.url);
    Ok(Client { site })
}

#[wasm_bindgen]
impl Client {
    /// The session's token, once there is one: with it the loader's other calls deal with the session's files, and end it.
    pub fn token(&self) -> Option<String> {
        self.site.session().token()
    }

    /// Opens the dialog. The promise resolves with `{filesUploaded, filesFailed}`, also when the visitor leaves without
    /// choosing; it rejects where an option is wrong or another dialog is open, and then nothing is opened, or the frame goes again where it
    /// stood there before all of the picker had come.
    ///
    /// With `publish` it is the other way round: that file is published, and the page hears of it by a function in there.
    pub fn pick(&self, options: &JsValue, publish: JsValue) -> Promise {
        Promise::new(&mut |resolve: Function, reject: Function| {
            let (site, options, publish) = (self.site.clone(), options.clone(), publish.clone());
            mount::pick(Asked { site, options, publish, resolve, reject });
        })
    }
}

/// Says on the developer's console what is odd but no error.
pub fn warn(text: String) {
    web_sys::console::warn_1(&format!("bowerbird: {text}").into());
}

fn error(reason: &str) -> JsValue {
    js_sys::Error::new(&format!("bowerbird: {reason}")).into()
}
