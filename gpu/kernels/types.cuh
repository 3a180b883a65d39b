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

// What a thread has in hand at once: N entries, in packs of W that lie THREADS packs apart. In a whole share all are
// there and aligned, so that nothing keeps the compiler from reading every pack before it waits for the first.
template <int LANES, int WIDTH, bool ALL>
struct Share {
    static const int N = LANES, W = WIDTH;
    static const bool WHOLE = ALL;
    int count;  // how many of the entries are there

    __device__ static long long place(int lane) { return lane / W * (THREADS * W) + lane % W; }
};

// Gives every thread its shares of the entries start ... end: work(share, first entry). In parameters of type P a pack
// has 16 bytes; a whole share has 32 of the state's, which have to be on their way to keep the memory busy.
template <class P, class Work>
__device__ inline void walk(long long start, long long end, bool whole, Work work) {
    const int W = 16 / sizeof(P), N = 32 / sizeof(typename StateOf<P>::type);
    const long long first = start + threadIdx.x * W;
    if (whole && (end - start) % (THREADS * N) == 0) {
        for (long long i = first; i < end; i += THREADS * N) work(Share<N, W, true>{N}, i);
    } else {
        for (long long i = first; i < end; i += THREADS * W)
            work(Share<W, W, false>{end - i < W ? (int)(end - i) : W}, i);
    }
}

// Reads a share of an array; entries that are not there become 0.
template <class T, class Share, class S>
__device__ inline void load(const void* array, long long i, Share share, bool aligned, S (&lane)[Share::N]) {
    const T* from = (const T*)array + i;
    if (Share::WHOLE || (aligned && share.count == Share::N)) {
        typedef Pack<T, Share::W> Packed;
        Packed pack[Share::N / Share::W];
#pragma unroll
        for (int j = 0; j < Share::N; j += Share::W) pack[j / Share::W] = *(const Packed*)(from + Share::place(j));
#pragma unroll
        for (int j = 0; j < Share::N; ++j) lane[j] = widened(pack[j / Share::W].lane[j % Share::W]);
    } else {
#pragma unroll
        for (int j = 0; j < Share::N; ++j) lane[j] = j < share.count ? (S)widened(from[j]) : (S)0;
    }
}

// Writes it, and returns how many of its entries are NaN or infinite in the type that is kept.
template <class T, class Share, class S>
__device__ inline int store(void* array, long long i, Share share, bool aligned, const S (&lane)[Share::N]) {
    T* to = (T*)array + i;
    Pack<T, Share::W> pack[Share::N / Share::W];
    int faults = 0;
#pragma unroll
    for (int j = 0; j < Share::N; ++j) {
        T& kept = pack[j / Share::W].lane[j % Share::W];
        narrow(lane[j], kept);
        faults += j < share.count && !isfinite(widened(kept));
    }
    if (Share::WHOLE || (aligned && share.count == Share::N)) {
#pragma unroll
        for (int j = 0; j < Share::N; j += Share::W) *(Pack<T, Share::W>*)(to + Share::place(j)) = pack[j / Share::W];
    } else {
#pragma unroll
        for (int j = 0; j < Share::N; ++j)
            if (j < share.count) to[j] = pack[0].lane[j];
    }
    return faults;
}
