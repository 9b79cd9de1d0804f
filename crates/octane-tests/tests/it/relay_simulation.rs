//! Relays that die, stand still and share a store: whatever goes wrong, what was handed over is delivered, once, in order and at one
//! pace; and relays that break a promise are found out. `cargo xtask simulate --relay` runs as many cases as there is time for.

use octane_tests::simulate::{RelayMutation, Simulator};

fn run(seeds: std::ops::Range<u64>) {
    let simulator = Simulator::new().unwrap();
    let (mut processes, count) = (0, seeds.end - seeds.start);
    for seed in seeds {
        match simulator.run_relays(seed) {
            Ok(result) => processes += result.process_runs,
            Err(failure) => panic!("{failure}"),
        }
    }
    assert!(
        processes as u64 > 4 * count,
        "relays died and were started again"
    );
}

#[test]
fn the_first_half_of_16_seeds_with_relays_keeps_all_promises() {
    run(0..8);
}

#[test]
fn the_last_half_of_16_seeds_with_relays_keeps_all_promises() {
    run(8..16);
}

#[test]
fn a_seed_with_relays_reproduces_the_same_trace_each_time() {
    let trace = |seed| {
        let simulator = Simulator::new().unwrap();
        let (_, trace) = simulator
            .run_relays_with_trace(seed)
            .map_err(|failure| failure.to_string())?;
        Ok::<_, String>(trace)
    };
    for seed in [1, 2, 3] {
        assert_eq!(trace(seed), trace(seed), "seed {seed}");
    }
}

/// One of the first seeds finds the relays out, with this complaint.
fn is_found(mutation: RelayMutation, complaint: &str) {
    let simulator = Simulator::new().unwrap();
    let found = (0..48).find_map(|seed| {
        let failure = simulator.run_mutated_relays(seed, mutation).err()?;
        failure.problem.contains(complaint).then_some(seed)
    });
    assert!(found.is_some(), "{mutation:?} is not found");
}

#[test]
fn a_store_without_fencing_is_found() {
    is_found(
        RelayMutation::NoFencing,
        "took effect for an earlier lease of the lane",
    );
}

#[test]
fn a_pace_of_each_process_is_found() {
    is_found(RelayMutation::PacePerProcess, "requests began within");
}

#[test]
fn uploads_that_overtake_each_other_are_found() {
    is_found(RelayMutation::LanePerUpload, "which was stored later");
}

#[test]
fn a_suite_run_that_is_completed_without_its_shards_is_found() {
    is_found(RelayMutation::ClosesEarly, "too early");
}

#[test]
fn a_suite_run_that_is_completed_twice_is_found() {
    is_found(RelayMutation::CompletesAgain, "was completed twice");
}

#[test]
fn an_upload_that_was_never_stored_is_found() {
    is_found(RelayMutation::StoresNothing, "it was stored, and is gone");
}
