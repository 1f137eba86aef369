"""Calendars as .ics files (RFC 5545): what theirs mean as alerts, and alerts as one of ours."""
