//! The options of `init`.

use super::{Warn, wants};
use crate::companion::Site;
use js_sys::{Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Url;

/// Reads the options of `init`. Filestack's own that have no meaning here are warned about; an unknown name is an error.
pub(crate) fn read_site(apikey: &str, raw: &JsValue, warn: Warn<'_>) -> Result<Site, String> {
    let object = raw.dyn_ref::<Object>().ok_or("init takes {url}: the companion's address")?;
    let mut site = Site { apikey: apikey.to_owned(), ..Site::default() };
    for name in Object::keys(object).iter().filter_map(|name| name.as_string()) {
        let value = Reflect::get(object, &name.as_str().into()).unwrap_or_default();
        match name.as_str() {
            _ if value.is_undefined() => {}
            "url" => site.url = read_address("init: url", "the companion's http or https address", &value)?,
            "appUrl" => {
                site.app_url = Some(read_address("init: appUrl", "an http or https address of this site", &value)?);
            }
            "sessionCache" => {
                site.session_cache =
                    value.as_bool().ok_or_else(|| wants("init: sessionCache", "true or false", &value))?;
            }
            "security" => {
                let part = |name: &str| Reflect::get(&value, &name.into()).ok()?.as_string();
                let both = part("policy").zip(part("signature"));
                site.security = Some(both.ok_or_else(|| wants("init: security", "{policy, signature}", &value))?);
            }
            "cname" | "forwardErrors" => {
                warn(format!("init: the option '{name}' of Filestack's client is not supported yet and is ignored"));
            }
            _ => {
                return Err(format!(
                    "init: there is no option '{name}'; there are: url, sessionCache, appUrl, security"
                ));
            }
        }
    }
    if site.url.is_empty() {
        return Err("init takes {url}: the companion's address".to_owned());
    }
    Ok(site)
}

/// An address as it stands, but for its fragment, which is ours.
fn read_address(name: &str, what: &str, value: &JsValue) -> Result<String, String> {
    let parsed = value.as_string().and_then(|url| Url::new(&url).ok());
    let parsed = parsed.filter(|url| matches!(url.protocol().as_str(), "http:" | "https:"));
    let parsed = parsed.ok_or_else(|| wants(name, what, value))?;
    Ok(format!("{}{}{}", parsed.origin(), parsed.pathname(), parsed.search()))
}
