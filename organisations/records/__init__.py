"""Students and hosts brought in from files, judged line by line."""
