#!/usr/bin/env python3
"""Rates on a folder of OpenAPI documents: how many does each generator read, and how many of a sample compile?

    benches/table.py path/to/documents [--sample 40] [--seed 1] [--only tieline,progenitor,...] [--workshop DIR]

Prints a table in Markdown. Needs cargo and Python 3; openapi-generator needs Java 11 or newer. The peers are installed
into the workshop from crates.io and PyPI (whose package holds the jar), at the versions below; what is there is used again.
Every tool is used at its default settings. A document "generates" when its tool ends well and has written Rust; it
"compiles" when `cargo check` of the crate ends well, warnings allowed. The sample is drawn by the seed among all documents,
the same for every tool; what a tool did not generate does not compile.
"""

import argparse
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import zipfile

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
VERSIONS = {"progenitor": "0.15.0", "openapi-generator": "7.26.0", "openapi-to-rust": "0.23.0"}
SECONDS = {"generate": 180, "compile": 900}


def run(command, limit, **more):
    """Whether a command ends well within its time; what it printed is in the log of the workshop."""
    try:
        with open(LOG, "a") as log:
            print("$", *command, file=log, flush=True)
            return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, timeout=limit, **more).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def must(command, limit=3600, **more):
    if not run(command, limit, **more):
        sys.exit(f"{' '.join(map(str, command))} failed, see {LOG}")


def written(folder):
    return any(path.stat().st_size for path in folder.rglob("*.rs"))


class Peer:
    """A tool that is installed into the workshop and writes a crate a document."""

    def __init__(self, name, workshop):
        self.name, self.folder = name, workshop / name
        self.folder.mkdir(parents=True, exist_ok=True)

    def install_crate(self, package):
        self.program = self.folder / "bin" / package
        if not self.program.exists():
            must(["cargo", "install", "--locked", "--quiet", "--root", self.folder, "--version", VERSIONS[self.name], package])

    def generate(self, documents, path_of):
        """The documents that it generates, and their crates."""
        crates = {}
        for document in documents:
            crate = self.folder / "crates" / slug(document)
            shutil.rmtree(crate, ignore_errors=True)
            crate.mkdir(parents=True)
            if self.one(path_of(document), crate) and written(crate):
                crates[document] = crate
        return crates

    def compiles(self, crate):
        target = dict(os.environ, CARGO_TARGET_DIR=str(self.folder / "target"), CARGO_INCREMENTAL="0", RUSTFLAGS="--cap-lints=allow")
        return run(["cargo", "check", "--quiet", "--lib"], SECONDS["compile"], cwd=crate, env=target)


class Progenitor(Peer):
    def install(self):
        self.install_crate("cargo-progenitor")

    def one(self, document, crate):
        arguments = ["progenitor", "-i", document, "-o", crate, "-n", crate.name, "-v", "0.1.0"]
        done = run([self.program, *arguments], SECONDS["generate"])
        own_workspace(crate)
        return done


class OpenapiToRust(Peer):
    def install(self):
        self.install_crate("openapi-to-rust")

    def one(self, document, crate):
        out = crate / "src" / "generated"
        done = run([self.program, "generate", document, "--output-dir", out], SECONDS["generate"], cwd=crate)
        needed = out / "REQUIRED_DEPS.toml"
        dependencies = needed.read_text() if needed.exists() else "[dependencies]\n"
        package = f'[package]\nname = "{crate.name}"\nversion = "0.1.0"\nedition = "2024"\n\n'
        (crate / "Cargo.toml").write_text(f"{package}{dependencies}\n[workspace]\n")
        (crate / "src").mkdir(exist_ok=True)
        (crate / "src" / "lib.rs").write_text("pub mod generated;\n")
        return done


class OpenapiGenerator(Peer):
    def install(self):
        self.jar = self.folder / "openapi-generator.jar"
        if self.jar.exists():
            return
        package = f"openapi-generator-cli=={VERSIONS[self.name]}"
        must([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", self.folder, package])
        [wheel] = self.folder.glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            self.jar.write_bytes(archive.read("openapi_generator_cli/openapi-generator.jar"))
        wheel.unlink()

    def one(self, document, crate):
        arguments = ["generate", "-g", "rust", "-i", document, "-o", crate, f"--additional-properties=packageName={crate.name}"]
        done = run(["java", "-jar", self.jar, *arguments], SECONDS["generate"])
        own_workspace(crate)
        return done


def own_workspace(crate):
    manifest = crate / "Cargo.toml"
    if manifest.exists() and "[workspace]" not in manifest.read_text():
        with manifest.open("a") as file:
            file.write("\n[workspace]\n")


def slug(document):
    return "doc-" + re.sub("[^a-z0-9]+", "-", document.lower())


def tieline(folder, workshop, sample):
    """What the benches' own subject says: all documents, those that generate, and those of the sample that compile."""
    corpus = ["cargo", "run", "--quiet", "--release", "-p", "tieline-benches", "--", "corpus", folder]

    def rows(*more):
        report = workshop / "tieline.ndjson"
        run([*corpus, "--report", report, *more], 7200, cwd=REPOSITORY)
        return [json.loads(line) for line in report.read_text().splitlines()]

    every = rows()
    documents = [row["document"] for row in every]
    chosen = sample(documents)
    compiled = 0
    for document in chosen:
        [row] = rows("--only", document, "--compile", "--workshop", workshop / "tieline")
        compiled += row["compiled"] is True
    generated = {row["document"] for row in every if row["result"] == "generated"}
    return documents, generated, compiled


def main():
    global LOG
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--sample", type=int, default=40, help="how many documents are compiled")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="tieline,progenitor,openapi-generator,openapi-to-rust")
    parser.add_argument("--workshop", type=pathlib.Path, default=REPOSITORY / "target" / "benches-table")
    options = parser.parse_args()
    folder, workshop = options.folder.resolve(), options.workshop.resolve()
    workshop.mkdir(parents=True, exist_ok=True)
    LOG = workshop / "log.txt"
    wanted = options.only.split(",")

    def sample(documents):
        return sorted(random.Random(options.seed).sample(documents, min(options.sample, len(documents))))

    # Tieline's row comes first in any case: it says which files of the folder are documents.
    documents, generated, compiled = tieline(folder, workshop, sample if "tieline" in wanted else lambda _: [])
    chosen = sample(documents)
    lines = []
    if "tieline" in wanted:
        lines.append(("Tieline", len(generated), compiled))
    for name, kind in [("progenitor", Progenitor), ("openapi-generator", OpenapiGenerator), ("openapi-to-rust", OpenapiToRust)]:
        if name in wanted:
            peer = kind(name, workshop)
            peer.install()
            crates = peer.generate(documents, lambda document: folder / document)
            good = sum(peer.compiles(crates[document]) for document in chosen if document in crates)
            lines.append((f"{name} {VERSIONS[name]}", len(crates), good))
    print(f"| {len(documents)} documents | generates | compiles, of a sample of {len(chosen)} |\n|---|---|---|")
    for name, generates, compiles in lines:
        print(f"| {name} | {generates} ({generates / len(documents):.0%}) | {compiles} ({compiles / max(len(chosen), 1):.0%}) |")


if __name__ == "__main__":
    main()
