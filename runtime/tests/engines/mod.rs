//! Real servers for tests: each test starts one of its own, in a folder and on a port of its own, and stops it. Where the
//! program is not installed, the test says so and does nothing; with `TIELINE_TEST_ENGINES=required` it fails.

#![allow(dead_code, reason = "each feature uses a part")]
#![allow(unreachable_pub, reason = "each test crate includes it as a module")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A server that runs as long as this.
pub struct Engine {
    pub url: String,
    child: Child,
    /// How it is told to end, where killing it leaves something behind.
    stop: Option<Command>,
    _folder: tempfile::TempDir,
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Some(stop) = &mut self.stop {
            let _ = stop.status();
        }
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn skipped(what: &str) -> Option<Engine> {
    assert!(
        std::env::var_os("TIELINE_TEST_ENGINES").is_none_or(|value| value != "required"),
        "{what} is required and not installed"
    );
    eprintln!("SKIPPED: {what} is not installed; this test did NOTHING");
    None
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// Waits until `ready` says so.
fn wait_for(what: &str, child: &mut Child, mut ready: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !ready() {
        if let Some(status) = child.try_wait().unwrap() {
            panic!("{what} ended: {status}");
        }
        assert!(Instant::now() < end, "{what} did not start in a minute");
        std::thread::yield_now();
    }
}

pub fn redis() -> Option<Engine> {
    let Some(program) = ["redis-server", "valkey-server"].into_iter().find_map(in_path) else {
        return skipped("redis-server");
    };
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let mut child = Command::new(program)
        .args([
            "--port",
            &port.to_string(),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--dir",
        ])
        .arg(folder.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    wait_for("redis-server", &mut child, || {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else {
            return false;
        };
        let mut answer = [0; 5];
        stream.write_all(b"PING\r\n").is_ok() && stream.read_exact(&mut answer).is_ok() && &answer == b"+PONG"
    });
    Some(Engine {
        url: format!("redis://127.0.0.1:{port}/0"),
        child,
        stop: None,
        _folder: folder,
    })
}

pub fn postgres() -> Option<Engine> {
    let Some(programs) = newest_postgres() else {
        return skipped("postgresql");
    };
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let port = free_port();
    // PostgreSQL refuses to run as root.
    let is_root =
        std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    let command = |program: &str| {
        let path = programs.join(program);
        if !is_root {
            return Command::new(path);
        }
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"])
            .arg(path);
        command
    };
    if is_root {
        let owned = Command::new("chown")
            .arg("postgres")
            .arg(folder.path())
            .status()
            .unwrap();
        assert!(owned.success());
    }
    let made = command("initdb")
        .args(["-U", "postgres", "-A", "trust", "--no-sync", "-D"])
        .arg(&data)
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(made.success(), "initdb: {made}");
    let log = std::fs::File::create(folder.path().join("log")).unwrap();
    let mut child = command("postgres")
        .args([
            "-p",
            &port.to_string(),
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "fsync=off",
            "-k",
        ])
        .arg(folder.path())
        .arg("-D")
        .arg(&data)
        .stderr(log)
        .spawn()
        .unwrap();
    let ready = programs.join("pg_isready");
    wait_for("postgres", &mut child, || {
        let asked = Command::new(&ready)
            .args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()])
            .status();
        asked.is_ok_and(|status| status.success())
    });
    let mut stop = command("pg_ctl");
    stop.args(["-m", "immediate", "-s", "stop", "-D"]).arg(&data);
    Some(Engine {
        url: format!("postgres://postgres@127.0.0.1:{port}/postgres"),
        child,
        stop: Some(stop),
        _folder: folder,
    })
}

fn in_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

fn newest_postgres() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut folders: Vec<PathBuf> = versions.flatten().map(|entry| entry.path().join("bin")).collect();
    folders.retain(|folder| folder.join("initdb").is_file());
    folders.sort();
    folders
        .pop()
        .or_else(|| in_path("initdb")?.parent().map(Path::to_owned))
}
