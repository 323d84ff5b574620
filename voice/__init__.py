"""Afterwards: a calm, offline voice for the time after an intervention that did not work."""
