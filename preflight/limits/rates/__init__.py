"""What the service lets a plan use in a minute, an hour and a day, and what it costs: dated data, and its types."""

from preflight.limits.rates.plan import DEFAULT_PLAN, Group, Prices, Quota, Rates, group_of, load, names, prices

__all__ = ["DEFAULT_PLAN", "Group", "Prices", "Quota", "Rates", "group_of", "load", "names", "prices"]
