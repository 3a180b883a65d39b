"""The largest numbers of a run: where a replica is retired, and the learning rate that caps nothing."""

#: where a replica is retired: what it computes from here on might leave the range of its dtype
LIMITS = {"float64": 1e100, "float32": 1e12}
#: a learning rate that no step of MoMo reaches, and float32 holds
NO_CAP = 1e30
