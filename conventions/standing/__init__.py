"""Where an agreement or an avenant stands, said to its reader."""
