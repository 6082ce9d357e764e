"""Layer 3, every word and number a reader sees: Indonesian and English catalogues, decimal commas, dates.

``id/*.toml`` and ``en/*.toml`` hold the sentences under the same keys (a test compares keys and placeholders).
``catalogue(lang).sentence(message)`` turns a ``Message`` into words; ``numbers`` writes numbers and dates.
"""
