"""`make bench`: how many requests a second the desk answers, and how fast, beside a peer.

The peer is a small, well-tuned Django REST Framework backend with the same API. It is no part of
this repository: PEER_DIR names its folder, and without it only the desk is measured.
"""
