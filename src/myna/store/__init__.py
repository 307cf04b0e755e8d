"""Where voices and keys are kept: rows in SQL, recordings and artifacts in object storage."""
