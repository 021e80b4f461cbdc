"""Real daemons on free ports of 127.0.0.1, in temporary folders: for tests, benches, the demo.

Each is a context manager that is ready for use inside its block, and that stops by pid only what
it started.
"""
