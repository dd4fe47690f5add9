//! The `status` label: an HTTP status or a gRPC code, each with a place of its own in a table, so that recording
//! needs no map and no lock.

use std::borrow::Cow;
use std::sync::OnceLock;

/// gRPC's codes by number, as the `status` label spells them.
const GRPC: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// How a logical call ended, as the `status` label shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// An HTTP status, 100 to 599; others are counted as `unknown`.
    Http(u16),
    /// A gRPC code by its number, 0 to 16; others are counted as `unknown`. A call of any protocol that got no
    /// answer (refused, timed out, rejected by a policy) is labelled by the code that means it, such as
    /// `UNAVAILABLE` or `DEADLINE_EXCEEDED`.
    Code(u8),
}

/// How many statuses one row of the table holds.
const ROW: usize = 100;
/// Rows: HTTP's five classes, then the gRPC codes with `unknown` behind them.
const ROWS: usize = 6;
const UNKNOWN: usize = GRPC.len();

type Row<T> = Box<[OnceLock<T>]>;

/// A value per status, made when the status is first met: reading is two loads.
#[derive(Debug)]
pub(super) struct Table<T> {
    rows: [OnceLock<Row<T>>; ROWS],
}

impl<T: Default> Table<T> {
    pub(super) fn new() -> Self {
        Self {
            rows: std::array::from_fn(|_| OnceLock::new()),
        }
    }

    pub(super) fn get(&self, status: Status) -> &T {
        let (row, column) = place(status);
        let width = if row == ROWS - 1 { UNKNOWN + 1 } else { ROW };
        let row = self.rows[row].get_or_init(|| (0..width).map(|_| OnceLock::new()).collect());
        row[column].get_or_init(T::default)
    }

    /// The values made so far with the texts of their statuses.
    pub(super) fn filled(&self) -> impl Iterator<Item = (Cow<'static, str>, &T)> {
        self.rows.iter().enumerate().flat_map(|(row, values)| {
            let values = values
                .get()
                .into_iter()
                .flat_map(|values| values.iter().enumerate());
            values.filter_map(move |(column, value)| Some((text(row, column), value.get()?)))
        })
    }
}

fn place(status: Status) -> (usize, usize) {
    match status {
        Status::Http(status @ 100..=599) => (usize::from(status) / ROW - 1, usize::from(status) % ROW),
        Status::Code(code) if usize::from(code) < UNKNOWN => (ROWS - 1, usize::from(code)),
        Status::Http(_) | Status::Code(_) => (ROWS - 1, UNKNOWN),
    }
}

fn text(row: usize, column: usize) -> Cow<'static, str> {
    if row < ROWS - 1 {
        Cow::Owned(((row + 1) * ROW + column).to_string())
    } else {
        Cow::Borrowed(GRPC.get(column).copied().unwrap_or("unknown"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_a_place_and_a_text_of_its_own() {
        let table = Table::<u8>::new();
        for status in (100..600).map(Status::Http).chain((0..17).map(Status::Code)) {
            table.get(status);
        }
        let texts: std::collections::HashSet<_> = table.filled().map(|(text, _)| text).collect();
        assert_eq!(texts.len(), 517);
        for known in ["100", "200", "404", "599", "OK", "UNAUTHENTICATED"] {
            assert!(texts.contains(known), "{known}");
        }
    }

    #[test]
    fn statuses_out_of_range_are_unknown() {
        let table = Table::<u8>::new();
        for status in [
            Status::Http(0),
            Status::Http(99),
            Status::Http(600),
            Status::Http(u16::MAX),
            Status::Code(17),
        ] {
            table.get(status);
        }
        assert_eq!(
            table.filled().map(|(text, _)| text).collect::<Vec<_>>(),
            ["unknown"]
        );
    }
}
