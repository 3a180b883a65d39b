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
    const int W = 16 / sizeof(P);
    const Chunk c = job.chunks[chunk];
    const Tensor t = job.tensors[c.tensor];
    const S decay = (S)job.settings[TAM_DECAY];
    double sum[3 * BINS] = {};
    keep_scalars(job, chunk);
    for (long long i = c.start + threadIdx.x * W; i < c.end; i += THREADS * W) {
        const int count = c.end - i < W ? (int)(c.end - i) : W;
        S g[W], m[W], x[W] = {};
        load<W, P>(t.g, i, count, t.aligned, g);
        load<W, S>(t.a, i, count, t.aligned, m);
        if (decay != (S)0) load<W, P>(t.x, i, count, t.aligned, x);
#pragma unroll
        for (int j = 0; j < W; ++j) {
            g[j] += decay * x[j];
            accumulate(sum, m[j], g[j]);
            accumulate(sum + BINS, m[j], m[j]);
            accumulate(sum + 2 * BINS, g[j], g[j]);
        }
    }
    keep_partials<3>(job, chunk, sum);
}

template <class P>
__device__ void second_pass(const Job& job, long long chunk) {
    typedef typename StateOf<P>::type S;
    const int W = 16 / sizeof(P);
    const Chunk c = job.chunks[chunk];
    const Tensor t = job.tensors[c.tensor];
    const Segment segment = job.segments[c.segment];
    const double* s = job.settings;
    const S beta = (S)s[TAM_BETA], decay = (S)s[TAM_DECAY];
    const Factor alpha = factor(wide(number(job.lr, job.lr_type)));
    __shared__ double weight;
    double sum[3 * BINS];
    segment_sums<3>(job, segment, sum);
    if (threadIdx.x == 0)
        weight = s[TAM_EPS] + torque(job, c.segment, segment.first == chunk, total(sum), total(sum + BINS),
                                     total(sum + 2 * BINS));
    __syncthreads();
    int faults = 0;
    for (long long i = c.start + threadIdx.x * W; i < c.end; i += THREADS * W) {
        const int count = c.end - i < W ? (int)(c.end - i) : W;
        S g[W], m[W], x[W];
        double moved[W];
        load<W, P>(t.g, i, count, t.aligned, g);
        load<W, S>(t.a, i, count, t.aligned, m);
        load<W, P>(t.x, i, count, t.aligned, x);
#pragma unroll
        for (int j = 0; j < W; ++j) {
            m[j] = beta * m[j] + (S)weight * (g[j] + decay * x[j]);
            moved[j] = minus(x[j], alpha, m[j]);
        }
        faults += store<W, S>(t.new_a, i, count, t.aligned, m);
        faults += store<W, P>(t.new_x, i, count, t.aligned, moved);
    }
    keep_faults(job, chunk, faults);
}

#include "kernels.cuh"
