"""Questions as immutable values: made by plain functions, changed by copies, asked by any client.

One module for each kind. ``base`` has what all of them share.
"""
