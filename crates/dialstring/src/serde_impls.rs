//! Values as strings: what is read is parsed, what is written can be read again.

use core::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{Country, DialPlan, DialString, Digit, Extension, Number};

struct TextVisitor<T>(core::marker::PhantomData<T>, &'static str);

impl<T: FromStr<Err: fmt::Display>> de::Visitor<'_> for TextVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.1)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

macro_rules! as_text {
    ($($type:ty: $what:literal),+) => {$(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(TextVisitor(core::marker::PhantomData, $what))
            }
        }
    )+};
}

as_text! {
    Extension: "a text of 1 to 4 digits",
    DialPlan: "a text of 1 to 32 digits, '*', '#' and pauses",
    DialString: "a dial string",
    Number: "a number of 2 to 15 digits",
    Country: "a country's two letters"
}

impl Serialize for Digit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_char(self.as_char())
    }
}

impl<'de> Deserialize<'de> for Digit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let c = char::deserialize(deserializer)?;
        Self::from_char(c)
            .ok_or_else(|| de::Error::custom("a digit is one of 0 to 9, *, #, A to D"))
    }
}
