"""`make bench` measures requests a second and latency of the desk and of a peer.

The peer is a small, well-tuned Django REST Framework backend with the same API. It is not part of
this repository: PEER_DIR names its folder. Without PEER_DIR only the desk is measured.
"""
