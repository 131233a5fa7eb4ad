"""How fast navmodels is, beside other tools on the same simulated data, how its time grows, and whether it is right.

``python -m benchmarks.speed``, ``growth``, ``sweep``, ``ratings``, ``engines`` and ``calibration`` each write files of
results/. Not a part of the installed package.
"""
