# SPDX-License-Identifier: Apache-2.0
# cairn_embed(target name files...): compiles the bytes of files into `target`. NAME.h then declares
#     struct slice NAME_file(const char *name);   by the file's name without its folder; SLICE_NULL when there is none
include_guard(GLOBAL)

function(cairn_embed target name)
    set(out ${CMAKE_CURRENT_BINARY_DIR}/embedded)
    add_custom_command(
        OUTPUT ${out}/${name}.c ${out}/${name}.h
        COMMAND ${CMAKE_COMMAND} -D OUT=${out} -D NAME=${name} "-DFILES=${ARGN}"
                -P ${CMAKE_SOURCE_DIR}/cmake/embed_write.cmake
        DEPENDS ${ARGN} ${CMAKE_SOURCE_DIR}/cmake/embed_write.cmake
        VERBATIM)
    target_sources(${target} PRIVATE ${out}/${name}.c ${out}/${name}.h)
    target_include_directories(${target} PRIVATE ${out})
endfunction()
