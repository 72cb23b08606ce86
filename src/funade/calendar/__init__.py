"""When freeze windows are open: cron expressions on the wall clock of a time zone, windows in real hours."""

from funade.calendar.cron_calendar import CronCalendar

__all__ = ["CronCalendar"]
