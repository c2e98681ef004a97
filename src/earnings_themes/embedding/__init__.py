"""Sentence → vector, each sentence once.

Differences of 1e-7 can give a firm other topics, so vectors must not depend on circumstances: weights are checked by
digest; a sentence is encoded by one thread, in a batch whose shape depends on its length alone, so neighbours, threads
and cache change no bit (tested); and vectors are kept in a cache that all firms and runs share.

torch is imported only when there is something to encode.
"""
