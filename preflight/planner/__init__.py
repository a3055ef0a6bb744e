"""Facts x Findings x Limits x Policy → Plan: the ladder, the cuts and the geometry, without touching a byte."""
