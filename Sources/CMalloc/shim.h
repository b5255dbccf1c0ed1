// glibc's own settings of malloc, which the Glibc module leaves out.
#include <malloc.h>
