"""Topic models behind the TopicModelInterface."""
