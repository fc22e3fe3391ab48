"""Complaint and suggestion orders: who owns them and until when.

In: a draft that a clerk confirmed or corrected. Out: a numbered order with its owner (who was asked first, D85) and
its clocks (2 h for the clerk, D28; 48 h for the reply, D86).

The story reads in `orders`; `sheet`, `clocks` and `states` decide, `numbers` counts.
"""
