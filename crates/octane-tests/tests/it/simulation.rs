//! Whatever goes wrong, nothing is lost and nothing is duplicated: 500 cases of the simulation, and every possible crash.
//! `cargo xtask simulate` runs as many as there is time for.

use octane_tests::simulate::Simulator;

fn run(seeds: std::ops::Range<u64>) {
    let simulator = Simulator::new().unwrap();
    let (mut process_runs, count) = (0, seeds.end - seeds.start);
    for seed in seeds {
        match simulator.run(seed) {
            Ok(result) => process_runs += result.process_runs,
            Err(failure) => panic!("{failure}"),
        }
    }
    assert!(
        process_runs as u64 > count,
        "processes crashed and were started again"
    );
}

#[test]
fn the_first_quarter_of_500_seeds_keeps_all_promises() {
    run(0..125);
}

#[test]
fn the_second_quarter_of_500_seeds_keeps_all_promises() {
    run(125..250);
}

#[test]
fn the_third_quarter_of_500_seeds_keeps_all_promises() {
    run(250..375);
}

#[test]
fn the_last_quarter_of_500_seeds_keeps_all_promises() {
    run(375..500);
}

#[test]
fn a_crash_at_any_write_and_any_request_of_an_upload_loses_and_duplicates_nothing() {
    const BATCHES: u64 = 4;
    let simulator = Simulator::new().unwrap();
    let points = simulator.crash_points(BATCHES).unwrap();
    assert!(points > 50, "{points}");
    for point in 0..points {
        if let Err(failure) = simulator.run_crash(BATCHES, point) {
            panic!("{failure}");
        }
    }
}

#[test]
fn a_seed_reproduces_the_same_trace_each_time() {
    let trace = |seed| {
        let simulator = Simulator::new().unwrap();
        let (_, trace) = simulator
            .run_with_trace(seed)
            .map_err(|failure| failure.to_string())?;
        Ok::<_, String>(trace)
    };
    // The last ones have several uploaders.
    for seed in [7, 40, 77, 5, 11] {
        assert_eq!(trace(seed), trace(seed), "seed {seed}");
    }
}
