"""For tests of Myna's parts and of plug-ins: the laws of engines, to subclass (needs pytest), and a clock."""
