"""Layer 3, does the indicator follow the outcome?

An indicator that claims to go with an outcome is held against it: the interval of the association decides, units of one
region count as one cluster, and scores are freed from the severity of those who gave them.
"""
