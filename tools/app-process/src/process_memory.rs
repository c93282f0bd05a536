//! The memory of a process, as Linux reports it (manual page "`proc_pid_status`").
//!
//! All values are in units of 1,024 bytes. They are `None` if the process has ended, and on systems
//! other than Linux.

/// The memory that the process holds now.
#[must_use]
pub fn resident_kilobytes(process_id: u32) -> Option<u64> {
    read(process_id, "VmRSS")
}

/// The most memory that the process has held so far.
#[must_use]
pub fn peak_kilobytes(process_id: u32) -> Option<u64> {
    read(process_id, "VmHWM")
}

fn read(process_id: u32, field: &str) -> Option<u64> {
    parse(&std::fs::read_to_string(format!("/proc/{process_id}/status")).ok()?, field)
}

fn parse(status: &str, field: &str) -> Option<u64> {
    let mut values = status.lines().filter_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    values.next()?.trim().strip_suffix(" kB")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_among_other_lines() {
        let status = "Name:\tapp-role-broker\nVmHWM:\t    9000 kB\nVmRSS:\t    8124 kB\n";
        assert_eq!(parse(status, "VmRSS"), Some(8_124));
        assert_eq!(parse(status, "VmHWM"), Some(9_000));
        assert_eq!(parse("Name:\tzombie\n", "VmRSS"), None);
    }
}
