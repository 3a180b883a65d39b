"""The CUDA sources: one file a method, and what they share in headers.

``momoracle.gpu.source`` puts a method's file together. Only CUDA enters here.
"""
