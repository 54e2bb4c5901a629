//! What the kernel says of a process: processor time and memory.

use std::fs;

/// Ticks of `/proc/PID/stat` in a second: USER_HZ, which Linux fixes for programs.
const HZ: f64 = 100.0;

/// Processor time that a process has used, with its threads, in seconds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cpu {
    pub(crate) user: f64,
    pub(crate) system: f64,
}

impl Cpu {
    /// Both together.
    pub(crate) fn total(self) -> f64 {
        self.user + self.system
    }

    /// What was used since `before`.
    pub(crate) fn since(self, before: Self) -> Self {
        Self { user: self.user - before.user, system: self.system - before.system }
    }
}

/// The processor time of `pid` so far.
pub(crate) fn cpu(pid: u32) -> Result<Cpu, String> {
    let path = format!("/proc/{pid}/stat");
    let text = fs::read_to_string(&path).map_err(|e| format!("{path}: {e}"))?;
    read_stat(&text).ok_or_else(|| format!("{path}: not understood: {text}"))
}

/// proc(5): fields 14 and 15; the second is a name in brackets that may hold anything.
fn read_stat(text: &str) -> Option<Cpu> {
    let mut fields = text.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u32>().ok().map(|ticks| f64::from(ticks) / HZ);
    Some(Cpu { user: ticks()?, system: ticks()? })
}

/// The memory that `pid` alone causes (Pss), in KiB.
pub(crate) fn memory(pid: u32) -> Result<f64, String> {
    let path = format!("/proc/{pid}/smaps_rollup");
    let text = fs::read_to_string(&path).map_err(|e| format!("{path}: {e}"))?;
    read_pss(&text).ok_or_else(|| format!("{path}: no Pss"))
}

fn read_pss(text: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_read_past_a_name_with_brackets() {
        let text = "42 (a ) b) S 1 42 42 0 -1 4194560 900 0 1 0 250 50 0 0 20 0 3 0 1 2 3";
        let cpu = read_stat(text).unwrap();
        assert!((cpu.user - 2.5).abs() < 1e-9 && (cpu.system - 0.5).abs() < 1e-9, "{cpu:?}");
    }

    #[test]
    fn memory_is_the_proportional_set() {
        assert_eq!(read_pss("Rss: 90 kB\nPss:   81 kB\nPss_Dirty: 3 kB\n"), Some(81.0));
    }
}
