//! Figures, a line each.
//!
//! ```text
//! client/get/c1/tieline/allocations 16.00 count goal=18 met=yes ratio.hyper=1.07 ratio.reqwest=0.31
//! ```
//!
//! Name, value and unit, then pairs: the goal, as a number or as a multiple of a peer (`1.25*hyper`), whether it is met,
//! and the ratio to each peer measured in the same run. Nothing else is printed on standard output; remarks go to
//! standard error.

use std::fmt;

/// One figure.
#[derive(Debug, Clone)]
pub(crate) struct Figure {
    name: String,
    value: f64,
    unit: &'static str,
    ratios: Vec<(String, f64)>,
    goal: Option<Goal>,
}

/// What a figure should not exceed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Goal {
    /// This value.
    AtMost(f64),
    /// This many times the figure of a peer.
    Times(f64, &'static str),
}

impl Figure {
    pub(crate) fn new(name: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self {
            name: name.into(),
            value,
            unit,
            ratios: Vec::new(),
            goal: None,
        }
    }

    /// Adds the ratio to a peer; one that is no number (a peer at zero) is left out.
    pub(crate) fn ratio(mut self, peer: &str, ratio: f64) -> Self {
        if ratio.is_finite() {
            self.ratios.push((peer.to_owned(), ratio));
        }
        self
    }

    pub(crate) fn goal(mut self, goal: Option<Goal>) -> Self {
        self.goal = goal;
        self
    }

    /// Whether the goal is met; `None` without a goal, or without the peer that it is measured by.
    fn is_met(&self) -> Option<bool> {
        match self.goal? {
            Goal::AtMost(limit) => Some(self.value <= limit),
            Goal::Times(limit, peer) => {
                let (_, ratio) = self.ratios.iter().find(|(name, _)| name == peer)?;
                Some(*ratio <= limit)
            }
        }
    }

    /// Prints it.
    pub(crate) fn print(&self) {
        println!("{self}");
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:.2} {}", self.name, self.value, self.unit)?;
        match self.goal {
            Some(Goal::AtMost(limit)) => write!(f, " goal={limit}")?,
            Some(Goal::Times(limit, peer)) => write!(f, " goal={limit}*{peer}")?,
            None => {}
        }
        if let Some(met) = self.is_met() {
            write!(f, " met={}", if met { "yes" } else { "no" })?;
        }
        self.ratios
            .iter()
            .try_for_each(|(peer, ratio)| write!(f, " ratio.{peer}={ratio:.2}"))
    }
}

/// The middle of `values`; 0 of none.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    quantile(values, 0.5)
}

/// The value that the share `q` of `values` does not exceed; 0 of none.
pub(crate) fn quantile(values: impl IntoIterator<Item = f64>, q: f64) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    values
        .get((last as f64 * q).round() as usize)
        .copied()
        .unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_says_whether_its_goal_is_met() {
        let figure = Figure::new("a", 3.0, "us")
            .ratio("hyper", 1.3)
            .goal(Some(Goal::Times(1.25, "hyper")));
        assert_eq!(
            figure.to_string(),
            "a 3.00 us goal=1.25*hyper met=no ratio.hyper=1.30"
        );
        let figure = Figure::new("a", 3.0, "us").goal(Some(Goal::AtMost(3.0)));
        assert_eq!(figure.to_string(), "a 3.00 us goal=3 met=yes");
    }

    #[test]
    fn a_goal_by_a_peer_that_was_not_measured_is_neither_met_nor_missed() {
        let figure = Figure::new("a", 3.0, "us").goal(Some(Goal::Times(1.25, "hyper")));
        assert_eq!(figure.to_string(), "a 3.00 us goal=1.25*hyper");
    }

    #[test]
    fn quantiles_are_values_that_occurred() {
        assert_eq!(median([3.0, 1.0, 2.0]).to_bits(), 2.0_f64.to_bits());
        assert_eq!(quantile([1.0, 2.0], 1.0).to_bits(), 2.0_f64.to_bits());
        assert_eq!(quantile([], 0.5).to_bits(), 0.0_f64.to_bits());
    }
}
