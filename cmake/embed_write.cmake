# SPDX-License-Identifier: Apache-2.0
# Run by cairn_embed at build time: writes OUT/NAME.c and OUT/NAME.h from FILES.
set(arrays "")
set(rows "")
foreach(file ${FILES})
    get_filename_component(base ${file} NAME)
    string(MAKE_C_IDENTIFIER "${base}" symbol)
    file(READ ${file} hex HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
    string(REGEX REPLACE "(................................................................................)"
           "\\1\n" bytes "${bytes}")
    string(APPEND arrays "static const uint8_t ${symbol}[] = {\n${bytes}\n};\n")
    string(APPEND rows "    {\"${base}\", {${symbol}, sizeof(${symbol})}},\n")
endforeach()
file(WRITE ${OUT}/${NAME}.h "#include \"base/slice.h\"\n\nstruct slice ${NAME}_file(const char *name);\n")
file(WRITE ${OUT}/${NAME}.c "#include \"${NAME}.h\"

#include <string.h>

${arrays}
static const struct {
    const char *name;
    struct slice bytes;
} files[] = {
${rows}};

struct slice ${NAME}_file(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        if (strcmp(files[i].name, name) == 0) {
            return files[i].bytes;
        }
    }
    return SLICE_NULL;
}
")
