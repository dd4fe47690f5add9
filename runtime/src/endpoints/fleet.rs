//! The endpoints of a service: the set, what is known of each, and the picks from it.

mod drive;
mod judge;
mod members;
mod report;

use std::fmt;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use http::HeaderMap;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use self::drive::{Checks, Source};
use super::balance::Choice;
use super::hash::hash;
use super::node::Node;
use super::pick::{Ask, NotReady, Picked, Tried};
use super::view::{Level, View};
use super::{Discover, DiscoverError, Event, Member, Settings};
use crate::clock::{Clock, Instant};
use crate::http::{Endpoint, Line};
use crate::policy::breaker::{Breaker, Open, Permit};
use crate::random::Random;

/// How long a call waits for the first set of endpoints unless it waits for one to become ready.
const FIRST_SET: Duration = Duration::from_secs(5);

/// The endpoints of a service. Clients of one service share them.
pub struct Endpoints {
    shared: Arc<Shared>,
    source: Option<Source>,
    checks: Option<Checks>,
}

/// What picks, discovery and checks have in common.
pub(super) struct Shared {
    service: Arc<str>,
    settings: Settings,
    clock: Clock,
    random: Arc<Random>,
    view: ArcSwap<View>,
    state: Mutex<State>,
    /// When the next sweep is due, in nanoseconds.
    next_sweep: AtomicU64,
    /// Whose turn it is.
    turn: AtomicUsize,
    /// The view is another.
    changed: Notify,
    /// An endpoint could not be reached.
    unreachable: Notify,
    closed: AtomicBool,
    set_changes: AtomicU64,
}

struct State {
    /// Those that this client knows, of the set.
    nodes: Vec<Arc<Node>>,
    /// The set as it was brought last.
    members: Vec<Member>,
    /// Whether any set has been known.
    is_known: bool,
    /// Why none is known.
    failure: Option<DiscoverError>,
    last_id: u64,
    /// When the interval of the rates ends.
    interval_ends: Instant,
}

impl Endpoints {
    /// These endpoints, for good.
    pub fn of<M: Into<Member>>(
        service: impl Into<Arc<str>>,
        members: impl IntoIterator<Item = M>,
        settings: Settings,
        clock: Clock,
        random: Arc<Random>,
    ) -> Self {
        let shared = Arc::new(Shared::new(service.into(), settings, clock, random));
        shared.bring(members.into_iter().map(Into::into).collect());
        Self {
            shared,
            source: None,
            checks: None,
        }
    }

    /// Those that `discover` finds. It is first asked when an endpoint is first needed, in a task of the runtime in which that
    /// happens, and no more once these are closed or dropped.
    pub fn discovered(
        service: impl Into<Arc<str>>,
        discover: impl Discover,
        settings: Settings,
        clock: Clock,
        random: Arc<Random>,
    ) -> Self {
        Self {
            shared: Arc::new(Shared::new(service.into(), settings, clock, random)),
            source: Some(Source::new(Box::new(discover))),
            checks: None,
        }
    }

    /// Has them checked over `line`, where the settings say how.
    pub fn checked_over(mut self, line: &Line) -> Self {
        let check = self.shared.settings.health_check.clone();
        self.checks = check.map(|check| Checks::new(line.clone(), check));
        self
    }

    /// The endpoints that are known now, those that are left alone included.
    pub fn members(&self) -> Vec<Member> {
        let state = self.shared.state();
        state.nodes.iter().map(|node| node.member.clone()).collect()
    }

    /// The endpoints that are neither ejected nor said to be unhealthy.
    pub fn available(&self) -> Vec<Member> {
        self.shared.sweep_if_due(self.shared.clock.now());
        let state = self.shared.state();
        let available = state.nodes.iter().filter(|node| node.is_available());
        available.map(|node| node.member.clone()).collect()
    }

    /// Whether this is one of them, whatever the path.
    pub(crate) fn knows(&self, endpoint: &Endpoint) -> bool {
        let is_same = |other: &Endpoint| {
            other.host() == endpoint.host()
                && other.port() == endpoint.port()
                && other.scheme() == endpoint.scheme()
        };
        let state = self.shared.state();
        state.nodes.iter().any(|node| is_same(node.member.endpoint()))
    }

    /// Stops looking for endpoints and checking them. Calls are refused from now on.
    pub fn close(&self) {
        self.shared.closed.store(true, Ordering::Release);
        if let Some(source) = &self.source {
            source.worker.stop();
        }
        if let Some(checks) = &self.checks {
            checks.worker.stop();
        }
        self.shared.changed.notify_waiters();
    }

    /// An endpoint for an attempt. Waits for the first set; with `wait`, for one that is healthy, however long that takes.
    pub(crate) async fn pick(&self, ask: Ask<'_>, wait: bool) -> Result<Picked<'_>, NotReady> {
        match self.pick_now(&ask, wait) {
            Err(not_ready) if not_ready.may_pass(wait) => {}
            done => return done,
        }
        // Boxed, because it is rare and every attempt would carry room for it.
        Box::pin(self.wait_for_one(ask, wait)).await
    }

    /// The key that a call has by its headers.
    pub(crate) fn key_of(&self, headers: &HeaderMap) -> Option<u64> {
        let name = self.shared.settings.hash_header.as_ref()?;
        headers.get(name).map(|value| hash(value.as_bytes()))
    }

    /// Whether there is an endpoint that the call has not tried.
    pub(crate) fn has_untried(&self, tried: &Tried) -> bool {
        let view = self.shared.view.load();
        let mut nodes = view.levels.iter().flat_map(|level| &level.nodes);
        nodes.any(|node| !tried.has(node.id()))
    }

    async fn wait_for_one(&self, ask: Ask<'_>, wait: bool) -> Result<Picked<'_>, NotReady> {
        let shared = &*self.shared;
        let gives_up = shared.clock.now().plus(FIRST_SET);
        loop {
            let mut changed = pin!(shared.changed.notified());
            // Waits from here on, so that no change is missed.
            changed.as_mut().enable();
            match self.pick_now(&ask, wait) {
                Err(not_ready) if not_ready.may_pass(wait) => {
                    if !wait && shared.clock.now() >= gives_up {
                        return Err(not_ready);
                    }
                }
                done => return done,
            }
            let sweep = Instant::from_nanos(shared.next_sweep.load(Ordering::Relaxed));
            let until = if wait { sweep } else { gives_up };
            shared.clock.until(until, changed).await;
        }
    }

    /// An endpoint for an attempt, where there is one.
    fn pick_now(&self, ask: &Ask<'_>, wait: bool) -> Result<Picked<'_>, NotReady> {
        let shared = &*self.shared;
        if shared.closed.load(Ordering::Acquire) {
            return Err(NotReady::Closed);
        }
        if let Some(source) = &self.source {
            source.ensure_driven(&self.shared);
        }
        if let Some(checks) = &self.checks {
            checks.ensure_driven(&self.shared);
        }
        let now = shared.clock.now();
        shared.sweep_if_due(now);
        let view = shared.view.load();
        if view.levels.is_empty() {
            return Err(shared.why_none());
        }
        if wait && !view.is_ready {
            return Err(NotReady::Unhealthy);
        }
        let (node, permit) = shared.choose(&view, ask, now)?;
        tracing::trace!(service = %shared.service, endpoint = %node.member, "endpoint picked");
        Ok(Picked::new(shared, node, permit, now, ask))
    }
}

impl NotReady {
    /// Whether it may be otherwise soon.
    fn may_pass(&self, wait: bool) -> bool {
        match self {
            Self::Unknown(None) => true,
            Self::Unknown(Some(_)) | Self::Unhealthy => wait,
            Self::Open(_) | Self::Closed => false,
        }
    }
}

impl Shared {
    fn new(service: Arc<str>, settings: Settings, clock: Clock, random: Arc<Random>) -> Self {
        let interval_ends = clock.now().plus(settings.outlier.interval);
        Self {
            service,
            settings,
            clock,
            turn: AtomicUsize::new(random.next_u64() as usize),
            random,
            view: ArcSwap::default(),
            state: Mutex::new(State {
                nodes: Vec::new(),
                members: Vec::new(),
                is_known: false,
                failure: None,
                last_id: 0,
                interval_ends,
            }),
            next_sweep: AtomicU64::new(interval_ends.as_nanos()),
            changed: Notify::new(),
            unreachable: Notify::new(),
            closed: AtomicBool::new(false),
            set_changes: AtomicU64::new(0),
        }
    }

    pub(super) fn clock(&self) -> Clock {
        self.clock
    }

    pub(super) fn turn(&self) -> usize {
        self.turn.load(Ordering::Relaxed)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing is left half done under this lock, so a panic of its holder harms nobody.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn nodes(&self) -> Vec<Arc<Node>> {
        self.state().nodes.clone()
    }

    /// Done when something has changed.
    pub(super) fn has_changed(&self) -> Notified<'_> {
        self.changed.notified()
    }

    /// The time, more or less a tenth of it.
    pub(super) fn around(&self, time: Duration) -> Duration {
        self.random.between(time.mul_f64(0.9), time.mul_f64(1.1))
    }

    /// Swaps the view for one of the nodes as they are now.
    fn renew(&self, state: &State) {
        self.view.store(Arc::new(View::of(&state.nodes, &self.settings)));
        self.changed.notify_waiters();
    }

    fn tell(&self, events: Vec<Event>) {
        for event in events {
            event.log(&self.service);
            if let Some(listener) = &self.settings.listener {
                listener(&event);
            }
        }
    }

    fn why_none(&self) -> NotReady {
        let state = self.state();
        if state.nodes.is_empty() {
            NotReady::Unknown(state.failure.clone())
        } else {
            NotReady::Unhealthy
        }
    }

    /// A node that the call has not tried; where it has tried all, any again.
    fn choose(
        &self,
        view: &View,
        ask: &Ask<'_>,
        now: Instant,
    ) -> Result<(Arc<Node>, Option<Permit<Arc<Breaker>>>), NotReady> {
        let mut closed_off = Vec::new();
        let mut open = None;
        loop {
            let lets = |node: &Node| closed_off.is_empty() || !closed_off.contains(&node.id());
            let untried = |node: &Node| !ask.tried.has(node.id()) && lets(node);
            let found = if ask.tried.is_empty() {
                self.choose_of(view, ask, now, &lets)
            } else {
                let found = self.choose_of(view, ask, now, &untried);
                found.or_else(|| self.choose_of(view, ask, now, &lets))
            };
            let Some(node) = found else {
                return Err(open.map_or(NotReady::Unhealthy, NotReady::Open));
            };
            match node.learnt.breaker.as_ref().map(Breaker::try_acquire_owned) {
                None => return Ok((node, None)),
                Some(Ok(permit)) => return Ok((node, Some(permit))),
                Some(Err(refused)) => {
                    open = Some(sooner(open, refused));
                    closed_off.push(node.id());
                }
            }
        }
    }

    /// A node of the level that is drawn, else of any other.
    fn choose_of(
        &self,
        view: &View,
        ask: &Ask<'_>,
        now: Instant,
        may: &impl Fn(&Node) -> bool,
    ) -> Option<Arc<Node>> {
        let of = |level: &Level| {
            let choice = Choice {
                nodes: &level.nodes,
                now,
                slow_start: self.settings.slow_start,
                random: &self.random,
                turn: &self.turn,
                key: ask.key,
            };
            let at = level.plan.choose(&choice, may)?;
            Some(Arc::clone(&level.nodes[at]))
        };
        if let [only] = &view.levels[..] {
            return of(only);
        }
        let drawn = self.random.unit();
        let first = view
            .levels
            .iter()
            .position(|level| drawn < level.up_to)
            .unwrap_or(0);
        let order = std::iter::once(first).chain((0..view.levels.len()).filter(|at| *at != first));
        order.into_iter().find_map(|at| of(&view.levels[at]))
    }
}

fn sooner(known: Option<Open>, other: Open) -> Open {
    match known {
        Some(known) if known.retry_after <= other.retry_after => known,
        _ => other,
    }
}

impl Drop for Endpoints {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for Endpoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoints")
            .field("service", &self.shared.service)
            .field("members", &self.members())
            .finish_non_exhaustive()
    }
}
