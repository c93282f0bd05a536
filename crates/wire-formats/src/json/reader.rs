//! Reads a type from a value, with the path of a fault.

use serde::{
    Deserializer,
    de::{
        DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Visitor,
        value::{BorrowedStrDeserializer, StringDeserializer},
    },
    forward_to_deserialize_any,
};

use super::{fault::Fault, node::Node};

fn is_whole(node: &Node) -> bool {
    matches!(node, Node::Number(number) if !number.is_f64())
}

fn must_be(node: &Node, expected: &str) -> Fault {
    Fault::wrong_type(expected, node.type_name())
}

/// Defines how a simple type is read, and what the fault says if the value has another type.
macro_rules! typed {
    ($($method:ident: $expected:literal if $node:pat $(if $is_fit:path)?,)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            match self {
                $node $(if $is_fit(self))? => self.deserialize_any(visitor),
                _ => Err(must_be(self, $expected)),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for &Node {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self {
            Node::Null => visitor.visit_unit(),
            Node::Boolean(value) => visitor.visit_bool(*value),
            Node::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(value), ..) => visitor.visit_u64(value),
                (_, Some(value), _) => visitor.visit_i64(value),
                (_, _, Some(value)) => visitor.visit_f64(value),
                _ => Err(must_be(self, "a number in range")),
            },
            Node::Text(text) => visitor.visit_str(text),
            Node::Array(items) => visitor.visit_seq(Items { items, index: 0 }),
            Node::Object(members) => visitor.visit_map(Members { members, value: None }),
        }
    }

    typed! {
        deserialize_bool: "true or false" if Node::Boolean(_),
        deserialize_u8: "a whole number" if Node::Number(_) if is_whole,
        deserialize_u16: "a whole number" if Node::Number(_) if is_whole,
        deserialize_u32: "a whole number" if Node::Number(_) if is_whole,
        deserialize_u64: "a whole number" if Node::Number(_) if is_whole,
        deserialize_i64: "a whole number" if Node::Number(_) if is_whole,
        deserialize_f64: "a number" if Node::Number(_),
        deserialize_str: "a string" if Node::Text(_),
        deserialize_string: "a string" if Node::Text(_),
        deserialize_seq: "an array" if Node::Array(_),
        deserialize_map: "a JSON object" if Node::Object(_),
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self {
            Node::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_map(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self {
            Node::Text(word) => visitor.visit_enum(word.as_str().into_deserializer()),
            _ => Err(must_be(self, "a string")),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        i8 i16 i32 f32 char bytes byte_buf unit unit_struct tuple tuple_struct identifier
    }
}

struct Items<'a> {
    items: &'a [Node],
    index: usize,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Fault> {
        let Some(item) = self.items.get(self.index) else { return Ok(None) };
        let index = self.index;
        self.index += 1;
        seed.deserialize(item).map(Some).map_err(|fault| fault.below_index(index))
    }
}

struct Members<'a> {
    members: &'a [(String, Node)],
    value: Option<&'a (String, Node)>,
}

impl<'de> MapAccess<'de> for Members<'_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        let Some((member, rest)) = self.members.split_first() else { return Ok(None) };
        self.members = rest;
        self.value = Some(member);
        let name: StringDeserializer<Fault> = member.0.clone().into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        match self.value.take() {
            Some((name, node)) => seed.deserialize(node).map_err(|fault| fault.below_field(name)),
            // Only a reader that asks for a value before its name comes here.
            None => seed.deserialize(BorrowedStrDeserializer::new("")),
        }
    }
}
