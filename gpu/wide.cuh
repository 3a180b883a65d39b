// Float64 numbers whose exponent cannot overflow or underflow: m 2^e with 1/2 <= |m| < 1.
//
// The scalars of a step are computed in them: each operation rounds to 53 bits exactly as float64 does, so that in
// range results are bitwise those of float64, and out of it nothing is lost on the way to a step that is an ordinary
// number. A block computes a few dozen of them, on one thread.

struct Wide {
    double m;
    int e;
};

const int ZERO_EXPONENT = -(1 << 28);  // below that of every other number
const int GONE = -2000;                // 2^-2000 is 0 in float64

__device__ __noinline__ Wide wide(double z, int exponent = 0) {
    int shift = 0;
    const double m = frexp(z, &shift);
    if (m == 0.0) return {m, ZERO_EXPONENT};
    if (!isfinite(m)) return {m, 0};
    return {m, exponent + shift};
}

__device__ inline double to_double(Wide z) {
    const int e = z.e < -3000 ? -3000 : z.e > 3000 ? 3000 : z.e;
    return ldexp(z.m, e);
}

__device__ __noinline__ Wide operator+(Wide a, Wide b) {
    const int top = a.e > b.e ? a.e : b.e;  // far below the larger number nothing reaches the rounded sum
    const double left = ldexp(a.m, a.e - top < GONE ? GONE : a.e - top);
    const double right = ldexp(b.m, b.e - top < GONE ? GONE : b.e - top);
    return wide(left + right, top);
}

__device__ inline Wide operator-(Wide a) { return {-a.m, a.e}; }
__device__ inline Wide operator-(Wide a, Wide b) { return a + -b; }
__device__ inline Wide operator*(Wide a, Wide b) { return wide(a.m * b.m, a.e + b.e); }
__device__ inline Wide operator/(Wide a, Wide b) { return wide(a.m / b.m, a.e - b.e); }
__device__ inline bool operator<(Wide a, Wide b) { return (a - b).m < 0.0; }

__device__ inline Wide root(Wide z) {
    const int odd = z.e & 1;
    return wide(sqrt(ldexp(z.m, odd)), (z.e - odd) / 2);
}

__device__ inline Wide least(Wide a, Wide b) { return b < a ? b : a; }
__device__ inline Wide greatest(Wide a, Wide b) { return a < b ? b : a; }

// a / b, and 0 where b = 0: the convention for a direction or a norm that vanishes.
__device__ inline Wide quotient(Wide a, Wide b) { return b.m == 0.0 ? wide(0.0) : a / b; }

// A wide number as the factor of many entries: an ordinary float64 wherever it is one.
struct Factor {
    double value;
    double m;
    int e;
    bool ordinary;
};

__device__ inline Factor factor(Wide z) {
    const bool ordinary = z.m == 0.0 || !isfinite(z.m) || (-1000 < z.e && z.e < 1000);
    return {to_double(z), z.m, z.e < -3000 ? -3000 : z.e > 3000 ? 3000 : z.e, ordinary};
}

// x - factor d
__device__ inline double minus(double x, Factor f, double d) {
    if (f.ordinary) return x - f.value * d;
    // Subnormal entries are lifted first: their product with the mantissa would be rounded among subnormals.
    const int lift = f.e < 1 ? 0 : f.e > 61 ? 60 : f.e - 1;
    return x - ldexp(ldexp(d, lift) * f.m, f.e - lift);
}
