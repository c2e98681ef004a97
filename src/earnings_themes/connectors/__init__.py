"""Sources of transcripts behind the DataConnector interface."""
