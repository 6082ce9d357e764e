"""Layer 3, is it defined so that two people count alike?

Achievement against a target has rival formulas, caps and zero rules. Nothing is left implicit: each result
carries the formula used and what the rivals would have said.
"""
