"""The exercises of a classroom grade themselves: `check` says whether a student's class is the method."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from momoracle.ports.classroom.feedback import Feedback


def check(student_class: type[Any], algorithm: str, *, seconds: float = 2.0) -> "Feedback":
    """Check a class against the golden vectors of an algorithm, and say in words for students what to look at.

    Args:
        student_class: a class with ``start(self, params, …)`` and ``step(self, grads, loss)``, which returns the new
            parameters. ``params`` and ``grads`` are lists of NumPy arrays, one a tensor, ``loss`` is a float, and
            ``start`` is given the hyperparameters that it has arguments for, under momoracle's names.
        algorithm: one of ``sgd sgdm adam adamw momo momo-adam tam adatam adatamw``, or a method of your own as
            ``FILE.py:CLASS``.
        seconds: that each vector may take before the class is stopped.

    The class is run in this process, for no other can import what a notebook defines. What it raises is shown with its
    line. An endless loop is stopped in the main thread of a system with alarms (not on Windows), between two
    instructions of Python.

    Returns:
        A frozen `Feedback` with ``verdict``, ``equation``, ``hints``, ``deviations`` and more; a notebook shows it as
        HTML. Only vectors in float64 with one learning rate, and no long ones, are asked: for the whole check of a
        port see ``momoracle check``.

    Raises:
        AlgorithmError: there is no such algorithm.
        FactsError: a method of your own lacks something that the checker needs; the message names it.
        TypeError: ``student_class`` is no class.

    >>> import momoracle
    >>> class Descent:
    ...     def start(self, params, lr):
    ...         self.params, self.lr = params, lr
    ...     def step(self, grads, loss):
    ...         self.params = [x - self.lr * g for x, g in zip(self.params, grads)]
    ...         return self.params
    >>> momoracle.check(Descent, "sgd").verdict
    'conforms'
    """
    from momoracle.ports.classroom import lesson  # the checker is loaded by those who ask for it

    return lesson.check_student(student_class, algorithm, seconds=seconds)
