//! What the generator would otherwise write out for every operation.

use http::StatusCode;

/// A status that the generator has checked to be one.
#[doc(hidden)]
pub fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Makes an enum a [`ReplySet`](crate::operation::ReplySet). A variant has a status of its own (`= 200`) or carries
/// it, and it has a body or none:
///
/// ```text
/// reply_set!(Failure { 0: NotFound(body) = 404, 1: Gone = 410, 2: ClientError(status, body), 3: Default(status) });
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __reply_set {
    ($ty:ident {
        $($index:literal: $variant:ident $(($($part:ident),+))? $(= $status:literal)?),* $(,)?
    }) => {
        impl $crate::operation::ReplySet for $ty {
            #[inline]
            fn active(&self) -> (usize, $crate::generated::v1::StatusCode, &dyn $crate::codec::Value) {
                match self {
                    $(Self::$variant $(($($part),+))? => {
                        $crate::__reply_set!(@active $index $(($($part),+))? $(= $status)?)
                    })*
                }
            }
            #[inline]
            fn decode(
                index: usize,
                status: $crate::generated::v1::StatusCode,
                fill: &mut $crate::operation::Fill<'_>,
            ) -> $crate::__names::Result<Self, $crate::codec::DecodeError> {
                let _ = status;
                match index {
                    $($index => $crate::__reply_set!(
                        @decode status fill (Self::$variant) $(($($part),+))? $(= $status)?
                    ),)*
                    _ => $crate::__names::Err($crate::codec::DecodeError::new(
                        "the contract declares no such reply",
                    )),
                }
            }
        }
    };
    (@active $index:literal ($body:ident) = $status:literal) => {
        ($index, $crate::operation::status($status), $body)
    };
    (@active $index:literal = $status:literal) => {
        ($index, $crate::operation::status($status), &())
    };
    (@active $index:literal ($status:ident, $body:ident)) => {
        ($index, *$status, $body)
    };
    (@active $index:literal ($status:ident)) => {
        ($index, *$status, &())
    };
    (@decode $found:ident $fill:ident ($variant:path) ($body:ident) = $status:literal) => {
        $crate::__names::Ok($variant($crate::operation::filled($fill)?))
    };
    (@decode $found:ident $fill:ident ($variant:path) = $status:literal) => {
        $crate::__names::Ok($variant)
    };
    (@decode $found:ident $fill:ident ($variant:path) ($status:ident, $body:ident)) => {
        $crate::__names::Ok($variant($found, $crate::operation::filled($fill)?))
    };
    (@decode $found:ident $fill:ident ($variant:path) ($status:ident)) => {
        $crate::__names::Ok($variant($found))
    };
}

/// Makes a record the [`ReplyHeaders`](crate::rest::ReplyHeaders) of an operation, with the style of each field:
/// `reply_headers!(Headers { Simple, SimpleExploded });`.
#[doc(hidden)]
#[macro_export]
macro_rules! __reply_headers {
    ($ty:ident { $($style:ident),* $(,)? }) => {
        impl $crate::rest::ReplyHeaders for $ty {
            const STYLES: &'static [$crate::operation::TextStyle] =
                &[$($crate::operation::TextStyle::$style),*];
        }
    };
}

/// Defines the static facts of an operation that travels by HTTP. Names are those of [`crate::operation`]:
///
/// ```text
/// http_operation! {
///     OPERATION = 7: "pets", "getPet", Safe;
///     GET: Literal("/pets/"), Variable(0);
///     inputs: Path(Simple), Query(FormExploded), Bodies(Json("application/json"), Octets("image/*"));
///     successes: Code(200) => Json("application/json") | Json("text/json"), Code(200) => Text("text/csv");
///     failures: Code(404) => Json("application/problem+json"), Default;
///     security: [0], [1("read"), 2];
///     servers: ("", "https://upload.example.com");
///     deprecated: Some(1688169600), None;
///     priority: Sheddable;
/// }
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __http_operation {
    (
        $name:ident = $number:literal $(+ $first:path)?: $service:literal, $id:literal, $safety:ident;
        $method:tt: $($segment:ident($run:literal)),*;
        $(inputs: $($place:ident $(($($how:tt)+))?),+;)?
        successes: $($success:ident $(($success_code:literal))? $(=> $success_encoding:ident($($success_said:tt)+) $(| $success_also:ident($($success_also_said:tt)+))*)?),*;
        $(failures: $($failure:ident $(($failure_code:literal))? $(=> $failure_encoding:ident($($failure_said:tt)+) $(| $failure_also:ident($($failure_also_said:tt)+))*)?),+;)?
        $(security: $([$($scheme:literal $(($($scope:literal),+))?),*]),+;)?
        $(idempotency_key: $key:literal, $key_required:literal;)?
        $(timeout_ms: $timeout:literal;)?
        $(servers: $(($($server:tt)+)),+;)?
        $(deprecated: $since:expr, $sunset:expr;)?
        $(priority: $priority:ident;)?
    ) => {
        /// The static facts of the operation.
        pub static $name: $crate::operation::Operation = $crate::operation::Operation {
            service: $service,
            id: $id,
            index: $number $(+ $first)?,
            shape: $crate::operation::CallShape::Unary,
            safety: $crate::operation::Safety::$safety,
            idempotency_key: $crate::__http_operation!(@option $($crate::operation::IdempotencyKey {
                header: $key,
                required: $key_required,
            })?),
            timeout: $crate::__http_operation!(@option $(::core::time::Duration::from_millis($timeout))?),
            security: &[$($(&[$($crate::operation::Required {
                scheme: $scheme,
                scopes: &[$($($scope),+)?],
            }),*]),+)?],
            extras: $crate::__http_operation!(
                @extras [$($($crate::__server!($($server)+)),+)?] [$($since, $sunset)?] [$($priority)?]
            ),
            binding: $crate::operation::Binding::Http($crate::operation::HttpBinding {
                method: $crate::__http_operation!(@method $method),
                path: &[$($crate::operation::Segment::$segment($run)),*],
                inputs: &[$($($crate::__http_operation!(@place $place $(($($how)+))?)),+)?],
                successes: &[$($crate::operation::Reply {
                    status: $crate::operation::StatusMatch::$success $(($success_code))?,
                    body: $crate::__http_operation!(
                        @option $($crate::__http_operation!(
                            @body $success_encoding($($success_said)+) $(| $success_also($($success_also_said)+))*
                        ))?
                    ),
                }),*],
                failures: &[$($($crate::operation::Reply {
                    status: $crate::operation::StatusMatch::$failure $(($failure_code))?,
                    body: $crate::__http_operation!(
                        @option $($crate::__http_operation!(
                            @body $failure_encoding($($failure_said)+) $(| $failure_also($($failure_also_said)+))*
                        ))?
                    ),
                }),+)?],
            }),
        };
    };
    (@extras [] [] []) => { $crate::operation::Extras::NONE };
    (@extras [$($server:expr),*] [$($since:expr, $sunset:expr)?] [$($priority:ident)?]) => {
        &$crate::operation::Extras {
            servers: &[$($server),*],
            deprecation: $crate::__http_operation!(@option $($crate::operation::Deprecation {
                since: $since,
                sunset: $sunset,
            })?),
            priority: $crate::__http_operation!(@option $($crate::operation::Priority::$priority)?),
        }
    };
    (@option) => { $crate::__names::None };
    (@option $value:expr) => { $crate::__names::Some($value) };
    (@body Json("application/json")) => { $crate::operation::Body::JSON };
    (@body Xml($media_type:literal, $xml:path) $(| $also:ident($($also_said:tt)+))*) => {
        $crate::operation::Body {
            media_type: $media_type,
            encoding: $crate::operation::Encoding::Xml(&$xml),
            parts: &[],
            styles: &[],
            reserved: &[],
            also: &[$($crate::__http_operation!(@body $also($($also_said)+))),*],
        }
    };
    (@body $encoding:ident($media_type:literal $(, $part:literal => $part_type:literal)*)
        $(| $also:ident($($also_said:tt)+))*) => {
        $crate::operation::Body {
            media_type: $media_type,
            encoding: $crate::operation::Encoding::$encoding,
            parts: &[$(($part, $part_type)),*],
            styles: &[],
            reserved: &[],
            also: &[$($crate::__http_operation!(@body $also($($also_said)+))),*],
        }
    };
    (@body $encoding:ident($media_type:literal $(, $property:literal => $style:ident $(+ $reserved:ident)?)+)
        $(| $also:ident($($also_said:tt)+))*) => {
        $crate::operation::Body {
            media_type: $media_type,
            encoding: $crate::operation::Encoding::$encoding,
            parts: &[],
            styles: &[$(($property, $crate::operation::QueryStyle::$style)),+],
            reserved: &[$($($crate::__http_operation!(@$reserved $property),)?)+],
            also: &[$($crate::__http_operation!(@body $also($($also_said)+))),*],
        }
    };
    (@method $name:ident) => { $crate::operation::RouteMethod::Known($crate::generated::v1::Method::$name) };
    (@method $name:literal) => { $crate::operation::RouteMethod::Other($name) };
    (@reserved $property:literal) => { $property };
    (@place ReservedPath($style:ident)) => {
        $crate::operation::InputPlace::ReservedPath($crate::operation::TextStyle::$style)
    };
    (@place Path($style:ident)) => {
        $crate::operation::InputPlace::Path($crate::operation::TextStyle::$style)
    };
    (@place Header($style:ident)) => {
        $crate::operation::InputPlace::Header($crate::operation::TextStyle::$style)
    };
    (@place Query($style:ident)) => {
        $crate::operation::InputPlace::Query($crate::operation::QueryStyle::$style)
    };
    (@place ReservedQuery($style:ident)) => {
        $crate::operation::InputPlace::ReservedQuery($crate::operation::QueryStyle::$style)
    };
    (@place QueryString($($said:tt)+)) => {
        $crate::operation::InputPlace::QueryString($crate::__http_operation!(@body $($said)+))
    };
    (@place Body($($said:tt)+)) => {
        $crate::operation::InputPlace::Body($crate::__http_operation!(@body $($said)+))
    };
    (@place Bodies($($encoding:ident($($said:tt)+) $(| $also:ident($($also_said:tt)+))*),+)) => {
        $crate::operation::InputPlace::Bodies(&[$($crate::__http_operation!(
            @body $encoding($($said)+) $(| $also($($also_said)+))*
        )),+])
    };
    (@place $place:ident) => { $crate::operation::InputPlace::$place };
}

/// Makes an enum of what a body can be one of several types, in the order of its media types:
/// `body!(Body { 0: Json from types::Pet, 1: Octets from v1::Octets });`. What no other has the type of turns into it.
#[doc(hidden)]
#[macro_export]
macro_rules! __body {
    ($ty:ident {
        0: $first:ident $(from $first_from:ty)?, $($index:literal: $variant:ident $(from $from:ty)?),+ $(,)?
    }) => {
        $(impl $crate::__names::From<$first_from> for $ty {
            fn from(value: $first_from) -> Self {
                Self::$first(value)
            }
        })?
        $($(impl $crate::__names::From<$from> for $ty {
            fn from(value: $from) -> Self {
                Self::$variant(value)
            }
        })?)+
        impl $crate::codec::Union for $ty {
            fn shape(&self) -> &'static $crate::codec::UnionShape {
                static SHAPE: $crate::codec::UnionShape = $crate::codec::UnionShape::new(
                    ::core::stringify!($ty),
                    &[::core::stringify!($first), $(::core::stringify!($variant)),+],
                    $crate::codec::Dispatch::Trial,
                );
                &SHAPE
            }
            fn active(&self) -> (usize, &dyn $crate::codec::Value) {
                match self {
                    Self::$first(value) => (0, value),
                    $(Self::$variant(value) => ($index, value),)+
                }
            }
            fn select(&mut self, index: usize) -> &mut dyn $crate::codec::Value {
                *self = match index {
                    $($index => Self::$variant($crate::codec::Value::blank()),)+
                    _ => Self::$first($crate::codec::Value::blank()),
                };
                match self {
                    Self::$first(value) => value,
                    $(Self::$variant(value) => value,)+
                }
            }
            fn fresh(&self) -> $crate::__names::Box<dyn $crate::codec::Union> {
                $crate::__names::Box::new(<Self as $crate::codec::Value>::blank())
            }
        }
        impl $crate::codec::Value for $ty {
            fn node(&self) -> $crate::codec::Node<'_> {
                $crate::codec::Node::Union(self)
            }
            fn node_mut(&mut self) -> $crate::codec::NodeMut<'_> {
                $crate::codec::NodeMut::Union(self)
            }
            fn blank() -> Self {
                Self::$first($crate::codec::Value::blank())
            }
        }
    };
}

/// The table of bodies in XML: `xml!(XML_1 = "[…]");`. Code that has some needs the feature `xml`, and says so.
#[doc(hidden)]
#[macro_export]
#[cfg(feature = "xml")]
macro_rules! __xml {
    ($name:ident = $text:literal) => {
        static $name: $crate::codec::Xml = $crate::codec::Xml::new($text);
    };
}

/// The same without the feature.
#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "xml"))]
macro_rules! __xml {
    ($name:ident = $text:literal) => {
        ::core::compile_error!(
            "this contract has bodies in XML: add the feature `xml` of `tieline` to your Cargo.toml"
        );
        static $name: $crate::codec::Xml = $crate::codec::Xml::new($text);
    };
}

/// A server that a contract names: its name, its URL, and its variables with default and, where they are enumerated,
/// values.
///
/// ```text
/// server!("Production", "https://{region}.example.com", "region" = "eu" ["eu", "us"])
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __server {
    ($name:literal, $url:literal $(, $variable:literal = $default:literal $([$($value:literal),+])?)*) => {
        $crate::operation::Server {
            name: $name,
            url: $url,
            variables: &[$($crate::operation::ServerVariable {
                name: $variable,
                default: $default,
                values: &[$($($value),+)?],
            }),*],
        }
    };
}

/// Makes a request a [`Call`](crate::call::Call) by HTTP. The module's `Response`, `Failure` and `OPERATION` belong to
/// it; what `.await` gives is the one success body, nothing, or the whole response:
///
/// ```text
/// http_call!(Request -> types::Pet: Ok(body));
/// http_call!(Request -> types::Pet: Success(_, body));
/// http_call!(Request -> (): NoContent);
/// http_call!(Request -> Response);
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __http_call {
    ($request:ident -> $output:ty: $variant:ident($body:ident)) => {
        $crate::__http_call!(@call $request, $output, response, {
            let Response::$variant($body) = response;
            $body
        });
    };
    ($request:ident -> $output:ty: $variant:ident(_, $body:ident)) => {
        $crate::__http_call!(@call $request, $output, response, {
            let Response::$variant(_, $body) = response;
            $body
        });
    };
    ($request:ident -> (): $variant:ident $((_))?) => {
        $crate::__http_call!(@call $request, (), response, {
            let _ = response;
        });
    };
    ($request:ident -> Response) => {
        $crate::__http_call!(@call $request, Response, response, { response });
    };
    (@call $request:ident, $output:ty, $response:ident, $part:block) => {
        impl $crate::call::Call for $request {
            type Response = Response;
            type Failure = Failure;
            type Output = $output;
            const OPERATION: &'static $crate::operation::Operation = &OPERATION;
            #[inline]
            fn send(
                self,
                client: &$crate::generated::v1::Client,
                options: $crate::generated::v1::CallOptions,
            ) -> $crate::generated::v1::Sending<'_, Self> {
                $crate::generated::v1::send_http(client, self, options)
            }
            #[inline]
            fn output($response: Response) -> Self::Output $part
        }
    };
}

/// Makes a request one for a list that comes in pages: its item, how the next page is found, and the items of a page.
///
/// ```text
/// paginated!(Request -> types::Pet: [Link] page => page);
/// paginated!(Request -> types::Pet: [Cursor { input: 0, at: &["next"], more: &[] }] page => page.data);
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __paginated {
    ($request:ident -> $item:ty: [$($next:tt)+] $page:ident => $items:expr) => {
        impl $crate::generated::v1::Paginated for $request {
            type Item = $item;
            const PAGINATION: $crate::operation::Pagination = $crate::operation::Pagination::$($next)+;
            #[inline]
            fn items(
                $page: <Self as $crate::call::Call>::Output,
            ) -> ::std::vec::Vec<<Self as $crate::generated::v1::Paginated>::Item> {
                $items
            }
        }
    };
}
