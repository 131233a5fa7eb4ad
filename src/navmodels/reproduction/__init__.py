"""The two reports, number by number and claim by claim: what an independent computation says about each."""
