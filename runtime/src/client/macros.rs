//! What every generated client has: a type that is local to the user's crate, so that its calls can be given
//! methods there.

/// Defines `Client` and `Pending` for a contract.
#[doc(hidden)]
#[macro_export]
macro_rules! __client {
    ($contract:path) => {
        /// A client of this contract. Cheap to clone; clones share connections, breaker, budget and metrics.
        #[derive(Debug, Clone)]
        pub struct Client($crate::Client);

        impl Client {
            /// A client that calls by `client`, or over a transport or service that becomes one.
            pub fn new(client: impl ::core::convert::Into<$crate::Client>) -> Self {
                ::core::convert::From::<$crate::Client>::from(client.into())
            }

            /// A client of the service at `url`, with every policy at its default.
            ///
            /// # Errors
            /// `url` is not the address of a service; the message says how one is written.
            pub fn to(url: &str) -> ::core::result::Result<Self, $crate::http::EndpointError> {
                ::core::result::Result::Ok(Self::new($crate::Client::to(url)?))
            }

            /// The client below, which knows no contract.
            pub fn inner(&self) -> &$crate::Client {
                &self.0
            }
        }

        impl ::core::convert::From<$crate::Client> for Client {
            fn from(client: $crate::Client) -> Self {
                Self(client.for_contract(&$contract))
            }
        }

        impl $crate::generated::v1::ServiceClient for Client {
            const CONTRACT: &'static $crate::generated::v1::Contract = &$contract;
        }

        /// A call that has not been sent: set what is optional, then `.await` it, or [`Pending::send`] it.
        #[must_use = "a call does nothing until it is awaited or sent"]
        #[derive(Debug)]
        pub struct Pending<'a, R, M = $crate::generated::v1::Async> {
            client: &'a $crate::Client,
            request: R,
            options: $crate::generated::v1::CallOptions,
            mode: ::core::marker::PhantomData<M>,
        }

        impl<'a, R, M> Pending<'a, R, M> {
            fn new(client: &'a $crate::Client, request: R) -> Self {
                Self {
                    client,
                    request,
                    options: ::core::default::Default::default(),
                    mode: ::core::marker::PhantomData,
                }
            }

            /// Inherits deadline, ids and trace from `context`; from the current one unless set.
            pub fn context(mut self, context: &$crate::Context) -> Self {
                self.options.context = ::core::option::Option::Some(context.clone());
                self
            }

            /// Total time of this call, attempts and waits included.
            pub fn timeout(mut self, timeout: ::core::time::Duration) -> Self {
                self.options.timeout = ::core::option::Option::Some(timeout);
                self
            }

            /// Adds a header (gRPC: metadata). One that is not valid makes the call fail before it is sent.
            pub fn header(mut self, name: &str, value: &str) -> Self {
                self.options.header(name, value);
                self
            }

            /// Prefers `media_type` of what can come back (HTTP only).
            pub fn accept(mut self, media_type: &str) -> Self {
                self.options.accept(media_type);
                self
            }

            /// Writes the body in `media_type`, of those that the contract names for it (HTTP only).
            pub fn content_type(mut self, media_type: &str) -> Self {
                self.options.content_type(media_type);
                self
            }

            /// Sends `key` as the idempotency key, and lets failed attempts be repeated.
            pub fn idempotency_key(mut self, key: &str) -> Self {
                self.options.header("idempotency-key", key);
                self.options.repeatable = ::core::option::Option::Some(true);
                self
            }
        }

        impl<'a, R: $crate::generated::v1::Call> Pending<'a, R, $crate::generated::v1::Async> {
            /// Sends it, and gives status, headers and number of attempts beside the body.
            pub fn send(self) -> $crate::generated::v1::Sending<'a, R> {
                self.request.send(self.client, self.options)
            }

            /// Makes the call, and asks `fallback` for its output where the service failed or is not to be asked for now (its
            /// breaker is open): another service, or a value that does for the moment. Where the service has answered, such
            /// as that something is not there, that is the outcome.
            ///
            /// # Errors
            /// The call failed otherwise, or the fallback failed.
            pub async fn or_else<F, Fut>(
                self,
                fallback: F,
            ) -> ::core::result::Result<R::Output, $crate::Error<R::Failure>>
            where
                F: ::core::ops::FnOnce($crate::Error<R::Failure>) -> Fut,
                Fut: ::core::future::Future<
                        Output = ::core::result::Result<R::Output, $crate::Error<R::Failure>>,
                    >,
            {
                $crate::generated::v1::or_else(self.client, self.request, self.options, fallback).await
            }

            /// Sends it in the background and does not wait: it has the ids of the current context and not its deadline, and
            /// a failure is logged. [`Client::shutdown`]($crate::Client::shutdown) waits for it.
            ///
            /// # Errors
            /// As many such calls run as may, or the client shuts down: nothing is sent.
            pub fn forget(self) -> ::core::result::Result<(), $crate::background::Refused> {
                $crate::generated::v1::forget(self.client, self.request, self.options)
            }
        }

        impl<R: $crate::generated::v1::HttpCall> Pending<'_, R, $crate::generated::v1::Async> {
            /// Sends it, and gives the octets of what comes back when it works: of a media type that the contract names and
            /// the types do not carry, set by [`Pending::accept`].
            ///
            /// # Errors
            /// The call failed.
            pub async fn raw(
                self,
            ) -> ::core::result::Result<
                $crate::generated::v1::CallReply<$crate::generated::v1::Bytes>,
                $crate::Error<R::Failure>,
            > {
                $crate::generated::v1::raw(self.client, self.request, self.options).await
            }
        }

        impl<R: $crate::generated::v1::Paginated> Pending<'_, R, $crate::generated::v1::Async> {
            /// The pages of the list, from this one on, as a stream. After an error there is nothing more.
            pub fn pages(self) -> $crate::generated::v1::Pages<R> {
                $crate::generated::v1::pages(self.client, self.request, self.options)
            }

            /// The items of the list, from this page on, as a stream. After an error there is nothing more.
            pub fn items(self) -> $crate::generated::v1::PageItems<R> {
                $crate::generated::v1::items(self.client, self.request, self.options)
            }
        }

        impl<'a, R: $crate::generated::v1::Call> ::core::future::IntoFuture
            for Pending<'a, R, $crate::generated::v1::Async>
        {
            type Output = ::core::result::Result<R::Output, $crate::Error<R::Failure>>;
            type IntoFuture = $crate::generated::v1::Outcome<'a, R>;

            fn into_future(self) -> Self::IntoFuture {
                $crate::generated::v1::output(self.client, self.request, self.options)
            }
        }

        $crate::__blocking_pending!();
    };
}

/// The methods of a client, one for each operation, with what must be given: `methods! { Async; get_pet(id: i64); }`.
#[doc(hidden)]
#[macro_export]
macro_rules! __methods {
    (Async; $($(#[$about:meta])* $operation:ident($($given:ident: $ty:ty),* $(,)?);)*) => {
        impl Client {
            $($(#[$about])*
            #[inline]
            pub fn $operation(&self, $($given: $ty),*) -> Pending<'_, $operation::Request> {
                Pending::new(&self.0, $operation::Request::new($($given),*))
            })*
        }
    };
    (Blocking; $($(#[$about:meta])* $operation:ident($($given:ident: $ty:ty),* $(,)?);)*) => {
        impl Client {
            $($(#[$about])*
            #[inline]
            pub fn $operation(
                &self,
                $($given: $ty),*
            ) -> Pending<'_, $operation::Request, $crate::generated::v1::Blocking> {
                Pending::new(&self.0, $operation::Request::new($($given),*))
            })*
        }
    };
}

/// What is optional of an operation, as methods of its calls: `limit(limit: i32) = Some(limit);` sets `limit`.
#[doc(hidden)]
#[macro_export]
macro_rules! __setters {
    ($request:ty; $($(#[$about:meta])* $setter:ident($field:ident: $ty:ty) = $value:expr;)+) => {
        impl<M> Pending<'_, $request, M> {
            $(
                $(#[$about])*
                #[inline]
                pub fn $setter(mut self, $field: $ty) -> Self {
                    self.request.$field = $value;
                    self
                }
            )+
        }
    };
}

/// How single calls are gathered into calls for many: `String => User: 100` are the types of keys and items and how many keys
/// there are at most; then the request for `keys`, the items of `page`, and the key of `item`.
#[doc(hidden)]
#[macro_export]
macro_rules! __loader {
    (
        $key:ty => $item:ty: $max:literal
        $keys:ident => $request:expr;
        $page:ident => $items:expr;
        $one:ident => $of:expr
    ) => {
        /// Gathers single calls for items into calls of this operation by `client`. Keys that are equal are asked for once.
        pub fn loader(client: &$crate::Client) -> $crate::bulk::Loader<$key, $item, $crate::Error<Failure>> {
            let client = client.clone();
            $crate::bulk::Loader::new(move |$keys: ::std::vec::Vec<$key>| {
                let client = client.clone();
                async move {
                    let options = ::core::default::Default::default();
                    let $page = $crate::generated::v1::output(&client, $request, options).await?;
                    let found = $items.into_iter();
                    ::core::result::Result::Ok(found.filter_map(|$one: $item| {
                        let key: ::core::option::Option<$key> = $of;
                        ::core::option::Option::Some((key?, $one))
                    }))
                }
            })
            .max_keys($max)
        }
    };
}

/// The part of `Pending` that blocks; nothing without the feature.
#[doc(hidden)]
#[macro_export]
#[cfg(feature = "blocking")]
macro_rules! __blocking_pending {
    () => {
        impl<'a, R: $crate::generated::v1::Call> Pending<'a, R, $crate::generated::v1::Blocking> {
            /// Makes the call and waits for its body.
            ///
            /// # Errors
            /// The call failed.
            pub fn call(self) -> ::core::result::Result<R::Output, $crate::Error<R::Failure>> {
                ::core::result::Result::Ok(R::output(self.send()?.into_body()))
            }

            /// Makes the call, and gives status, headers and number of attempts beside the body.
            ///
            /// # Errors
            /// The call failed.
            pub fn send(
                self,
            ) -> ::core::result::Result<
                $crate::generated::v1::CallReply<R::Response>,
                $crate::Error<R::Failure>,
            > {
                $crate::blocking::send(self.client, self.request, self.options)
            }
        }

        impl<R: $crate::generated::v1::HttpCall> Pending<'_, R, $crate::generated::v1::Blocking> {
            /// Makes the call, and gives the octets of what comes back when it works: of a media type that the contract
            /// names and the types do not carry, set by [`Pending::accept`].
            ///
            /// # Errors
            /// The call failed.
            pub fn raw(
                self,
            ) -> ::core::result::Result<
                $crate::generated::v1::CallReply<$crate::generated::v1::Bytes>,
                $crate::Error<R::Failure>,
            > {
                $crate::blocking::raw(self.client, self.request, self.options)
            }
        }

        impl<R: $crate::generated::v1::Paginated> Pending<'_, R, $crate::generated::v1::Blocking> {
            /// The pages of the list, from this one on. After an error there is nothing more.
            pub fn pages(
                self,
            ) -> $crate::blocking::Iter<::core::result::Result<R::Output, $crate::Error<R::Failure>>> {
                $crate::blocking::pages(self.client, self.request, self.options)
            }

            /// The items of the list, from this page on. After an error there is nothing more.
            pub fn items(
                self,
            ) -> $crate::blocking::Iter<::core::result::Result<R::Item, $crate::Error<R::Failure>>> {
                $crate::blocking::items(self.client, self.request, self.options)
            }
        }
    };
}

/// The part of `Pending` that blocks; nothing without the feature.
#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "blocking"))]
macro_rules! __blocking_pending {
    () => {};
}

/// Defines a blocking `Client` for a contract, next to an async one at `$parent`.
#[doc(hidden)]
#[macro_export]
#[cfg(feature = "blocking")]
macro_rules! __blocking_client {
    ($parent:path) => {
        /// A client of this contract whose calls block the thread, inside and outside a tokio runtime. Cheap to
        /// clone.
        #[derive(Debug, Clone)]
        pub struct Client(pub(super) $crate::Client);

        impl Client {
            /// A client that calls by `client`, or over a transport or service that becomes one.
            pub fn new(client: impl ::core::convert::Into<$crate::Client>) -> Self {
                ::core::convert::From::from(<$parent>::new(client))
            }

            /// A client of the service at `url`, with every policy at its default.
            ///
            /// # Errors
            /// `url` is not the address of a service; the message says how one is written.
            pub fn to(url: &str) -> ::core::result::Result<Self, $crate::http::EndpointError> {
                ::core::result::Result::Ok(::core::convert::From::from(<$parent>::to(url)?))
            }
        }

        impl ::core::convert::From<$parent> for Client {
            fn from(client: $parent) -> Self {
                Self(client.inner().clone())
            }
        }
    };
}
