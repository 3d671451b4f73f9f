/* How fast this machine reads memory and multiplies, natively: limits THREADS REPETITIONS
 *
 * Prints a JSON array of three: bytes read per second, f32 multiply-adds per second, and 8-bit multiply-adds per second, each an
 * array with the sum of the threads' rates in each repetition; the last one is empty without AVX-512 VNNI.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#ifdef __AVX512VNNI__
#include <immintrin.h>
#endif

/* Eight parts whose distance is not a multiple of a page. */
#define BYTES 200000000u
#define STEPS 2000000
#define SPAN 0.2
#define LANES 16
/* Enough to hide the latency of a multiply-add on two units. */
#define CHAINS 10

typedef float lanes __attribute__((vector_size(4 * LANES)));
typedef uint64_t words __attribute__((vector_size(64)));

static volatile uint64_t sink_words;
static volatile float sink_float;
static volatile float factor = 0.5f, addend = 0.25f;
static pthread_barrier_t barrier;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

static double read_all(const words *data) {
  /* In eight streams, as WebAssembly reads it. */
  const size_t part = BYTES / sizeof(words) / 8;
  words a = {0}, b = a, c = a, d = a;
  for (size_t i = 0; i < part; i++) {
    a ^= data[i] ^ data[i + 4 * part];
    b ^= data[i + part] ^ data[i + 5 * part];
    c ^= data[i + 2 * part] ^ data[i + 6 * part];
    d ^= data[i + 3 * part] ^ data[i + 7 * part];
  }
  a ^= b ^ c ^ d;
  sink_words = a[0] ^ a[7];
  return BYTES;
}

static double multiply_add(const words *unused) {
  (void)unused;
  lanes x[CHAINS], a, b;
  for (int k = 0; k < LANES; k++) a[k] = factor, b[k] = addend;
  for (int j = 0; j < CHAINS; j++) x[j] = a + (float)j;
  for (int i = 0; i < STEPS; i++) {
#pragma GCC unroll 10
    for (int j = 0; j < CHAINS; j++) x[j] = x[j] * a + b;
  }
  for (int j = 1; j < CHAINS; j++) x[0] += x[j];
  sink_float = x[0][0];
  return (double)STEPS * CHAINS * LANES;
}

#ifdef __AVX512VNNI__
static double dot_8_bit(const words *data) {
  __m512i x[CHAINS], a = _mm512_loadu_si512(data), b = _mm512_loadu_si512(data + 1);
  for (int j = 0; j < CHAINS; j++) x[j] = _mm512_setzero_si512();
  for (int i = 0; i < STEPS; i++) {
#pragma GCC unroll 10
    for (int j = 0; j < CHAINS; j++) x[j] = _mm512_dpbusd_epi32(x[j], a, b);
  }
  for (int j = 1; j < CHAINS; j++) x[0] = _mm512_add_epi32(x[0], x[j]);
  sink_words = (uint64_t)_mm512_reduce_add_epi32(x[0]);
  return (double)STEPS * CHAINS * 64;
}
#else
#define dot_8_bit NULL
#endif

struct task {
  double (*work)(const words *);
  const words *data;
  double rate;
};

static void *run(void *argument) {
  struct task *task = argument;
  task->work(task->data);
  pthread_barrier_wait(&barrier);
  double start = now(), done = 0, passed;
  do {
    done += task->work(task->data);
    passed = now() - start;
  } while (passed < SPAN);
  task->rate = done / passed;
  return NULL;
}

int main(int count, char **arguments) {
  if (count != 3) return 2;
  int threads = atoi(arguments[1]), repetitions = atoi(arguments[2]);
  if (threads < 1 || threads > 64 || repetitions < 1) return 2;
  struct task tasks[64];
  for (int t = 0; t < threads; t++) {
    float *data = aligned_alloc(64, BYTES);
    if (!data) return 1;
    for (size_t i = 0; i < BYTES / sizeof(float); i++) data[i] = 0.5f;
    tasks[t].data = (const words *)data;
  }
  pthread_barrier_init(&barrier, NULL, threads);
  double (*const works[])(const words *) = {read_all, multiply_add, dot_8_bit};
  for (int w = 0; w < 3; w++) {
    printf(w ? ",[" : "[[");
    for (int r = 0; r < repetitions && works[w]; r++) {
      pthread_t ids[64];
      double sum = 0;
      for (int t = 0; t < threads; t++) {
        tasks[t].work = works[w];
        if (pthread_create(&ids[t], NULL, run, &tasks[t])) return 1;
      }
      for (int t = 0; t < threads; t++) {
        pthread_join(ids[t], NULL);
        sum += tasks[t].rate;
      }
      printf("%s%.0f", r ? "," : "", sum);
    }
    printf("]");
  }
  printf("]\n");
  return 0;
}
