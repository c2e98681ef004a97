"""What a referee asks for, in one folder of every run: the run writes what is cheap, `earnings-themes dossier` the rest."""
