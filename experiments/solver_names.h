/* solver_names.h: the registry's names and options, as the spec asks for them.
 */
#ifndef EXPERIMENTS_SOLVER_NAMES_H
#define EXPERIMENTS_SOLVER_NAMES_H

#include "experiments/spec.h"

/* Over all registered methods; static. */
const struct spec_solver_names *solver_names(void);

#endif
