// What the arrays hold, and 16 bytes of it at a time.
//
// float16 and bfloat16 are converted bit by bit, in code that compiles everywhere; both have a float32 state.

struct Half {
    unsigned short bits;
};

struct Bfloat {
    unsigned short bits;
};

template <class P>
struct StateOf {
    typedef float type;
};

template <>
struct StateOf<double> {
    typedef double type;
};

__device__ inline float widened(Bfloat z) { return __uint_as_float((unsigned)z.bits << 16); }

__device__ inline float widened(Half z) {
    const unsigned rest = z.bits & 0x7fffu, sign = (z.bits & 0x8000u) << 16;
    const float size = rest < 0x0400u    ? (float)rest * 5.9604644775390625e-8f  // subnormal: a multiple of 2^-24
                       : rest < 0x7c00u ? __uint_as_float((rest << 13) + (112u << 23))
                                        : __uint_as_float(0x7f800000u | rest << 13);
    return __uint_as_float(sign | __float_as_uint(size));
}

__device__ inline float widened(float z) { return z; }
__device__ inline double widened(double z) { return z; }

// Narrowing rounds to nearest, ties to even.
__device__ inline void narrow(float z, Bfloat& into) {
    const unsigned bits = __float_as_uint(z);
    const bool nan = (bits & 0x7fffffffu) > 0x7f800000u;
    into.bits = (unsigned short)(nan ? bits >> 16 | 0x40u : (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

__device__ inline void narrow(float z, Half& into) {
    const unsigned bits = __float_as_uint(z), sign = bits >> 16 & 0x8000u;
    unsigned rest = bits & 0x7fffffffu;
    if (rest > 0x7f800000u) {
        rest = 0x7e00u;
    } else if (rest >= 0x477ff000u) {  // 65520 and above round to infinity
        rest = 0x7c00u;
    } else if (rest < 0x38800000u) {  // below 2^-14: next to 1/2 a float32 is rounded to a multiple of 2^-24
        rest = __float_as_uint(__uint_as_float(rest) + 0.5f) - 0x3f000000u;
    } else {
        rest = (rest + 0xfffu + (rest >> 13 & 1u) - (112u << 23)) >> 13;
    }
    into.bits = (unsigned short)(sign | rest);
}

__device__ inline void narrow(float z, float& into) { into = z; }
__device__ inline void narrow(double z, double& into) { into = z; }
__device__ inline void narrow(double z, float& into) { into = (float)z; }
__device__ inline void narrow(double z, Half& into) { narrow((float)z, into); }
__device__ inline void narrow(double z, Bfloat& into) { narrow((float)z, into); }

// W entries as one value. Its alignment makes the compiler read and write 16 bytes at once.
template <class T, int W>
struct alignas(16) Pack {
    T lane[W];
};

// Reads the entries i, i+1, ... of an array, of which `count` are there; the others become 0.
template <int W, class T, class S>
__device__ inline void load(const void* array, long long i, int count, bool aligned, S (&lane)[W]) {
    const T* from = (const T*)array + i;
    if (aligned && count == W) {
        const Pack<T, W> pack = *(const Pack<T, W>*)from;
#pragma unroll
        for (int j = 0; j < W; ++j) lane[j] = widened(pack.lane[j]);
    } else {
#pragma unroll
        for (int j = 0; j < W; ++j) lane[j] = j < count ? (S)widened(from[j]) : (S)0;
    }
}

// Writes them, and returns how many of them are NaN or infinite in the type that is kept.
template <int W, class T, class S>
__device__ inline int store(void* array, long long i, int count, bool aligned, const S (&lane)[W]) {
    T* to = (T*)array + i;
    Pack<T, W> pack;
    int faults = 0;
#pragma unroll
    for (int j = 0; j < W; ++j) {
        narrow(lane[j], pack.lane[j]);
        faults += j < count && !isfinite(widened(pack.lane[j]));
    }
    if (aligned && count == W) {
        *(Pack<T, W>*)to = pack;
    } else {
#pragma unroll
        for (int j = 0; j < W; ++j)
            if (j < count) to[j] = pack.lane[j];
    }
    return faults;
}
