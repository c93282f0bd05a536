//! What the system counts of a process (manual page "`proc_pid_status`").

/// The memory that a process holds now.
pub(crate) const RESIDENT: &str = "VmRSS";

/// The most that it has held so far.
pub(crate) const PEAK: &str = "VmHWM";

/// One of a process's counts, in kilobytes; none if the process is gone, or if this is not Linux.
pub(crate) fn kilobytes(process_id: u32, field: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process_id}/status")).ok()?;
    read(&status, field)
}

/// The unit is 1,024 bytes.
fn read(status: &str, field: &str) -> Option<u64> {
    let mut values = status.lines().filter_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    values.next()?.trim().strip_suffix(" kB")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_read_from_among_other_lines() {
        let status = "Name:\tapp-role-broker\nVmHWM:\t    9000 kB\nVmRSS:\t    8124 kB\n";
        assert_eq!(read(status, RESIDENT), Some(8_124));
        assert_eq!(read(status, PEAK), Some(9_000));
        assert_eq!(read("Name:\tzombie\n", RESIDENT), None);
    }
}
