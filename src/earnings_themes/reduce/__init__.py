"""Where the reduce reads and runs: a folder or S3, this machine or a SageMaker Processing job.

What the reduce does with the topics is in earnings_themes.theme_aggregator, the same in both places.
"""
