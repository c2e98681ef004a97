"""The map: the topics of one firm, behind the TopicModelInterface."""
