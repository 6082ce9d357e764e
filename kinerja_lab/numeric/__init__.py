"""Layer 2, verbs on arrays: intervals, design-based variances, mixed models.

Nothing here knows a survey from a hospital: arrays come in, arrays go out. The folders of layer 3 give them a meaning.
"""
