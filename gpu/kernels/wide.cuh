// Float64 numbers whose exponent cannot overflow or underflow: m 2^e with 1/2 <= |m| < 1.
//
// The scalars of a step are computed in them where a number is very large or small: each operation rounds to 53 bits as
// float64 does, and nothing is lost on the way to a step that is an ordinary number. Elsewhere float64 does, which is
// quicker: every block computes a few dozen operations on one thread while the others wait. The text is the same, for
// numbers N of either kind.

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

// What a float64 number is as an N, and the same of both.
template <class N>
__device__ inline N as(double z);
template <>
__device__ inline Wide as<Wide>(double z) { return wide(z); }
template <>
__device__ inline double as<double>(double z) { return z; }

__device__ inline double to_double(double z) { return z; }
__device__ inline double root(double z) { return sqrt(z); }
__device__ inline bool vanishes(Wide z) { return z.m == 0.0; }
__device__ inline bool vanishes(double z) { return z == 0.0; }

template <class N>
__device__ inline N least(N a, N b) { return b < a ? b : a; }
template <class N>
__device__ inline N greatest(N a, N b) { return a < b ? b : a; }

// a / b, and 0 where b = 0: the convention for a direction or a norm that vanishes.
template <class N>
__device__ inline N quotient(N a, N b) { return vanishes(b) ? as<N>(0.0) : a / b; }

// Whether float64 has room for what the scalar mathematics makes of such numbers: products and quotients of up to four.
__device__ inline bool moderate(double z) {
    const double size = fabs(z);
    return (0x1p-200 < size && size < 0x1p200) || z == 0.0 || !isfinite(z);
}

// A number as the factor of many entries: an ordinary float64 wherever it is one. For float32 entries it always is: a
// smaller one would not reach their last digit, and of a larger one (a learning rate near 1e308) the largest is taken.
struct Factor {
    double value;
    double m;
    int e;
    bool ordinary;
};

__device__ inline Factor factor(Wide z) {
    const bool ordinary = z.m == 0.0 || !isfinite(z.m) || (-1000 < z.e && z.e < 1000);
    const int e = z.e < -3000 ? -3000 : z.e > 3000 ? 3000 : z.e;
    return {ldexp(z.m, e > 1024 ? 1024 : e), z.m, e, ordinary};  // finite: 0 times it is 0
}

__device__ inline Factor factor(double z) {
    if (moderate(z)) return {z, 0.0, 0, true};
    return factor(wide(z));
}

template <class S>
__device__ inline bool ordinary(Factor f) { return sizeof(S) == sizeof(float) || f.ordinary; }

// x - factor d; where a share is whole, the factor is ordinary
template <class Share, class S>
__device__ inline double minus(Share, double x, Factor f, S d) {
    if (Share::WHOLE || ordinary<S>(f)) return x - f.value * d;
    // Subnormal entries are lifted first: their product with the mantissa would be rounded among subnormals.
    const int lift = f.e < 1 ? 0 : f.e > 61 ? 60 : f.e - 1;
    return x - ldexp(ldexp(d, lift) * f.m, f.e - lift);
}
