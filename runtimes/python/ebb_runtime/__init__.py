"""What runs inside a Python sandbox, around the user's code."""
