//! What audit logs say that was used: read once from their beginning to their end, one record at a time.

use std::ops::ControlFlow;

use super::audit_log::read_each;
use crate::adapters::audit_log::{AuditLog, AuditLogError, Raw};
use crate::core::audit::period::Period;
use crate::core::progress::LogProgress;
use crate::core::suggestion::usage_log::{LoggedUsage, UsageLog};
use crate::core::suggestion::whose::Whose;

/// What logs say, and what of them could not be read.
pub struct UsageReading {
    /// What they say.
    pub logged: LoggedUsage,
    /// Why a part was not read.
    pub failures: Vec<AuditLogError>,
}

/// Reads all logs; only requests of the period count. `minor_version`: of the API server's 1.x, where it is known.
pub fn read(
    logs: &mut [AuditLog],
    whose: Whose,
    period: Period,
    minor_version: Option<u32>,
    progress: &mut dyn FnMut(&LogProgress<'_>),
) -> UsageReading {
    let mut log = UsageLog::new(whose, period, minor_version);
    let mut take = |raw: Raw<'_>| {
        match raw {
            Raw::Whole(record) => log.take(record),
            Raw::TooLong => log.take_unreadable(),
        }
        ControlFlow::Continue(usize::try_from(log.usage.counted).unwrap_or(usize::MAX))
    };
    let failures = read_each(logs, 1, progress, &mut take);
    UsageReading { logged: log.finish(), failures }
}
