"""Layer 3, experts in a room: do they agree, and where do they put the bar?

Everything starts from a ``JudgePanel`` (judge x item x question x round). Content validity asks whether the items are
the right ones, agreement whether the experts say the same thing, consensus whether they have stopped moving, and a
standard-setting method turns their judgements into a ``Standard``: cut scores that carry the error of having asked
these experts and not others. Consistency and impact then say what the cut does to the units that are judged by it.
"""
