/* machine.c: which machine measured: CPU, BLAS, threads, governor, version. */
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "experiments/plan.h"
#include "spred/linalg.h"

/* The value after "key : " in /proc/cpuinfo, or "unknown". */
static void cpu_model(char *out, size_t size)
{
    char line[512];
    FILE *file = fopen("/proc/cpuinfo", "r");
    snprintf(out, size, "unknown");
    while (file && fgets(line, sizeof line, file)) {
        char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || !colon)
            continue;
        colon[1 + strcspn(colon + 1, "\n")] = '\0';
        snprintf(out, size, "%s", colon + 1 + strspn(colon + 1, " "));
        break;
    }
    if (file)
        fclose(file);
}

static void governor(char *out, size_t size)
{
    FILE *file =
        fopen("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "r");
    snprintf(out, size, "unknown");
    if (file && fgets(out, (int)size, file))
        out[strcspn(out, "\n")] = '\0';
    if (file)
        fclose(file);
}

char *plan_machine(struct spred_env *env, long threads, char id[16])
{
    char cpu[256], speed[64], hex[SPRED_HEX_SIZE];
    struct utsname system;
    cpu_model(cpu, sizeof cpu);
    governor(speed, sizeof speed);
    if (uname(&system) != 0)
        memset(&system, 0, sizeof system);
    /* Name and version: the first two words. */
    const char *blas = spred_blas_config();
    size_t name = strcspn(blas, " ");
    name += blas[name] ? 1 + strcspn(blas + name + 1, " ") : 0;
    char *text =
        spred_format(env,
                     "%s; %s %s; %.*s (%s kernels); threads %ld; governor "
                     "%s; spredbench %s",
                     cpu, system.sysname, system.machine, (int)name, blas,
                     spred_blas_core(), threads, speed, SPREDBENCH_VERSION);
    if (!text)
        return NULL;
    spred_sha256(text, strlen(text), hex);
    snprintf(id, 13, "%.12s", hex);
    return text;
}
