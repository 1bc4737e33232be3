// Delayed nonmatch to sample by reward-modulated Hebbian learning (Miconi 2017), as one would write it down: double precision,
// plain loops, and in every step the cube of each of the N² products of a rate and a deflection.
//
//     g++ -O3 -std=c++17 miconi.cpp -o miconi
//     ./miconi --trials 300 --seed 1          one JSON line
//     ./miconi --vectors                      the little network whose numbers are known

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

using Clock = std::chrono::steady_clock;
using Vector = std::vector<double>;

static double seconds(Clock::time_point since) { return std::chrono::duration<double>(Clock::now() - since).count(); }

struct Network {
    int n, channels;
    Vector j, b;             // row by row of postsynaptic units
    Vector x, r, before, current, average, delta, trace;
    double forward = 0, eligibility = 0;

    Network(int n, int channels)
        : n(n), channels(channels), j(n * n), b(n * channels), x(n), r(n), before(n), current(n), average(n), delta(n), trace(n * n) {}

    // r, then x of the next step; `kick` is added to the current.
    void step(const double *u, const Vector &kick, double rate, const std::vector<std::pair<int, double>> &held, double keep) {
        auto begun = Clock::now();
        before = r;
        for (int i = 0; i < n; i++) {
            double sum = 0;
            for (int k = 0; k < n; k++) sum += j[i * n + k] * r[k];
            for (int k = 0; k < channels; k++) sum += b[i * channels + k] * u[k];
            current[i] = sum + kick[i];
        }
        for (int i = 0; i < n; i++) x[i] += rate * (current[i] - x[i]);
        for (auto &h : held) x[h.first] = h.second;
        for (int i = 0; i < n; i++) r[i] = std::tanh(x[i]);
        for (int i = 0; i < n; i++) {
            delta[i] = x[i] - average[i];
            average[i] = keep * average[i] + (1 - keep) * x[i];
        }
        forward += seconds(begun);
    }

    void remember() {
        auto begun = Clock::now();
        for (int i = 0; i < n; i++)
            for (int k = 0; k < n; k++) {
                double z = before[k] * delta[i];
                trace[i * n + k] += z * z * z;
            }
        eligibility += seconds(begun);
    }
};

static void vectors() {
    Network net(3, 1);
    net.j = {0, 1, -.5, .8, 0, .3, -.4, .6, 0};
    net.b = {0, .5, -.5};
    net.x = {.05, -.02, .08};
    for (int i = 0; i < 3; i++) net.r[i] = std::tanh(net.x[i]);
    const double u[4] = {1, 1, 0, 0};
    for (int t = 0; t < 4; t++) {
        Vector kick(3, 0.0);
        if (t == 1) kick[1] = 8;
        net.step(&u[t], kick, 1.0 / 30, {}, .05);
        net.remember();
        std::printf("x %.10f %.10f %.10f  delta %.10f %.10f %.10f\n", net.x[0], net.x[1], net.x[2], net.delta[0], net.delta[1], net.delta[2]);
    }
    for (int i = 0; i < 3; i++) std::printf("e % .9e % .9e % .9e\n", net.trace[3 * i], net.trace[3 * i + 1], net.trace[3 * i + 2]);
}

int main(int count, char **words) {
    int trials = 10000, n = 200, seed = 1;
    double eta = .1, clip = 3e-4, amplitude = 16, probability = .003;
    bool stop = false;
    for (int k = 1; k < count; k++) {
        std::string word = words[k];
        auto value = [&] { return k + 1 < count ? std::atof(words[++k]) : 0.0; };
        if (word == "--vectors") return vectors(), 0;
        else if (word == "--trials") trials = int(value());
        else if (word == "--units") n = int(value());
        else if (word == "--seed") seed = int(value());
        else if (word == "--eta") eta = value();
        else if (word == "--clip") clip = value();
        else if (word == "--amplitude") amplitude = value();
        else if (word == "--probability") probability = value();
        else if (word == "--stop-at-criterion") stop = true;
        else return std::fprintf(stderr, "no option %s\n", words[k]), 2;
    }
    std::mt19937_64 random(seed);
    std::normal_distribution<double> normal;
    std::uniform_real_distribution<double> uniform;
    Network net(n, 2);
    for (double &w : net.j) w = 1.5 / std::sqrt(double(n)) * normal(random);
    for (double &w : net.b) w = 2 * uniform(random) - 1;
    net.b[0] = net.b[1] = 0;
    const std::vector<std::pair<int, double>> held = {{1, 1}, {10, 1}, {11, -1}};
    double expected[4] = {0, 0, 0, 0};
    std::vector<double> errors;
    int criterion = -1;
    Vector kick(n);
    auto begun = Clock::now();
    for (int trial = 0; trial < trials; trial++) {
        int type = trial % 4, first = type / 2, second = type % 2;
        double target = first == second ? -.98 : .98, error = 0;
        std::fill(net.trace.begin(), net.trace.end(), 0.0);
        for (double &x : net.x) x = .2 * uniform(random) - .1;
        for (auto &h : held) net.x[h.first] = h.second;
        for (int i = 0; i < n; i++) net.r[i] = std::tanh(net.x[i]);
        for (int t = 0; t < 1000; t++) {
            double u[2] = {0, 0};
            if (t >= 1 && t <= 200) u[first] = 1;
            if (t >= 400 && t < 600) u[second] = 1;
            for (int i = 0; i < n; i++)
                kick[i] = t > 3 && uniform(random) < probability ? amplitude * (2 * uniform(random) - 1) : 0;
            net.step(u, kick, 1.0 / 30, held, .05);
            if (t > 2) net.remember();
            if (t >= 800) error += std::fabs(net.r[0] - target) / 200;
        }
        if (trial > 100) {
            double factor = -eta * expected[type] * (error - expected[type]);
            for (int k = 0; k < n * n; k++) {
                double change = factor * net.trace[k];
                net.j[k] += change > clip ? clip : change < -clip ? -clip : change;
            }
        }
        expected[type] = .75 * expected[type] + .25 * error;
        errors.push_back(error);
        if (criterion < 0 && trial >= 100) {
            int right = 0;
            for (int k = trial - 99; k <= trial; k++) right += errors[k] < 1;
            if (right > 95) criterion = trial;
        }
        if (stop && criterion >= 0) break;
    }
    double took = seconds(begun), mean = 0;
    int last = std::min<int>(100, errors.size());
    for (int k = 0; k < last; k++) mean += errors[errors.size() - 1 - k] / last;
    std::printf("{\"seed\": %d, \"trials\": %zu, \"seconds\": %.3f, \"trials_per_second\": %.2f, \"forward_seconds\": %.3f, "
                "\"eligibility_seconds\": %.3f, \"criterion\": %d, \"mean_error_last_100\": %.4f}\n",
                seed, errors.size(), took, errors.size() / took, net.forward, net.eligibility, criterion, mean);
}
