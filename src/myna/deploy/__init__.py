"""How the service is put on machines by other tools than `myna serve`."""
