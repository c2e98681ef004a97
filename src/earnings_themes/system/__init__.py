"""What the library asks of the machine and of AWS: files, folders, processes, the run's lock.

This room knows nothing of topics or themes.
"""
