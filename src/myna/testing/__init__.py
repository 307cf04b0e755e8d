"""For tests of Myna's parts and of plug-ins: contracts to subclass, and real implementations of ports in memory.

`engine_contract`, `client_contract` and `store_contract` hold promises and need pytest; `memory` and `clock` do not.
"""
