//! Sums of whole numbers that may be as large as they like.

/// How many bits of a number are added up on their own.
pub(crate) const LOW_BITS: u32 = 32;

/// What these bits can be.
pub(crate) const LOW_MASK: i64 = (1 << LOW_BITS) - 1;

/// The sum of an SQL expression of whole numbers over all rows, or the greatest or smallest number there is where it would be
/// beyond that: SQLite's own `SUM` fails then. NULL if there is nothing to add.
///
/// Both halves of the numbers are added up, which overflows with more than two thousand million rows only.
pub(crate) fn saturating_sum(expression: &str) -> String {
    let low = format!("SUM(({expression}) & {LOW_MASK})");
    let high = format!("(SUM(({expression}) >> {LOW_BITS}) + ({low} >> {LOW_BITS}))");
    let (most, least) = (LOW_MASK >> 1, -(LOW_MASK >> 1) - 1);
    format!(
        "CASE WHEN {high} > {most} THEN {} WHEN {high} < {least} THEN -{} - 1
         ELSE {high} * {} + ({low} & {LOW_MASK}) END",
        i64::MAX,
        i64::MAX,
        LOW_MASK + 1
    )
}

/// The sum of both halves, as they are added up.
pub(crate) fn sum_of(high: i64, low: i64) -> i64 {
    let sum = (i128::from(high) << LOW_BITS) + i128::from(low);
    let bounded = sum.clamp(i64::MIN.into(), i64::MAX.into());
    i64::try_from(bounded).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    #[test]
    fn sums_are_exact_as_far_as_there_are_numbers() {
        let connection = Connection::open_in_memory().unwrap();
        for (numbers, expected) in [
            (&[][..], None),
            (&[7, 8], Some(15)),
            (&[-7, 3], Some(-4)),
            (&[i64::MAX], Some(i64::MAX)),
            (&[i64::MIN], Some(i64::MIN)),
            (&[i64::MAX, i64::MIN], Some(-1)),
            (&[i64::MAX, -1], Some(i64::MAX - 1)),
            (&[i64::MAX, 1], Some(i64::MAX)),
            (&[i64::MIN, -1], Some(i64::MIN)),
            (&[1_790_000_000_000_000_000; 6], Some(i64::MAX)),
            (
                &[1_790_000_000_000_000_000; 5],
                Some(8_950_000_000_000_000_000),
            ),
            (&[0xffff_ffff, 0xffff_ffff, 2], Some(0x2_0000_0000)),
        ] {
            let rows = serde_json::to_string(numbers).unwrap();
            let sql = format!("SELECT {} FROM json_each(?)", saturating_sum("value"));
            let sum: Option<i64> = connection
                .query_row(&sql, [rows], |row| row.get(0))
                .unwrap();
            assert_eq!(sum, expected, "{numbers:?}");
            let halves = |number: &i64| (number >> LOW_BITS, number & LOW_MASK);
            let (high, low) = numbers
                .iter()
                .map(halves)
                .fold((0, 0), |(high, low), one| (high + one.0, low + one.1));
            assert_eq!(sum_of(high, low), expected.unwrap_or(0), "{numbers:?}");
        }
    }
}
