//! What a generated client sends is what servers read: a generated one, and one that we did not write.

mod arrivals;
mod forms;
mod parts;
mod queries;
mod styles;
mod uploads;
mod xml;

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tieline::Client;
use tieline::codec::File;
use tokio::net::TcpListener;

use super::golden::multipart::{Client as Albums, Mock, add_photo, service, types};

fn upload() -> types::Upload {
    let photo = File::new(&b"\xff\xd8\r\n--\x00\xff"[..])
        .name("caf\u{e9} \"1\".jpg")
        .media_type("image/jpeg");
    types::Upload::new(photo, "B\u{e9}la,\r\n\"the cat\"")
        .versions(vec![File::new(&b"\x00\x01"[..]).name("small.bin"), File::new("")])
        .tags(vec!["a,b".to_owned(), "\u{1F600}".to_owned()])
        .place(types::UploadPlace::new().lat(47.5).lon(19.0))
        .rating(5)
}

/// A server on the loopback interface: its address.
pub(super) async fn served(router: axum::Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a bound address");
    tokio::spawn(tieline::server::serve::serve(
        listener,
        router,
        std::future::pending::<()>(),
        Duration::ZERO,
    ));
    format!("http://{address}")
}

async fn albums(mock: Mock, body_limit: usize) -> Albums {
    client(&served(service(mock).body_limit(body_limit).into_router()).await)
}

fn client(url: &str) -> Albums {
    let builder = Client::builder("albums").url(url).expect("a URL");
    Albums::new(builder.build().expect("a client"))
}

#[tokio::test]
async fn a_generated_server_reads_parts_and_files_as_they_were_sent() {
    let seen: Arc<Mutex<Vec<add_photo::Request>>> = Arc::default();
    let mock = Mock::new();
    let kept = seen.clone();
    mock.add_photo.handle(move |_, request| {
        kept.lock().expect("no panic before").push(request);
        async { Ok(add_photo::Response::Created(types::Kept::new().size(1))) }
    });
    let kept = albums(mock, 1 << 20).await.add_photo("cats", upload()).await;
    assert_eq!(kept.expect("the photo is kept").size, Some(1));
    let mut expected = upload();
    let versions = expected.versions.as_mut().expect("some");
    versions[0].media_type = Some("application/octet-stream".to_owned());
    versions[1] = File::new("")
        .name("versions")
        .media_type("application/octet-stream");
    let seen = seen.lock().expect("no panic before");
    assert_eq!(seen.len(), 1);
    assert_eq!((seen[0].album.as_str(), &seen[0].body), ("cats", &expected));
}

#[tokio::test]
async fn a_part_that_is_wrong_is_named_and_one_that_is_too_large_is_refused() {
    let mut long = upload();
    long.title = "x".repeat(21);
    let error = albums(Mock::new(), 1 << 20).await.add_photo("cats", long).await;
    let error = error.expect_err("the title is too long");
    assert_eq!(error.status().map(|status| status.as_u16()), Some(400));
    let body = error.fault().reply().expect("a problem").body.clone();
    let body = String::from_utf8_lossy(&body);
    assert!(body.contains("/title"), "{body}");

    let error = albums(Mock::new(), 64).await.add_photo("cats", upload()).await;
    let status = error.expect_err("the body is too large").status();
    assert_eq!(status.map(|status| status.as_u16()), Some(413));
}

/// A server under node, ended with the test.
pub(super) struct Node {
    process: Child,
    pub(super) url: String,
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Runs a script of `tests/node`. `None`: node or npm is not there, or its packages cannot be had, and
/// `TIELINE_TEST_NODE` does not say that they must be.
pub(super) fn node(script: &str) -> Option<Node> {
    let missing = |what: &str| {
        assert!(std::env::var_os("TIELINE_TEST_NODE").is_none(), "{what}");
        eprintln!("SKIPPED: the test against a server under node: {what}");
        None
    };
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("node");
    let Some(folder) = installed(&sources) else {
        return missing("node or npm is not there, or npm could not install the packages of tests/node");
    };
    let process = Command::new("node")
        .arg(script)
        .current_dir(&folder)
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut process) = process else {
        return missing("node did not start");
    };
    let mut port = String::new();
    let output = process.stdout.take().expect("piped");
    BufReader::new(output)
        .read_line(&mut port)
        .expect("the script's port");
    let url = format!("http://127.0.0.1:{}", port.trim());
    Some(Node { process, url })
}

/// The folder below cargo's target folder that has these scripts and the packages of their `package.json`.
fn installed(sources: &Path) -> Option<PathBuf> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock();
    let entries = std::fs::read_dir(sources).ok()?;
    let mut files: Vec<PathBuf> = entries
        .map(|entry| Some(entry.ok()?.path()))
        .collect::<Option<_>>()?;
    files.sort();
    let mut digest = DefaultHasher::new();
    for file in &files {
        std::fs::read(file).ok()?.hash(&mut digest);
    }
    let program = std::env::current_exe().ok()?;
    let target = program.ancestors().nth(2)?;
    let folder = target.join(format!("tieline-node-{:016x}", digest.finish()));
    if folder.exists() {
        return Some(folder);
    }
    // Other processes may install them now, too: each does so in a folder of its own, and the first that is done gives its.
    let own = tempfile::tempdir_in(target).ok()?;
    for file in &files {
        std::fs::copy(file, own.path().join(file.file_name()?)).ok()?;
    }
    let npm = Command::new("npm")
        .args(["install", "--no-audit", "--no-fund", "--ignore-scripts"])
        .current_dir(&own)
        .stdout(Stdio::null())
        .status();
    if !npm.ok()?.success() {
        return None;
    }
    let moved = std::fs::rename(&own, &folder);
    (moved.is_ok() || folder.exists()).then_some(folder)
}

#[tokio::test]
async fn express_and_multer_read_parts_and_files_as_they_were_sent() {
    let Some(node) = node("multipart.js") else { return };
    let kept = client(&node.url).add_photo("cats", upload()).await;
    let kept = kept.expect("the photo is kept");
    assert_eq!(kept.name.as_deref(), Some("cats/caf\u{e9} \"1\".jpg image/jpeg"));
    assert_eq!(kept.size, Some(8));
    assert_eq!(
        kept.versions,
        Some(vec!["small.bin 0001".to_owned(), "versions ".to_owned()])
    );
    assert_eq!(kept.title.as_deref(), Some("B\u{e9}la,\r\n\"the cat\""));
    assert_eq!(kept.tags, upload().tags);
    assert_eq!(kept.lat, Some(47.5));
}
