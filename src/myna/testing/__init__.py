"""For tests of Myna's parts and of plug-ins: contracts to subclass, and a clock.

`engine_contract` and `client_contract` hold promises and need pytest; `clock` does not.
"""
