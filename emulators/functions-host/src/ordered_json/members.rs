//! How an ordered map is read and written. `indexmap` has a feature for this, but Cargo would turn it on
//! for the handler's own dependencies too.

use std::{fmt, hash::Hash, marker::PhantomData};

use indexmap::IndexMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::MapAccess, de::Visitor};

pub(super) fn serialize<K: Serialize, V: Serialize, S: Serializer>(
    members: &IndexMap<K, V>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(members)
}

pub(super) fn deserialize<'de, K, V, D>(deserializer: D) -> Result<IndexMap<K, V>, D::Error>
where
    K: Deserialize<'de> + Eq + Hash,
    V: Deserialize<'de>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_map(MembersVisitor(PhantomData))
}

struct MembersVisitor<K, V>(PhantomData<(K, V)>);

impl<'de, K, V> Visitor<'de> for MembersVisitor<K, V>
where
    K: Deserialize<'de> + Eq + Hash,
    V: Deserialize<'de>,
{
    type Value = IndexMap<K, V>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut members = IndexMap::new();
        while let Some((name, value)) = access.next_entry()? {
            members.insert(name, value);
        }
        Ok(members)
    }
}
