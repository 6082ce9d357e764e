"""Layer 4, evidence: what a result means for an indicator.

A *check* asks one question ("is the realisation a copy of the target?", "can this survey tell units apart?") and
answers with a finding: a status, one sentence for an official, the numbers behind it, and what to do. The families
follow the evidence that the Standards for Educational and Psychological Testing ask for: definition and data first,
then measurement (internal structure), relation to other variables, and the use that is made of it (profile,
achievement). The interval decides, not the point estimate; where the interval leaves both answers open, the status is a
concern: it cannot be told. Every check answers in every dossier, if only by saying why it has no answer. Nothing here
is called valid or bad: the tool advises, people decide.
"""
