//! Any text as an OpenAPI document, in YAML (of which JSON is a part).

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &[u8]| tieline_fuzz::generate("fuzzed.yaml", text));
