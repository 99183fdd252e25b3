/* embed.c -- owns the step that turns data files into a C table of path, bytes, length. Runs at build time. */
#include <stdio.h>
#include <string.h>

static int embed(const char *path)
{
    FILE *in = fopen(path, "rb");
    int c, column = 0;

    if (!in) {
        fprintf(stderr, "embed: cannot read %s\n", path);
        return 1;
    }
    printf("    {\"%s\", (const char[]){", path);
    while ((c = fgetc(in)) != EOF)
        printf("%s%d,", column++ % 24 ? "" : "\n", c > 127 ? c - 256 : c);
    printf("0}, %d},\n", column);
    fclose(in);
    return 0;
}

int main(int argc, char **argv)
{
    int failed = 0;

    if (argc < 4) {
        fputs("usage: embed HEADER STRUCT NAME FILE...\n", stderr);
        return 2;
    }
    printf("/* Generated; do not edit. */\n#include \"%s\"\n\nconst struct %s %s[] = {\n", argv[1], argv[2], argv[3]);
    for (int i = 4; i < argc; i++)
        failed |= embed(argv[i]);
    printf("    {0, 0, 0},\n};\n");
    return failed;
}
