"""A strict front for moto: it looks like AWS, and forgives nothing. See README.md beside this folder."""

from .calls import Call, round_trips
from .core import REGIONS, Front
from .faults import Fault, Gate

__all__ = ["REGIONS", "Call", "Fault", "Front", "Gate", "round_trips"]
