//! Closed sets of words in documents that someone else validates.
//!
//! ASM's own CRD decides what a `gatewayType` may be, and a newer one may know more. So every such enum has a
//! variant `Other` that carries the word as written: reading never fails on it, showing it loses nothing, and
//! whoever must act on it refuses it by name. Words match exactly, as the API server's own enums do.

/// Defines an enum of words with `Other(String)`: text in and out, and its JSON schema (the known words only).
macro_rules! open_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$doc])* $variant,)+
            /// Any other word, as written.
            Other(String),
        }

        impl $name {
            /// The known words, as written in documents.
            pub const WORDS: &[&str] = &[$($word),+];

            /// The word as written in documents.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Other(word) => word,
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                match word {
                    $($word => Self::$variant,)+
                    other => Self::Other(other.to_owned()),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = <std::borrow::Cow<'_, str> as serde::Deserialize>::deserialize(deserializer)?;
                Ok(Self::from(&*word))
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "enum": Self::WORDS })
            }
        }
    };
}

/// Defines a struct whose fields are all optional on the wire and public, as Go's `omitempty` structs are.
///
/// `None` means absent: what was not written is not written back.
macro_rules! optional_fields {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* }) => {
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        $(#[$meta])*
        pub struct $name {
            $(
                $(#[$field_meta])*
                #[serde(skip_serializing_if = "Option::is_none")]
                pub $field: Option<$type>,
            )*
        }
    };
}

pub(crate) use {open_enum, optional_fields};

#[cfg(test)]
#[allow(unreachable_pub)] // what the macro makes is public where it is used in earnest
mod tests {
    use serde_json::json;

    open_enum! {
        /// A test's colours.
        Colour {
            /// Red.
            Red = "red",
            /// Dark blue.
            DarkBlue = "Dark-Blue",
        }
    }

    #[test]
    fn every_word_comes_back_as_it_was_written() {
        for word in ["red", "Dark-Blue", "RED", "", "mauve"] {
            let read: Colour = serde_json::from_value(json!(word)).unwrap();
            assert_eq!(serde_json::to_value(&read).unwrap(), json!(word));
            assert_eq!(matches!(read, Colour::Other(_)), !Colour::WORDS.contains(&word), "{word}");
        }
    }

    #[test]
    fn a_number_is_not_a_word() {
        assert!(serde_json::from_value::<Colour>(json!(1)).is_err());
    }
}
