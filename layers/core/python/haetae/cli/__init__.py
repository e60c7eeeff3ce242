"""`haetae …`: the verbs of the command line, one file a verb or a family of verbs."""
