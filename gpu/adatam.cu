// AdaTAM, and AdaTAMW where there is weight decay.
//
// Memory traffic of float32, bytes a parameter: 36.
//   first pass   reads m, g                              8
//   second pass  reads m, g, v, x   writes m, v, x      28
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
    double sum[3 * BINS] = {};
    keep_scalars(job, chunk);
    for (long long i = c.start + threadIdx.x * W; i < c.end; i += THREADS * W) {
        const int count = c.end - i < W ? (int)(c.end - i) : W;
        S g[W], m[W];
        load<W, P>(t.g, i, count, t.aligned, g);
        load<W, S>(t.a, i, count, t.aligned, m);
#pragma unroll
        for (int j = 0; j < W; ++j) {
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
    const bool corrected = s[BIAS_CORRECTED] != 0.0;
    const double k = job.before[c.segment * (SCALARS + 1)] + 1.0;
    const S beta1 = (S)s[TAM_BETA], beta2 = (S)s[TAM_BETA2], rest2 = (S)(1.0 - s[TAM_BETA2]), eps = (S)s[TAM_EPS];
    const S correction1 = (S)(corrected ? 1.0 - pow(s[TAM_BETA], k) : 1.0);
    const S correction2 = (S)(corrected ? 1.0 - pow(s[TAM_BETA2], k) : 1.0);
    const double lr = number(job.lr, job.lr_type), decay = 1.0 - lr * s[TAM_DECAY];
    const Factor alpha = factor(wide(lr));
    __shared__ double weight;
    double sum[3 * BINS];
    segment_sums<3>(job, segment, sum);
    if (threadIdx.x == 0) {
        const double d = torque(job, c.segment, segment.first == chunk, total(sum), total(sum + BINS),
                                total(sum + 2 * BINS));
        weight = (s[AVERAGED] != 0.0 ? 1.0 - s[TAM_BETA] : 1.0) * (s[TAM_EPS] + d);
    }
    __syncthreads();
    int faults = 0;
    for (long long i = c.start + threadIdx.x * W; i < c.end; i += THREADS * W) {
        const int count = c.end - i < W ? (int)(c.end - i) : W;
        S g[W], m[W], v[W], x[W];
        double moved[W];
        load<W, P>(t.g, i, count, t.aligned, g);
        load<W, S>(t.a, i, count, t.aligned, m);
        load<W, S>(t.b, i, count, t.aligned, v);
        load<W, P>(t.x, i, count, t.aligned, x);
#pragma unroll
        for (int j = 0; j < W; ++j) {
            m[j] = beta1 * m[j] + (S)weight * g[j];
            v[j] = beta2 * v[j] + rest2 * (g[j] * g[j]);
            moved[j] = minus(decay * x[j], alpha, m[j] / correction1 / (sqrt(v[j] / correction2) + eps));
        }
        faults += store<W, S>(t.new_a, i, count, t.aligned, m);
        faults += store<W, S>(t.new_b, i, count, t.aligned, v);
        faults += store<W, P>(t.new_x, i, count, t.aligned, moved);
    }
    keep_faults(job, chunk, faults);
}

#include "kernels.cuh"
