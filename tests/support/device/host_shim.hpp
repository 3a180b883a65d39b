// The CUDA that the kernels use, on the host: a thread is a std::thread, and __syncthreads a std::barrier.
#include <barrier>
#include <bit>
#include <cmath>
#include <thread>
#include <vector>

#ifndef BACKWARDS
#define BACKWARDS false
#endif
#define __device__
#define __global__
#define __noinline__
#define __launch_bounds__(threads, blocks)
#define __shared__ static
using std::fabs, std::frexp, std::isfinite, std::ldexp, std::pow, std::sqrt;

struct Index {
    unsigned x;
};
static thread_local Index threadIdx, blockIdx;
static Index gridDim;
static std::barrier<> block{THREADS};

inline void __syncthreads() { block.arrive_and_wait(); }
inline float __uint_as_float(unsigned bits) { return std::bit_cast<float>(bits); }
inline unsigned __float_as_uint(float z) { return std::bit_cast<unsigned>(z); }

struct Job;
extern "C" void launch(void (*kernel)(const Job*, long long), unsigned grid, const Job* job, long long chunk) {
    gridDim.x = grid;
    std::vector<std::thread> threads;
    for (unsigned t = 0; t < THREADS; ++t)
        threads.emplace_back([=] {
            threadIdx.x = t;
            for (unsigned i = 0; i < grid; ++i) {
                blockIdx.x = BACKWARDS ? grid - 1 - i : i;
                kernel(job, chunk);
                block.arrive_and_wait();  // one block after another: they share what is __shared__
            }
        });
    for (std::thread& thread : threads) thread.join();
}
