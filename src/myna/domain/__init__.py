"""Values and errors of the service. Imports the standard library and numpy, nothing of ours."""
