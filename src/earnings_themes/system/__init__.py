"""Files, folders, processes, AWS clients and the run's lock. Knows nothing of topics or themes."""
