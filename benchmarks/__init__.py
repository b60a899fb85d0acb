"""Benchmarks: each measures the service beside a bare floor, in turns, in one run, and reports the ratio.

Absolute figures belong to the machine and the moment; ratios and counts are what travels.
"""
