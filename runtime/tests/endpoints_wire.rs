//! Three real servers on loopback, one of which dies, hangs or fails: no call that may be repeated fails, load leaves the
//! bad one, and comes back after it has recovered. Eight calls at a time, with the default budget of retries.

#![cfg(feature = "server")]

mod wire_support;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use tieline::Client;
use tieline::endpoints::outlier::Outlier;
use tieline::endpoints::{Balance, Member};
use tieline::observe::metrics::Metrics;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use wire_support::{listen, read_request, soon, write_ok};

const WELL: u8 = 0;
const FAILS: u8 = 1;
const HANGS: u8 = 2;

/// A server whose connections end with it.
struct Replica {
    address: SocketAddr,
    mood: Arc<AtomicU8>,
    asked: Arc<AtomicUsize>,
    running: Option<JoinHandle<()>>,
}

impl Replica {
    async fn start() -> Self {
        let (listener, address) = listen().await;
        let mut replica = Self {
            address,
            mood: Arc::default(),
            asked: Arc::default(),
            running: None,
        };
        replica.run(listener);
        replica
    }

    fn run(&mut self, listener: TcpListener) {
        let (mood, asked) = (Arc::clone(&self.mood), Arc::clone(&self.asked));
        self.running = Some(tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let (mood, asked) = (Arc::clone(&mood), Arc::clone(&asked));
                connections.spawn(async move {
                    while read_request(&mut stream).await.is_some() {
                        asked.fetch_add(1, Ordering::SeqCst);
                        match mood.load(Ordering::SeqCst) {
                            FAILS => {
                                let text = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n";
                                let written =
                                    tokio::io::AsyncWriteExt::write_all(&mut stream, text.as_bytes());
                                written.await.unwrap();
                            }
                            HANGS => std::future::pending().await,
                            _ => write_ok(&mut stream, "ok").await,
                        }
                    }
                });
            }
        }));
    }

    fn asked(&self) -> usize {
        self.asked.swap(0, Ordering::SeqCst)
    }

    /// Ends at once, with its connections and whatever is under way.
    async fn kill(&mut self) {
        let running = self.running.take().expect("it runs");
        running.abort();
        let _ = running.await;
    }

    /// Listens again at the same address.
    fn revive(&mut self) {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.set_reuseaddr(true).unwrap();
        socket.bind(self.address).unwrap();
        self.run(socket.listen(64).unwrap());
    }
}

async fn three() -> Vec<Replica> {
    vec![
        Replica::start().await,
        Replica::start().await,
        Replica::start().await,
    ]
}

fn client(replicas: &[Replica], balance: Balance) -> Client {
    let members = replicas.iter().map(|replica| -> Member {
        let address = format!("http://{}", replica.address);
        address.parse().unwrap()
    });
    Client::builder("replicas")
        .endpoints(members)
        .balance(balance)
        .attempt_timeout(Duration::from_millis(250))
        .metrics(Arc::new(Metrics::new()))
        .balancing(|settings| {
            let outlier = Outlier::new()
                .base_ejection_time(Duration::from_millis(300))
                .interval(Duration::from_millis(100));
            settings.outlier(outlier)
        })
        .build()
        .unwrap()
}

/// So many calls, eight at a time: how many fail.
async fn load(client: &Client, calls: usize) -> usize {
    let calls = stream::iter(0..calls).map(|_| async { client.get("x").await.is_err() });
    let failed = calls
        .buffer_unordered(8)
        .filter(|failed| std::future::ready(*failed));
    soon(failed.count()).await
}

/// Calls until the replica is asked again.
async fn comes_back(client: &Client, replica: &Replica) {
    replica.asked();
    soon(async {
        while replica.asked() == 0 {
            assert_eq!(load(client, 20).await, 0);
        }
    })
    .await;
}

const BOTH: [Balance; 2] = [Balance::P2c, Balance::RoundRobin];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_costs_no_call_and_is_called_again_once_it_is_back() {
    for balance in BOTH {
        let mut replicas = three().await;
        let client = client(&replicas, balance);
        assert_eq!(load(&client, 300).await, 0);
        assert!(replicas.iter().all(|replica| replica.asked() > 50));
        let (failed, ()) = tokio::join!(load(&client, 600), replicas[0].kill());
        assert_eq!(failed, 0, "{balance:?}");
        replicas[0].asked();
        assert_eq!(load(&client, 300).await, 0);
        assert_eq!(replicas[0].asked(), 0);
        // A write that may not be repeated is safe, too, where no connection can be made.
        for _ in 0..50 {
            client
                .post("x", &1)
                .repeatable(false)
                .await
                .expect("another takes it");
        }
        replicas[0].revive();
        comes_back(&client, &replicas[0]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_fails_costs_no_call_and_loses_its_load_until_it_is_well() {
    for balance in BOTH {
        let replicas = three().await;
        let client = client(&replicas, balance);
        assert_eq!(load(&client, 300).await, 0);
        replicas[1].mood.store(FAILS, Ordering::SeqCst);
        replicas[1].asked();
        assert_eq!(load(&client, 600).await, 0, "{balance:?}");
        let asked = replicas[1].asked();
        assert!(asked < 100, "{balance:?}: asked {asked} times of 600");
        replicas[1].mood.store(WELL, Ordering::SeqCst);
        comes_back(&client, &replicas[1]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_hangs_costs_no_call_and_loses_its_load_until_it_is_well() {
    for balance in BOTH {
        let replicas = three().await;
        let client = client(&replicas, balance);
        assert_eq!(load(&client, 300).await, 0);
        replicas[2].mood.store(HANGS, Ordering::SeqCst);
        replicas[2].asked();
        assert_eq!(load(&client, 600).await, 0, "{balance:?}");
        let asked = replicas[2].asked();
        assert!(asked < 100, "{balance:?}: asked {asked} times of 600");
        replicas[2].mood.store(WELL, Ordering::SeqCst);
        comes_back(&client, &replicas[2]).await;
    }
}
