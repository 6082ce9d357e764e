"""Layer 3, does the instrument measure?

Every method takes ``ResponsePatterns`` (distinct answer sheets with counts), so its cost does not grow with
respondents. Rows are never dropped here: the caller drops and logs, the method refuses.
"""
