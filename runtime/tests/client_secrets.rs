//! What cannot be seen of calls: keys.
//!
//! Alone in its binary: which spans tracing shows is state of the whole process, and tests beside it would change it.

mod client_support;

use std::io::Write;
use std::sync::{Arc, Mutex};

use client_support::{builder, paused};
use tieline::ErrorKind;
use tieline::testing::{ScriptedLine, Step};

const KEY: &str = "hunter2-sk-live";

/// Where a subscriber writes.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_key_is_in_no_debug_text_no_error_and_no_log() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, || {
        paused(async {
            let line = ScriptedLine::always(Step::status(401).header("echo", KEY).body(KEY));
            let client = builder(&line)
                .api_key(KEY)
                .credential("bearer", tieline::client::Credential::Bearer(KEY.into()))
                .build()
                .expect("a client");
            let error = client
                .get("x")
                .header("authorization", KEY)
                .await
                .expect_err("unauthorized");
            let _ = client.get("x").await;
            assert_eq!(error.kind(), ErrorKind::Unauthorized);
            let request = client
                .post(&format!("x?key={KEY}"), KEY)
                .header("authorization", KEY);
            let shown = format!(
                "{client:?} {error} {error:?} {:?} {request:?} {line:?}",
                line.requests()
            );
            assert!(!shown.contains("hunter2"), "{shown}");
        });
    });
    let written = String::from_utf8(log.0.lock().expect("no panic").clone()).expect("text");
    assert!(
        written.contains("numbers"),
        "the log has something to say:\n{written}"
    );
    assert!(!written.contains("hunter2"), "{written}");
}
