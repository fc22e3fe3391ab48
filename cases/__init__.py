"""Complaint and suggestion orders: who owns them and until when.

In: a draft that a clerk confirmed or corrected. Out: a numbered order with its owner and its clocks
(2 h for the clerk, D28; 48 h for the reply, D86).
"""
