//! What a fleet does to a service that is down, and when it comes back. Released, with as many calls as one likes:
//!
//! ```sh
//! TIELINE_FLEET_CALLS=10000000 cargo test --release -p tieline-tests --test resilience outage
//! ```

use std::time::Duration;

use tieline::Client;

use crate::fleet::{Mood, Outcomes, Service, calls, load, simulate};

const PER_SECOND: f64 = 1000.0;

/// Ten clients without breakers: nothing but the budget holds their retries back.
fn without_breakers(service: &Service) -> Vec<Client> {
    let client = |seed| {
        service
            .client(seed)
            .breaker(|settings| settings.enabled(false))
            .build()
    };
    (0..10).map(|seed| client(seed).expect("a client")).collect()
}

#[test]
fn retries_in_a_full_outage_stay_within_the_budget() {
    let calls = calls(100_000);
    simulate(async {
        let service = Service::new(1);
        service.be(Mood::Failing);
        let clients = without_breakers(&service);
        let began = tokio::time::Instant::now();
        let outcomes = load(&clients, calls, PER_SECOND, 2).await;
        let seconds = began.elapsed().as_secs_f64();
        assert_eq!(outcomes.failed, calls, "{outcomes:?}");
        // A tenth of the calls, and of each client a reserve of ten a second over a window of ten seconds.
        let reserve = clients.len() as f64 * 10.0 * (seconds + 10.0);
        let most = 1.1 * calls as f64 + reserve;
        let attempts = service.attempts();
        assert!(
            (attempts as f64) <= most,
            "{attempts} attempts of {calls} calls, at most {most}"
        );
        assert!(attempts > calls, "some are repeated all the same");
    });
}

#[test]
fn breakers_leave_a_service_alone_that_is_down() {
    let calls = calls(20_000);
    simulate(async {
        let service = Service::new(1);
        service.be(Mood::Failing);
        let clients: Vec<Client> = (0..10)
            .map(|seed| service.client(seed).build().expect("a client"))
            .collect();
        let outcomes = load(&clients, calls, PER_SECOND, 2).await;
        assert_eq!(outcomes.well, 0);
        let attempts = service.attempts();
        assert!(attempts < calls / 50, "{attempts} attempts of {calls} calls");
        assert!(outcomes.rejected > calls * 95 / 100, "{outcomes:?}");
    });
}

#[test]
fn a_service_that_comes_back_is_not_trampled() {
    simulate(async {
        let service = Service::new(3);
        let clients: Vec<Client> = (0..50)
            .map(|seed| service.client(seed).build().expect("a client"))
            .collect();
        let rate = 400.0;
        let seconds = |seconds: f64| (rate * seconds) as u64;
        assert_eq!(load(&clients, seconds(20.0), rate, 4).await.failed, 0);
        let usual = service.peak(Duration::ZERO, Duration::from_secs(20));
        service.be(Mood::Failing);
        load(&clients, seconds(45.0), rate, 5).await;
        service.be(Mood::Well);
        let after = load(&clients, seconds(60.0), rate, 6).await;
        let peak = service.peak(Duration::from_secs(66), Duration::from_secs(126));
        assert!(
            peak <= usual + usual / 3,
            "{peak} requests in a tenth of a second, usually {usual}"
        );
        // Breakers are open for up to half a minute more; from then on everything works.
        assert!(after.failed < 50, "{after:?}");
        let last = load(&clients, seconds(10.0), rate, 7).await;
        assert_eq!((last.failed, last.rejected), (0, 0), "{last:?}");
    });
}

#[test]
fn one_seed_is_one_course_of_events() {
    let course = |seed| {
        simulate(async {
            let service = Service::new(seed);
            let clients: Vec<Client> = (0..5)
                .map(|client| service.client(seed + client).build().expect("a client"))
                .collect();
            let mut all = Vec::<Outcomes>::new();
            for (step, mood) in [Mood::Well, Mood::Failing, Mood::Well].into_iter().enumerate() {
                service.be(mood);
                all.push(load(&clients, 3000, PER_SECOND, seed + step as u64).await);
            }
            (all, service.attempts(), service.digest())
        })
    };
    assert_eq!(course(11), course(11));
    assert_ne!(course(11), course(12));
}
