// TAM: heavy-ball momentum in which gradients that oppose the momentum count less.
//
// Memory traffic of float32, bytes a parameter: 28, and 32 with weight decay.
//   first pass   reads m, g (and x with weight decay)                   8 (12)
//   second pass  reads m, g, x                          writes m, x    20
#include "wide.cuh"
#include "types.cuh"
#include "job.cuh"
#include "sums.cuh"
#include "scalars.cuh"

template <class P>
__device__ void first_pass(const Job& job, long long chunk) {
    typedef typename StateOf<P>::type S;
    const Chunk c = job.chunks[chunk];
    const Tensor t = job.tensors[c.tensor];
    const S decay = (S)job.settings[TAM_DECAY];
    double sum[3 * BINS] = {};
    keep_scalars(job, chunk);
    walk<P>(c.start, c.end, t.aligned, [&](auto share, long long i) {
        const int N = share.N;
        S g[N], m[N], x[N] = {};
        load<P>(t.g, i, share, t.aligned, g);
        load<S>(t.a, i, share, t.aligned, m);
        if (decay != (S)0) load<P>(t.x, i, share, t.aligned, x);
#pragma unroll
        for (int j = 0; j < N; ++j) {
            g[j] += decay * x[j];
            accumulate(sum, m[j], g[j]);
            accumulate(sum + BINS, m[j], m[j]);
            accumulate(sum + 2 * BINS, g[j], g[j]);
        }
    });
    keep_partials<3>(job, chunk, sum);
}

template <class P>
__device__ void second_pass(const Job& job, long long chunk) {
    typedef typename StateOf<P>::type S;
    const Chunk c = job.chunks[chunk];
    const Tensor t = job.tensors[c.tensor];
    const Segment segment = job.segments[c.segment];
    const double* s = job.settings;
    const S beta = (S)s[TAM_BETA], decay = (S)s[TAM_DECAY];
    const Factor alpha = factor(number(job.lr, job.lr_type));
    __shared__ double shared;
    double sum[3 * BINS];
    segment_sums<3>(job, segment, sum);
    if (threadIdx.x == 0) shared = s[TAM_EPS] + damping(job, c.segment, segment.first == chunk, sum);
    __syncthreads();
    const S weight = (S)shared;
    int faults = 0;
    walk<P>(c.start, c.end, t.aligned && ordinary<S>(alpha), [&](auto share, long long i) {
        const int N = share.N;
        S g[N], m[N], x[N];
        double moved[N];
        load<P>(t.g, i, share, t.aligned, g);
        load<S>(t.a, i, share, t.aligned, m);
        load<P>(t.x, i, share, t.aligned, x);
#pragma unroll
        for (int j = 0; j < N; ++j) {
            m[j] = beta * m[j] + weight * (g[j] + decay * x[j]);
            moved[j] = minus(share, x[j], alpha, m[j]);
        }
        faults += store<S>(t.new_a, i, share, t.aligned, m);
        faults += store<P>(t.new_x, i, share, t.aligned, moved);
    });
    keep_faults(job, chunk, faults);
}

const int RESIDENT = BINS > 1 ? 2 : 3;
#include "kernels.cuh"
