"""What a referee asks for, in one folder: a run writes the cheap parts, `earnings-themes dossier` the rest."""
