"""Layer 1, the nouns: frozen values that the whole house speaks. No statistics, no files, no text for readers.

Every value checks itself when it is made and then never changes; ``dataclasses.replace`` makes a changed copy.
"""
