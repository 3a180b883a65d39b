"""The losses of linear models: squared, absolute, Huber, hinge, logistic, and ReLU regression.

Each file is one loss with its gradient and its constants; ``linear_model.py`` is what they share, ``noisy.py`` and
``real_data.py`` put other data into them.
A loss enters with a gradient bound or a smoothness that is proven.
"""
