"""An engine for Myna in a package of its own: a bell for each word, tuned to the person's pitch."""
