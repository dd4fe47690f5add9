//! Any text as a `.proto` file.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &[u8]| tieline_fuzz::generate("fuzzed.proto", text));
