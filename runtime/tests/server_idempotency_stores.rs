//! What every store of idempotency keys does, on the real servers where these are installed.

#![cfg(feature = "server")]

mod engines;

use std::sync::Arc;
use std::time::Duration;

use tieline::server::idempotency::{Claim, Claimed, IdempotencyStore, MemoryStore};

const LEASE: Duration = Duration::from_secs(30);
const TTL: Duration = Duration::from_secs(60);

fn claim(key: &str, token: u128) -> Claim {
    Claim {
        key: key.to_owned(),
        fingerprint: [7; 32],
        token,
        lease: LEASE,
    }
}

/// What all stores do alike.
async fn keeps_the_rules(store: Arc<dyn IdempotencyStore>) {
    let (one, two) = (claim("a", 1), claim("a", 2));
    assert_eq!(store.claim(&one).await.unwrap(), Claimed::Won);
    let taken = Claimed::Taken {
        fingerprint: [7; 32],
        reply: None,
    };
    assert_eq!(store.claim(&two).await.unwrap(), taken);
    assert!(store.renew(&one).await.unwrap());

    // Who has not the key can do nothing to it.
    assert!(!store.renew(&two).await.unwrap());
    assert!(!store.complete(&two, b"stolen", TTL).await.unwrap());
    store.release(&two).await.unwrap();
    assert_eq!(store.claim(&two).await.unwrap(), taken);

    // A key that was freed is free.
    store.release(&one).await.unwrap();
    assert_eq!(store.claim(&two).await.unwrap(), Claimed::Won);

    // A reply stays, whatever its claimant does afterwards.
    let reply = b"{\"status\":200}\n\x00\xff".to_vec();
    assert!(store.complete(&two, &reply, TTL).await.unwrap());
    assert!(!store.complete(&two, b"another", TTL).await.unwrap());
    assert!(!store.renew(&two).await.unwrap());
    store.release(&two).await.unwrap();
    let kept = Claimed::Taken {
        fingerprint: [7; 32],
        reply: Some(reply),
    };
    assert_eq!(store.claim(&one).await.unwrap(), kept);

    // Other keys have nothing to do with it.
    assert_eq!(store.claim(&claim("b", 1)).await.unwrap(), Claimed::Won);

    // A lease that has ended frees the key, and its claimant has lost it.
    let short = Claim {
        lease: Duration::ZERO,
        ..claim("c", 1)
    };
    assert_eq!(store.claim(&short).await.unwrap(), Claimed::Won);
    let next = claim("c", 2);
    while store.claim(&next).await.unwrap() != Claimed::Won {
        tokio::task::yield_now().await;
    }
    assert!(!store.complete(&short, b"late", TTL).await.unwrap());

    // A reply whose time is over is gone.
    assert!(store.complete(&next, b"old", Duration::ZERO).await.unwrap());
    let last = claim("c", 3);
    while store.claim(&last).await.unwrap() != Claimed::Won {
        tokio::task::yield_now().await;
    }

    // Of many at a time one wins.
    let all: Vec<_> = (0..16)
        .map(|token| {
            let store = store.clone();
            tokio::spawn(async move { store.claim(&claim("d", token)).await.unwrap() == Claimed::Won })
        })
        .collect();
    let mut won = 0;
    for one in all {
        won += usize::from(one.await.unwrap());
    }
    assert_eq!(won, 1);
    store.sweep().await.unwrap();
    assert_eq!(
        store.claim(&one).await.unwrap(),
        kept,
        "what holds is not removed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_keeps_the_rules() {
    keeps_the_rules(Arc::new(MemoryStore::new())).await;
}

#[cfg(feature = "redis")]
#[tokio::test(flavor = "multi_thread")]
async fn redis_keeps_the_rules() {
    use tieline::server::idempotency::RedisStore;
    let Some(server) = engines::redis() else {
        return;
    };
    keeps_the_rules(Arc::new(RedisStore::connect(&server.url).await.unwrap())).await;
}

#[cfg(feature = "postgres")]
#[tokio::test(flavor = "multi_thread")]
async fn postgres_keeps_the_rules() {
    use tieline::server::idempotency::PostgresStore;
    let Some(server) = engines::postgres() else {
        return;
    };
    // Several servers start at a time.
    let opening = (0..4).map(|_| PostgresStore::connect(&server.url));
    let mut stores = futures_util::future::join_all(opening).await;
    let store = stores.pop().unwrap().unwrap();
    // Any password is good there.
    let secret = PostgresStore::connect(&server.url.replace("postgres@", "postgres:s3cret@"))
        .await
        .unwrap();
    assert!(!format!("{secret:?}").contains("s3cret"), "{secret:?}");
    assert!(stores.iter().all(Result::is_ok));
    keeps_the_rules(Arc::new(store)).await;
}

#[cfg(any(feature = "redis", feature = "postgres"))]
#[tokio::test]
async fn an_address_that_is_none_is_told_without_its_password() {
    let mut texts = Vec::new();
    #[cfg(feature = "redis")]
    texts.extend(
        tieline::server::idempotency::RedisStore::connect("redis//:secret@host")
            .await
            .err(),
    );
    #[cfg(feature = "postgres")]
    texts.extend(
        tieline::server::idempotency::PostgresStore::connect("postgres//:secret@host")
            .await
            .err(),
    );
    assert!(!texts.is_empty());
    for text in texts {
        assert!(!format!("{text} {text:?}").contains("secret"), "{text:?}");
    }
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use super::*;
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};
    use tieline::clock::Wall;
    use tieline::server::idempotency::SqliteStore;

    #[tokio::test(flavor = "multi_thread")]
    async fn sqlite_keeps_the_rules_and_the_keys() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.db");
        keeps_the_rules(Arc::new(SqliteStore::open(&path).await.unwrap())).await;
        let again = SqliteStore::open(&path).await.unwrap();
        let kept = again.claim(&claim("a", 9)).await.unwrap();
        assert!(matches!(kept, Claimed::Taken { reply: Some(_), .. }), "{kept:?}");
    }

    #[tokio::test]
    async fn what_has_ended_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let wall = Wall::at(Duration::from_secs(1_000_000));
        let store = SqliteStore::open(folder.path().join("keys.db"))
            .await
            .unwrap()
            .wall(wall.clone());
        let (short, long) = (claim("short", 1), claim("long", 1));
        store.claim(&short).await.unwrap();
        store.claim(&long).await.unwrap();
        store.complete(&long, b"kept", TTL).await.unwrap();
        wall.advance(LEASE);
        assert_eq!(store.sweep().await.unwrap(), 1);
        wall.advance(TTL);
        assert_eq!(store.sweep().await.unwrap(), 1);
    }

    /// The child of the test below: takes a key, keeps a reply under another, says so, and waits to be killed.
    #[tokio::test]
    async fn a_process_that_holds_a_claim() {
        let Some(path) = std::env::var_os("TIELINE_TEST_CLAIM") else {
            return;
        };
        let store = SqliteStore::open(path).await.unwrap();
        assert_eq!(store.claim(&claim("done", 1)).await.unwrap(), Claimed::Won);
        assert!(store.complete(&claim("done", 1), b"reply", TTL).await.unwrap());
        assert_eq!(store.claim(&claim("held", 1)).await.unwrap(), Claimed::Won);
        println!("\nholds it");
        std::future::pending::<()>().await;
    }

    #[tokio::test]
    async fn the_claim_of_a_killed_process_holds_until_its_lease_ends_and_its_replies_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.db");
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "sqlite::a_process_that_holds_a_claim", "--nocapture"])
            .env("TIELINE_TEST_CLAIM", &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let said = output
            .lines()
            .map_while(Result::ok)
            .any(|line| line == "holds it");
        assert!(said, "the child took the key");
        // SIGKILL.
        child.kill().unwrap();
        child.wait().unwrap();

        let wall = Wall::at(Wall::system().now());
        let store = SqliteStore::open(&path).await.unwrap().wall(wall.clone());
        let mine = claim("held", 2);
        let held = store.claim(&mine).await.unwrap();
        assert!(matches!(held, Claimed::Taken { reply: None, .. }), "{held:?}");
        let done = store.claim(&claim("done", 2)).await.unwrap();
        assert!(matches!(done, Claimed::Taken { reply: Some(reply), .. } if reply == b"reply"));
        wall.advance(LEASE);
        assert_eq!(store.claim(&mine).await.unwrap(), Claimed::Won);
    }
}
