//! The trait of a contract, and its implementations that forward to what knows each operation.

/// Defines the trait of a contract, with a method for each operation. Written as `async_trait` expands, so that it is
/// implemented with `#[tieline::async_trait]` and `async fn`, without a macro that reads it for every build:
///
/// ```text
/// api! { /** About. */ Api; /** Gets a pet. */ get_pet; #[cfg(feature = "shops")] get_shop; }
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __api {
    ($(#[$about:meta])* $name:ident; $($(#[$said:meta])* $operation:ident;)*) => {
        $(#[$about])*
        pub trait $name: ::core::marker::Send + ::core::marker::Sync {
            $($(#[$said])*
            fn $operation<'life0, 'async_trait>(
                &'life0 self,
                cx: $crate::Context,
                request: $operation::Request,
            ) -> $crate::__names::Later<
                'async_trait,
                $crate::__names::Result<$operation::Response, $crate::Error<$operation::Failure>>,
            >
            where
                'life0: 'async_trait,
                Self: 'async_trait;)*
        }
    };
}

/// Implements the module's `Api` for a type by forwarding every operation. Written as `async_trait` expands, without a
/// future of its own for each method: rustc would prove of each that it can be sent, which took it a quarter of the time
/// of a crate of 235 operations.
///
/// ```text
/// forward_api!(Client by client { get_pet, list_pets });
/// forward_api! { Client by client: get_pet; #[cfg(feature = "shops")] get_shop, list_shops; }
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __forward_api {
    ($ty:ident by $forward:ident { $($operation:ident),* $(,)? }) => {
        $crate::__forward_api!(@api $ty $forward #[cfg(all())] $($operation),*;);
    };
    ($ty:ident by $forward:ident: $($operation:ident),*; $(#[$on:meta] $($part:ident),*;)*) => {
        $crate::__forward_api!(
            @api $ty $forward #[cfg(all())] $($operation),*; $(#[$on] $($part),*;)*
        );
    };
    (@api $ty:ident $forward:ident $(#[$on:meta] $($operation:ident),*;)*) => {
        impl Api for $ty {
            $($(#[$on]
            #[inline]
            fn $operation<'life0, 'async_trait>(
                &'life0 self,
                cx: $crate::Context,
                request: $operation::Request,
            ) -> $crate::__names::Later<
                'async_trait,
                $crate::__names::Result<$operation::Response, $crate::Error<$operation::Failure>>,
            >
            where
                'life0: 'async_trait,
                Self: 'async_trait,
            {
                $crate::__forward_api!(@$forward self $operation cx request)
            })*)*
        }
    };
    (@client $this:ident $operation:ident $cx:ident $request:ident) => {
        $crate::__names::call_later(&$this.0, $cx, $request)
    };
    (@mock $this:ident $operation:ident $cx:ident $request:ident) => {
        $this.$operation.call_later($cx, $request)
    };
}
