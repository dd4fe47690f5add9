//! Programmable mocks of generated traits: a [`Method`] for each operation.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::call::{Call, Later};
use crate::code::Code;
use crate::context::Context;
use crate::error::{Error, ErrorKind, Fault};
use crate::rest::ReplyHeaders;

/// What a call of `R` ends in.
pub type Outcome<R> = Result<<R as Call>::Response, Error<<R as Call>::Failure>>;

type Answering<R> = Pin<Box<dyn Future<Output = Outcome<R>> + Send>>;

/// How a call is answered.
enum Answer<R: Call> {
    /// Looking at the request, which is kept.
    Looking(Arc<dyn Fn(&R) -> Outcome<R> + Send + Sync>),
    /// Once.
    Once(Box<Outcome<R>>),
    /// By a handler that takes the request.
    Taking(Arc<dyn Fn(Context, R) -> Answering<R> + Send + Sync>),
}

/// The mock of one operation. Told what to answer by any number of `…_once`, which are used up first and in order,
/// and one lasting answer, of which the last told counts. A call that nothing was told for fails with
/// [`Code::Unimplemented`].
///
/// ```text
/// let mock = pets::Mock::new();
/// mock.get_pet.fail_once(get_pet::Failure::NotFound(problem)).reply(get_pet::Response::Ok(pet));
/// …
/// mock.get_pet.assert_called(2);
/// assert_eq!(mock.get_pet.calls()[0].id, 7);
/// ```
///
/// Clones share what they were told and what they record, so that a test can keep one and give the other away.
pub struct Method<R: Call> {
    state: Arc<Mutex<State<R>>>,
}

struct State<R: Call> {
    once: VecDeque<Answer<R>>,
    lasting: Option<Answer<R>>,
    count: usize,
    calls: Vec<R>,
    contexts: Vec<Context>,
    headers: Option<Arc<SetHeaders>>,
    failure_headers: Option<Arc<SetHeaders>>,
}

/// Sets headers of the reply to come.
type SetHeaders = dyn Fn(&Context) -> Result<(), Fault> + Send + Sync;

impl<R: Call> State<R> {
    fn new() -> Self {
        Self {
            once: VecDeque::new(),
            lasting: None,
            count: 0,
            calls: Vec::new(),
            contexts: Vec::new(),
            headers: None,
            failure_headers: None,
        }
    }
}

impl<R: Call> Method<R> {
    /// A mock that has been told nothing.
    pub fn new() -> Self {
        Self {
            state: Arc::new(Mutex::new(State::new())),
        }
    }

    /// Answers every call with `response`.
    pub fn reply(&self, response: R::Response) -> &Self
    where
        R::Response: Clone + Sync,
    {
        self.with(move |_| Ok(response.clone()))
    }

    /// Answers one call with `response`.
    pub fn reply_once(&self, response: R::Response) -> &Self {
        self.once(Answer::Once(Box::new(Ok(response))))
    }

    /// Fails every call with `error`, or with a failure of the contract. Cause and raw reply are not repeated.
    pub fn fail(&self, error: impl Into<Error<R::Failure>>) -> &Self
    where
        R::Failure: Clone + Sync,
    {
        let error = error.into();
        let wait = error.retry_after();
        let (fault, body) = error.into_parts();
        self.with(move |_| Err(again(&fault).with_retry_after(wait).typed(body.clone())))
    }

    /// Fails one call with `error`, or with a failure of the contract.
    pub fn fail_once(&self, error: impl Into<Error<R::Failure>>) -> &Self {
        self.once(Answer::Once(Box::new(Err(error.into()))))
    }

    /// Answers every call by `answer`, which looks at the request.
    pub fn with(&self, answer: impl Fn(&R) -> Outcome<R> + Send + Sync + 'static) -> &Self {
        self.lock().lasting = Some(Answer::Looking(Arc::new(answer)));
        self
    }

    /// Answers every call by `handler`, which takes the request, as it must to read a stream. Such requests are
    /// counted, but are not among the [`calls`](Method::calls).
    pub fn handle<F, Fut>(&self, handler: F) -> &Self
    where
        F: Fn(Context, R) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Outcome<R>> + Send + 'static,
    {
        let handler = move |context, request| -> Answering<R> { Box::pin(handler(context, request)) };
        self.lock().lasting = Some(Answer::Taking(Arc::new(handler)));
        self
    }

    /// Sends headers with every success: `mock.list_pets.headers(list_pets::Headers::new(7))`. They reach who calls the
    /// mock as a server, and a test by [`Context::reply_headers`].
    pub fn headers<H: ReplyHeaders>(&self, headers: H) -> &Self {
        self.lock().headers = Some(Arc::new(move |context| context.set_reply_headers(&headers)));
        self
    }

    /// Sends headers with every failure.
    pub fn failure_headers<H: ReplyHeaders>(&self, headers: H) -> &Self {
        self.lock().failure_headers = Some(Arc::new(move |context| context.set_reply_headers(&headers)));
        self
    }

    /// Forgets all that was told and recorded.
    pub fn reset(&self) {
        *self.lock() = State::new();
    }

    /// Answers a call as told.
    ///
    /// # Errors
    /// What was told; [`Code::Unimplemented`] when nothing was.
    pub async fn call(&self, context: Context, request: R) -> Outcome<R> {
        let answer = self.next(&context);
        let outcome = match answer {
            Some(Answer::Taking(handler)) => {
                let outcome = handler(context.clone(), request).await;
                return self.with_headers(&context, outcome);
            }
            Some(Answer::Looking(answer)) => answer(&request),
            Some(Answer::Once(outcome)) => *outcome,
            None => Err(untold::<R>().into()),
        };
        self.lock().calls.push(request);
        self.with_headers(&context, outcome)
    }

    /// The same as a future without its type.
    #[doc(hidden)]
    pub fn call_later(&self, context: Context, request: R) -> Later<'_, Outcome<R>> {
        Box::pin(self.call(context, request))
    }

    /// Sets the headers that were told for such an outcome.
    fn with_headers(&self, context: &Context, outcome: Outcome<R>) -> Outcome<R> {
        let state = self.lock();
        let told = if outcome.is_ok() {
            state.headers.clone()
        } else {
            state.failure_headers.clone()
        };
        drop(state);
        if let Some(set) = told {
            set(context)?;
        }
        outcome
    }

    /// How often it was called.
    pub fn count(&self) -> usize {
        self.lock().count
    }

    /// The requests that it was called with, in order.
    pub fn calls(&self) -> Vec<R>
    where
        R: Clone,
    {
        self.lock().calls.clone()
    }

    /// The contexts that it was called with, in order.
    pub fn contexts(&self) -> Vec<Context> {
        self.lock().contexts.clone()
    }

    /// Judges how often it was called.
    ///
    /// # Panics
    /// It was not called `times` times. The message shows the requests.
    #[track_caller]
    pub fn assert_called(&self, times: usize)
    where
        R: fmt::Debug,
    {
        let state = self.lock();
        if state.count == times {
            return;
        }
        let mut text = format!(
            "{} was called {}, not {}",
            name::<R>(),
            times_of(state.count),
            times_of(times)
        );
        for (index, call) in state.calls.iter().enumerate() {
            text.push_str(&format!("\n  {}: {call:?}", index + 1));
        }
        drop(state);
        panic!("{text}");
    }

    fn once(&self, answer: Answer<R>) -> &Self {
        self.lock().once.push_back(answer);
        self
    }

    /// Counts a call, and takes its answer.
    fn next(&self, context: &Context) -> Option<Answer<R>> {
        let mut state = self.lock();
        state.count += 1;
        state.contexts.push(context.clone());
        if let Some(answer) = state.once.pop_front() {
            return Some(answer);
        }
        match state.lasting.as_ref()? {
            Answer::Looking(answer) => Some(Answer::Looking(answer.clone())),
            Answer::Taking(handler) => Some(Answer::Taking(handler.clone())),
            Answer::Once(_) => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<R>> {
        // Nothing is left half done under this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn name<R: Call>() -> String {
    format!("{}.{}", R::OPERATION.service, R::OPERATION.id)
}

fn times_of(count: usize) -> String {
    match count {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        count => format!("{count} times"),
    }
}

fn untold<R: Call>() -> Fault {
    let message = format!(
        "the mock of {} was not told what to answer: tell it before the call, by `reply`, `fail` or `with` of the \
         field of this operation",
        name::<R>()
    );
    Fault::new(ErrorKind::Internal, Code::Unimplemented, message)
}

/// The same fault once more.
fn again(fault: &Fault) -> Fault {
    let copy = Fault::new(fault.kind(), fault.code(), fault.message().to_owned())
        .with_not_processed(fault.is_not_processed());
    match fault.status() {
        Some(status) => copy.with_status(status),
        None => copy,
    }
}

impl<R: Call> Clone for Method<R> {
    fn clone(&self) -> Self {
        Self {
            state: self.state.clone(),
        }
    }
}

impl<R: Call> Default for Method<R> {
    fn default() -> Self {
        Self::new()
    }
}

impl<R: Call> fmt::Debug for Method<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Method")
            .field("operation", &name::<R>())
            .field("count", &self.count())
            .finish_non_exhaustive()
    }
}
