//! How much it matters that a request is served.

/// How much it matters that a request is served, in the words of Google's "Site Reliability Engineering", chapter 21.
///
/// RFC 9218's `Priority` is something else: in which order the parts of a page are sent to one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Priority {
    /// Batch work that may fail for hours: `sheddable`.
    Sheddable,
    /// Batch work that is tried again minutes later: `sheddable_plus`.
    SheddablePlus,
    /// What users see; the default: `critical`.
    #[default]
    Critical,
    /// What must not fail, such as payments: `critical_plus`.
    CriticalPlus,
}

impl Priority {
    /// The name in the header `tieline-priority`, in metrics and in configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sheddable => "sheddable",
            Self::SheddablePlus => "sheddable_plus",
            Self::Critical => "critical",
            Self::CriticalPlus => "critical_plus",
        }
    }

    /// The priority of this name; letters of either case.
    pub fn named(name: &str) -> Option<Self> {
        [
            Self::Sheddable,
            Self::SheddablePlus,
            Self::Critical,
            Self::CriticalPlus,
        ]
        .into_iter()
        .find(|priority| priority.name().eq_ignore_ascii_case(name.trim()))
    }
}
