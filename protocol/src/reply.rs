//! The shape that every reply of the cloud API has: the session's token, and one member a source beside it.

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

/// `{"token": "…", "facebook": T, "instagram": T}`.
///
/// Read and written by hand: serde's `flatten` would keep every value in a form of its own first, which costs the widget
/// tens of kilobytes of wasm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply<T> {
    /// The session, to be sent with the next request.
    pub token: String,
    /// Source name to its answer.
    pub clouds: BTreeMap<String, T>,
}

impl<T: Serialize> Serialize for Reply<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.clouds.len() + 1))?;
        map.serialize_entry("token", &self.token)?;
        for (source, answer) in &self.clouds {
            map.serialize_entry(source, answer)?;
        }
        map.end()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Reply<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
            type Value = Reply<T>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object with a token and one member a source")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let (mut token, mut clouds) = (None, BTreeMap::new());
                while let Some(name) = map.next_key::<String>()? {
                    if name == "token" {
                        token = Some(map.next_value()?);
                    } else {
                        clouds.insert(name, map.next_value()?);
                    }
                }
                Ok(Reply { token: token.ok_or_else(|| A::Error::missing_field("token"))?, clouds })
            }
        }

        deserializer.deserialize_map(Members(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::Reply;

    #[test]
    fn what_is_written_is_read() {
        let json = r#"{"token":"t","facebook":1,"instagram":2}"#;
        let reply: Reply<u8> = serde_json::from_str(json).unwrap();
        assert_eq!((reply.token.as_str(), reply.clouds["instagram"]), ("t", 2));
        assert_eq!(serde_json::to_string(&reply).unwrap(), json);
        assert!(serde_json::from_str::<Reply<u8>>(r#"{"facebook":1}"#).is_err());
    }
}
