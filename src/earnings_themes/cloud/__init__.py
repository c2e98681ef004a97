"""What runs only in AWS: the head, Batch, SageMaker, the two containers, what it costs."""
