//! Whatever goes wrong, nothing is lost and nothing is doubled: 500 cases of the simulation, of which
//! `cargo xtask simulate` plays as many as there is time for.

use octane_tests::simulate::Simulator;

fn play(seeds: std::ops::Range<u64>) {
    let simulator = Simulator::new().unwrap();
    let (mut lives, count) = (0, seeds.end - seeds.start);
    for seed in seeds {
        match simulator.play(seed) {
            Ok(played) => lives += played.lives,
            Err(failure) => panic!("{failure}"),
        }
    }
    assert!(
        lives as u64 > count,
        "processes died and were started again"
    );
}

#[test]
fn the_first_quarter_of_500_seeds_holds() {
    play(0..125);
}

#[test]
fn the_second_quarter_of_500_seeds_holds() {
    play(125..250);
}

#[test]
fn the_third_quarter_of_500_seeds_holds() {
    play(250..375);
}

#[test]
fn the_last_quarter_of_500_seeds_holds() {
    play(375..500);
}

#[test]
fn a_seed_makes_the_same_happen_each_time() {
    let told = |seed| {
        let simulator = Simulator::new().unwrap();
        let (_, story) = simulator
            .told(seed)
            .map_err(|failure| failure.to_string())?;
        Ok::<_, String>(story)
    };
    for seed in [7, 40, 77] {
        assert_eq!(told(seed), told(seed), "seed {seed}");
    }
}
