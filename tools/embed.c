/* embed.c -- owns the step that turns data files into a C table: name, bytes, length. Runs at build time. */
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

    printf("/* Generated from routes/; do not edit. */\n#include \"route/builtin.h\"\n\n"
           "const struct builtin_route builtin_routes[] = {\n");
    for (int i = 1; i < argc; i++)
        failed |= embed(argv[i]);
    printf("    {0, 0, 0},\n};\n");
    return failed;
}
