"""Tests of the workshop: file, pages, faults, browser."""
