"""Layer 3, what did citizens say, and how sure are we?

An index is a mean of element means, each with its own number of answers. Its uncertainty follows the way respondents
were drawn: weights, strata and clusters of the survey's ``Design``. Every function answers for all groups in one pass.
"""
