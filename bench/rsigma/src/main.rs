// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

// Shows parsed events to RSigma and prints how long that took and how often each rule matched, as JSON.
//
//	sekisho-bench-rsigma DIR THREADS SECONDS plain|bloom|literals
//
// DIR holds events.ndjson, an object with "s", the number of a source, and "e", the event, on each line; rules.json, the list of rule
// files; sources.json, for each source the numbers of the rules that are for it. Each source gets an engine that has its rules alone,
// so that no time goes by with rules of other logs. Events are parsed before the clock starts, and shown again and again until the
// seconds are over.

use rsigma_eval::{event::JsonEvent, Engine};
use serde_json::{json, Value};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

const BLOCK: usize = 256; // events that a thread takes at once

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if args.len() != 5 {
        eprintln!("usage: {} DIR THREADS SECONDS plain|bloom|literals", args[0]);
        std::process::exit(2);
    }
    let (threads, seconds): (usize, f64) = (args[2].parse().unwrap(), args[3].parse().unwrap());
    let read = |name: &str| std::fs::read_to_string(format!("{}/{}", args[1], name)).unwrap();
    let files: Vec<String> = serde_json::from_str(&read("rules.json")).unwrap();
    let sources: Vec<Vec<usize>> = serde_json::from_str(&read("sources.json")).unwrap();

    let began = Instant::now();
    let mut errors = Vec::new();
    let mut collections = Vec::new();
    for f in &files {
        let text = std::fs::read_to_string(f).unwrap();
        let c = rsigma_parser::parse_sigma_yaml(&text);
        match c {
            Ok(c) => {
                errors.extend(c.errors.iter().map(|e| format!("{f}: {e}")));
                collections.push(Some(c));
            }
            Err(e) => {
                errors.push(format!("{f}: {e}"));
                collections.push(None);
            }
        }
    }
    let read_seconds = began.elapsed().as_secs_f64();
    let began = Instant::now();
    let mut engines = Vec::new();
    for rules in &sources {
        let mut engine = Engine::new();
        engine.set_bloom_prefilter(args[4] == "bloom");
        engine.set_cross_rule_ac(args[4] == "literals");
        let mut batch = Vec::new();
        for &i in rules {
            if let Some(c) = &collections[i] {
                batch.extend(c.rules.iter());
            }
        }
        for (i, e) in engine.add_rules(batch) {
            errors.push(format!("rule {i} of a source: {e}"));
        }
        engines.push(engine);
    }
    let compile_seconds = began.elapsed().as_secs_f64();

    let mut events: Vec<(usize, Value)> = Vec::new();
    for line in read("events.ndjson").lines() {
        let mut v: Value = serde_json::from_str(line).unwrap();
        events.push((v["s"].as_u64().unwrap() as usize, v["e"].take()));
    }

    // Once for the counts, which also warms the caches.
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for (s, e) in &events {
        for r in engines[*s].evaluate(&JsonEvent::borrow(e)) {
            *counts.entry(r.header.rule_id.clone().unwrap_or(r.header.rule_title.clone())).or_default() += 1;
        }
    }

    let next = AtomicUsize::new(0);
    let (began, spent) = (Instant::now(), processor());
    let matches: usize = std::thread::scope(|scope| {
        let all: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    let mut n = 0;
                    while began.elapsed().as_secs_f64() < seconds {
                        let from = next.fetch_add(BLOCK, Ordering::Relaxed);
                        for i in from..from + BLOCK {
                            let (s, e) = &events[i % events.len()];
                            n += engines[*s].evaluate(&JsonEvent::borrow(e)).len();
                        }
                    }
                    n
                })
            })
            .collect();
        all.into_iter().map(|t| t.join().unwrap()).sum()
    });
    let (took, spent) = (began.elapsed().as_secs_f64(), processor() - spent);
    println!(
        "{}",
        json!({"events": next.into_inner(), "seconds": took, "processor_seconds": spent, "matches": matches, "counts": counts,
            "errors": errors, "read_seconds": read_seconds, "compile_seconds": compile_seconds})
    );
}

// processor returns the seconds of processor time that the process took.
fn processor() -> f64 {
    let mut u: libc::rusage = unsafe { std::mem::zeroed() };
    unsafe { libc::getrusage(libc::RUSAGE_SELF, &mut u) };
    let s = |t: libc::timeval| t.tv_sec as f64 + t.tv_usec as f64 / 1e6;
    s(u.ru_utime) + s(u.ru_stime)
}
