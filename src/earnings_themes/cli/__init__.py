"""The console command `earnings-themes`: looks things up in the published hierarchy, and runs the containers' jobs.

It must answer at once, so nothing here imports a model library, pandas or, for a local store, boto3.
"""

from earnings_themes.cli.app import main
