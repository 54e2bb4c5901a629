//! A row of the table.

/// What was measured, and what it is measured against.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    /// The row's name.
    pub(crate) name: &'static str,
    /// What was done, with its rate and count.
    pub(crate) what: String,
    pub(crate) unit: &'static str,
    pub(crate) ours: f64,
    /// It shall be below.
    pub(crate) target: f64,
    /// The same by SIPp in the server's place.
    pub(crate) floor: Option<f64>,
    /// Another server in the same run.
    pub(crate) beside: Option<(String, f64)>,
    /// What others need as stated in the reference: elsewhere, at another time.
    pub(crate) stated: &'static [(&'static str, &'static str)],
    /// What else there is to know.
    pub(crate) note: String,
}

impl Figure {
    /// Whether the target is met.
    pub(crate) fn is_met(&self) -> bool {
        self.ours < self.target
    }

    /// Ours as a multiple of SIPp's.
    pub(crate) fn ratio(&self) -> Option<f64> {
        self.floor.filter(|floor| *floor > 0.0).map(|floor| self.ours / floor)
    }
}

/// Three digits that count.
pub(crate) fn show(value: f64) -> String {
    match value.abs() {
        v if v >= 100.0 => format!("{value:.0}"),
        v if v >= 10.0 => format!("{value:.1}"),
        v if v >= 1.0 => format!("{value:.2}"),
        v if v >= 0.1 => format!("{value:.3}"),
        _ => format!("{value:.4}"),
    }
}
