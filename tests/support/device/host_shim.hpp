// The CUDA that the kernels use, on the host: a thread is a pthread, and __syncthreads a barrier of all threads.
// C headers alone: <thread> and <barrier> would take the compiler a second for each kernel.
#include <math.h>
#include <pthread.h>

#define __device__
#define __global__
#define __noinline__
#define __launch_bounds__(threads, blocks)
#define __shared__ static

struct Index {
    unsigned x;
};
static thread_local Index threadIdx, blockIdx;
static Index gridDim;
// Two barriers that take turns. With one, ThreadSanitizer misses races: a thread that leaves the barrier late would take
// over what a faster one has already published at its next barrier, as if that were ordered.
static pthread_barrier_t barriers[2];
static thread_local unsigned turn;

inline void __syncthreads() { pthread_barrier_wait(&barriers[turn ^= 1]); }
inline float __uint_as_float(unsigned bits) { return __builtin_bit_cast(float, bits); }
inline unsigned __float_as_uint(float z) { return __builtin_bit_cast(unsigned, z); }

// Whether the blocks run from the last to the first; a test sets it.
extern "C" {
int backwards = 0;
}

struct Job;
struct Launch {
    void (*kernel)(const Job*, long long);
    const Job* job;
    long long chunk;
    unsigned thread;
};

static void* run_thread(void* from) {
    const Launch& launch = *(const Launch*)from;
    threadIdx.x = launch.thread;
    for (unsigned i = 0; i < gridDim.x; ++i) {
        blockIdx.x = backwards ? gridDim.x - 1 - i : i;
        launch.kernel(launch.job, launch.chunk);
        __syncthreads();  // one block after another: they share what is __shared__
    }
    return nullptr;
}

extern "C" void launch(void (*kernel)(const Job*, long long), unsigned grid, const Job* job, long long chunk) {
    gridDim.x = grid;
    for (pthread_barrier_t& barrier : barriers) pthread_barrier_init(&barrier, nullptr, THREADS);
    pthread_t threads[THREADS];
    Launch launches[THREADS];
    for (unsigned t = 0; t < THREADS; ++t) {
        launches[t] = {kernel, job, chunk, t};
        pthread_create(&threads[t], nullptr, run_thread, &launches[t]);
    }
    for (pthread_t thread : threads) pthread_join(thread, nullptr);
    for (pthread_barrier_t& barrier : barriers) pthread_barrier_destroy(&barrier);
}
