//! The goldens of the generator, compiled under the strictest lints a user could ask for, and put to use.

#![deny(warnings, missing_docs)]

macro_rules! goldens {
    ($($name:ident = $path:literal: $about:literal;)*) => {
        $(
            #[doc = $about]
            #[path = $path]
            pub mod $name;
        )*
    };
}

goldens! {
    all_of = "../golden/all_of/mod.rs": "Objects made of others.";
    bodies = "../golden/bodies/mod.rs": "Forms and queries with names that nest.";
    bulk = "../golden/bulk/mod.rs": "Operations that answer for many keys.";
    by_tag = "../golden/by_tag/mod.rs": "Operations of several tags, split by them.";
    checks = "../golden/checks/mod.rs": "What schemas say beside their types.";
    dates_chrono = "../golden/dates_chrono/mod.rs": "Dates with the values of chrono.";
    dates_time = "../golden/dates_time/mod.rs": "Dates with the values of the time crate.";
    decided = "../golden/decided/mod.rs": "Names, replacements and derives that were decided by hand.";
    directions = "../golden/directions/mod.rs": "Properties that only requests or only replies have.";
    docs = "../golden/docs/mod.rs": "Documentation that rustdoc would misread, and what is deprecated.";
    enums = "../golden/enums/mod.rs": "Constants of any text.";
    equal = "../golden/equal/mod.rs": "Inline types that are equal.";
    grpc = "../golden/grpc/mod.rs": "A gRPC service, with streams.";
    headers = "../golden/headers/mod.rs": "Headers that replies declare.";
    links = "../golden/links/mod.rs": "What replies lead to.";
    maps = "../golden/maps/mod.rs": "Maps, and properties beside the named ones.";
    media = "../golden/media/mod.rs": "Several media types of one body.";
    multipart = "../golden/multipart/mod.rs": "Bodies in parts, with files.";
    notations = "../golden/notations/mod.rs": "One type in several notations.";
    numbers = "../golden/numbers/mod.rs": "Numbers of any size, and what limits them.";
    objects = "../golden/objects/mod.rs": "Objects, aliases and rules.";
    pages = "../golden/pages/mod.rs": "Lists in pages.";
    parameters = "../golden/parameters/mod.rs": "Parameters of every place.";
    pets = "../golden/pets/mod.rs": "Every part of a module.";
    recursion = "../golden/recursion/mod.rs": "Types that contain themselves.";
    replies = "../golden/replies/mod.rs": "Several replies, typed failures, empty and octet bodies.";
    security = "../golden/security/mod.rs": "Security schemes and idempotency keys.";
    streams = "../golden/streams/mod.rs": "Bodies that go piece by piece.";
    styles = "../golden/styles/mod.rs": "Every style of every place.";
    three_states = "../golden/three_states/mod.rs": "Absent, null, and a value.";
    union_by_kind = "../golden/union_by_kind/mod.rs": "Unions told apart by kind and by property.";
    union_by_tag = "../golden/union_by_tag/mod.rs": "A union told apart by a property.";
    webhooks = "../golden/webhooks/mod.rs": "Webhooks and callbacks.";
    xml = "../golden/xml/mod.rs": "Bodies in XML.";
}

/// A type that stands in the place of a generated one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Money(pub String);

/// Another.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Price {
    /// In cents.
    pub amount: u32,
}

#[cfg(test)]
mod tests {
    use serde::Serialize;
    use serde::de::DeserializeOwned;
    use serde_json::json;
    use tieline::codec::{Date, Nullable, Value, json, validate};

    use super::{
        all_of, checks, directions, enums, maps, numbers, objects, recursion, three_states, union_by_kind,
        union_by_tag,
    };

    /// Reads a value, and checks that writing it gives what was read.
    fn round_trip<T: Serialize + DeserializeOwned>(json: &serde_json::Value) -> T {
        let value: T = serde_json::from_value(json.clone()).unwrap_or_else(|error| panic!("{json}: {error}"));
        let written = serde_json::to_value(&value).expect("written to memory");
        assert_eq!(written, *json);
        value
    }

    #[test]
    fn an_alternative_without_a_type_refuses_no_value_but_objects() {
        use union_by_kind::types::Source;
        for valid in [
            json!("cash"),
            json!(7),
            json!(["a"]),
            json!([1]),
            json!({ "card": "4242" }),
        ] {
            let source = round_trip::<Source>(&valid);
            assert_eq!(validate(&source), [], "{valid}");
        }
        let without_its_card = serde_json::from_value::<Source>(json!({ "number": 1 }));
        assert!(without_its_card.is_err());
    }

    #[test]
    fn what_one_direction_has_is_not_demanded_in_the_other() {
        use directions::types::{Account, AccountInput, Entry};
        let request: AccountInput = round_trip(
            &json!({ "name": "a", "password": "b", "friends": [{ "name": "c", "password": "d" }] }),
        );
        assert!(validate(&request).is_empty());
        let reply: Account =
            round_trip(&json!({ "id": "1", "name": "a", "friends": [{ "id": "2", "name": "c" }] }));
        assert!(validate(&reply).is_empty());
        assert!(serde_json::from_value::<AccountInput>(json!({ "id": "1", "name": "a" })).is_err());
        assert!(serde_json::from_value::<Account>(json!({ "name": "a", "password": "b" })).is_err());
        // What a peer sends all the same is kept.
        let _: AccountInput = round_trip(&json!({ "id": "1", "name": "a", "password": "b" }));
        assert_eq!(Entry::new("text").at, None);
        assert_eq!(validate(&AccountInput::new("a", "b").email("nobody")).len(), 1);
    }

    #[test]
    fn integers_keep_every_digit() {
        use numbers::types::Ledger;
        for total in [
            "7",
            "-9223372036854775809",
            "9223372036854775808",
            "123456789012345678901234567890123456789012345",
        ] {
            let text = format!(
                "{{\"total\":{total},\"parts\":[{total}],\"rate\":0.5,\"price\":0.10000000000000000000000001}}"
            );
            let ledger: Ledger = json::read_new(text.as_bytes()).expect("read");
            assert_eq!(json::to_string(&ledger), text);
            assert_eq!(ledger.total.to_string(), total);
        }
        let small = Ledger::new(7, 0.5).parts(vec![1.into()]);
        assert!(small.total == 7 && small.total < 8 && validate(&small).is_empty());
    }

    #[test]
    fn absent_null_and_a_value_are_three_states() {
        use three_states::types::Patch;
        let absent: Patch = round_trip(&json!({ "required": "a", "required_nullable": null }));
        assert_eq!(
            (absent.required_nullable.as_deref(), &absent.optional_nullable),
            (None, &None)
        );
        let null: Patch = round_trip(
            &json!({ "required": "a", "required_nullable": "b", "optional_nullable": null, "alias": null }),
        );
        assert_eq!(null.optional_nullable, Some(Nullable::Null));
        let value: Patch = round_trip(
            &json!({ "required": "a", "required_nullable": null, "optional_nullable": "c", "items": [1, null] }),
        );
        assert_eq!(value.optional_nullable, Some(Nullable::Value("c".to_owned())));
        assert_eq!(value.items, Some(vec![Some(1), None]));
        let made = Patch::new("a", None)
            .optional_nullable("c".to_owned())
            .items(vec![Some(1), None]);
        assert_eq!(made, value);
        assert!(
            serde_json::from_value::<Patch>(json!({ "required": "a" })).is_err(),
            "a required property is missing"
        );
    }

    #[test]
    fn what_was_decided_by_hand_holds() {
        use super::decided::types::{Animal, PetId, Size};
        use std::collections::HashSet;
        use tieline::codec::Serde;
        let json = json!({ "id": "a", "created-at": "2026-01-01T00:00:00Z", "price": "7 EUR", "list_price": { "amount": 9 }, "size": "s" });
        let pet = round_trip::<Animal>(&json);
        assert_eq!(pet.born.as_str(), "2026-01-01T00:00:00Z");
        assert_eq!(pet.price, Serde::new(super::Money("7 EUR".to_owned())));
        assert_eq!(pet.list_price, Some(Serde::new(super::Price { amount: 9 })));
        assert_eq!(pet.size, Some(Size::Small));
        assert!(HashSet::from([pet.clone()]).contains(&pet));
        assert!(PetId::from("a") < PetId::from("b"));
        assert_eq!(super::decided::fetch::OPERATION.id, "getPet");
    }

    #[test]
    fn constants_that_the_contract_does_not_name_are_kept() {
        use enums::types::{Level, Status};
        assert_eq!(round_trip::<Status>(&json!("sold out")), Status::SoldOut);
        assert_eq!(round_trip::<Status>(&json!("unknown")), Status::UnknownValue);
        assert_eq!(
            round_trip::<Status>(&json!("gone")),
            Status::Unknown("gone".to_owned())
        );
        assert_eq!(round_trip::<Level>(&json!(-3)), Level::Odd);
        assert_eq!(round_trip::<Level>(&json!(9)), Level::Unknown(9));
    }

    #[test]
    fn what_no_tag_tells_is_the_default_of_the_discriminator() {
        use union_by_tag::types::Guest;
        for (value, is_other) in [
            (json!({ "kind": "cat", "lives": 9 }), false),
            (json!({ "name": "Tux" }), true),
            (json!({ "kind": "penguin", "name": "Tux" }), true),
            (json!({ "kind": null, "name": "Tux" }), true),
        ] {
            let guest = round_trip::<Guest>(&value);
            assert_eq!(matches!(guest, Guest::Other(_)), is_other, "{value}");
            assert_eq!(validate(&guest), [], "{value}");
        }
        // What fits nothing is told by what the default asks for.
        let error = serde_json::from_value::<Guest>(json!({ "name": 1 })).expect_err("no name");
        assert!(error.to_string().contains("/name"), "{error}");
    }

    #[test]
    fn a_tag_tells_the_alternatives_apart() {
        use union_by_tag::types::Animal;
        let dog = round_trip::<Animal>(&json!({ "kind": "dog", "friends": [{ "kind": "cat", "lives": 9 }] }));
        let Animal::Dog(dog) = dog else {
            panic!("no dog: {dog:?}")
        };
        assert!(matches!(dog.friends.as_deref(), Some([Animal::Cat(_)])));
        assert!(matches!(
            round_trip::<Animal>(&json!({ "kind": "cow", "milk": true })),
            Animal::Unknown(_)
        ));
    }

    #[test]
    fn kinds_and_properties_tell_alternatives_apart() {
        use union_by_kind::types::{Exact, Filter, Id};
        assert_eq!(round_trip::<Id>(&json!(7)), Id::Integer(7));
        assert_eq!(round_trip::<Id>(&json!("7")), Id::from("7".to_owned()));
        assert_eq!(round_trip::<Filter>(&json!({ "is": 7 })), Exact::new(7).into());
        assert!(matches!(
            round_trip::<Filter>(&json!(["a"])),
            Filter::ListOfString(_)
        ));
    }

    #[test]
    fn properties_beside_the_named_ones_are_kept() {
        let extended = round_trip::<maps::types::Extended>(&json!({ "name": "a", "b": 1, "c": 2 }));
        assert_eq!(extended.additional_properties.get("c"), Some(&2));
        assert!(
            round_trip::<maps::types::Labels>(&json!({ "tier": "gold" }))
                .0
                .contains_key("tier")
        );
    }

    #[test]
    fn properties_that_the_contract_does_not_name_survive_and_closed_objects_complain_of_them() {
        let open = round_trip::<maps::types::Anything>(&json!({ "x": [1, { "y": null }], "z": "" }));
        assert_eq!(
            open.additional_properties.get("x"),
            Some(&json!([1, { "y": null }]))
        );
        assert_eq!(validate(&open), []);
        assert_eq!(
            format!("{:?}", maps::types::Anything::new())
                .matches("..")
                .count(),
            0
        );

        let closed = round_trip::<objects::types::Owner>(&json!({ "nick-name": "Ada", "extra": 1 }));
        let paths: Vec<String> = validate(&closed)
            .iter()
            .map(|violation| violation.path.to_string())
            .collect();
        assert_eq!(paths, ["/extra"]);
    }

    #[test]
    fn types_can_contain_themselves() {
        use recursion::types::{Chicken, Egg, Expression, Sum, Tree};
        round_trip::<Tree>(&json!({ "children": [{ "children": [] }], "parent": { "children": [] } }));
        let sum = round_trip::<Expression>(&json!({ "left": { "left": 1.5, "right": 2.5 }, "right": 3.5 }));
        assert_eq!(sum, Sum::new(Sum::new(1.5, 2.5), 3.5).into());
        assert_eq!(
            Chicken::new().egg(Egg::new()),
            Chicken {
                egg: Some(Box::new(Egg::new())),
                additional_properties: <_>::default(),
            }
        );
    }

    #[test]
    fn rules_hold_where_a_value_is_used() {
        use objects::types::{Owner, Pet};
        let pet = Pet::new(1, "Rex", "dog", vec![]);
        assert_eq!(validate(&pet), []);
        let broken = Pet::new(
            1,
            "rex",
            "dog",
            vec!["a".to_owned(), "a".to_owned(), String::new()],
        )
        .weight_kg(0.0)
        .born(Date::from_text("yesterday"))
        .owner(Owner::new().nick_name("x".repeat(21)));
        let mut paths: Vec<String> = validate(&broken)
            .iter()
            .map(|violation| violation.path.to_string())
            .collect();
        paths.dedup();
        assert_eq!(
            paths,
            [
                "/name",
                "/tags",
                "/tags/2",
                "/weightKg",
                "/born",
                "/owner/nick-name"
            ]
        );
    }

    /// What is wrong with a value, which is read nonetheless and loses nothing.
    fn broken<T: Value + Serialize + DeserializeOwned>(json: &serde_json::Value) -> Vec<String> {
        let value: T = round_trip(json);
        validate(&value).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_no_type_says_is_judged_all_the_same() {
        use checks::types::Offer;
        let right = json!({
            "kind": "sale", "price": 1.5, "currency": "EUR", "x-note": "new", "position": [1, 2], "instead": "nothing"
        });
        assert_eq!(broken::<Offer>(&right), [""; 0]);
        for (json, expected) in [
            (json!({ "kind": "sale" }), "must have the property `price`"),
            (json!({ "price": 0.0 }), "must have the property `currency`"),
            (
                json!({ "price": 1.0, "currency": "EUR" }),
                "/price: must be one of 0",
            ),
            (json!({ "position": [1, "2"] }), "/position/1: must be a number"),
            (
                json!({ "position": [1, 2, 3] }),
                "/position/2: no value is allowed here",
            ),
            (json!({ "x-note": 1 }), "/x-note: must be text"),
            (json!({ "other": 1 }), "/other: no value is allowed here"),
            (
                json!({ "instead": { "kind": "gift" } }),
                "/instead: must not be what the contract excludes by `not`",
            ),
        ] {
            let mut found = broken::<Offer>(&json);
            found.dedup();
            assert_eq!(found, [expected], "{json}");
        }
        let not_even_an_offer = json!({ "instead": { "kind": "sale" } });
        assert_eq!(broken::<Offer>(&not_even_an_offer), [""; 0]);
    }

    #[test]
    fn alternatives_are_judged_by_their_own_rules_and_exclude_each_other() {
        use checks::types::{Contact, Notes, Size};
        assert_eq!(broken::<Contact>(&json!({ "mail": "a@b" })), [""; 0]);
        assert_eq!(
            broken::<Contact>(&json!({ "mail": "a@b", "phone": "1" })),
            ["must be exactly one of the alternatives that the contract names, not 2"]
        );
        assert_eq!(broken::<Size>(&json!(1)), [""; 0]);
        assert_eq!(broken::<Size>(&json!(0)), ["must be at least 1"]);
        assert_eq!(broken::<Size>(&json!("XL")), ["must match the pattern ^[SML]$"]);
        assert_eq!(
            broken::<Notes>(&json!({ "title": "long enough", "a": "long" })),
            ["/a: must have at most 3 characters"]
        );
    }

    #[test]
    fn all_of_has_the_properties_of_all() {
        use all_of::types::{Member, MemberRole};
        let member = round_trip::<Member>(&json!({ "name": "Ada", "role": "admin" }));
        assert_eq!(member, Member::new(MemberRole::Admin, "Ada"));
    }
}
