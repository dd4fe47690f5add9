//! Who is served, and who waits: a queue that serves the highest priority first.

use std::collections::VecDeque;

use tokio::sync::oneshot;

use super::Priority;
use crate::clock::Instant;

/// Places that are taken, and who waits for one.
#[derive(Debug)]
pub(super) struct Queue {
    pub(super) busy: usize,
    /// By priority, the least first.
    waiting: [VecDeque<Waiter>; Priority::CriticalPlus as usize + 1],
    /// When nobody waited last.
    pub(super) empty_at: Instant,
    next_id: u64,
}

#[derive(Debug)]
struct Waiter {
    id: u64,
    turn: oneshot::Sender<()>,
}

/// A place in the queue.
#[derive(Debug)]
pub(super) struct Ticket {
    pub(super) id: u64,
    pub(super) priority: Priority,
    /// Fails when somebody of a higher priority took the place.
    pub(super) turn: oneshot::Receiver<()>,
}

impl Queue {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            busy: 0,
            waiting: Default::default(),
            empty_at: now,
            next_id: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.iter().map(VecDeque::len).sum()
    }

    /// Waits behind all of the same priority. Where `most` wait already, the last of the lowest priority gives way, if that is
    /// lower; `None`: nobody's is.
    pub(super) fn wait(&mut self, priority: Priority, most: usize, now: Instant) -> Option<Ticket> {
        let length = self.len();
        if length == 0 {
            self.empty_at = now;
        }
        if length >= most {
            let mut lower = self.waiting[..priority as usize].iter_mut();
            // Dropping the sender tells it.
            lower.find(|waiters| !waiters.is_empty())?.pop_back();
        }
        let (turn, heard) = oneshot::channel();
        self.next_id += 1;
        let id = self.next_id;
        self.waiting[priority as usize].push_back(Waiter { id, turn });
        Some(Ticket {
            id,
            priority,
            turn: heard,
        })
    }

    /// Gives free places to those who wait.
    pub(super) fn serve(&mut self, limit: usize, now: Instant) {
        while self.busy < limit {
            let next = self.waiting.iter_mut().rev().find_map(VecDeque::pop_front);
            match next {
                // Who has gone away takes no place.
                Some(waiter) => self.busy += usize::from(waiter.turn.send(()).is_ok()),
                None => break,
            }
        }
        if self.len() == 0 {
            self.empty_at = now;
        }
    }

    /// Leaves the queue.
    pub(super) fn leave(&mut self, ticket: &Ticket) {
        self.waiting[ticket.priority as usize].retain(|waiter| waiter.id != ticket.id);
    }
}
