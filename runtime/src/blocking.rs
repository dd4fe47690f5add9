//! Calls that block the thread, inside and outside a tokio runtime.
//!
//! They run on a runtime of their own, one thread for the process, so that a thread of the caller's runtime is
//! only parked, never asked to drive itself.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{OnceLock, mpsc};

use futures_core::Stream;
use futures_util::StreamExt as _;
use tokio::runtime::{Builder, Runtime};

use crate::call::{Call, CallOptions, Reply};
use crate::client::{Client, HttpCall, Paginated, UntypedRequest};
use crate::code::Code;
use crate::context::Context;
use crate::error::{Error, ErrorKind, Fault};
use crate::stream::{Events, Items, Octets};

static RUNTIME: OnceLock<std::io::Result<Runtime>> = OnceLock::new();

/// Makes a typed call and waits for its reply.
///
/// # Errors
/// The call failed, or the operating system gives no thread to run it on.
pub fn send<C: Call>(
    client: &Client,
    request: C,
    mut options: CallOptions,
) -> Result<Reply<C::Response>, Error<C::Failure>> {
    // The current context belongs to the task that asks, not to the runtime that the call runs on.
    options.context.get_or_insert_with(Context::current);
    let client = client.clone();
    wait(async move { request.send(&client, options).await }).unwrap_or_else(|fault| Err(fault.into()))
}

/// Makes a typed call and waits for the octets of its reply, as [`raw`](crate::client::raw).
///
/// # Errors
/// As [`send`].
pub fn raw<C: HttpCall>(
    client: &Client,
    request: C,
    mut options: CallOptions,
) -> Result<Reply<bytes::Bytes>, Error<C::Failure>> {
    options.context.get_or_insert_with(Context::current);
    let client = client.clone();
    wait(async move { crate::client::raw(&client, request, options).await })
        .unwrap_or_else(|fault| Err(fault.into()))
}

/// What a stream gives, each waited for.
pub struct Iter<T>(Option<Pin<Box<dyn Stream<Item = T> + Send>>>);

impl<T, E> Iterator for Iter<Result<T, Error<E>>>
where
    T: Send + 'static,
    E: Send + 'static,
{
    type Item = Result<T, Error<E>>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut stream = self.0.take()?;
        let work = async move { (stream.next().await, stream) };
        match wait(work) {
            Ok((next, stream)) => {
                self.0 = next.is_some().then_some(stream);
                next
            }
            Err(fault) => Some(Err(fault.into())),
        }
    }
}

impl<T> fmt::Debug for Iter<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Iter")
    }
}

/// The pages of a list.
pub fn pages<R: Paginated>(
    client: &Client,
    request: R,
    mut options: CallOptions,
) -> Iter<Result<R::Output, Error<R::Failure>>> {
    options.context.get_or_insert_with(Context::current);
    Iter(Some(crate::client::pages(client, request, options)))
}

/// The items of a list, whatever page they are on.
pub fn items<R: Paginated>(
    client: &Client,
    request: R,
    mut options: CallOptions,
) -> Iter<Result<R::Item, Error<R::Failure>>> {
    options.context.get_or_insert_with(Context::current);
    Iter(Some(crate::client::items(client, request, options)))
}

/// Runs `work` on the blocking runtime and waits for it.
///
/// # Errors
/// There is no runtime to run it on, or it panicked.
pub(crate) fn wait<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Result<T, Fault> {
    let runtime = RUNTIME.get_or_init(|| {
        Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("tieline-blocking")
            .enable_all()
            .build()
    });
    let runtime = runtime.as_ref().map_err(|error| {
        let message = format!("no thread for blocking calls: {error}");
        Fault::new(ErrorKind::Internal, Code::Internal, message)
    })?;
    let (sender, receiver) = mpsc::sync_channel(1);
    runtime.spawn(async move {
        // Nobody waits any more when the receiver is gone.
        let _ = sender.send(work.await);
    });
    receiver
        .recv()
        .map_err(|_| Fault::new(ErrorKind::Internal, Code::Internal, "the call panicked"))
}

/// What a stream gives, waited for piece by piece. Made by `blocking()` of [`Events`], [`Items`] and [`Octets`].
#[derive(Debug)]
pub struct Pieces<S>(Option<S>);

impl<S, I> Iterator for Pieces<S>
where
    S: Stream<Item = Result<I, Error>> + Send + Unpin + 'static,
    I: Send + 'static,
{
    type Item = Result<I, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut stream = self.0.take()?;
        let next = wait(async move {
            let piece = stream.next().await;
            (piece, stream)
        });
        match next {
            Ok((piece, stream)) => {
                self.0 = matches!(piece, Some(Ok(_))).then_some(stream);
                piece
            }
            Err(fault) => Some(Err(fault.into())),
        }
    }
}

impl<T> Events<T> {
    /// The events for a thread that waits for each.
    pub fn blocking(self) -> Pieces<Self> {
        Pieces(Some(self))
    }
}

impl<T> Items<T> {
    /// The items for a thread that waits for each.
    pub fn blocking(self) -> Pieces<Self> {
        Pieces(Some(self))
    }
}

impl Octets {
    /// The octets for a thread that waits for them.
    pub fn blocking(self) -> Pieces<Self> {
        Pieces(Some(self))
    }
}

impl Pieces<Octets> {
    /// All octets, as [`Octets::bytes`].
    ///
    /// # Errors
    /// There are more than the limit, or how the body failed.
    pub fn bytes(self) -> Result<bytes::Bytes, Error> {
        let octets = self.0.unwrap_or_default();
        wait(octets.bytes()).unwrap_or_else(|fault| Err(fault.into()))
    }
}

impl Client {
    /// GET a path and wait for the reply.
    ///
    /// # Errors
    /// The call failed.
    pub fn sync_get(&self, path: &str) -> Result<Reply<bytes::Bytes>, Error> {
        sync(self, |client| client.get(path))
    }

    /// POST `body` as JSON and wait for the reply.
    ///
    /// # Errors
    /// The call failed.
    pub fn sync_post(
        &self,
        path: &str,
        body: &(impl serde::Serialize + ?Sized),
    ) -> Result<Reply<bytes::Bytes>, Error> {
        sync(self, |client| client.post(path, body))
    }

    /// PUT `body` as JSON and wait for the reply.
    ///
    /// # Errors
    /// The call failed.
    pub fn sync_put(
        &self,
        path: &str,
        body: &(impl serde::Serialize + ?Sized),
    ) -> Result<Reply<bytes::Bytes>, Error> {
        sync(self, |client| client.put(path, body))
    }

    /// DELETE a path and wait for the reply.
    ///
    /// # Errors
    /// The call failed.
    pub fn sync_delete(&self, path: &str) -> Result<Reply<bytes::Bytes>, Error> {
        sync(self, |client| client.delete(path))
    }
}

fn sync<'a>(
    client: &'a Client,
    request: impl FnOnce(&'a Client) -> UntypedRequest<'a>,
) -> Result<Reply<bytes::Bytes>, Error> {
    let detached = request(client).context(&Context::current()).detach();
    wait(async move { detached.run().await }).unwrap_or_else(|fault| Err(fault.into()))
}
