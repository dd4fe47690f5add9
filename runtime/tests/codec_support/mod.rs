//! Types in the shape that the generator writes, and twins of them that serde derives.

#![allow(missing_docs, reason = "written as the generator writes, for tests")]
#![allow(dead_code, reason = "each test uses a part")]
#![allow(unreachable_pub, reason = "each test crate includes it as a module")]

use std::collections::BTreeMap;

use tieline::generated::v1;
use v1::serde::{Deserialize, Serialize};

#[derive(Clone)]
pub struct Sample {
    pub id: i64,
    pub count: u64,
    pub small: i32,
    pub ratio: f64,
    pub on: bool,
    pub name: String,
    pub tags: Vec<String>,
    pub labels: BTreeMap<String, i32>,
    pub child: Option<Box<Sample>>,
    pub status: Status,
    pub any: v1::Json,
}
static SAMPLE: v1::Shape = v1::Shape::new(
    "Sample",
    &[
        v1::Field::required("id"),
        v1::Field::required("count"),
        v1::Field::required("small"),
        v1::Field::required("ratio"),
        v1::Field::required("on"),
        v1::Field::required("name"),
        v1::Field::required("tags"),
        v1::Field::required("labels"),
        v1::Field::optional("child"),
        v1::Field::required("status"),
        v1::Field::required("any"),
    ],
);
v1::record!(
    Sample = SAMPLE {
        0: id,
        1: count,
        2: small,
        3: ratio,
        4: on,
        5: name,
        6: tags,
        7: labels,
        8: child,
        9: status,
        10: any
    }
);

/// The same, by serde.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(crate = "v1::serde")]
pub struct Twin {
    pub id: i64,
    pub count: u64,
    pub small: i32,
    pub ratio: f64,
    pub on: bool,
    pub name: String,
    pub tags: Vec<String>,
    pub labels: BTreeMap<String, i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub child: Option<Box<Twin>>,
    pub status: String,
    pub any: v1::Json,
}

pub fn sample() -> Sample {
    Sample {
        id: 1,
        count: 2,
        small: 3,
        ratio: 0.5,
        on: true,
        name: "x".into(),
        tags: vec!["old".into(), "older".into()],
        labels: BTreeMap::from([("a".into(), 1)]),
        child: Some(Box::new(Sample {
            id: 2,
            count: 0,
            small: 0,
            ratio: 0.0,
            on: false,
            name: String::new(),
            tags: vec![],
            labels: BTreeMap::new(),
            child: None,
            status: Status::Sold,
            any: v1::Json::Null,
        })),
        status: Status::Available,
        any: v1::Json::Bool(true),
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    Available,
    Sold,
    Unknown(String),
}
v1::enumeration!(Status: Unknown { Available = "available", Sold = "sold" });

#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Level {
    Low,
    High,
    Unknown(i64),
}
v1::integer_enumeration!(Level: Unknown { Low = 1, High = 2 });

#[derive(Clone)]
pub struct Plain {
    pub id: i64,
    pub name: Option<String>,
    pub tags: Option<Vec<String>>,
}
static PLAIN: v1::Shape = v1::Shape::new(
    "Plain",
    &[
        v1::Field::required("id"),
        v1::Field::optional("name").sensitive(),
        v1::Field::optional("tags"),
    ],
);
v1::record!(
    Plain = PLAIN {
        0: id,
        1: name,
        2: tags
    }
);

#[derive(Clone)]
pub struct Note {
    pub note: Option<v1::Nullable<String>>,
}
static NOTE: v1::Shape = v1::Shape::new("Note", &[v1::Field::optional("note")]);
v1::record!(Note = NOTE { 0: note });

#[derive(Clone)]
pub struct Chain {
    pub next: Option<Box<Chain>>,
}
static CHAIN: v1::Shape = v1::Shape::new("Chain", &[v1::Field::optional("next")]);
v1::record!(Chain = CHAIN { 0: next });

/// An object that keeps what it does not know.
#[derive(Clone)]
pub struct Open {
    pub id: i64,
    pub rest: BTreeMap<String, v1::Json>,
}
static OPEN: v1::Shape = v1::Shape::new("Open", &[v1::Field::required("id")])
    .open(v1::Open::Kept)
    .rules(&[v1::Rule::MaxProperties(3)]);
v1::record!(Open = OPEN { 0: id, 1: rest });

#[derive(Clone)]
pub struct Circle {
    pub kind: Option<String>,
    pub radius: f64,
}
static CIRCLE: v1::Shape = v1::Shape::new(
    "Circle",
    &[v1::Field::optional("kind"), v1::Field::required("radius")],
);
v1::record!(Circle = CIRCLE { 0: kind, 1: radius });

#[derive(Clone)]
pub struct Square {
    pub kind: Option<String>,
    pub side: f64,
    pub name: Option<String>,
}
static SQUARE: v1::Shape = v1::Shape::new(
    "Square",
    &[
        v1::Field::optional("kind"),
        v1::Field::required("side"),
        v1::Field::optional("name"),
    ],
);
v1::record!(
    Square = SQUARE {
        0: kind,
        1: side,
        2: name
    }
);

macro_rules! shapes {
    ($name:ident, $table:ident, $dispatch:expr) => {
        #[derive(Clone)]
        #[non_exhaustive]
        pub enum $name {
            Circle(Circle),
            Square(Box<Square>),
            Text(String),
            Unknown(v1::Json),
        }
        static $table: v1::UnionShape = v1::UnionShape::new(stringify!($name), &["Circle", "Square", "Text"], $dispatch);
        v1::union!($name = $table: Unknown { 0: Circle, 1: Square, 2: Text });
    };
}

static BY_TAG: v1::Dispatch = v1::Dispatch::Tag {
    property: "kind",
    values: &[("circle", 0), ("square", 1), ("quad", 1)],
};
shapes!(
    Tagged,
    TAGGED,
    v1::Dispatch::Tag {
        property: "kind",
        values: &[("circle", 0), ("square", 1), ("quad", 1)]
    }
);
shapes!(
    Numbered,
    NUMBERED,
    v1::Dispatch::Tag {
        property: "type",
        values: &[("1", 0), ("2", 1)]
    }
);
shapes!(
    Propertied,
    PROPERTIED,
    v1::Dispatch::Property {
        properties: &[("radius", 0), ("side", 1)],
        otherwise: None
    }
);
shapes!(
    Otherwise,
    OTHERWISE,
    v1::Dispatch::Property {
        properties: &[("radius", 0)],
        otherwise: Some(1)
    }
);
shapes!(
    Kinded,
    KINDED,
    v1::Dispatch::KindThen {
        kinds: &[(v1::JsonKind::String, 2)],
        objects: &BY_TAG
    }
);
shapes!(Tried, TRIED, v1::Dispatch::Trial);

#[derive(Clone)]
#[non_exhaustive]
pub enum Mixed {
    Whole(i64),
    Number(f64),
    Flag(bool),
    List(Vec<i64>),
    Unknown(v1::Json),
}
static MIXED: v1::UnionShape = v1::UnionShape::new(
    "Mixed",
    &["Whole", "Number", "Flag", "List"],
    v1::Dispatch::Kind(&[
        (v1::JsonKind::Integer, 0),
        (v1::JsonKind::Number, 1),
        (v1::JsonKind::Bool, 2),
        (v1::JsonKind::Array, 3),
    ]),
);
v1::union!(Mixed = MIXED: Unknown { 0: Whole, 1: Number, 2: Flag, 3: List });

#[derive(Clone)]
pub struct Name(pub String);
v1::newtype!(Name);

#[derive(Clone)]
#[non_exhaustive]
pub enum Count {
    Whole(i64),
    Text(String),
    Unknown(v1::Json),
}
static COUNT: v1::UnionShape = v1::UnionShape::new(
    "Count",
    &["Whole", "Text"],
    v1::Dispatch::Kind(&[(v1::JsonKind::Integer, 0), (v1::JsonKind::String, 1)]),
);
v1::union!(Count = COUNT: Unknown { 0: Whole, 1: Text });

/// Unions within unions, told apart by trial alone.
#[derive(Clone)]
pub struct Branch {
    pub twig: Box<Tree>,
}
static BRANCH: v1::Shape = v1::Shape::new("Branch", &[v1::Field::required("twig")]);
v1::record!(Branch = BRANCH { 0: twig });

#[derive(Clone)]
pub struct Bough {
    pub twig: Option<Box<Tree>>,
    pub leaf: Option<i64>,
}
static BOUGH: v1::Shape = v1::Shape::new(
    "Bough",
    &[v1::Field::optional("twig"), v1::Field::optional("leaf")],
);
v1::record!(Bough = BOUGH { 0: twig, 1: leaf });

#[derive(Clone)]
#[non_exhaustive]
pub enum Tree {
    Branch(Branch),
    Bough(Bough),
    Unknown(v1::Json),
}
static TREE: v1::UnionShape = v1::UnionShape::new("Tree", &["Branch", "Bough"], v1::Dispatch::Trial);
v1::union!(Tree = TREE: Unknown { 0: Branch, 1: Bough });
