"""Files that people join to an agreement: judged, stored, accepted or refused."""
