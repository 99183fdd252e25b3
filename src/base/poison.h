/* poison.h -- owns the list of functions nobody here may call; included by the compiler before every file. */
#ifndef BASE_POISON_H
#define BASE_POISON_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#pragma GCC poison strcpy strcat sprintf vsprintf strtok atoi atol gets gmtime localtime ctime strncpy strncat

#endif
