"""Layer 4, from results to pictures: every function takes a result and a matplotlib ``Axes`` and returns the ``Axes``.

Nothing is computed here: a picture shows what a method has found, in the order and with the interval in which it was
found. Pictures must be readable in grey and by the colour-blind (Okabe-Ito colours, and a marker or line style beside
every colour), print letters of at least 9 pt at 7 in width, and name things directly instead of in a far legend. Words
come from the text catalogues, numbers have the comma of the language.
"""
