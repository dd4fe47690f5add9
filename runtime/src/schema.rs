//! OpenAPI documents of `#[service_client]` traits.
//!
//! They are OpenAPI 3.0.3: every tool reads it, `openapiv3` types it, and schemars has settings that write its dialect
//! of JSON Schema. What 3.0 cannot say (a list of several types) is widened to any value; a valid value is never
//! refused.

use std::collections::BTreeMap;

use openapiv3::{
    Components, Discriminator, Info, MediaType, OpenAPI, Operation as Described, Parameter, ParameterData,
    ParameterSchemaOrContent, PathItem, ReferenceOr, RequestBody, Response, Schema, SchemaData, SchemaKind,
    StatusCode,
};
pub use schemars::JsonSchema;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Value as Json, json};

use crate::codec::{Field, Shape};
use crate::operation::{
    Binding, Contract, HttpBinding, InputPlace, Operation, Safety, Segment, StatusMatch, TextStyle,
};
use crate::service_error::ServiceError;

const COMPONENTS: &str = "#/components/schemas/";
const JSON: &str = "application/json";

/// A document under way.
pub struct Document {
    generator: SchemaGenerator,
    components: BTreeMap<String, Json>,
    document: OpenAPI,
}

/// What is said of an operation beside its static facts.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// The facts.
    pub operation: &'static Operation,
    /// The table of its request.
    pub request: &'static Shape,
    /// One line.
    pub summary: &'static str,
    /// The rest of its documentation.
    pub description: &'static str,
    /// It is deprecated.
    pub deprecated: bool,
}

/// What is said of an input beside its static facts.
#[derive(Debug, Clone, Copy)]
pub struct Input {
    /// Its documentation.
    pub docs: &'static str,
    /// It is a list of its type.
    pub list: bool,
}

impl Document {
    /// A document of `contract`, without operations.
    pub fn new(contract: &'static Contract, docs: &'static str) -> Self {
        let info = Info {
            title: contract.title.to_owned(),
            version: contract.version.to_owned(),
            description: said(docs),
            ..Info::default()
        };
        let document = OpenAPI {
            openapi: "3.0.3".to_owned(),
            info,
            ..OpenAPI::default()
        };
        let settings = SchemaSettings::openapi3().with(|settings| settings.meta_schema = None);
        Self {
            generator: settings.into_generator(),
            components: BTreeMap::new(),
            document,
        }
    }

    /// Adds an operation.
    pub fn operation(&mut self, about: About, describe: impl FnOnce(&mut OperationDocument<'_>)) {
        let Binding::Http(binding) = &about.operation.binding else {
            return;
        };
        let mut described = Described {
            summary: said(about.summary),
            description: said(about.description),
            operation_id: Some(about.operation.id.to_owned()),
            deprecated: about.deprecated,
            ..Described::default()
        };
        behaviour(&mut described, about.operation, binding);
        let mut open = OperationDocument {
            document: self,
            about,
            binding,
            described,
        };
        describe(&mut open);
        let described = open.finish();
        let path = template(binding, about.request);
        let item = self
            .document
            .paths
            .paths
            .entry(path)
            .or_insert_with(|| ReferenceOr::Item(PathItem::default()));
        if let ReferenceOr::Item(item) = item {
            place(item, &binding.method.to_http(), described);
        }
    }

    /// The whole document.
    pub fn to_json(mut self) -> Json {
        let mut schemas: BTreeMap<String, Json> = self.generator.take_definitions(true).into_iter().collect();
        schemas.append(&mut self.components);
        if !schemas.is_empty() {
            let schemas = schemas
                .into_iter()
                .map(|(name, schema)| (name, typed(schema)))
                .collect();
            self.document.components = Some(Components {
                schemas,
                ..Components::default()
            });
        }
        // A document is texts, numbers, lists and maps with texts as keys: it always has a JSON form.
        serde_json::to_value(self.document).unwrap_or_default()
    }

    fn schema_of<T: JsonSchema>(&mut self) -> Json {
        schema_of::<T>(&mut self.generator)
    }
}

/// An operation under way.
pub struct OperationDocument<'a> {
    document: &'a mut Document,
    about: About,
    binding: &'static HttpBinding,
    described: Described,
}

impl OperationDocument<'_> {
    /// Describes the input of this index, whose values are of type `T`.
    pub fn input<T: JsonSchema>(&mut self, index: usize, input: Input) -> &mut Self {
        let (Some(place), Some(field)) = (
            self.binding.inputs.get(index),
            self.about.request.fields.get(index),
        ) else {
            return self;
        };
        let mut schema = self.document.schema_of::<T>();
        if input.list {
            schema = json!({ "type": "array", "items": schema });
        }
        match place {
            // Traits have bodies of one type.
            InputPlace::Body(body) | InputPlace::Bodies([body, ..]) => {
                self.described.request_body = Some(ReferenceOr::Item(RequestBody {
                    description: said(input.docs),
                    content: [(body.media_type.to_owned(), media(schema))]
                        .into_iter()
                        .collect(),
                    required: field.required,
                    ..RequestBody::default()
                }));
            }
            place => {
                let parameter = parameter(*place, field, input.docs, schema);
                self.described.parameters.push(ReferenceOr::Item(parameter));
            }
        }
        self
    }

    /// Describes the success, whose body is a `T`.
    pub fn reply<T: JsonSchema>(&mut self) -> &mut Self {
        let schema = self.document.schema_of::<T>();
        let content = [(JSON.to_owned(), media(schema))].into_iter().collect();
        self.respond(Response {
            description: "Success.".to_owned(),
            content,
            ..Response::default()
        })
    }

    /// Describes the success, which has no body.
    pub fn empty_reply(&mut self) -> &mut Self {
        self.respond(Response {
            description: "Success, without a body.".to_owned(),
            ..Response::default()
        })
    }

    fn respond(&mut self, response: Response) -> &mut Self {
        for reply in self.binding.successes {
            if let StatusMatch::Code(code) = reply.status {
                let responses = &mut self.described.responses.responses;
                responses.insert(StatusCode::Code(code), ReferenceOr::Item(response.clone()));
            }
        }
        self
    }

    /// Describes the failures: a response for each status, of the variants that have it.
    pub fn failures<E: ErrorSchema>(&mut self) -> &mut Self {
        let mut by_status: BTreeMap<u16, Vec<(&'static str, String)>> = BTreeMap::new();
        for (index, variant) in E::VARIANTS.iter().enumerate() {
            let component = format!("{}{}", E::NAME, variant.name);
            if !self.document.components.contains_key(&component) {
                let schema = variant_schema::<E>(&mut self.document.generator, index, variant.name);
                self.document.components.insert(component.clone(), schema);
            }
            by_status
                .entry(variant.status)
                .or_default()
                .push((variant.name, component));
        }
        for (status, variants) in by_status {
            let names: Vec<_> = variants.iter().map(|(name, _)| *name).collect();
            let response = Response {
                description: format!("Failure: {}.", names.join(", ")),
                content: [(JSON.to_owned(), media(one_of(&variants)))]
                    .into_iter()
                    .collect(),
                ..Response::default()
            };
            let responses = &mut self.described.responses.responses;
            responses.insert(StatusCode::Code(status), ReferenceOr::Item(response));
        }
        self
    }

    fn finish(self) -> Described {
        self.described
    }
}

/// A [`ServiceError`] whose fields have schemas. Derived with it.
pub trait ErrorSchema: ServiceError {
    /// The name of the type.
    const NAME: &'static str;
    /// The documentation of each variant.
    const DOCS: &'static [&'static str];
    /// Adds the fields of the variant of this index.
    fn fields(variant: usize, fields: &mut ErrorFieldSchemas<'_>);
}

/// The fields of a variant, under way.
pub struct ErrorFieldSchemas<'a> {
    generator: &'a mut SchemaGenerator,
    properties: serde_json::Map<String, Json>,
    required: Vec<Json>,
}

impl ErrorFieldSchemas<'_> {
    /// Adds a field.
    pub fn add<T: JsonSchema>(&mut self, name: &str, required: bool) -> &mut Self {
        self.properties
            .insert(name.to_owned(), schema_of::<T>(self.generator));
        if required {
            self.required.push(name.into());
        }
        self
    }
}

/// A type's schema in 3.0's dialect: a reference to its component where it has a name.
fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Json {
    let mut schema = generator.subschema_for::<T>();
    for transform in generator.transforms_mut() {
        transform.transform(&mut schema);
    }
    schema.into()
}

/// The body of one variant: its name, its text, its fields.
fn variant_schema<E: ErrorSchema>(generator: &mut SchemaGenerator, index: usize, name: &str) -> Json {
    let mut fields = ErrorFieldSchemas {
        generator,
        properties: serde_json::Map::new(),
        required: Vec::new(),
    };
    fields
        .properties
        .insert("code".to_owned(), json!({ "type": "string", "enum": [name] }));
    fields
        .properties
        .insert("message".to_owned(), json!({ "type": "string" }));
    fields.required = vec!["code".into(), "message".into()];
    E::fields(index, &mut fields);
    fields.required.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    fields.required.dedup();
    let mut schema = json!({
        "type": "object",
        "properties": fields.properties,
        "required": fields.required,
    });
    if let Some(docs) = E::DOCS.get(index).copied().and_then(said) {
        schema["description"] = docs.into();
    }
    schema
}

/// One of several variants, told apart by `code`.
fn one_of(variants: &[(&'static str, String)]) -> Json {
    let reference = |component: &str| json!({ "$ref": format!("{COMPONENTS}{component}") });
    if let [(_, only)] = variants {
        return reference(only);
    }
    let mapping = variants
        .iter()
        .map(|(name, component)| ((*name).to_owned(), format!("{COMPONENTS}{component}")));
    let discriminator = Discriminator {
        property_name: "code".to_owned(),
        mapping: mapping.collect(),
        extensions: <_>::default(),
    };
    let alternatives: Vec<_> = variants
        .iter()
        .map(|(_, component)| reference(component))
        .collect();
    json!({ "oneOf": alternatives, "discriminator": discriminator })
}

/// What the reader of documents asks our extensions for, where the method and the parameters do not say it.
fn behaviour(described: &mut Described, operation: &Operation, binding: &HttpBinding) {
    if operation.safety.is_repeatable() && !Safety::of_method(&binding.method.to_http()).is_repeatable() {
        described
            .extensions
            .insert("x-tieline-idempotent".to_owned(), true.into());
    }
    if let Some(timeout) = operation.timeout {
        let milliseconds = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
        described
            .extensions
            .insert("x-tieline-timeout-ms".to_owned(), milliseconds.into());
    }
    if let Some(key) = operation.idempotency_key {
        let docs = "Two requests with the same key have the effect of one.";
        let field = if key.required {
            Field::required(key.header)
        } else {
            Field::optional(key.header)
        };
        let parameter = parameter(
            InputPlace::Header(TextStyle::Simple),
            &field,
            docs,
            json!({ "type": "string" }),
        );
        described.parameters.push(ReferenceOr::Item(parameter));
    }
}

fn parameter(place: InputPlace, field: &Field, docs: &str, schema: Json) -> Parameter {
    let parameter_data = ParameterData {
        name: field.name.to_owned(),
        description: said(docs),
        required: field.required,
        deprecated: None,
        format: ParameterSchemaOrContent::Schema(typed(schema)),
        example: None,
        examples: <_>::default(),
        explode: None,
        extensions: <_>::default(),
    };
    match place {
        InputPlace::Path(_) | InputPlace::ReservedPath(_) => Parameter::Path {
            parameter_data,
            style: <_>::default(),
        },
        InputPlace::Header(_) => Parameter::Header {
            parameter_data,
            style: <_>::default(),
        },
        InputPlace::Cookie | InputPlace::ReservedCookie => Parameter::Cookie {
            parameter_data,
            style: <_>::default(),
        },
        InputPlace::Query(_)
        | InputPlace::ReservedQuery(_)
        | InputPlace::QueryString(_)
        | InputPlace::Body(_)
        | InputPlace::Bodies(_) => Parameter::Query {
            parameter_data,
            allow_reserved: false,
            style: <_>::default(),
            allow_empty_value: None,
        },
    }
}

fn place(item: &mut PathItem, method: &http::Method, operation: Described) {
    let slot = match method.as_str() {
        "GET" => &mut item.get,
        "PUT" => &mut item.put,
        "POST" => &mut item.post,
        "DELETE" => &mut item.delete,
        "HEAD" => &mut item.head,
        "PATCH" => &mut item.patch,
        "OPTIONS" => &mut item.options,
        _ => &mut item.trace,
    };
    *slot = Some(operation);
}

fn template(binding: &HttpBinding, request: &Shape) -> String {
    let run = |segment: &Segment| match *segment {
        Segment::Literal(text) => text.to_owned(),
        Segment::Variable(index) => {
            format!("{{{}}}", request.fields.get(index).map_or("", |field| field.name))
        }
    };
    binding.path.iter().map(run).collect()
}

fn media(schema: Json) -> MediaType {
    MediaType {
        schema: Some(typed(schema)),
        ..MediaType::default()
    }
}

/// A schema as 3.0 types it; one that 3.0 cannot express becomes any value.
fn typed(schema: Json) -> ReferenceOr<Schema> {
    let description = schema
        .get("description")
        .and_then(Json::as_str)
        .map(str::to_owned);
    serde_json::from_value(schema).unwrap_or_else(|_| {
        let schema_data = SchemaData {
            description,
            ..SchemaData::default()
        };
        ReferenceOr::Item(Schema {
            schema_data,
            schema_kind: SchemaKind::Any(<_>::default()),
        })
    })
}

fn said(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}
