use super::*;

#[test]
fn speeds_go_up_and_down_between_the_slowest_and_the_fastest() {
    let at = |speed| Replay { start: Timestamp::MIN, end: Timestamp::MAX, speed, runs: true, settles: false };
    assert_eq!(
        [0.25, 1.0, 7.0, 300.0, 1000.0].map(|s| at(s).next_speed(true)),
        [0.5, 2.0, 10.0, 300.0, 1000.0]
    );
    assert_eq!([0.1, 0.25, 1.0, 7.0, 1000.0].map(|s| at(s).next_speed(false)), [0.1, 0.25, 0.5, 5.0, 300.0]);
}
