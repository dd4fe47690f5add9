//! What a consumer asks, and what it hopes to be told.

mod answer;
mod check;
mod describe;
mod interaction;
mod partial;
mod setup;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tieline::Client;
use tieline::http::Line;
use tieline::operation::Contract;
use tieline::policy::retry::Retry;

use self::answer::Answers;
pub use self::interaction::Interaction;
pub use self::setup::Setup;
use crate::error::{Error, ErrorKind};
use crate::file::{self, Owner};

/// The pact of the consumer called `consumer` with the provider of `contract`: [`Pact::new`].
#[track_caller]
pub fn consumer(consumer: impl Into<String>, contract: &'static tieline::operation::Contract) -> Pact {
    Pact::new(consumer, contract)
}

/// What one consumer test agrees on with a provider.
///
/// It answers the requests of the interactions recorded in it, in process. When it ends, by [`Pact::finish`] or by
/// going out of scope, everything recorded must have been asked for, and nothing else; then the interactions are
/// written to the pact file.
///
/// When it goes out of scope while the test panics, it writes nothing, and says on standard error what was asked and
/// not expected. When it goes out of scope otherwise and something was amiss, it panics: a test cannot pass over it.
pub struct Pact {
    consumer: String,
    contract: &'static Contract,
    provider: String,
    answers: Arc<Answers>,
    directory: Option<PathBuf>,
    owner: Owner,
    finished: bool,
}

impl Pact {
    /// The pact of the consumer called `consumer` with the provider of `contract`, which goes by the contract's name.
    ///
    /// What is recorded belongs to the running test, which is known by the name of its thread. Where that says
    /// nothing, [`Pact::test`] names it.
    #[track_caller]
    pub fn new(consumer: impl Into<String>, contract: &'static Contract) -> Self {
        Self {
            consumer: consumer.into(),
            contract,
            provider: contract.name.to_owned(),
            answers: Arc::new(Answers::new(contract)),
            directory: None,
            owner: Owner::current(),
            finished: false,
        }
    }

    /// Calls the provider by another name than the contract's.
    pub fn provider(mut self, name: impl Into<String>) -> Self {
        self.provider = name.into();
        self
    }

    /// Writes the pact file into `directory`. Unless set, that is `contracts/pacts` of the nearest directory upwards
    /// that has a `tieline.toml` or a `contracts`. The environment's `TIELINE_PACT_DIR` wins over both.
    pub fn dir(mut self, directory: impl AsRef<Path>) -> Self {
        self.directory = Some(directory.as_ref().to_owned());
        self
    }

    /// Names the test that records, for a harness whose threads bear no names of tests.
    pub fn test(mut self, name: impl Into<String>) -> Self {
        self.owner.name(name.into());
        self
    }

    /// A state that the provider is to be in, with its parameters: an object, or `()` for none.
    pub fn given(&self, state: impl Into<String>, params: impl serde::Serialize) -> Setup<'_> {
        Setup::new(self).given(state, params)
    }

    /// Describes the interaction that follows. Together with its states, a description is unique within a pact.
    pub fn upon(&self, description: impl Into<String>) -> Setup<'_> {
        Setup::new(self).upon(description)
    }

    /// The request that the consumer will send, in any state of the provider.
    pub fn on<C>(&self, request: C) -> Interaction<'_, C>
    where
        C: tieline::call::Call + tieline::codec::Record + tieline::codec::Value,
        C::Response: tieline::operation::ReplySet,
        C::Failure: tieline::operation::ReplySet,
    {
        Setup::new(self).on(request)
    }

    /// What answers in the provider's place, for a client with settings of its own:
    /// `Client::builder("pets").line(pact.line())`. A request that matches no interaction fails as an invalid
    /// request, which no policy repeats.
    pub fn line(&self) -> Line {
        Line::over(Arc::clone(&self.answers))
    }

    /// A client that is answered in the provider's place. It repeats nothing and has no breaker: one call is one
    /// request.
    pub fn transport(&self) -> Client {
        let client = Client::builder(self.contract.name)
            .line(self.line())
            .retry(Retry::never())
            .breaker(|settings| settings.enabled(false))
            .build();
        // With a line, building cannot fail; the fallback differs in its policies only.
        client.unwrap_or_else(|_| Client::from(self.line()))
    }

    /// Checks that every interaction was used and that nothing unexpected was asked, then writes the pact file.
    ///
    /// The file is shared by all tests. This test's interactions take the place of those that it recorded before. An
    /// interaction that no test names any more vanishes, and so does one whose tests are gone from their test
    /// binary, which is asked for the tests that it has. Two test binaries of a package need names that differ. When
    /// a whole test binary is gone, a complete run without the file (or into another directory) drops what it left.
    ///
    /// # Errors
    /// An interaction was not used; a request was not expected; another test of this run recorded something else
    /// under the same description and states; the file cannot be read or written.
    pub fn finish(mut self) -> Result<(), Error> {
        self.end()
    }

    fn end(&mut self) -> Result<(), Error> {
        self.finished = true;
        let complaints = self.answers.complaints();
        if !complaints.is_empty() {
            let text = format!(
                "the pact of {} with {} was not kept:\n{}",
                self.consumer,
                self.provider,
                complaints.join("\n")
            );
            return Err(Error::new(ErrorKind::Unmet, text));
        }
        let directory = file::directory(self.directory.as_deref());
        let pair = file::Pair {
            consumer: &self.consumer,
            provider: &self.provider,
        };
        file::write(&directory, &pair, &self.owner, self.answers.interactions())
    }
}

impl Drop for Pact {
    fn drop(&mut self) {
        if self.finished {
            return;
        }
        if std::thread::panicking() {
            for complaint in self.answers.unexpected() {
                eprintln!("{complaint}");
            }
            return;
        }
        if let Err(error) = self.end() {
            panic!("{error}");
        }
    }
}

impl fmt::Debug for Pact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pact")
            .field("consumer", &self.consumer)
            .field("provider", &self.provider)
            .finish_non_exhaustive()
    }
}
