"""What follows a signed agreement: the end of the stage as it is declared, and its certificate."""
