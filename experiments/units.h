/* units.h: quantities with units: durations, sizes, percentages. */
#ifndef EXPERIMENTS_UNITS_H
#define EXPERIMENTS_UNITS_H

/* Each reads the whole text ("10 min", "4 GiB", "20%"; the blank before the
 * unit may be missing) and returns NULL, or what is wrong, with an example, to
 * follow the quoted text in a message: "'120' has no unit, ...". */

/* Seconds from ms, s, min, h, d. Never negative. */
const char *spec_duration(const char *text, double *seconds);
/* Bytes from B, kB, MB, GB, TB (powers of 1000), KiB .. TiB (of 1024). */
const char *spec_size(const char *text, double *bytes);
/* A share 0..1 from 0% .. 100%. */
const char *spec_share(const char *text, double *share);

/* The shortest decimal that reads back to the same double; text has at least
 * 32 bytes. */
void spec_shortest(double value, char *text);
/* The same for a share, as a percentage: "20%". */
void spec_shortest_share(double share, char *text);

#endif
