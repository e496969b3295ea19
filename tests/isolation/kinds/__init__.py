"""The attacks, a file a kind.  Each has `attacks(...)`, which returns a list of attack.Attack."""
