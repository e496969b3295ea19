"""What the zygote and templates have in common: a process that forks confined children when it is told to."""
import os

ours = False  # While true, a child is ours and not one that the user's code has forked.


def until_child(next_order, forked):
    """Returns in every child, and never in this process, which ends with the server.

    `next_order`: 1 fork now, 0 that one failed, -1 the server is gone.  `forked` is told of each child, -1 of none.
    """
    while True:
        order = next_order()
        if order < 0:
            os._exit(0)
        if order == 0:
            continue
        try:
            child = os.fork()
        except OSError:
            child = -1
        if child == 0:
            return
        forked(child)
