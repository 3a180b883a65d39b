// Sums over a block, and over the blocks of a segment: in float64, always in the same order, without atomics.
//
// BINS = 1: products of float32 entries lie within 2^+-300, far inside of float64's range.
// BINS = 5: those of float64 entries need not. Entries beyond 2^+-400 are scaled by 2^-+600, and products with the same
// scaling are summed together; the five sums, 2^600 apart, make one wide number.

const int MIDDLE = BINS / 2;
const int STEP = 600;

__device__ inline int bin(double z) {
    const double size = fabs(z);
    return size > 0x1p400 ? 1 : size < 0x1p-400 && size != 0.0 ? -1 : 0;
}

__device__ inline double scaled(double z, int bin) { return bin > 0 ? z * 0x1p-600 : bin < 0 ? z * 0x1p600 : z; }

// sum += a b
__device__ inline void accumulate(double* sum, float a, float b) { sum[MIDDLE] += (double)a * (double)b; }

__device__ inline void accumulate(double* sum, double a, double b) {
    const int left = bin(a), right = bin(b);
    const double product = scaled(a, left) * scaled(b, right);
#pragma unroll
    for (int i = 0; i < BINS; ++i) sum[i] += i - MIDDLE == left + right ? product : 0.0;
}

// Whether float64 has room for sums and what the scalar mathematics makes of them; then the middle bin is all of each.
template <int DOTS>
__device__ inline bool moderate_totals(const double* sum) {
    bool all = true;
    for (int i = 0; i < DOTS * BINS; ++i) all = all && (i % BINS == MIDDLE ? moderate(sum[i]) : sum[i] == 0.0);
    return all;
}

template <class N>
__device__ inline N total(const double* sum);
template <>
__device__ inline double total<double>(const double* sum) { return sum[MIDDLE]; }
template <>
__device__ inline Wide total<Wide>(const double* sum) {
    Wide all = wide(sum[0], -MIDDLE * STEP);
    for (int i = 1; i < BINS; ++i) all = all + wide(sum[i], (i - MIDDLE) * STEP);
    return all;
}

// Adds each of K values over the threads of the block; thread 0 gets the sums. Once a kernel for each K: the memory of
// one K is not free again afterwards.
template <int K>
__device__ inline void block_sum(double (&value)[K]) {
    __shared__ double column[K][THREADS];
    const int t = threadIdx.x;
    for (int k = 0; k < K; ++k) column[k][t] = value[k];
    for (int half = THREADS / 2; half > 0; half /= 2) {
        __syncthreads();
        if (t < half)
            for (int k = 0; k < K; ++k) column[k][t] += column[k][t + half];
    }
    if (t == 0)
        for (int k = 0; k < K; ++k) value[k] = column[k][0];
}

// Adds the block's sums to the partial sums of its chunk.
template <int DOTS>
__device__ inline void keep_partials(const Job& job, long long chunk, double (&sum)[DOTS * BINS]) {
    block_sum(sum);
    if (threadIdx.x == 0)
        for (int k = 0; k < DOTS * BINS; ++k) job.partials[chunk * (DOTS * BINS) + k] = sum[k];
}

// Thread 0 gets the sums over the whole segment of a chunk: every block adds the same numbers in the same order.
template <int DOTS>
__device__ inline void segment_sums(const Job& job, const Segment& segment, double (&sum)[DOTS * BINS]) {
    for (int k = 0; k < DOTS * BINS; ++k) sum[k] = 0.0;
    for (long long i = threadIdx.x; i < segment.count; i += THREADS)
        for (int k = 0; k < DOTS * BINS; ++k) sum[k] += job.partials[(segment.first + i) * (DOTS * BINS) + k];
    block_sum(sum);
}

__device__ inline void keep_faults(const Job& job, long long chunk, int faults) {
    double sum[1] = {(double)faults};
    block_sum(sum);
    if (threadIdx.x == 0) job.faults[chunk] = sum[0];
}
