//! Events that arrive: read, and asked for again when the connection breaks.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use super::Reconnect;
use super::parser::{Parser, RawEvent};
use crate::codec::{Again, Arriving, Asking, ByteStream, Framing, StreamError, Wait};
use crate::error::{ErrorKind, Fault, Rejection};
use crate::stream::fault_of;
use crate::stream::source::lock;

/// What OpenAI's streams, and those like them, end with. It is no JSON.
const DONE: &str = "[DONE]";

/// What a reader shares with the one who reads.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) reconnect: Mutex<Reconnect>,
    pub(super) last_event_id: Mutex<String>,
}

/// Reads events, from one connection or from several.
pub(super) struct Reader {
    state: State,
    parser: Parser,
    again: Option<Arc<dyn Again>>,
    shared: Arc<Shared>,
    is_text: bool,
    /// How often asking again was in vain since the last event.
    failures: u32,
}

enum State {
    Reading(ByteStream),
    Asking(Asking),
    Ended,
}

impl Reader {
    pub(super) fn new(arriving: Arriving, shared: Arc<Shared>) -> Self {
        Self {
            state: State::Reading(arriving.octets),
            parser: Parser::new(arriving.limit),
            again: arriving.again,
            shared,
            is_text: arriving.framing == Framing::TextEvents,
            failures: 0,
        }
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<RawEvent, Fault>>> {
        loop {
            if let Some(event) = self.parser.next() {
                self.failures = 0;
                if !self.is_text && event.data == DONE {
                    self.state = State::Ended;
                    return Poll::Ready(None);
                }
                if let Some(id) = &event.id {
                    lock(&self.shared.last_event_id).clone_from(id);
                }
                // What says nothing is a sign of life.
                if self.is_text || !event.data.is_empty() {
                    return Poll::Ready(Some(Ok(event)));
                }
                continue;
            }
            let broken = match &mut self.state {
                State::Ended => return Poll::Ready(None),
                State::Reading(octets) => match ready!(octets.as_mut().poll_next(cx)) {
                    Some(Ok(octets)) => match self.parser.push(&octets) {
                        Ok(()) => continue,
                        Err(fault) => {
                            self.state = State::Ended;
                            return Poll::Ready(Some(Err(fault)));
                        }
                    },
                    Some(Err(error)) => Some(error),
                    None => None,
                },
                State::Asking(asking) => match ready!(asking.as_mut().poll(cx)) {
                    Ok(Some(octets)) => {
                        self.parser.restart();
                        self.state = State::Reading(octets);
                        continue;
                    }
                    Ok(None) => {
                        self.state = State::Ended;
                        continue;
                    }
                    Err(error) => Some(error),
                },
            };
            if let ControlFlow::Break(end) = self.ask_again(broken) {
                self.state = State::Ended;
                return Poll::Ready(end);
            }
        }
    }

    /// Asks again after the stream has broken, or after its end where the server means it to go on; otherwise gives how
    /// it ends.
    fn ask_again(&mut self, broken: Option<StreamError>) -> ControlFlow<Option<Result<RawEvent, Fault>>> {
        let reconnect = *lock(&self.shared.reconnect);
        let fault = broken.map(fault_of);
        let wanted = match &fault {
            Some(fault) => may_pass(fault),
            None => reconnect.after_end.unwrap_or_else(|| self.goes_on()),
        };
        let allowed = reconnect.enabled && reconnect.attempts.is_none_or(|most| self.failures < most);
        if let Some(again) = self.again.clone().filter(|_| wanted && allowed) {
            let wait = Wait {
                delay: self.parser.retry().unwrap_or(reconnect.delay),
                longest: reconnect.longest_delay,
                failures: self.failures,
            };
            self.failures = self.failures.saturating_add(1);
            tracing::debug!(failures = wait.failures, "asking again for a stream of events");
            self.state = State::Asking(again.again(wait, self.parser.last_event_id().to_owned()));
            return ControlFlow::Continue(());
        }
        ControlFlow::Break(fault.map(Err))
    }

    /// Whether the server has shown that it expects clients to come back: by ids, or by how long they are to wait.
    fn goes_on(&self) -> bool {
        !self.parser.last_event_id().is_empty() || self.parser.retry().is_some()
    }
}

/// Whether asking again may help.
fn may_pass(fault: &Fault) -> bool {
    match fault.kind() {
        ErrorKind::Rejected(rejection) => rejection != Rejection::Closed,
        _ => fault.verdict().is_retryable(),
    }
}
