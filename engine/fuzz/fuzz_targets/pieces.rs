#![no_main]

#[expect(dead_code, reason = "each binary runs one of the targets")]
#[path = "../targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|input: &[u8]| targets::pieces(input));
