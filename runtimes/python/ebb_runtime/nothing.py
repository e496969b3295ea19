"""Imported by stems, to have imported something."""
