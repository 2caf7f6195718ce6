/* certify.c: the gap of a peer's path by spredbench's own certificate: one line
 * for each lambda. tests/peers/run reads it. */
#include "../npy_problem.h"

#include "spred/certificate.h"

int main(int argc, char **argv)
{
    struct spred_env env;
    struct npy_problem file;
    struct spred_certificate c;
    size_t size, w_size;
    spred_env_init(&env);
    if (argc != 5 && argc != 3)
        stop("usage",
             "peers-certify PREFIX squared|logistic|multinomial [LAMBDAS "
             "WEIGHTS]\n"
             "LAMBDAS: L doubles; WEIGHTS: L blocks of p x K doubles, class "
             "after class.\n"
             "Alone it prints lambda_max. Lines: lambda, objective, relative "
             "gap, rounding floor, support.");
    npy_problem_open(&env, argv[1], argv[2], SPRED_F64, &file);
    npy_problem_init(&env, &file);
    struct spred_problem *problem = &file.problem;
    printf("lambda_max %.17g n %zu p %zu outputs %zu null %.17g\n",
           problem->lambda_max, problem->n, problem->p, problem->outputs,
           problem->null_objective);
    if (argc == 5) {
        const double *lambda = (void *)map_whole(argv[3], &size);
        const double *w = (void *)map_whole(argv[4], &w_size);
        size_t count = size / sizeof *lambda;
        size_t block = problem->p * problem->outputs;
        double b[SPRED_MAX_OUTPUTS] = {0};
        if (w_size != count * block * sizeof *w)
            stop(argv[4], "holds another number of weights");
        struct spred_certifier *certifier = spred_certifier_new(&env, problem);
        if (!certifier)
            stop("certificate", env.error);
        for (size_t l = 0; l < count; l++) {
            spred_certifier_start(certifier, lambda[l]);
            if (spred_certify(certifier, w + l * block, b, &c) != SPRED_OK)
                stop("certificate", env.error);
            printf("%.17g %.17g %.6e %.2e %zu\n", lambda[l], c.primal, c.gap,
                   c.floor, c.support);
        }
        spred_certifier_free(certifier);
    }
    npy_problem_close(&env, &file);
    return 0;
}
