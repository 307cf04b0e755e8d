"""How engines and blocking work are run: threads, waiting lines, caches. Knows no HTTP and no storage."""
