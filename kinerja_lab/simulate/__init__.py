"""Layer 3, known truth: surveys and outcomes whose true quality, loadings and flaws are known because they were put in.

Tests, notebooks and power calculations need data in which the right answer is known. Everything here is made up, says
so wherever it is shown, and comes from one random generator, so that the same seed gives the same study.
"""
