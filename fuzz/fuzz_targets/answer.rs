//! Any bytes are an answer of the service that can be read, or an error.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| taskadefs::api::read_any_answer(body));
