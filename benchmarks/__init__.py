"""How fast navmodels is, beside other tools on the same simulated data, and how its time grows.

``python -m benchmarks.speed``, ``benchmarks.growth`` and ``benchmarks.sweep`` each write one file of results/. Not a
part of the installed package.
"""
